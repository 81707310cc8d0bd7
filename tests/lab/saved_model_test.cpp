#include "ravine/lab/run/saved_model.hpp"

#include "tests/data/support.hpp"
#include "tests/lab/run_support.hpp"

namespace ravine {
namespace {

using namespace test;
using testing::ElementsAre;

class SavedModelTest : public RunTest {
protected:
    std::string path(const std::string& name) const { return (temporary.path() / name).string(); }

    /// A run that starts from a file.
    ravine::Run started_from(const std::string& file, const std::string& model = "mlp:hidden=4") const {
        Experiment e = small_experiment();
        e.model = model;
        e.init = file;
        return ravine::Run(e, say_nothing);
    }
};

NamedTensor tensor(const std::string& name, const Shape& shape, double first,
                   Precision precision = Precision::f32) {
    NamedTensor result{name, shape, Vector(element_count(shape), precision)};
    for (int64_t i = 0; i < result.data.size(); ++i) result.data.set(i, first + static_cast<double>(i) / 8);
    return result;
}

TensorFile four_tensors() {
    return {.tensors = {tensor("0.weight", {4, 2}, 1), tensor("0.bias", {4}, 10),
                        tensor("2.weight", {3, 4}, 20), tensor("2.bias", {3}, 30)}};
}

/// All values of the tensors, one after another.
std::vector<double> values_of(const TensorFile& file) {
    std::vector<double> result;
    for (const auto& t : file.tensors)
        for (const double x : t.data.to_doubles()) result.push_back(x);
    return result;
}

TEST_F(SavedModelTest, HasPyTorchsNamesAndShapesAndReadsBackExactly) {
    for (const char* precision : {"f32", "f64"}) {
        Experiment e = small_experiment();
        e.model = "mlp:hidden=4,normalization=batch";
        e.loss = "squared-error:on=probabilities";
        e.precision = precision;
        ravine::Run run(e, say_nothing);
        const RunFolder to = folder(precision);
        run.train(to, {});
        const TensorFile file = read_safetensors(to.model());
        std::vector<std::string> names;
        for (const auto& t : file.tensors) names.push_back(t.name + to_string(t.shape));
        EXPECT_THAT(names, ElementsAre("0.weight[4, 2]", "1.weight[4]", "1.bias[4]", "3.weight[3, 4]",
                                       "3.bias[3]", "1.running_mean[4]", "1.running_var[4]"));
        EXPECT_EQ(file.metadata.at("format"), "pt");
        const SavedModel saved = read_model(to.model());
        EXPECT_EQ(saved.parameters->values().to_doubles(), run.parameters().values().to_doubles());
        EXPECT_EQ(saved.buffers.to_doubles(), run.buffers().to_doubles());
        EXPECT_EQ(to_string(saved.parameters->values().precision()), precision);
        EXPECT_EQ(saved.schema, run.parts().schema);
        EXPECT_EQ(saved.network->options().model.text(), e.model);
        EXPECT_EQ(saved.network->options().loss.text(), e.loss);
    }
}

TEST_F(SavedModelTest, InitialWeightsByName) {
    TensorFile file = four_tensors();
    const auto expected = values_of(file);
    std::ranges::reverse(file.tensors);
    file.tensors.push_back(tensor("something.else", {7}, 0));
    write_safetensors(path("w"), file);
    EXPECT_EQ(started_from(path("w")).parameters().values().to_doubles(), expected);
}

TEST_F(SavedModelTest, InitialWeightsInOrderWhereNoNameFits) {
    TensorFile file = four_tensors();
    for (auto& t : file.tensors) t.name = "net." + t.name;
    write_safetensors(path("w"), file);
    EXPECT_EQ(started_from(path("w")).parameters().values().to_doubles(), values_of(file));
}

TEST_F(SavedModelTest, InitialBuffersWhereTheFileHasThem) {
    TensorFile file{.tensors = {tensor("0.weight", {4, 2}, 1), tensor("1.weight", {4}, 2),
                                tensor("1.bias", {4}, 3), tensor("3.weight", {3, 4}, 4),
                                tensor("3.bias", {3}, 5)}};
    const std::string model = "mlp:hidden=4,normalization=batch";
    write_safetensors(path("without"), file);
    EXPECT_EQ(started_from(path("without"), model).buffers().to_doubles(),
              (std::vector<double>{0, 0, 0, 0, 1, 1, 1, 1}));
    file.tensors.push_back(tensor("1.running_var", {4}, 9));
    write_safetensors(path("with"), file);
    EXPECT_EQ(started_from(path("with"), model).buffers().to_doubles(),
              (std::vector<double>{0, 0, 0, 0, 9, 9.125, 9.25, 9.375}));
}

TEST_F(SavedModelTest, InitialWeightsOfOtherShapesAreRefused) {
    const auto refused = [&](const TensorFile& file, const std::vector<std::string>& parts) {
        write_safetensors(path("w"), file);
        expect_error(
            2, [&] { started_from(path("w")); }, parts);
    };
    TensorFile file = four_tensors();
    file.tensors[2] = tensor("2.weight", {4, 3}, 0);
    refused(file, {path("w"), "'2.weight' has the shape [4, 3], expected [3, 4]"});
    for (auto& t : file.tensors) t.name = "net." + t.name;
    refused(file, {"'net.2.weight' has the shape [4, 3], expected [3, 4]"});
    file.tensors.pop_back();
    refused(file,
            {"no tensor has a name of this model ('0.weight', ...), and there are 3 tensors instead of 4"});
    file = four_tensors();
    file.tensors.pop_back();
    refused(file, {"no tensor '2.bias', which this model needs"});
    expect_error(2, [&] { started_from(path("none")); }, {path("none"), "no such file"});
    temporary.write("text", "not a tensor in sight");
    expect_error(2, [&] { started_from(path("text")); }, {path("text"), "byte"});
}

TEST_F(SavedModelTest, AFileThatDoesNotFitChangesNothing) {
    ravine::Run run(small_experiment(), say_nothing);
    Parameters parameters(run.network().parameters(), Precision::f32);
    Vector buffers;
    TensorFile file{.tensors = {tensor("0.weight", {8, 2}, 1), tensor("0.bias", {8}, 10),
                                tensor("2.weight", {3, 8}, 20), tensor("2.bias", {4}, 30)}};
    EXPECT_THROW(assign_tensors(file, "w", parameters, run.network().buffers(), buffers), RequestError);
    EXPECT_EQ(parameters.values().to_doubles(),
              Vector(parameters.values().size(), Precision::f32).to_doubles());
}

TEST_F(SavedModelTest, DamagedModelsAreRefusedInOneLine) {
    const RunFolder to = folder("run");
    Experiment e = small_experiment();
    e.model = "mlp:hidden=4,normalization=batch";
    train_in(to, e);
    const TensorFile good = read_safetensors(to.model());
    const auto refused = [&](const auto& damage, const std::vector<std::string>& parts) {
        TensorFile bad = good;
        damage(bad);
        write_safetensors(path("bad"), bad);
        expect_error(
            2, [&] { read_model(path("bad")); }, parts);
    };
    refused([](TensorFile& f) { f.metadata.clear(); }, {"bad: no 'ravine.schema' in its metadata"});
    refused([](TensorFile& f) { f.metadata.erase("ravine.model"); }, {"no 'ravine.model'"});
    refused([](TensorFile& f) { f.metadata["ravine.schema"] = "{"; },
            {"ravine.schema: byte 2: expected JSON"});
    refused([](TensorFile& f) { f.metadata["ravine.schema"] = "[1]"; }, {"bad"});
    refused([](TensorFile& f) { f.metadata["ravine.model"] = "mpl"; }, {"unknown model 'mpl'"});
    refused([](TensorFile& f) { f.metadata["ravine.model"] = "resnet18"; }, {"resnet18"});
    // 10^12 weights: refused before memory is asked for.
    refused(
        [](TensorFile& f) { f.metadata["ravine.model"] = "mlp:hidden=1000000-1000000,normalization=batch"; },
        {"'0.weight' has the shape [4, 2], expected [1000000, 2]"});
    refused([](TensorFile& f) { f.tensors.erase(f.tensors.begin()); }, {"no tensor '0.weight'"});
    refused([](TensorFile& f) { f.tensors.pop_back(); }, {"no tensor '1.running_var'"});
    const std::string bytes = contents_of(to.model());
    for (const size_t length : {size_t{0}, size_t{7}, size_t{100}, bytes.size() - 1}) {
        temporary.write("short", bytes.substr(0, length));
        expect_error(2, [&] { read_model(path("short")); }, {path("short"), "byte"});
    }
}

}  // namespace
}  // namespace ravine
