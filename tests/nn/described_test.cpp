#include "ravine/nn/described/description.hpp"

#include "ravine/nn/described/layer.hpp"
#include "tests/nn/support.hpp"

namespace ravine {
namespace {

using test::names_and_shapes;
using test::near;
using test::Numbers;

LayerDescription layer(const std::string& spec, const std::string& name = "",
                       const std::vector<std::string>& from = {}) {
    return {.layer = Spec::parse(spec), .name = name, .from = from, .place = {}};
}

Network network(const ModelDescription& description, const Shape& features, int64_t targets) {
    return Network({.feature_shape = features, .target_count = targets, .description = description});
}

ModelDescription lenet() {
    return {.name = "lenet",
            .layers = {layer("convolution:channels=6,kernel=5"), layer("max-pool"), layer("relu"),
                       layer("convolution:channels=16,kernel=5"), layer("max-pool"), layer("relu"),
                       layer("flatten"), layer("dense:units=120"), layer("relu"), layer("dropout:rate=0.3"),
                       layer("dense:units=84"), layer("relu"), layer("dropout:rate=0.3"), layer("dense")},
            .origin = "lenet.toml"};
}

TEST(Described, LenetIsTheBuiltInOneToTheLastBit) {
    const Network described = network(lenet(), {32, 32, 3}, 10);
    const Network built_in(
        {.model = Spec::parse("lenet:dropout=0.3"), .feature_shape = {32, 32, 3}, .target_count = 10});
    EXPECT_EQ(names_and_shapes(*described.parameters()), names_and_shapes(*built_in.parameters()));
    EXPECT_EQ(described.parameters()->size, 62006);
    Graph a, b;
    described.training_graph(a, 4);
    built_in.training_graph(b, 4);
    ASSERT_EQ(a.nodes().size(), b.nodes().size());
    for (size_t i = 0; i < a.nodes().size(); ++i) {
        EXPECT_EQ(a.nodes()[i].op, b.nodes()[i].op);
        EXPECT_EQ(a.nodes()[i].label, b.nodes()[i].label);
    }
    // The same initial weights too: He before a ReLU, Glorot for the last layer.
    test::Training ours(described, 4, Precision::f64), theirs(built_in, 4, Precision::f64);
    EXPECT_EQ(ours.objective.value(ours.parameters), theirs.objective.value(theirs.parameters));
}

/// The outputs of one example for given parameters.
Numbers outputs_of(const ModelDescription& description, const Numbers& x, int64_t outputs,
                   const Numbers& parameters) {
    const auto columns = static_cast<int64_t>(x.size());
    return test::run({.shape = {1, columns}, .x = x, .parameters = parameters, .mode = Mode::evaluation},
                     [&](Builder& b, Value v) { return make_described(description).build(b, v, outputs); })
        .y;
}

TEST(Described, AddAndConcatenateTakeNamedLayersAndTheInput) {
    const auto no_bias = "dense:units=2,bias=false";
    // y = W x, then y + x.
    EXPECT_THAT(
        outputs_of({.name = "a", .layers = {layer(no_bias), layer("add", "", {"input"})}, .origin = "a"},
                   {1, 2}, 2, {1, 0, 1, 1}),
        near({2, 5}));
    // The branch y = 2 x, z = 3 x beside it; [z, y, x] then.
    const ModelDescription joined{
        .name = "j",
        .layers = {layer("dense:units=1,bias=false", "y"), layer("dense:units=1,bias=false", "z", {"input"}),
                   layer("concatenate", "", {"y", "input"})},
        .origin = "j"};
    EXPECT_THAT(outputs_of(joined, {5}, 3, {2, 3}), near({15, 10, 5}));
}

TEST(Described, TensorsOfNamedLayersHaveTheirNames) {
    const ModelDescription description{
        .name = "n",
        .layers = {layer("convolution:channels=4,padding=1,bias=false", "stem"), layer("batch-norm"),
                   layer("relu", "r"), layer("convolution:channels=4,padding=1,weight_standardization=true"),
                   layer("group-norm:groups=2"), layer("add", "", {"r"}), layer("average-pool"),
                   layer("global-average-pool"), layer("dense", "out")},
        .heads = {{.at = "r", .weight = 0.5, .layers = {layer("global-average-pool"), layer("dense")}}},
        .origin = "n"};
    const Network net = network(description, {6, 6, 1}, 3);
    EXPECT_THAT(
        names_and_shapes(*net.parameters()),
        testing::ElementsAre("stem.weight[4, 1, 3, 3]", "1.weight[4]", "1.bias[4]", "3.weight[4, 4, 3, 3]",
                             "3.bias[4]", "4.weight[4]", "4.bias[4]", "out.weight[3, 4]", "out.bias[3]",
                             "heads.0.1.weight[3, 4]", "heads.0.1.bias[3]"));
    EXPECT_THAT(names_and_shapes(net.buffers()),
                testing::ElementsAre("1.running_mean[4]", "1.running_var[4]"));
}

/// The model dense, and a head of one dense layer at the input.
ModelDescription with_head(double weight) {
    return {.name = "h",
            .layers = {layer("dense:units=4"), layer("tanh", "t"), layer("dense")},
            .heads = {{.at = "t", .weight = weight, .layers = {layer("dense")}}},
            .origin = "h"};
}

TEST(Described, AHeadAddsItsLossTimesItsWeightInTrainingAlone) {
    const auto value = [](double weight) {
        const Network net = network(with_head(weight), {2}, 3);
        test::Training training(net, 6, Precision::f64);
        return training.objective.value(training.parameters);
    };
    const double none = value(0), half = value(0.5), one = value(1);
    EXPECT_NEAR(half - none, (one - none) / 2, 1e-12);
    EXPECT_GT(one - none, 0.1);
    // The head's loss is the model's own where the head is the model: put its weights into the last layer.
    const Network net = network(with_head(1), {2}, 3);
    test::Training training(net, 6, Precision::f64);
    const auto& slices = net.parameters()->slices;
    const auto offset = [&](const std::string& name) {
        for (const auto& slice : slices)
            if (slice.name == name) return slice.offset;
        throw std::logic_error(name);
    };
    for (int64_t i = 0; i < 12; ++i)
        training.parameters.write()->set(offset("heads.0.0.weight") + i,
                                         training.parameters.values().at(offset("2.weight") + i));
    EXPECT_NEAR(training.objective.value(training.parameters), 2 * none, 1e-12);

    Graph graph;
    const auto evaluation = net.evaluation_graph(graph, 6);
    const auto program =
        Program::compile(graph, {{evaluation.outputs, "outputs"}, {evaluation.losses, "losses"}},
                         {.precision = Precision::f64});
    Workspace work(program);
    work.bind(program->storage("features"), training.features);
    work.bind(program->storage("targets"), training.targets);
    work.bind(program->storage("parameters"), training.parameters.values());
    work.run();
    double mean = 0;
    for (int64_t i = 0; i < 6; ++i) mean += work.value(program->storage("losses"), i) / 6;
    EXPECT_NEAR(mean, none, 1e-12);
    // What the evaluation runs does not know the head.
    EXPECT_EQ(program->describe().find("heads"), std::string::npos) << program->describe();
}

TEST(Described, HeadsHaveGradientsAndCurvature) {
    const Network net = network(with_head(0.7), {2}, 3);
    test::Training training(net, 5, Precision::f64);
    const Vector& at = training.parameters.values();
    Numbers theta;
    for (int64_t i = 0; i < at.size(); ++i) theta.push_back(at.at(i));
    test::expect_gradient(training.objective, theta);
    test::expect_hessian(training.objective, theta, 4);
    // In the direction of the head's bias the model is linear, so Gauss-Newton and Hessian agree, and are not
    // 0.
    const auto n = at.size();
    Vector direction(n, Precision::f64), hessian(n, Precision::f64), gauss_newton(n, Precision::f64);
    direction.set(n - 1, 1);
    training.objective.hessian_vector(training.parameters, direction, hessian);
    training.objective.gauss_newton_vector(training.parameters, direction, gauss_newton);
    EXPECT_GT(std::abs(hessian.at(n - 1)), 1e-3);
    EXPECT_NEAR(hessian.at(n - 1), gauss_newton.at(n - 1), 1e-12);
}

TEST(Described, GaussianLossesOfHeadsHaveTheirOwnPrecision) {
    const Network net({.loss = Spec::parse("gaussian"),
                       .feature_shape = {2},
                       .target_count = 1,
                       .task = Task::regression,
                       .description = with_head(1)});
    EXPECT_THAT(names_and_shapes(*net.parameters()),
                testing::IsSupersetOf({"loss.log_precision[1]", "loss.heads.0.log_precision[1]"}));
    test::Training training(net, 5, Precision::f32);
    EXPECT_TRUE(std::isfinite(training.objective.value(training.parameters)));
}

TEST(Described, TrainsInSinglePrecisionAsInDouble) {
    const Network net = network(lenet(), {32, 32, 3}, 10);
    test::Training single(net, 3, Precision::f32), reference(net, 3, Precision::f64);
    EXPECT_NEAR(single.objective.value(single.parameters), reference.objective.value(reference.parameters),
                1e-4);
}

TEST(Described, EveryKindOfLayerIsMadeAndEveryActivationAndNormalisationToo) {
    for (const char* name : {"dense", "convolution", "max-pool", "average-pool", "global-average-pool",
                             "flatten", "dropout", "add", "concatenate", "relu", "leaky-relu", "softplus",
                             "max-plus", "batch-norm", "layer-norm", "group-norm", "instance-norm"})
        EXPECT_NO_THROW(make_layer(Spec::parse(name))) << name;
    for (const auto& entry : layers().entries()) EXPECT_NO_THROW(make_layer({entry.name, {}})) << entry.name;
}

void refused(const std::vector<LayerDescription>& layers, const std::vector<std::string>& parts,
             const std::vector<HeadDescription>& heads = {}, const Shape& features = {8, 8, 3}) {
    test::expect_refused(
        [&] {
            network({.name = "net", .layers = layers, .heads = heads, .origin = "net.toml"}, features, 10);
        },
        parts);
}

TEST(Described, RefusesWhatThereIsNot) {
    refused({layer("desne")}, {"net.toml: layer 0 (desne)", "unknown layer 'desne'", "did you mean 'dense'"});
    refused({layer("group-nrom")}, {"did you mean 'group-norm'"});
    refused({layer("flatten"), layer("dense:unit=3", "fc")},
            {"layer 1 (dense 'fc')", "no setting 'unit'", "did you mean 'units'"});
    refused({layer("dropout:rate=1")}, {"layer 0 (dropout)", "rate", "[0, 1)"});
    refused({layer("dense:initializer=he-norm")}, {"layer 0 (dense)", "he-norm"});
    refused({layer("relu", "a"), layer("add", "", {"b"})},
            {"layer 1 (add)", "no layer before is called 'b'"});
    refused({layer("relu", "stem"), layer("add", "", {"stme"})}, {"did you mean 'stem'"});
    refused({layer("add")}, {"layer 0 (add)", "from", "found none"});
    refused({layer("relu", "a"), layer("relu", "", {"a", "input"})}, {"layer 1 (relu)", "found 2"});
    refused({layer("relu", "a"), layer("relu", "a")},
            {"layer 1 (relu 'a')", "an earlier layer is called 'a'"});
    for (const char* name : {"0", "a.b", "input", "heads", "loss", "-a", "a b"})
        refused({layer("relu", name)}, {"layer 0 (relu '" + std::string(name) + "')", "name"});
    refused({}, {"net.toml", "at least one layer"});
    refused({layer("global-average-pool", "g"), layer("dense")}, {"net.toml: head 0", "'h'"},
            {{.at = "h", .layers = {layer("dense")}}});
    refused({layer("global-average-pool", "g"), layer("dense")},
            {"net.toml: head 0, layer 0 (dens)", "'dense'"}, {{.at = "g", .layers = {layer("dens")}}});
}

TEST(Described, RefusesShapesThatDoNotFitWithExpectedAndFound) {
    refused({layer("dense")},
            {"net.toml: layer 0 (dense)", "expected [features]", "found [8, 8, 3]", "flatten"});
    refused({layer("flatten"), layer("convolution", "c")},
            {"layer 1 (convolution 'c')", "expected [height, width, channels]", "found [192]"});
    refused({layer("convolution:kernel=9")}, {"layer 0", "at least 9 x 9", "found [8, 8, 3]"});
    refused({layer("max-pool:kernel=4"), layer("max-pool:kernel=4")},
            {"layer 1", "at least 4 x 4", "[2, 2, 3]"});
    refused({layer("max-pool:padding=2")}, {"padding", "half the kernel", "found 2"});
    refused({layer("max-pool"), layer("add", "sum", {"input"})},
            {"layer 1 (add 'sum')", "one shape", "[4, 4, 3] and [8, 8, 3]"});
    refused({layer("max-pool"), layer("concatenate", "", {"input"})}, {"layer 1", "last axis", "[4, 4, 3]"});
    refused({layer("group-norm:groups=2")}, {"layer 0 (group-norm)", "2 groups", "found 3"});
    refused({layer("maxout:pieces=2")}, {"layer 0 (maxout)", "that 2 divides", "found 3"});
    refused({layer("flatten"), layer("dense:units=7")}, {"layer 1 (dense)", "expected [10]", "found [7]"});
    refused({layer("relu")}, {"expected [10]", "found [8, 8, 3]"});
    refused({layer("relu", "r"), layer("flatten"), layer("dense")}, {"head 0, layer 0 (dense)", "[8, 8, 3]"},
            {{.at = "r", .layers = {layer("dense")}}});
}

}  // namespace
}  // namespace ravine
