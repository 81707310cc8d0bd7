#include <numeric>

#include "ravine/data/formats/safetensors.hpp"
#include "ravine/lab/run/saved_model.hpp"
#include "ravine/nn/layers.hpp"
#include "ravine/train/training/batch_loader.hpp"
#include "tests/lab/pytorch.hpp"

namespace ravine {
namespace {

using namespace test;

/// The examples as a program sees them, under PREFIXfeatures and PREFIXlabels.
void append_examples(TensorFile& file, const std::string& prefix, const Dataset& data, const Parts& parts,
                     Precision precision) {
    const int64_t n = data.size();
    BatchLoader loader(data, parts.schema.normalization, parts.schema.target_normalization, n, precision);
    std::vector<int64_t> all(static_cast<size_t>(n));
    std::iota(all.begin(), all.end(), 0);
    loader.load(all);
    const std::vector<double> labels(data.labels.begin(), data.labels.end());
    file.tensors.push_back({prefix + "features", {n, element_count(data.feature_shape)}, loader.features()});
    file.tensors.push_back({prefix + "labels", {n}, Vector(labels, precision)});
}

/// One of the scripts' cases as an experiment.
struct Case {
    std::string name, optimizer, schedule = "constant";
    std::string clip = "none";
    double weight_decay = 0, l2 = 0;
};

/// Hears the loss of every update.
struct Losses : TrainListener {
    std::vector<double> values;
    void on_step(const StepEvent& event) override { values.push_back(event.train_loss); }
};

class PyTorchTrajectories : public PyTorchTest {
protected:
    static constexpr int64_t updates = 20;

    void same_losses(Experiment e, const std::vector<Case>& cases) {
        e.precision = "f64";
        e.sampler = "sequential";
        e.epochs = 1;
        e.max_steps = updates;
        e.log_every = 1;
        e.seed = 3;
        e.validation_share = e.test_share = 0;
        const auto parts = std::make_shared<const Parts>(load_parts(data_request(e)));
        TensorFile file;
        const ravine::Run first(e, parts);
        append_tensors(file, "", *first.network().parameters(), first.parameters().values());
        append_examples(file, "", parts->training, *parts, Precision::f64);
        write_safetensors(path("start"), file);
        std::vector<std::string> arguments{path("start"), std::to_string(e.batch)};
        for (const auto& c : cases) arguments.push_back(c.name);
        const Json theirs = ask("trajectories.py", arguments);

        for (const auto& c : cases) {
            SCOPED_TRACE(c.name);
            e.optimizer = c.optimizer;
            e.schedule = c.schedule;
            e.clip = c.clip;
            e.weight_decay = c.weight_decay;
            e.l2 = c.l2;
            ravine::Run run(e, parts);
            Losses ours;
            run.train({&ours});
            ASSERT_EQ(ours.values.size(), static_cast<size_t>(updates));
            const auto expected = theirs.at(c.name).get<std::vector<double>>();
            for (size_t i = 0; i < expected.size(); ++i)
                ASSERT_NEAR(ours.values[i] / expected[i], 1, 1e-9) << "update " << i + 1;
            EXPECT_GT(std::abs(ours.values.back() / ours.values.front() - 1), 0.1);  // it went somewhere
        }
    }
};

// As deep as the net of the first-order study, and as wide as it takes less than a second.
TEST_F(PyTorchTrajectories, EverySharedRuleOnANetLikeThatOfTheFirstOrderStudy) {
    Experiment e;
    e.dataset = "blobs:features=768,classes=10,examples=200,spread=0.5";
    e.model = "mlp:hidden=125-125-125";
    e.batch = 10;
    same_losses(e, {{"sgd", "sgd:learning_rate=0.02"},
                    {"momentum", "momentum:learning_rate=0.005,form=pytorch", "step:factor=0.5,every=6"},
                    {"nesterov", "nesterov:learning_rate=0.005,form=pytorch", "cosine"},
                    {"adagrad", "adagrad:learning_rate=0.002", "linear"},
                    {"rmsprop", "rmsprop:learning_rate=0.0002", "exponential:factor=0.5,every=6"},
                    {"adadelta", "adadelta", "step:factor=0.5,every=6"},
                    {"adam", "adam:learning_rate=0.0005", "cosine"},
                    {"nadam", "nadam:learning_rate=0.0005", "linear"}});
}

TEST_F(PyTorchTrajectories, DecayPenaltiesClippingAndTheOtherSettings) {
    Experiment e;
    e.dataset = "blobs:features=20,classes=5,examples=400,spread=0.5";
    e.model = "mlp:hidden=50-30";
    e.batch = 20;
    const std::string drops = "step:factor=0.5,every=6",
                      momentum = "momentum:form=pytorch,learning_rate=0.05";
    same_losses(
        e, {{.name = "adamw",
             .optimizer = "adam:learning_rate=0.002",
             .schedule = "cosine",
             .weight_decay = 0.1},
            {.name = "l2", .optimizer = momentum, .schedule = drops, .l2 = 0.01},
            {.name = "l2-adam", .optimizer = "adam:learning_rate=0.002", .schedule = drops, .l2 = 0.01},
            {.name = "clip-norm", .optimizer = momentum, .schedule = "cosine", .clip = "norm:limit=0.5"},
            {.name = "clip-value", .optimizer = momentum, .schedule = "cosine", .clip = "value:limit=0.01"},
            {.name = "rmsprop-centered",
             .optimizer = "rmsprop:learning_rate=0.0005,rho=0.99,momentum=0.9,centered=true,form=pytorch",
             .schedule = drops},
            {.name = "adagrad-start",
             .optimizer = "adagrad:learning_rate=0.01,initial_accumulator=0.1,epsilon=1e-10",
             .schedule = drops}});
}

/// A 300-100 net and the examples that it is trained and tested on.
class PyTorchWeights : public PyTorchTest {
protected:
    void SetUp() override {
        PyTorchTest::SetUp();
        if (IsSkipped()) return;
        e.dataset = "gaussian-quantiles:features=5";
        e.model = "mlp:hidden=300-100";
        e.epochs = 15;
        const ravine::Run run(e, say_nothing);
        TensorFile file;
        append_examples(file, "train.", run.parts().training, run.parts(), Precision::f32);
        append_examples(file, "test.", run.parts().test, run.parts(), Precision::f32);
        write_safetensors(path("examples"), file);
    }

    static void expect_same(const Scores& ours, const Json& theirs) {
        EXPECT_EQ(ours.accuracy, theirs.at("accuracy").get<double>());
        EXPECT_NEAR(ours.loss, theirs.at("loss").get<double>(), 1e-5);
        EXPECT_GT(ours.accuracy, 0.7);
        EXPECT_LT(ours.accuracy, 1);
    }

    Experiment e;
};

TEST_F(PyTorchWeights, ANetTrainedThereIsAsGoodHere) {
    const Json theirs = ask("weights.py", {"train", path("examples"), path("weights")});
    e.init = path("weights");
    const ravine::Run run(e, say_nothing);
    Evaluator evaluator(run.network(), run.compile_options());
    const Schema& schema = run.parts().schema;
    expect_same(evaluator.evaluate(run.parts().test, schema.normalization, schema.target_normalization,
                                   run.parameters(), run.buffers()),
                theirs);
}

TEST_F(PyTorchWeights, ANetTrainedHereIsAsGoodThere) {
    const RunFolder to = folder("run");
    const RunResult result = train_in(to, e);
    expect_same(result.test, ask("weights.py", {"evaluate", path("examples"), to.model().string()}));
}

/// Values [n, h, w, c] in PyTorch's order of axes.
Vector channels_first(const Vector& values, const Shape& s) {
    Vector result(values.size(), values.precision());
    int64_t to = 0;
    for (int64_t n = 0; n < s[0]; ++n)
        for (int64_t c = 0; c < s[3]; ++c)
            for (int64_t place = 0; place < s[1] * s[2]; ++place)
                result.set(to++, values.at((n * s[1] * s[2] + place) * s[3] + c));
    return result;
}

TEST_F(PyTorchTest, NormalisationsAndStandardisedWeights) {
    const Shape shape{3, 5, 4, 6};
    const int64_t count = element_count(shape);
    RandomSequence random({.seed = 5, .purpose = Purpose::test});
    Vector x(count, Precision::f64), parameters(2 * count, Precision::f64);
    for (int64_t i = 0; i < count; ++i) x.set(i, 2 * random.normal() + 1);
    for (int64_t i = 0; i < parameters.size(); ++i) parameters.set(i, random.normal());

    TensorFile file;
    file.tensors.push_back({"x", {3, 6, 5, 4}, channels_first(x, shape)});
    file.tensors.push_back({"parameters", {parameters.size()}, parameters});
    for (const std::string name : {"layer", "group:groups=3", "instance", "batch", "standardized"}) {
        Graph graph;
        Builder b(graph, Mode::training);
        const Value in = graph.input("x", shape);
        const Value y = name == "standardized" ? convolution(b, in, 7, {.bias = false, .standardized = true})
                                               : normalizations().make(Spec::parse(name)).apply(b, in);
        const auto program = Program::compile(graph, {{y, "y"}}, {.precision = Precision::f64});
        Workspace work(program);
        work.bind(program->storage("x"), x);
        work.bind(program->storage("parameters"), parameters);
        work.run();
        Vector values(element_count(y.shape()), Precision::f64);
        for (int64_t i = 0; i < values.size(); ++i) values.set(i, work.value(program->storage("y"), i));
        const Shape& s = y.shape();
        file.tensors.push_back({Spec::parse(name).name, {s[0], s[3], s[1], s[2]}, channels_first(values, s)});
    }
    write_safetensors(path("normalizations"), file);
    const Json differences = ask("normalizations.py", {path("normalizations")});
    EXPECT_EQ(differences.size(), 5u);
    for (const auto& [name, difference] : differences.items())
        EXPECT_LT(difference.get<double>(), 1e-10) << name;
}

}  // namespace
}  // namespace ravine
