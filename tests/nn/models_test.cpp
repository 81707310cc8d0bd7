#include "ravine/nn/model.hpp"

#include <algorithm>

#include "tests/nn/support.hpp"

namespace ravine {
namespace {

using test::names_and_shapes;
using testing::ElementsAre;

Network network(const std::string& model, const Shape& features, int64_t targets) {
    return Network({.model = Spec::parse(model), .feature_shape = features, .target_count = targets});
}

ParameterLayout layout(const std::string& model, const Shape& features, int64_t targets) {
    return *network(model, features, targets).parameters();
}

TEST(Models, MlpHasTheNamesOfANumberedNet) {
    // nn.Sequential(Linear(2, 100), ReLU(), Linear(100, 100), ReLU(), Linear(100, 3)).
    EXPECT_THAT(names_and_shapes(layout("mlp", {2}, 3)),
                ElementsAre("0.weight[100, 2]", "0.bias[100]", "2.weight[100, 100]", "2.bias[100]",
                            "4.weight[3, 100]", "4.bias[3]"));
    // Linear, BatchNorm1d, Tanh, Dropout, Linear. No bias before batch normalisation.
    const auto net = network("mlp:hidden=7,activation=tanh,dropout=0.1,normalization=batch", {2, 3}, 3);
    EXPECT_THAT(names_and_shapes(*net.parameters()),
                ElementsAre("0.weight[7, 6]", "1.weight[7]", "1.bias[7]", "4.weight[3, 7]", "4.bias[3]"));
    EXPECT_THAT(names_and_shapes(net.buffers()), ElementsAre("1.running_mean[7]", "1.running_var[7]"));
    EXPECT_THAT(names_and_shapes(layout("mlp:hidden=5,bias=false", {2}, 3)),
                ElementsAre("0.weight[5, 2]", "2.weight[3, 5]"));
    EXPECT_THAT(names_and_shapes(layout("mlp:hidden=5,activation=maxout:pieces=4", {2}, 3)),
                ElementsAre("0.weight[20, 2]", "0.bias[20]", "2.weight[3, 5]", "2.bias[3]"));
    EXPECT_THAT(names_and_shapes(layout("mlp:hidden=5,activation=max-plus", {2}, 3)),
                ElementsAre("0.weight[5, 2]", "0.bias[5]", "1.weight[5, 5]", "2.weight[3, 5]", "2.bias[3]"));
}

TEST(Models, CnnHasTheNamesOfANumberedNet) {
    // Conv2d, MaxPool2d, ReLU, Conv2d, MaxPool2d, ReLU, Conv2d, ReLU, Flatten, Linear, ReLU, Linear.
    EXPECT_THAT(names_and_shapes(layout("cnn", {28, 28, 1}, 10)),
                ElementsAre("0.weight[32, 1, 3, 3]", "0.bias[32]", "3.weight[64, 32, 3, 3]", "3.bias[64]",
                            "6.weight[128, 64, 3, 3]", "6.bias[128]", "9.weight[256, 6272]", "9.bias[256]",
                            "11.weight[10, 256]", "11.bias[10]"));
    const auto net = network("cnn:channels=4-5,hidden=6,dropout=0.5,normalization=batch", {8, 6, 2}, 3);
    EXPECT_THAT(
        names_and_shapes(*net.parameters()),
        ElementsAre("0.weight[4, 2, 3, 3]", "1.weight[4]", "1.bias[4]", "4.weight[5, 4, 3, 3]", "5.weight[5]",
                    "5.bias[5]", "8.weight[6, 60]", "8.bias[6]", "11.weight[3, 6]", "11.bias[3]"));
    EXPECT_THAT(names_and_shapes(net.buffers()), ElementsAre("1.running_mean[4]", "1.running_var[4]",
                                                             "5.running_mean[5]", "5.running_var[5]"));
}

TEST(Models, LenetHasItsKnownSize) {
    const auto net = layout("lenet", {32, 32, 3}, 10);
    EXPECT_THAT(names_and_shapes(net),
                ElementsAre("0.weight[6, 3, 5, 5]", "0.bias[6]", "3.weight[16, 6, 5, 5]", "3.bias[16]",
                            "7.weight[120, 400]", "7.bias[120]", "9.weight[84, 120]", "9.bias[84]",
                            "11.weight[10, 84]", "11.bias[10]"));
    EXPECT_EQ(net.size, 62006);
    EXPECT_EQ(layout("lenet", {28, 28, 1}, 10).size, 61706);  // padded to 32x32
    const auto dropped = layout("lenet:dropout=0.5", {32, 32, 3}, 10);
    EXPECT_NE(dropped.find("10.weight"), nullptr);
    EXPECT_NE(dropped.find("13.weight"), nullptr);
}

TEST(Models, Resnet18HasItsKnownSize) {
    const auto net = network("resnet18", {32, 32, 3}, 10);
    EXPECT_EQ(net.parameters()->size, 11173962);
    EXPECT_EQ(net.buffers().size, 9600);
    EXPECT_EQ(layout("resnet18:shortcuts=false", {32, 32, 3}, 10).size, 11173962 - 173824);
    const auto names = names_and_shapes(*net.parameters());
    EXPECT_EQ(names.size(), 62U);
    const auto has = [&](const char* name) { EXPECT_THAT(names, testing::Contains(name)); };
    has("0.weight[64, 3, 3, 3]");
    has("1.weight[64]");
    has("3.c1.weight[64, 64, 3, 3]");
    has("3.b1.bias[64]");
    has("5.s.0.weight[128, 64, 1, 1]");
    has("5.s.1.weight[128]");
    has("10.b2.weight[512]");
    has("13.weight[10, 512]");
    EXPECT_EQ(net.parameters()->find("0.bias"), nullptr);
    EXPECT_EQ(net.parameters()->find("3.s.0.weight"), nullptr);
}

TEST(Models, LinearOnesStartAtZero) {
    for (const char* model : {"linear", "multiclass-logistic"})
        EXPECT_THAT(names_and_shapes(layout(model, {2, 2, 1}, 3)), ElementsAre("weight[3, 4]", "bias[3]"));
    EXPECT_THAT(names_and_shapes(layout("logistic", {4}, 2)), ElementsAre("weight[1, 4]", "bias[1]"));
    EXPECT_THAT(names_and_shapes(layout("linear:bias=false", {4}, 2)), ElementsAre("weight[2, 4]"));
    const auto net = network("linear", {4}, 2);
    Parameters parameters(net.parameters(), Precision::f64);
    parameters.write()->fill(7);
    net.initialize(parameters, 1);
    EXPECT_THAT(parameters.values().to_doubles(), testing::Each(0));
}

TEST(Models, WeightsStartAfterHeBeforeRectifiersAndGlorotElsewhere) {
    const auto mean_square = [](const std::string& model, const Shape& features, const char* tensor) {
        const auto net = network(model, features, 4);
        Parameters parameters(net.parameters(), Precision::f64);
        net.initialize(parameters, 1);
        const Slice& slice = *net.parameters()->find(tensor);
        double total = 0;
        for (int64_t i = 0; i < slice.size(); ++i)
            total += std::pow(parameters.values().at(slice.offset + i), 2);
        return total / static_cast<double>(slice.size());
    };
    const auto is = [](double variance) {
        return testing::AllOf(testing::Gt(0.85 * variance), testing::Lt(1.15 * variance));
    };
    EXPECT_THAT(mean_square("mlp:hidden=100", {50}, "0.weight"), is(2.0 / 50));
    EXPECT_THAT(mean_square("mlp:hidden=100,activation=leaky-relu", {50}, "0.weight"), is(2.0 / 50));
    EXPECT_THAT(mean_square("mlp:hidden=100,activation=tanh", {50}, "0.weight"), is(2.0 / 150));
    EXPECT_THAT(mean_square("mlp:hidden=400", {2}, "2.weight"), is(2.0 / 404));
    EXPECT_THAT(mean_square("cnn", {8, 8, 1}, "3.weight"), is(2.0 / (32 * 9)));
    EXPECT_THAT(mean_square("cnn", {8, 8, 1}, "9.weight"), is(2.0 / 512));
    EXPECT_THAT(mean_square("lenet", {32, 32, 1}, "7.weight"), is(2.0 / 400));
    EXPECT_THAT(mean_square("resnet18:width=8", {8, 8, 1}, "4.c1.weight"), is(2.0 / 72));
}

/// The outputs of one example in evaluation mode.
test::Numbers outputs_of(const std::string& model, const Shape& features, const test::Numbers& x,
                         const test::Numbers& parameters, const test::Numbers& buffers) {
    Shape shape{1};
    shape.insert(shape.end(), features.begin(), features.end());
    return test::run({.shape = shape,
                      .x = x,
                      .parameters = parameters,
                      .buffers = buffers,
                      .mode = Mode::evaluation},
                     [&](Builder& b, Value v) { return models().make(Spec::parse(model)).build(b, v, 2); })
        .y;
}

TEST(Models, MlpNormalisesBeforeTheActivation) {
    // W x = (3, 7); normalised with means (1, 2) and variances (4, 1): (1, 5); times (-1, 2) plus (0.5, -4):
    // (-0.5, 6); after the ReLU (0, 6).
    const auto y =
        outputs_of("mlp:hidden=2,normalization=batch,dropout=0.5", {2}, {1, 1},
                   {1, 2, 3, 4, -1, 2, 0.5, -4, 10, 1, 0, -1, 0.25, 0.5}, {1, 2, 4 - 1e-5, 1 - 1e-5});
    EXPECT_THAT(y, test::near({6.25, -5.5}));
}

TEST(Models, ResnetBlocksAddTheirInput) {
    // On images of one pixel a 3x3 convolution with a border of 1 is the product with its middle tap, and
    // with running variances of 1 - epsilon the normalisation is gamma x + beta: plain vectors give the same
    // net.
    for (const bool shortcuts : {true, false}) {
        const std::string model = fmt::format("resnet18:width=1,shortcuts={}", shortcuts);
        const auto net = network(model, {1, 1, 1}, 2);
        const auto theta = test::normal_numbers(net.parameters()->size, 17);
        test::Numbers buffers;
        for (const auto& slice : net.buffers().slices)
            buffers.resize(buffers.size() + static_cast<size_t>(slice.size()),
                           slice.name.ends_with("running_var") ? 1 - 1e-5 : 0);

        size_t next = 0;
        const auto convolve = [&](const test::Numbers& x, size_t channels, size_t kernel) {
            test::Numbers y(channels);
            for (auto& out : y) {
                for (const double in : x) {
                    out += in * theta[next + kernel * kernel / 2];
                    next += kernel * kernel;
                }
            }
            for (auto& out : y) out *= theta[next++];
            for (auto& out : y) out += theta[next++];
            return y;
        };
        const auto rectify = [](test::Numbers x) {
            for (auto& v : x) v = std::max(v, 0.0);
            return x;
        };
        test::Numbers x = rectify(convolve({0.7}, 1, 3));
        for (const size_t channels : {1, 1, 2, 2, 4, 4, 8, 8}) {
            const auto hidden = rectify(convolve(x, channels, 3));
            auto y = convolve(hidden, channels, 3);
            if (shortcuts) {
                const auto shortcut = channels == x.size() ? x : convolve(x, channels, 1);
                for (size_t i = 0; i < channels; ++i) y[i] += shortcut[i];
            }
            x = rectify(y);
        }
        test::Numbers expected(2);
        for (auto& z : expected)
            for (const double v : x) z += v * theta[next++];
        for (auto& z : expected) z += theta[next++];
        ASSERT_EQ(next, theta.size());
        EXPECT_GT(*std::ranges::max_element(x), 0);
        EXPECT_THAT(outputs_of(model, {1, 1, 1}, {0.7}, theta, buffers), test::near(expected, 1e-9));
    }
}

/// Each model on a small problem that it is made for.
struct Suitable {
    const char* model;
    Shape features;
    int64_t targets;
};
const Suitable suitable[] = {{"linear", {5}, 3},
                             {"logistic", {5}, 2},
                             {"multiclass-logistic", {5}, 3},
                             {"mlp:hidden=8-6", {2}, 3},
                             {"mlp:hidden=8-6,dropout=0.2,normalization=batch,activation=tanh", {2, 2, 2}, 3},
                             {"mlp:hidden=6,activation=maxout", {2}, 3},
                             {"mlp:hidden=6,activation=max-plus", {2}, 3},
                             {"cnn:channels=3-4-5,hidden=8", {8, 8, 2}, 3},
                             {"cnn:channels=3-4,hidden=8,dropout=0.2,normalization=batch", {5, 7, 1}, 3},
                             {"lenet:dropout=0.2", {28, 28, 1}, 4},
                             {"mlp:hidden=8-6,normalization=layer,activation=tanh", {2}, 3},
                             {"cnn:channels=4-4,hidden=8,normalization=group:groups=2,"
                              "weight_standardization=true",
                              {8, 8, 2},
                              3},
                             {"lenet:normalization=instance", {32, 32, 1}, 4},
                             {"resnet18:width=4,normalization=group:groups=2,weight_standardization=true,"
                              "dropout=0.1",
                              {8, 8, 3},
                              3},
                             {"resnet18:width=4", {8, 8, 3}, 3},
                             {"resnet18:width=4,shortcuts=false", {9, 8, 1}, 3}};

TEST(Models, EveryOneTrainsAStepInBothPrecisions) {
    for (const auto& [model, features, targets] : suitable) {
        for (const Precision precision : {Precision::f64, Precision::f32}) {
            SCOPED_TRACE(std::string(model) + " " + to_string(precision));
            const auto net = network(model, features, targets);
            test::Training training(net, 11, precision);
            Vector gradient(net.parameters()->size, precision);
            const double loss = training.objective.value_and_gradient(training.parameters, gradient);
            EXPECT_TRUE(std::isfinite(loss));
            double square = 0;
            for (const auto& slice : net.parameters()->slices) {
                double largest = 0;
                for (int64_t i = 0; i < slice.size(); ++i) {
                    const double g = gradient.at(slice.offset + i);
                    EXPECT_TRUE(std::isfinite(g)) << slice.name;
                    largest = std::max(largest, std::abs(g));
                    square += g * g;
                }
                EXPECT_GT(largest, 1e-8) << slice.name;
            }
            // A step short enough for the gradient to hold lowers the loss by what the gradient promises.
            const double length = 1e-3 / std::sqrt(square);
            for (int64_t i = 0; i < gradient.size(); ++i)
                training.parameters.write()->set(
                    i, training.parameters.values().at(i) - length * gradient.at(i));
            const double change = training.objective.value(training.parameters) - loss;
            EXPECT_NEAR(change / (-length * square), 1, 0.2);
        }
    }
}

TEST(Models, EveryOneIsTestedHere) {
    for (const auto& entry : models().entries()) {
        const bool found = std::ranges::any_of(
            suitable, [&](const Suitable& s) { return Spec::parse(s.model).name == entry.name; });
        EXPECT_TRUE(found) << entry.name;
    }
}

TEST(Models, TheSameNetHasTheSameLayoutAtAnyBatchSizeAndInBothModes) {
    for (const auto& [model, features, targets] : suitable) {
        SCOPED_TRACE(model);
        const auto net = network(model, features, targets);
        for (const int64_t batch : {1, 3, 12}) {
            Graph graph;
            const auto training = net.training_graph(graph, batch);
            const auto& slices = net.parameters()->slices;
            ASSERT_EQ(training.parameters.size(), slices.size());
            for (size_t i = 0; i < slices.size(); ++i) {
                EXPECT_EQ(training.parameters[i].shape(), slices[i].shape);
                EXPECT_EQ(training.parameters[i].node().attributes.integers[0], slices[i].offset);
            }
            int64_t updated = 0;
            for (const auto& [offset, next, observed] : training.buffer_updates) {
                EXPECT_EQ(offset, updated);
                updated += element_count(next.shape());
            }
            EXPECT_EQ(updated, net.buffers().size);
            EXPECT_EQ(training.outputs->shape(), (Shape{batch, net.output_count()}));
            Graph other;
            const auto evaluation = net.evaluation_graph(other, batch);
            EXPECT_EQ(evaluation.outputs.shape(), (Shape{batch, net.output_count()}));
            EXPECT_EQ(evaluation.losses.shape(), (Shape{batch, 1}));
        }
    }
}

TEST(Models, RefuseShapesThatTheyAreNotFor) {
    const auto refused = [](const char* model, const Shape& shape, const std::vector<std::string>& parts) {
        test::expect_refused([&] { network(model, shape, 3); }, parts);
    };
    for (const char* model : {"cnn", "lenet", "resnet18"}) {
        refused(model, {5}, {model, "images", "[5]"});
        refused(model, {28, 28}, {model, "images", "[28, 28]"});
    }
    refused("cnn", {3, 8, 1}, {"cnn", "at least 4x4", "3x8"});
    refused("cnn:channels=1-1-1-1-1", {16, 15, 1}, {"at least 16x16", "16x15"});
    refused("lenet", {28, 27, 1}, {"lenet", "at least 28x28", "28x27"});
    std::string many = "cnn:channels=1";
    for (int i = 0; i < 70; ++i) many += "-1";
    refused(many.c_str(), {64, 64, 1}, {"at least", "64x64"});
}

TEST(Models, TheSmallestImagesAreEnough) {
    EXPECT_EQ(network("cnn", {4, 4, 1}, 3).output_count(), 3);
    EXPECT_EQ(network("resnet18:width=1", {1, 1, 1}, 3).output_count(), 3);
}

TEST(Models, RefuseSettingsThatTheyDoNotHave) {
    const auto refused = [](const char* model, const std::vector<std::string>& parts) {
        test::expect_refused([&] { models().make(Spec::parse(model)); }, parts);
    };
    refused("mlpp", {"mlpp", "did you mean 'mlp'"});
    refused("mlp:activation=rleu", {"activation", "rleu", "did you mean 'relu'"});
    refused("mlp:activation=leaky-relu:slope=2", {"slope", "[0, 1)"});
    refused("mlp:hidden=10-0", {"mlp:hidden", "'0'"});
    refused("mlp:hiden=10", {"hiden", "did you mean 'hidden'"});
    refused("mlp:dropout=1", {"mlp:dropout", "[0, 1)"});
}

}  // namespace
}  // namespace ravine
