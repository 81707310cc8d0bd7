#include <Eigen/Eigenvalues>

#include "ravine/nn/activation.hpp"
#include "tests/nn/support.hpp"

namespace ravine {
namespace {

using test::Numbers;
using test::Training;

/// The Gauss-Newton matrix, column by column.
Eigen::MatrixXd gauss_newton_of(Training& training) {
    const int64_t n = training.objective.dimension();
    Eigen::MatrixXd matrix(n, n);
    Vector direction(n, Precision::f64), column(n, Precision::f64);
    for (int64_t j = 0; j < n; ++j) {
        direction.set(j, 1);
        training.objective.gauss_newton_vector(training.parameters, direction, column);
        direction.set(j, 0);
        for (int64_t i = 0; i < n; ++i) matrix(i, j) = column.at(i);
    }
    return matrix;
}

LayerDescription layer_of(const std::string& spec, const std::string& name = "") {
    return {.layer = Spec::parse(spec), .name = name};
}

/// A dense layer with an activation behind it, and a head on the layer before.
ModelDescription ending_with(const std::string& activation) {
    const bool pairs = activation == "maxout";
    return {.name = "net",
            .layers = {layer_of("dense:units=4"), layer_of("tanh", "hidden"),
                       layer_of(pairs ? "dense:units=6" : "dense:units=3"), layer_of(activation)},
            .heads = {{.at = "hidden", .layers = {layer_of("dense")}}},
            .origin = "net.toml"};
}

std::vector<std::string> all_losses() {
    std::vector<std::string> names{"squared-error:on=probabilities"};
    for (const auto& entry : losses().entries()) names.push_back(entry.name);
    return names;
}

/// Targets between the classes: the curvature of squared error on probabilities was negative for some.
void soften(Vector& targets, int64_t columns) {
    const Numbers numbers = test::normal_numbers(targets.size(), 7);
    for (int64_t row = 0; row < targets.size() / columns; ++row) {
        double total = 0;
        for (int64_t j = 0; j < columns; ++j)
            total += std::exp(numbers[static_cast<size_t>(row * columns + j)]);
        for (int64_t j = 0; j < columns; ++j)
            targets.set(row * columns + j, std::exp(numbers[static_cast<size_t>(row * columns + j)]) / total);
    }
}

// J' L J is positive semi-definite where the loss is convex in what it is split behind.
TEST(GaussNewton, IsPositiveSemiDefiniteForEveryLossAndOutputActivation) {
    for (const auto& loss : all_losses())
        for (const auto& activation : activations().entries())
            for (const bool soft : {false, true})
                for (const uint64_t seed : {1, 2, 3}) {
                    SCOPED_TRACE(fmt::format("{} {} {} {}", loss, activation.name, soft, seed));
                    const Network net({.loss = Spec::parse(loss),
                                       .feature_shape = {2},
                                       .target_count = 3,
                                       .description = ending_with(activation.name)});
                    Training training(net, 5, Precision::f64, seed);
                    for (int64_t i = 0; i < training.parameters.values().size(); ++i)
                        training.parameters.write()->set(i, 3 * training.parameters.values().at(i));
                    if (soft) soften(training.targets, 3);
                    const Eigen::MatrixXd g = gauss_newton_of(training);
                    EXPECT_LT((g - g.transpose()).cwiseAbs().maxCoeff(), 1e-12 * (1 + g.norm()));
                    const Eigen::VectorXd eigenvalues =
                        Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(g, Eigen::EigenvaluesOnly)
                            .eigenvalues();
                    EXPECT_GT(eigenvalues.minCoeff(), -1e-12 * (1 + g.norm()));
                    EXPECT_TRUE(loss == "hinge" || eigenvalues.maxCoeff() > 1e-6);
                }
}

// Behind the softmax: with p the probabilities, L = 2/k, and J = dp/dtheta, here by differences.
TEST(GaussNewton, OfProbabilitiesIsTheSquareOfTheirSlopes) {
    const auto make = [](const std::string& loss) {
        return Network({.model = Spec::parse("mlp:hidden=3,activation=tanh"),
                        .loss = Spec::parse(loss),
                        .feature_shape = {2},
                        .target_count = 3});
    };
    const Network net = make("squared-error:on=probabilities");
    Training training(net, 4, Precision::f64);
    const Eigen::MatrixXd g = gauss_newton_of(training);

    GraphObjective outputs(
        [&](Graph& graph) {
            LossGraph built = net.training_graph(graph, 4);
            built.taps = {{"p", softmax(built.taps.at(0).second)}};
            return built;
        },
        {.precision = Precision::f64});
    outputs.on(training.sample);
    const auto probabilities = [&] {
        outputs.value(training.parameters);
        const auto* p = static_cast<const double*>(outputs.tap("p"));
        return Eigen::VectorXd(Eigen::Map<const Eigen::VectorXd>(p, 12));
    };
    Eigen::MatrixXd slopes(12, g.cols());
    constexpr double step = 1e-5;
    for (int64_t j = 0; j < g.cols(); ++j) {
        const double here = training.parameters.values().at(j);
        training.parameters.write()->set(j, here + step);
        slopes.col(j) = probabilities();
        training.parameters.write()->set(j, here - step);
        slopes.col(j) = (slopes.col(j) - probabilities()) / (2 * step);
        training.parameters.write()->set(j, here);
    }
    const Eigen::MatrixXd expected = 2.0 / 3 / 4 * slopes.transpose() * slopes;
    EXPECT_LT((g - expected).cwiseAbs().maxCoeff(), 1e-9);
}

}  // namespace
}  // namespace ravine
