#include <array>
#include <tuple>

#include "ravine/graph/derivatives.hpp"
#include "ravine/graph/flops.hpp"
#include "tests/nn/support.hpp"

namespace ravine {
namespace {

using test::Training;

/// The products among the nodes that `values` need, as multiples of one product.
double products_for(const Graph& graph, const std::vector<Value>& values, int64_t flops_of_one) {
    const auto needed = needed_for(graph, values);
    int64_t flops = 0;
    for (size_t id = 0; id < needed.size(); ++id)
        if (needed[id] && graph.node(static_cast<int>(id)).op == Op::matmul)
            flops += flops_of(graph, static_cast<int>(id));
    return static_cast<double>(flops) / static_cast<double>(flops_of_one);
}

// A net of L equal layers takes L products forward. Backward: L for the weights and L - 1 for what lies
// between the layers. A Hessian product has the forward pass again (L), tangents with two products a layer
// but one in the first (2 L - 1), adjoints (L - 1) and their tangents (2 L - 2), and tangents of the weights'
// gradients (2 L - 1): 8 L - 5. A Gauss-Newton product has L + (2 L - 1) + (L - 1) + L = 5 L - 2. Along a
// direction tangents take 2 L - 1, and second tangents two products a layer again but none in the
// first: 5 L - 3 in all; the Gauss-Newton curvature is had from the tangents.
TEST(Work, OfCurvatureIsThatOfTheProductsInItsGraph) {
    constexpr int64_t layers = 3, width = 64, batch = 16;
    const Network net({.model = Spec::parse("mlp:hidden=64-64,activation=tanh"),
                       .loss = Spec::parse("cross-entropy"),
                       .feature_shape = {width},
                       .target_count = width});
    Graph graph;
    const LossGraph built = net.training_graph(graph, batch);
    std::vector<Value> v;
    for (const Value p : built.parameters)
        v.push_back(graph.parameter("v", p.node().attributes.integers[0], p.shape()));
    const auto products = [&](const std::vector<Value>& values) {
        return products_for(graph, values, 2 * batch * width * width);
    };
    const auto [slope, curvature] = along(built.loss, built.parameters, v);
    EXPECT_EQ(products({built.loss}), layers);
    EXPECT_EQ(products(gradient(built.loss, built.parameters)), layers + 2 * layers - 1);
    EXPECT_EQ(products(hessian_vector(built.loss, built.parameters, v)), 8 * layers - 5);
    EXPECT_EQ(products(gauss_newton_vector(built.loss, *built.outputs, built.parameters, v)), 5 * layers - 2);
    EXPECT_EQ(products({built.loss, slope, curvature,
                        gauss_newton_along(built.loss, *built.outputs, built.parameters, v)}),
              5 * layers - 3);

    // What objectives count has the elementwise operations too, some of a hundred of these.
    for (const auto precision : {Precision::f64, Precision::f32}) {
        Training training(net, batch, precision);
        GraphObjective& objective = training.objective;
        const Vector direction(objective.dimension(), precision, 1);
        Vector result = direction;
        const auto cost_of = [&](const auto& action) {
            const double before = objective.work().equivalents;
            action();
            return objective.work().equivalents - before;
        };
        const Parameters& at = training.parameters;
        EXPECT_EQ(cost_of([&] { objective.value(at); }), 1);
        EXPECT_NEAR(cost_of([&] { objective.value_and_gradient(at, result); }), 5.0 / 3, 0.1);
        EXPECT_NEAR(cost_of([&] { objective.hessian_vector(at, direction, result); }), 19.0 / 3, 0.3);
        EXPECT_NEAR(cost_of([&] { objective.gauss_newton_vector(at, direction, result); }), 13.0 / 3, 0.3);
        EXPECT_NEAR(cost_of([&] { objective.along(at, direction, 1); }), 12.0 / 3, 0.3);
        for (const auto wanted : {Curvature::none, Curvature::gauss_newton})
            EXPECT_NEAR(cost_of([&] { objective.along(at, direction, 1, wanted); }), 8.0 / 3, 0.3);
        EXPECT_NEAR(cost_of([&] { objective.along(at, direction, 1, Curvature::exact); }), 12.0 / 3, 0.3);
        // Going on from the gradient: tangents, and for d'Hd the products of two tangents.
        for (const auto& [ahead, wanted, expected] :
             {std::tuple{Ahead::gauss_newton_along, Curvature::gauss_newton, 5.0 / 3},
              std::tuple{Ahead::exact_along, Curvature::exact, 7.0 / 3}}) {
            objective.expect(ahead);
            objective.value_and_gradient(at, result);
            EXPECT_NEAR(cost_of([&] { objective.along(at, direction, 0, wanted); }), expected, 0.3);
        }
        const std::array<double, 2> steps{0, 1};
        std::array<double, 2> values{};
        EXPECT_NEAR(cost_of([&] { objective.values_along(at, direction, steps, values); }), 2, 0.01);
    }
}

}  // namespace
}  // namespace ravine
