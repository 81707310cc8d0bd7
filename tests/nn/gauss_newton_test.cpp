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

Network regression(const std::string& loss, double l2) {
    return Network({.model = Spec::parse("mlp:hidden=3,activation=tanh"),
                    .loss = Spec::parse(loss),
                    .feature_shape = {2},
                    .target_count = 2,
                    .task = Task::regression,
                    .l2 = l2});
}

TEST(GaussNewton, HasTheCurvatureOfTheWeightPenalty) {
    const Network bare = regression("squared-error", 0), penalised = regression("squared-error", 0.3);
    Training without(bare, 4, Precision::f64), with(penalised, 4, Precision::f64);
    Eigen::MatrixXd expected = gauss_newton_of(without);
    for (const Slice& slice : penalised.parameters()->slices)
        for (int64_t i = slice.offset; slice.decays && i < slice.offset + slice.size(); ++i)
            expected(i, i) += 2 * 0.3;
    EXPECT_LT((gauss_newton_of(with) - expected).cwiseAbs().maxCoeff(), 1e-14);
}

// With beta the precision and e the errors the loss is the mean of (beta e^2 - log beta) / 2: half of beta
// times the matrix of squared error, and the second derivative by s alone while the outputs are held.
TEST(GaussNewton, HasTheCurvatureOfTheGaussianLosssPrecision) {
    const Network plain = regression("squared-error", 0),
                  gaussian = regression("gaussian:largest_precision=20", 0);
    Training errors(plain, 4, Precision::f64), training(gaussian, 4, Precision::f64);
    const int64_t last = plain.parameters()->size;
    ASSERT_EQ(gaussian.parameters()->slices.back().name, "loss.log_precision");
    ASSERT_EQ(gaussian.parameters()->slices.back().offset, last);
    const double s = 0.7, bound = 20, decay = std::exp(-s), beta = 1 / (decay + 1 / bound);
    training.parameters.write()->set(last, s);
    for (int64_t i = 0; i < last; ++i) errors.parameters.write()->set(i, training.parameters.values().at(i));
    const double squared_error = errors.objective.value(errors.parameters);
    const Eigen::MatrixXd g = gauss_newton_of(training);
    EXPECT_LT((g.topLeftCorner(last, last) - beta / 2 * gauss_newton_of(errors)).cwiseAbs().maxCoeff(),
              1e-13);
    EXPECT_EQ(g.row(last).head(last).cwiseAbs().maxCoeff(), 0);
    // With r = exp(-s): beta'' = 2 r^2 beta^3 - r beta^2, and (log beta)'' = r^2 beta^2 - r beta.
    const double beta2 = 2 * decay * decay * std::pow(beta, 3) - decay * beta * beta,
                 log_beta2 = decay * decay * beta * beta - decay * beta;
    EXPECT_NEAR(g(last, last), (beta2 * squared_error - log_beta2) / 2, 1e-13);
    EXPECT_GT(g(last, last), 0);
}

// The whole matrix against J' L J, J by differences, and the penalty.
TEST(GaussNewton, IsWhatTheObjectiveSeesAlongADirection) {
    const Network net({.model = Spec::parse("mlp:hidden=3,activation=tanh"),
                       .loss = Spec::parse("cross-entropy"),
                       .feature_shape = {2},
                       .target_count = 3,
                       .l2 = 0.1});
    Training training(net, 4, Precision::f64);
    const int64_t n = training.objective.dimension();
    const Eigen::MatrixXd g = gauss_newton_of(training);
    const auto outputs = [&] {
        training.objective.value(training.parameters);
        return Eigen::VectorXd(Eigen::Map<const Eigen::VectorXd>(
            static_cast<const double*>(training.objective.tap("outputs")), 12));
    };
    Eigen::MatrixXd slopes(12, n);
    constexpr double step = 1e-5;
    for (int64_t j = 0; j < n; ++j) {
        const double here = training.parameters.values().at(j);
        training.parameters.write()->set(j, here + step);
        slopes.col(j) = outputs();
        training.parameters.write()->set(j, here - step);
        slopes.col(j) = (slopes.col(j) - outputs()) / (2 * step);
        training.parameters.write()->set(j, here);
    }
    const Eigen::VectorXd z = outputs();
    Eigen::MatrixXd curvature = Eigen::MatrixXd::Zero(12, 12);
    for (int64_t i = 0; i < 4; ++i) {
        const Eigen::Vector3d p = z.segment<3>(3 * i).array().exp() / z.segment<3>(3 * i).array().exp().sum();
        curvature.block<3, 3>(3 * i, 3 * i) = (Eigen::Matrix3d(p.asDiagonal()) - p * p.transpose()) / 4;
    }
    Eigen::MatrixXd expected = slopes.transpose() * curvature * slopes;
    for (const Slice& slice : net.parameters()->slices)
        for (int64_t i = slice.offset; slice.decays && i < slice.offset + slice.size(); ++i)
            expected(i, i) += 2 * 0.1;
    EXPECT_LT((g - expected).cwiseAbs().maxCoeff(), 1e-9);

    const Vector direction(test::normal_numbers(n, 3), Precision::f64);
    const Eigen::Map<const Eigen::VectorXd> d(static_cast<const double*>(direction.data()), n);
    const Along along = training.objective.along(training.parameters, direction, 0);
    EXPECT_NEAR(along.gauss_newton, d.dot(g * d), 1e-12 * std::abs(along.gauss_newton));
    EXPECT_GT(std::abs(along.curvature - along.gauss_newton), 1e-3);  // the net's own curvature
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
