#include <numeric>

#include "tests/train/support.hpp"

namespace ravine {
namespace {

using namespace test;

/// Images of 8 x 8 x 2 numbers of three classes, and a network for them.
struct MadeExamples {
    Dataset data{.name = "made", .feature_shape = {8, 8, 2}, .output_count = 3, .classes = {"a", "b", "c"}};
    Network network;
    Precision precision;
    Normalization features, targets = Normalization::identity(3);
    BatchLoader loader;
    Vector buffers;
    Parameters parameters;
    Sample sample;

    /// `count` of nine examples are loaded, so that the loader's tensors have rows that the sample has not.
    MadeExamples(const std::string& model, int64_t count, Precision in)
        : network({.model = Spec::parse(model), .feature_shape = {8, 8, 2}, .target_count = 3, .l2 = 0.01}),
          precision(in),
          features(made(data)),
          loader(data, features, targets, 9, in, nullptr, 3),
          buffers(network.initial_buffers(in)),
          parameters(network.parameters(), in),
          sample((load(count), batch_sample(network, loader, buffers))) {
        network.initialize(parameters, 1);
    }

    std::vector<Vector> rows(GraphObjective& objective) {
        objective.on(sample);
        std::vector<Vector> result(static_cast<size_t>(sample.examples()), zeros());
        const auto half = std::ssize(result) / 2;  // in two chunks
        objective.example_gradients(parameters, 0, std::span(result).first(static_cast<size_t>(half)));
        objective.example_gradients(parameters, half, std::span(result).subspan(static_cast<size_t>(half)));
        return result;
    }
    Vector zeros() const { return {network.parameters()->size, precision}; }

private:
    static Normalization made(Dataset& data) {
        RandomSequence random({.seed = 1, .purpose = Purpose::test});
        std::vector<float> numbers(9 * 128);
        for (auto& x : numbers) x = static_cast<float>(random.normal());
        data.features = std::move(numbers);
        for (int i = 0; i < 9; ++i) data.labels.push_back(i % 3);
        data.check();
        return Normalization::fit(data);
    }
    void load(int64_t count) {
        std::vector<int64_t> chosen(static_cast<size_t>(count));
        std::iota(chosen.begin(), chosen.end(), 9 - count);
        loader.load(chosen, 4);
    }
};

// Dense layers and convolutions, dropout, normalisation within an example.
TEST(ExampleGradients, FromAnExampleAloneAreThoseFromTheWholeSample) {
    for (const char* model : {"mlp:hidden=6-5,dropout=0.4", "mlp:hidden=6,normalization=layer",
                              "cnn:channels=3-4,hidden=5", "cnn:channels=4,hidden=5,normalization=layer"})
        for (const Precision precision : {Precision::f64, Precision::f32})
            for (const int64_t count : {9, 4, 1}) {
                SCOPED_TRACE(fmt::format("{} {} {}", model, to_string(precision), count));
                MadeExamples on(model, count, precision);
                const CompileOptions options{.precision = precision};
                const auto alone = batch_objective(on.network, count, options);
                GraphObjective whole([&](Graph& graph) { return on.network.training_graph(graph, count); },
                                     options, on.network.parameters());
                const auto found = on.rows(*alone), expected = on.rows(whole);
                const double tolerance = precision == Precision::f64 ? 1e-13 : 2e-5;
                for (size_t i = 0; i < found.size(); ++i)
                    EXPECT_THAT(found[i].to_doubles(),
                                testing::Pointwise(testing::DoubleNear(tolerance), expected[i].to_doubles()));
            }
}

// With batch normalisation the loss of an example is a function of the others too. Its gradient goes through
// their statistics: only so do the examples' add up to the gradient of the mean.
TEST(ExampleGradients, GoThroughTheStatisticsOfTheBatch) {
    MadeExamples on("mlp:hidden=6,normalization=batch", 5, Precision::f64);
    const auto objective = batch_objective(on.network, 5, {.precision = Precision::f64});
    on.sample.set(sample_names::l2, 0);
    const auto rows = on.rows(*objective);
    Vector gradient = on.zeros();
    objective->value_and_gradient(on.parameters, gradient);
    double largest = 0;
    for (int64_t k = 0; k < gradient.size(); ++k) {
        double mean = 0;
        for (const auto& row : rows) mean += row.at(k) / 5;
        EXPECT_NEAR(gradient.at(k), mean, 1e-13);
        largest = std::max(largest, std::abs(mean));
    }
    EXPECT_GT(largest, 1e-3);
}

TEST(ExampleGradients, OfASampleCostAGradient) {
    MadeExamples on("mlp:hidden=64-64", 8, Precision::f32);
    const auto objective = batch_objective(on.network, 8, {});
    Vector gradient = on.zeros();
    objective->on(on.sample);
    objective->value_and_gradient(on.parameters, gradient);
    const Work of_gradient = objective->work();
    std::vector<Vector> rows(8, gradient);
    objective->example_gradients(on.parameters, 0, rows);
    const Work of_rows = objective->work() - of_gradient;
    EXPECT_EQ(of_rows.forward_passes, 1);
    EXPECT_EQ(of_rows.backward_passes, 1);
    EXPECT_NEAR(of_rows.equivalents, of_gradient.equivalents, 0.2 * of_gradient.equivalents);
}

// torch.nn.Sequential(Linear(2, 2), Tanh(), Linear(2, 2)) in double, cross_entropy of one example at a time.
TEST(ExampleGradients, AreThoseOfPyTorch) {
    Dataset data{.name = "three", .feature_shape = {2}, .output_count = 2, .classes = {"a", "b"}};
    data.features = std::vector<double>{1, 2, -0.5, 0.25, 0.3, -1};
    data.labels = {1, 0, 1};
    data.check();
    const Network network({.model = Spec::parse("mlp:hidden=2,activation=tanh"),
                           .loss = Spec::parse("cross-entropy"),
                           .feature_shape = {2},
                           .target_count = 2});
    const Normalization features = Normalization::identity(2), targets = Normalization::identity(2);
    BatchLoader loader(data, features, targets, 3, Precision::f64);
    const std::vector<int64_t> all{0, 1, 2};
    loader.load(all);
    const Vector buffers(0, Precision::f64);
    const Sample sample = batch_sample(network, loader, buffers);
    Parameters parameters(network.parameters(), Precision::f64);
    *parameters.write() =
        Vector(Numbers{0.5, -0.3, 0.2, 0.8, 0.1, -0.2, 0.7, -0.4, 0.6, 0.9, 0.05, -0.15}, Precision::f64);
    const auto objective = batch_objective(network, 3, {.precision = Precision::f64});
    objective->on(sample);
    std::vector<Vector> rows(3, Vector(12, Precision::f64));
    objective->example_gradients(parameters, 0, rows);
    const std::vector<Numbers> expected{
        {0.02693015463299081, 0.05386030926598162, -0.05269832656709875, -0.1053966531341975,
         0.02693015463299081, -0.05269832656709875, 0, 0.2482067669053142, 0, -0.2482067669053143,
         0.2693015463299086, -0.2693015463299087},
        {0.02014957708191849, -0.01007478854095925, -0.2726946879985651, 0.1363473439992825,
         -0.04029915416383699, 0.5453893759971301, 0.09376444839671035, 0.04223327568909379,
         -0.09376444839671033, -0.04223327568909378, -0.4237395951229365, 0.4237395951229364},
        {0.01730313378855743, -0.05767711262852476, -0.1378938636466361, 0.4596462121554538,
         0.05767711262852476, -0.4596462121554538, 0.3851814478317813, -0.5657992734855689,
         -0.3851814478317813, 0.5657992734855689, 0.7695622259005711, -0.7695622259005711}};
    for (size_t i = 0; i < 3; ++i)
        EXPECT_THAT(rows[i].to_doubles(), testing::Pointwise(testing::DoubleNear(1e-15), expected[i]));
}

}  // namespace
}  // namespace ravine
