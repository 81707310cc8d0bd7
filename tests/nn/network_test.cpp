#include "ravine/nn/network.hpp"

#include <algorithm>

#include "ravine/nn/activation.hpp"
#include "tests/nn/support.hpp"

namespace ravine {
namespace {

using test::Numbers;
using test::Training;

Network network(const std::string& model, const std::string& loss, const Shape& features, int64_t targets) {
    return Network({.model = Spec::parse(model),
                    .loss = Spec::parse(loss),
                    .feature_shape = features,
                    .target_count = targets});
}

TEST(Network, LossMustFitTheTask) {
    const auto regression = [](const std::string& model, const std::string& loss) {
        Network({.model = Spec::parse(model),
                 .loss = Spec::parse(loss),
                 .feature_shape = {3},
                 .target_count = 2,
                 .task = Task::regression});
    };
    for (const char* loss : {"cross-entropy", "kl", "hinge", "logistic", "squared-error:on=probabilities"})
        test::expect_refused([&] { regression("linear", loss); }, {loss, "regression", "squared-error"});
    regression("linear", "squared-error");
    regression("linear", "gaussian");
    test::expect_refused([&] { regression("logistic", "squared-error"); }, {"logistic", "two classes"});
}

TEST(Network, ModelsWithOneOutputAreForTwoClasses) {
    test::expect_refused([] { network("logistic", "logistic", {3}, 3); }, {"logistic", "two classes", "3"});
    for (const char* loss : {"cross-entropy", "kl", "squared-error:on=probabilities"})
        test::expect_refused([&] { network("logistic", loss, {3}, 2); }, {"one output", "hinge"});
    for (const char* loss : {"logistic", "hinge", "squared-error", "gaussian"})
        EXPECT_EQ(network("logistic", loss, {3}, 2).output_count(), 1);
}

TEST(Network, LossWhereNoneIsAskedFor) {
    const auto loss = [](const char* model, Task task) {
        return Network({.model = Spec::parse(model), .feature_shape = {3}, .target_count = 2, .task = task})
            .options()
            .loss.text();
    };
    EXPECT_EQ(loss("mlp", Task::classification), "cross-entropy");
    EXPECT_EQ(loss("logistic", Task::classification), "logistic");
    EXPECT_EQ(loss("mlp", Task::regression), "squared-error");
    EXPECT_EQ(loss("mlp", Task::autoencoding), "squared-error");
    EXPECT_EQ(loss("mlp", Task::multi_label), "logistic");
}

TEST(Network, LossHasParametersAfterTheModels) {
    const auto net = network("mlp:hidden=4", "gaussian", {3}, 2);
    const Slice& last = net.parameters()->slices.back();
    EXPECT_EQ(last.name, "loss.log_precision");
    EXPECT_FALSE(last.decays);
    Parameters parameters(net.parameters(), Precision::f64);
    net.initialize(parameters, 1);
    EXPECT_EQ(parameters.values().at(last.offset), 0);
}

/// Gradients of whole nets, all in double precision.
TEST(Network, GradientsByFiniteDifferences) {
    struct {
        const char *model, *loss;
        Shape features;
        int64_t targets;
    } cases[] = {{"mlp:hidden=5-4,activation=tanh", "cross-entropy", {3}, 3},
                 {"mlp:hidden=5,activation=sigmoid,normalization=batch,dropout=0.3", "kl", {3}, 3},
                 {"mlp:hidden=3,activation=maxout:pieces=3", "gaussian", {3}, 2},
                 {"mlp:hidden=4,activation=max-plus", "squared-error", {3}, 2},
                 {"logistic", "logistic", {3}, 2},
                 {"linear", "hinge:margin=0.7", {3}, 3},
                 {"cnn:channels=2-3,hidden=4,normalization=batch", "cross-entropy", {4, 5, 2}, 3},
                 {"resnet18:width=1", "cross-entropy", {5, 4, 1}, 3}};
    for (const auto& c : cases) {
        SCOPED_TRACE(std::string(c.model) + " " + c.loss);
        const Network net({.model = Spec::parse(c.model),
                           .loss = Spec::parse(c.loss),
                           .feature_shape = c.features,
                           .target_count = c.targets,
                           .l2 = 0.05});
        Training training(net, 6, Precision::f64);
        // Away from the initial zeros, where several outputs tie; this seed puts no kink of a ReLU within a
        // step.
        Numbers theta = test::normal_numbers(net.parameters()->size, 10);
        for (auto& w : theta) w *= 0.5;
        test::expect_gradient(training.objective, theta, 3e-6);
    }
}

TEST(Network, HessianVectorProductsByFiniteDifferences) {
    for (const char* model :
         {"mlp:hidden=5-4,activation=tanh", "mlp:hidden=4,activation=tanh,normalization=batch",
          "cnn:channels=2,hidden=3,normalization=batch"}) {
        SCOPED_TRACE(model);
        const bool images = model[0] == 'c';
        const Network net({.model = Spec::parse(model),
                           .feature_shape = images ? Shape{4, 4, 1} : Shape{3},
                           .target_count = 3,
                           .l2 = 0.05});
        Training training(net, 6, Precision::f64);
        test::expect_hessian(training.objective, training.parameters.values().to_doubles(), 21);
    }
}

TEST(Network, PenaltiesAreSumsOverTheWeightsOnly) {
    NetworkOptions options{
        .model = Spec::parse("mlp:hidden=4,normalization=batch"), .feature_shape = {3}, .target_count = 2};
    const Network plain(options);
    options.l2 = 0.25;
    const Network penalised(options);
    Training without(plain, 5, Precision::f64), with(penalised, 5, Precision::f64);
    double squares = 0, sizes = 0;
    for (const auto& slice : plain.parameters()->slices) {
        EXPECT_EQ(slice.decays, slice.name == "0.weight" || slice.name == "3.weight") << slice.name;
        for (int64_t i = 0; slice.decays && i < slice.size(); ++i) {
            squares += std::pow(with.parameters.values().at(slice.offset + i), 2);
            sizes += std::abs(with.parameters.values().at(slice.offset + i));
        }
    }
    const double bare = without.objective.value(without.parameters);
    EXPECT_NEAR(with.objective.value(with.parameters), bare + 0.25 * squares, 1e-12);
    // A run-time scalar: changed without compiling again.
    with.set("l2", 0.5);
    EXPECT_NEAR(with.objective.value(with.parameters), bare + 0.5 * squares, 1e-12);

    options.l1 = 0.125;
    const Network doubly_penalised(options);
    Training both(doubly_penalised, 5, Precision::f64);
    both.set("l1", 0.125);
    both.set("l2", 0.25);
    EXPECT_NEAR(both.objective.value(both.parameters), bare + 0.125 * sizes + 0.25 * squares, 1e-12);
}

TEST(Network, ExampleWeightsWeighTheLosses) {
    const auto net = network("linear", "squared-error", {1}, 1);
    Training training(net, 2, Precision::f64);
    training.features = Vector(Numbers{1, 2}, Precision::f64);
    training.targets = Vector(Numbers{10, 20}, Precision::f64);
    training.weights = Vector(Numbers{1, 1}, Precision::f64);
    const auto value = [&] {
        training.sample.touch();
        training.objective.on(training.sample);
        return training.objective.value(training.parameters);
    };
    EXPECT_NEAR(value(), (100.0 + 400) / 2, 1e-12);
    training.weights = Vector(Numbers{0.5, 3}, Precision::f64);
    EXPECT_NEAR(value(), (0.5 * 100 + 3 * 400) / 2, 1e-12);
}

/// Outputs and losses of the evaluation graph.
struct Evaluated {
    Numbers outputs, losses;
};

Evaluated evaluate(const Network& net, int64_t batch, const Training& training) {
    Graph graph;
    const auto [outputs, losses] = net.evaluation_graph(graph, batch);
    const auto program =
        Program::compile(graph, {{outputs, "outputs"}, {losses, "losses"}}, {.precision = Precision::f64});
    Workspace workspace(program);
    const std::pair<const char*, const Vector*> inputs[] = {{"features", &training.features},
                                                            {"targets", &training.targets},
                                                            {"parameters", &training.parameters.values()},
                                                            {"buffers", &training.buffers}};
    for (const auto& [name, vector] : inputs)
        if (const int handle = program->storage(name); handle >= 0) workspace.bind(handle, *vector);
    workspace.run();
    Evaluated result;
    const auto read = [&](const char* name, Numbers& into) {
        const int handle = program->storage(name);
        for (int64_t i = 0; i < program->storage_size(handle); ++i)
            into.push_back(workspace.value(handle, i));
    };
    read("outputs", result.outputs);
    read("losses", result.losses);
    return result;
}

TEST(Network, EvaluationGivesTheLossOfEachExampleWithoutPenalty) {
    const Network net(
        {.model = Spec::parse("mlp:hidden=4"), .feature_shape = {3}, .target_count = 2, .l2 = 5});
    Training training(net, 5, Precision::f64);
    const auto [outputs, losses] = evaluate(net, 5, training);
    ASSERT_EQ(losses.size(), 5U);
    training.set("l2", 0);
    double mean = 0;
    for (size_t i = 0; i < 5; ++i) {
        const double z0 = outputs[2 * i], z1 = outputs[2 * i + 1];
        const double right = training.targets.at(static_cast<int64_t>(2 * i)) == 1 ? z0 : z1;
        EXPECT_NEAR(losses[i], std::log(std::exp(z0) + std::exp(z1)) - right, 1e-12);
        mean += losses[i] / 5;
    }
    EXPECT_NEAR(training.objective.value(training.parameters), mean, 1e-12);
    const auto* tap = static_cast<const double*>(training.objective.tap("outputs"));
    for (size_t i = 0; i < outputs.size(); ++i) EXPECT_NEAR(tap[i], outputs[i], 1e-12);
}

TEST(Network, EvaluationUsesRunningStatisticsAndNoDropout) {
    const auto net = network("mlp:hidden=4,normalization=batch,dropout=0.5", "cross-entropy", {3}, 2);
    Training training(net, 5, Precision::f64);
    const auto before = evaluate(net, 5, training);
    EXPECT_EQ(before.outputs, evaluate(net, 5, training).outputs);
    training.buffers.set(0, 3);
    EXPECT_NE(before.outputs, evaluate(net, 5, training).outputs);
}

TEST(Network, BatchNormalisationOfASingleValueIsNamed) {
    const auto lone = [](const std::string& model, const Shape& features, int64_t batch,
                         double consistency = 0) {
        return Network({.model = Spec::parse(model),
                        .feature_shape = features,
                        .target_count = 3,
                        .consistency = consistency})
            .lone_batch_norm(batch);
    };
    EXPECT_EQ(lone("mlp:hidden=4-4,normalization=batch", {2}, 1), "1");
    EXPECT_EQ(lone("mlp:hidden=4-4,normalization=batch", {2}, 2), "");
    EXPECT_EQ(lone("mlp:hidden=4-4,normalization=batch", {2}, 1, 1), "");  // three views of it
    EXPECT_EQ(lone("mlp:hidden=4-4,normalization=layer", {2}, 1), "");
    EXPECT_EQ(lone("mlp:hidden=4-4", {2}, 1), "");
    // Images have a value at each place, unless they are single pixels, or have become such.
    EXPECT_EQ(lone("cnn:channels=2,normalization=batch", {4, 4, 1}, 1), "");
    EXPECT_EQ(lone("cnn:channels=2,normalization=batch", {1, 1, 1}, 1), "1");
    EXPECT_EQ(lone("cnn:channels=2,normalization=batch", {1, 1, 1}, 2), "");
    EXPECT_EQ(lone("cnn:channels=2-2-2,normalization=batch", {4, 4, 1}, 1), "9");
}

TEST(Network, BuffersStartWithMeanZeroAndVarianceOne) {
    const auto net = network("cnn:channels=2-3,normalization=batch,hidden=4", "cross-entropy", {4, 4, 1}, 2);
    const Vector buffers = net.initial_buffers(Precision::f32);
    EXPECT_THAT(buffers.to_doubles(), testing::ElementsAre(0, 0, 1, 1, 0, 0, 0, 1, 1, 1));
}

Numbers initial(const Network& net, uint64_t seed, Precision precision) {
    Parameters parameters(net.parameters(), precision);
    parameters.write()->fill(7);
    net.initialize(parameters, seed);
    return parameters.values().to_doubles();
}

TEST(Network, InitialParametersDependOnTheSeedOnly) {
    const auto net = network("mlp:hidden=20-20-20,normalization=batch", "cross-entropy", {20}, 20);
    EXPECT_EQ(initial(net, 1, Precision::f64), initial(net, 1, Precision::f64));
    EXPECT_NE(initial(net, 1, Precision::f64), initial(net, 2, Precision::f64));
    const Numbers wide = initial(net, 1, Precision::f64), narrow = initial(net, 1, Precision::f32);
    for (size_t i = 0; i < wide.size(); ++i)
        EXPECT_EQ(narrow[i], static_cast<double>(static_cast<float>(wide[i])));
    // Tensors of one shape have numbers of their own.
    const auto& layout = *net.parameters();
    const auto tensor = [&](const char* name) {
        const Slice& s = *layout.find(name);
        return Numbers(wide.begin() + s.offset, wide.begin() + s.offset + s.size());
    };
    EXPECT_NE(tensor("0.weight"), tensor("3.weight"));
    EXPECT_NE(tensor("3.weight"), tensor("6.weight"));
    // A net with other layers after it begins with the same numbers.
    const Numbers shorter =
        initial(network("mlp:hidden=20,normalization=batch", "cross-entropy", {20}, 20), 1, Precision::f64);
    EXPECT_EQ(Numbers(shorter.begin(), shorter.begin() + 400), Numbers(wide.begin(), wide.begin() + 400));
}

TEST(Network, AnInitializerReplacesThatOfWeightsAndBiases) {
    const Network net({.model = Spec::parse("mlp:hidden=6,normalization=batch"),
                       .loss = Spec::parse("gaussian"),
                       .feature_shape = {5},
                       .target_count = 3,
                       .initialization = initializers().make(Spec::parse("sparse:nonzero=2,bias=0.1"))});
    const Numbers theta = initial(net, 1, Precision::f64);
    for (const auto& slice : net.parameters()->slices) {
        const Numbers tensor(theta.begin() + slice.offset, theta.begin() + slice.offset + slice.size());
        if (slice.name == "0.weight") {
            EXPECT_EQ(std::ranges::count(tensor, 0.0), 6 * 3);
        } else if (slice.name == "3.weight") {
            EXPECT_EQ(std::ranges::count(tensor, 0.0), 3 * 4);
        } else {
            const double expected = slice.name == "1.weight" ? 1 : slice.name.ends_with("bias") ? 0.1 : 0;
            EXPECT_THAT(tensor, testing::Each(expected)) << slice.name;
        }
    }
}

/// Symmetries of the weights of a ReLU net (Goodfellow, Bengio and Courville 2016, section 8.2.2).
class Symmetry : public testing::Test {
protected:
    Network net = network("mlp:hidden=5-4", "cross-entropy", {3}, 2);
    Training training{net, 6, Precision::f64};

    void SetUp() override {
        *training.parameters.write() =
            Vector(test::normal_numbers(net.parameters()->size, 31), Precision::f64);
    }
    Numbers outputs() { return evaluate(net, 6, training).outputs; }
    double& at(const char* tensor, int64_t element) {
        return training.parameters.write()
            ->as<double>()[static_cast<size_t>(net.parameters()->find(tensor)->offset + element)];
    }
};

TEST_F(Symmetry, HiddenUnitsMayBePermuted) {
    const Numbers before = outputs();
    // Units 1 and 3 of the first hidden layer: rows of its weights and bias, columns of the next weights.
    for (int64_t i = 0; i < 3; ++i) std::swap(at("0.weight", 3 + i), at("0.weight", 9 + i));
    std::swap(at("0.bias", 1), at("0.bias", 3));
    EXPECT_THAT(outputs(), testing::Not(test::near(before, 1e-3)));
    for (int64_t i = 0; i < 4; ++i) std::swap(at("2.weight", 5 * i + 1), at("2.weight", 5 * i + 3));
    EXPECT_THAT(outputs(), test::near(before));
}

TEST_F(Symmetry, ScaleMayMoveFromALayerToTheNext) {
    const Numbers before = outputs();
    for (int64_t i = 0; i < 15; ++i) at("0.weight", i) *= 8;
    for (int64_t i = 0; i < 5; ++i) at("0.bias", i) *= 8;
    EXPECT_THAT(outputs(), testing::Not(test::near(before, 1e-3)));
    for (int64_t i = 0; i < 20; ++i) at("2.weight", i) /= 8;
    EXPECT_THAT(outputs(), test::near(before));
}

/// What `describe`, `list` and the reference pages print of the things in this folder.
TEST(Catalogs, EveryEntryIsDescribed) {
    const auto check = [](const auto& catalog) {
        for (const Entry& entry : catalog.entries()) {
            EXPECT_FALSE(entry.summary.empty()) << entry.name;
            EXPECT_FALSE(entry.formula.empty()) << entry.name;
            EXPECT_FALSE(entry.source.empty()) << entry.name;
            EXPECT_EQ(entry.summary.find('\n'), std::string::npos) << entry.name;
            for (const auto& s : entry.settings) {
                EXPECT_FALSE(s.meaning.empty()) << entry.name << ":" << s.name;
                // The default reads back.
                catalog.make({entry.name, {{s.name, s.default_value}}});
            }
        }
    };
    check(activations());
    check(losses());
    check(initializers());
    check(models());
}

TEST(Network, LossMustFitIndependentLabels) {
    const auto labels = [](const std::string& model, const std::string& loss) {
        return Network({.model = Spec::parse(model),
                        .loss = Spec::parse(loss),
                        .feature_shape = {3},
                        .target_count = 2,
                        .task = Task::multi_label})
            .output_count();
    };
    for (const char* loss : {"cross-entropy", "kl", "hinge", "squared-error:on=probabilities"})
        test::expect_refused([&] { labels("linear", loss); },
                             {loss, "one class win", "multi-label", "logistic or squared-error"});
    for (const char* loss : {"logistic", "squared-error", "gaussian"}) EXPECT_EQ(labels("mlp", loss), 2);
    test::expect_refused([&] { labels("logistic", "logistic"); }, {"two classes", "2 independent labels"});
}

TEST(Network, GradientOfIndependentLabelsIsTheDifferenceQuotientAndThatOfSinglePrecision) {
    const Network net({.model = Spec::parse("mlp:hidden=5,activation=tanh"),
                       .feature_shape = {3},
                       .target_count = 4,
                       .task = Task::multi_label,
                       .l2 = 0.01});
    EXPECT_EQ(net.options().loss.text(), "logistic");
    test::Training training(net, 6, Precision::f64);
    test::Training single(net, 6, Precision::f32);
    Vector exact(training.objective.dimension(), Precision::f64), rounded(exact.size(), Precision::f32);
    EXPECT_NEAR(training.objective.value_and_gradient(training.parameters, exact),
                single.objective.value_and_gradient(single.parameters, rounded), 1e-6);
    for (int64_t i = 0; i < exact.size(); ++i) {
        constexpr double h = 1e-5;
        const double at = training.parameters.values().at(i);
        const auto value_at = [&](double theta) {
            training.parameters.write()->set(i, theta);
            return training.objective.value(training.parameters);
        };
        const double quotient = (value_at(at + h) - value_at(at - h)) / (2 * h);
        training.parameters.write()->set(i, at);
        EXPECT_NEAR(exact.at(i), quotient, 1e-8);
        EXPECT_NEAR(exact.at(i), rounded.at(i), 1e-5);
    }
}

}  // namespace
}  // namespace ravine
