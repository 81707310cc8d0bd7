#include "ravine/lab/experiment/model_file.hpp"

#include "ravine/core/files/file.hpp"
#include "ravine/data/formats/safetensors.hpp"
#include "ravine/lab/inspect/gradcheck.hpp"
#include "ravine/lab/inspect/inspection.hpp"
#include "ravine/lab/run/saved_model.hpp"
#include "ravine/lab/run/use_model.hpp"
#include "ravine/lab/study/study_request.hpp"
#include "tests/lab/run_support.hpp"
#include "tests/support/paths.hpp"

namespace ravine {
namespace {

using namespace test;
using testing::HasSubstr;

const std::string examples = test::source_folder() + "/examples/models/";

/// A net for the spiral with a skip, dropout, batch statistics and a head.
constexpr const char* spiral_net = R"([model]
layers = [
    { layer = "dense", units = 8, bias = false },
    "batch-norm",
    { layer = "tanh", name = "first" },
    "dropout:rate=0.1",
    { layer = "dense", units = 8, initializer = "gaussian:deviation=0.1" },
    { layer = "add", from = ["first"] },
    "relu",
    "dense",
]
[[model.heads]]
at = "first"
weight = 0.5
layers = ["dense"]
)";

class ModelFile : public RunTest {
protected:
    std::string write(const std::string& name, const std::string& text) {
        return temporary.write(name, text);
    }

    Experiment experiment() {
        Experiment e = small_experiment();
        set_experiment(e, "model", "--model", write("net.toml", spiral_net));
        return e;
    }

    void refused(const std::string& toml, const std::vector<std::string>& parts) {
        SCOPED_TRACE(toml);
        const std::string path = write("bad.toml", toml);
        Experiment e;
        auto all = parts;
        all.push_back(path);
        expect_error(
            2, [&] { set_experiment(e, "model", "--model", path); }, all);
        EXPECT_EQ(e.model, Experiment{}.model);
    }
};

TEST_F(ModelFile, SurvivesWritingAndReading) {
    const auto read = read_description(write("net.toml", spiral_net));
    EXPECT_EQ(read.name, "net");
    ASSERT_EQ(read.layers.size(), 8u);
    EXPECT_EQ(read.layers[0].layer.text(), "dense:bias=false,units=8");
    EXPECT_EQ(read.layers[0].place, "3");
    EXPECT_EQ(read.layers[3].layer.text(), "dropout:rate=0.1");
    EXPECT_EQ(read.layers[5].from, std::vector<std::string>{"first"});
    ASSERT_EQ(read.heads.size(), 1u);
    EXPECT_EQ(read.heads[0].at, "first");
    EXPECT_EQ(read.heads[0].weight, 0.5);

    const std::string text = description_to_toml(read);
    EXPECT_TRUE(is_description(text));
    EXPECT_EQ(model_label(text), "net");
    auto back = parse_description(text, "here"), expected = read;
    for (auto& l : expected.layers) l.place.clear();
    for (auto& l : expected.heads[0].layers) l.place.clear();
    EXPECT_EQ(back.layers, expected.layers);
    EXPECT_EQ(back.heads, expected.heads);
    EXPECT_EQ(back.origin, "here");
    EXPECT_EQ(description_to_toml(back), text);
    EXPECT_EQ(model_label("mlp:hidden=3"), "mlp:hidden=3");
    EXPECT_EQ(model_name("mlp:hidden=3"), "mlp");
}

TEST_F(ModelFile, AnExperimentsTableIsTheSameAsAModelsFile) {
    const Experiment from_file = experiment();
    Experiment from_table, back;
    read_experiment(from_table, write("net.toml", std::string("epochs = 3\n") + spiral_net));
    EXPECT_EQ(from_table.model, from_file.model);
    EXPECT_EQ(from_table.epochs, 3);
    const std::string config = experiment_to_toml(from_file);
    read_experiment(back, write("config.toml", config));
    EXPECT_EQ(experiment_to_toml(back), config);
    EXPECT_EQ(back.model, from_file.model);

    StudyRequest request;
    read_study(request, write("study.toml", std::string("dataset = \"spiral\"\nseeds = 2\n") + spiral_net));
    EXPECT_THAT(plan_of(request).contenders.front().experiment.model, HasSubstr("'first'"));
}

TEST_F(ModelFile, ARunHoldsTheDescriptionAndAllThatUsesARunWorks) {
    const RunFolder to = folder("run");
    const RunResult result = train_in(to, experiment());
    EXPECT_EQ(result.outcome.reason, StopReason::epochs);
    std::filesystem::remove(temporary.path() / "net.toml");  // the run needs it no more

    Experiment again;
    read_experiment(again, to.config());
    const RunFolder second = folder("again");
    const RunResult repeated = train_in(second, again);
    EXPECT_EQ(repeated.outcome.train_loss, result.outcome.train_loss);
    EXPECT_EQ(read_file(second.model()), read_file(to.model()));

    const Evaluated evaluated = evaluate_run(to.path.string(), "", "");
    EXPECT_EQ(evaluated.scores.loss, result.test.loss);
    const SavedModel saved = read_model(to.model());
    EXPECT_EQ(saved.network->options().description->name, "net");
    EXPECT_THAT(read_file(to.report()), HasSubstr("A training run of net with"));

    const RunFolder interrupted = folder("interrupted");
    InterruptAfter stop(8);
    EXPECT_EQ(train_in(interrupted, again, {&stop}).outcome.reason, StopReason::interrupted);
    resume_in(interrupted);
    EXPECT_EQ(read_file(interrupted.model()), read_file(to.model()));
}

TEST_F(ModelFile, TheExamplesFitTheirDataSet) {
    for (const char* name : {"lenet", "small-residual"}) {
        Experiment e;
        set_experiment(e, "model", "--model", examples + name + ".toml");
        NetworkOptions options{.feature_shape = {32, 32, 3}, .target_count = 10};
        choose_model(options, e.model, e.model_origin);
        EXPECT_EQ(model_name(e.model), name);
        EXPECT_EQ(model_text(options), e.model);
        const Network network(options);
        if (e.model.find("heads") == std::string::npos) {
            EXPECT_EQ(network.parameters()->size, 62006);
        }
    }
}

TEST_F(ModelFile, ShapesThatDoNotFitAreToldWithTheFileBeforeTraining) {
    Experiment e = small_experiment();
    const std::string path =
        write("net.toml", "[model]\nlayers = [\"relu\", {layer = \"convolution\", name = \"c\"}]");
    set_experiment(e, "model", "--model", path);
    expect_error(2, [&] { ravine::Run(e, say_nothing); },
                 {path + ": layer 1 (convolution 'c')", "expected [height, width, channels]", "found [2]"});
    Experiment table = small_experiment();
    read_experiment(table, path);
    expect_error(2, [&] { ravine::Run(table, say_nothing); }, {path, "model: layer 1 (convolution 'c')"});
}

TEST_F(ModelFile, RefusesWhatIsNoDescription) {
    refused("epochs = 3", {"[model]"});
    refused("model = 'mlp'", {":1", "expected a table [model]"});
    refused("[modle]\nlayers = ['dense']", {":1: modle", "did you mean 'model'"});
    refused("[model\n", {":1:"});
    refused("[model]\n", {":1", "layers"});
    refused("[model]\nlayers = 3", {":2", "layers", "expected a list"});
    refused("[model]\nlayers = []", {":2", "at least one layer"});
    refused("[model]\nlayer = ['dense']", {":2", "unknown key 'layer'", "did you mean 'layers'"});
    refused("[model]\nlayers = ['dense', 3]", {":2", "layer 1", "expected a table"});
    refused("[model]\nlayers = ['dense',\n{ units = 3 }]", {":3", "layer 1", "'layer'"});
    refused("[model]\nlayers = ['dense:3']", {":2", "layer 0", "key=value"});
    refused("[model]\nlayers = [{layer = 'dense', units = [3]}]",
            {":2", "layer 0: units", "expected a string"});
    refused("[model]\nlayers = [{layer = 'dense', unit = 3}]", {":2", "'unit'", "did you mean 'units'"});
    refused("[model]\nlayers = ['flatten',\n'desne']", {":3: layer 1 (desne)", "did you mean 'dense'"});
    refused("[model]\nlayers = [{layer = 'add', from = 3}]", {":2", "from", "expected a list"});
    refused("[model]\nlayers = [{layer = 'relu', name = 3}, 'dense']", {":2", "name", "expected a text"});
    refused("[model]\nname = 'a/b'\nlayers = ['dense']", {":2", "name", "'a/b'"});
    refused("[model]\nlayers = ['dense']\nheads = 3", {":3", "heads", "expected a list"});
    refused("[model]\nlayers = ['dense']\n[[model.heads]]\nlayers = ['dense']", {":3", "'at'"});
    refused(
        "[model]\nlayers = [{layer = 'relu', name = 'a'}, 'dense']\n[[model.heads]]\nat = 'b'\nlayers = "
        "['dense']",
        {"head 0", "'b'"});
    refused(
        "[model]\nlayers = [{layer = 'relu', name = 'a'}, 'dense']\n[[model.heads]]\nat = 'a'\nweigth = 1\n"
        "layers = ['dense']",
        {":5", "'weigth'", "did you mean 'weight'"});
    refused(
        "[model]\nlayers = [{layer = 'relu', name = 'a'}, 'dense']\n[[model.heads]]\nat = 'a'\nweight = -1\n"
        "layers = ['dense']",
        {":5", "weight", "at least 0"});
    Experiment e;
    expect_error(2, [&] { set_experiment(e, "model", "--model", "nowhere/net.toml"); }, {"nowhere/net.toml"});
}

}  // namespace
}  // namespace ravine
