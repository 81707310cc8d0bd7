#include "ravine/optim/objective/graph_objective.hpp"

#include <array>
#include <limits>

#include "ravine/core/error.hpp"
#include "ravine/graph/ops.hpp"
#include "ravine/optim/functions/functions.hpp"
#include "tests/optim/support.hpp"

namespace ravine {
namespace {

using namespace test;

Function function_named(const std::string& spec) { return functions().make(Spec::parse(spec)); }

/// A small regression net: y = tanh(x A) b, mean squared error against targets, with a penalty `l2`.
LossGraph small_net(Graph& graph) {
    const Value x = graph.input("features", {4, 3}), y = graph.input("targets", {4, 1});
    const Value a = graph.parameter("parameters", 0, {3, 5}), b = graph.parameter("parameters", 15, {5, 1});
    const Value hidden = tanh(matmul(x, a)), out = matmul(hidden, b);
    const Value loss = mean(square(out - y)) + graph.scalar("l2") * (sum(square(a)) + sum(square(b)));
    return {.loss = loss, .outputs = {}, .parameters = {a, b}, .taps = {{"hidden", hidden}}};
}

struct SmallNet {
    Precision precision;
    GraphObjective objective{small_net, {.precision = precision}};
    Vector features{std::vector<double>{0.1, 0.5, -1, 2, 0.3, 0.7, -0.2, -0.4, 1.1, 0.9, -1.3, 0.6},
                    precision};
    Vector targets{std::vector<double>{1, -1, 0.5, 2}, precision};

    Sample sample{4};

    explicit SmallNet(Precision in = Precision::f64) : precision(in) {
        sample.set("features", features);
        sample.set("targets", targets);
        set_penalty(0.01);
    }
    void set_penalty(double l2) {
        sample.set("l2", l2);
        objective.on(sample);
    }
    Parameters point(double seed) const {
        std::vector<double> x;
        for (int i = 0; i < 20; ++i) x.push_back(std::sin(seed + i));
        return parameters_at(ParameterLayout::single(20), x, precision);
    }
};

TEST(GraphObjective, AGradientAfterTheValueMakesNoSecondForwardPass) {
    SmallNet net;
    const Parameters at = net.point(1);
    Vector g(20, Precision::f64);
    const double value = net.objective.value(at);
    EXPECT_EQ(net.objective.work().forward_passes, 1);
    EXPECT_EQ(net.objective.value(at), value);
    EXPECT_EQ(net.objective.value_and_gradient(at, g), value);
    EXPECT_EQ(net.objective.work().forward_passes, 1);
    EXPECT_EQ(net.objective.work().backward_passes, 1);
    EXPECT_EQ(net.objective.value(at), value);  // the loss outlives the backward phase
    EXPECT_EQ(net.objective.work().forward_passes, 1);
}

TEST(GraphObjective, WorkIsCountedInOperations) {
    // F = sum (x A)^2 with x [1, 4] and A [4, 4]: a product of 32 operations, 4 squares and a sum of 4. Its
    // gradient has y + y or 2 y, 4 operations, and x' (2 y), 32.
    GraphObjective objective(
        [](Graph& graph) {
            const Value x = graph.input("x", {1, 4}), a = graph.parameter("parameters", 0, {4, 4});
            return LossGraph{.loss = sum(square(matmul(x, a))), .parameters = {a}};
        },
        {.precision = Precision::f64});
    const Vector x(4, Precision::f64, 1), v(16, Precision::f64, 1);
    Sample sample;
    sample.set("x", x);
    objective.on(sample);
    const Parameters at =
        parameters_at(ParameterLayout::single(16), std::vector<double>(16, 1), Precision::f64);
    Vector result(16, Precision::f64);
    objective.value(at);
    EXPECT_EQ(objective.work().equivalents, 1);
    objective.value_and_gradient(at, result);
    EXPECT_DOUBLE_EQ(objective.work().equivalents, 1 + 36.0 / 40);
    // H v = x' (2 (x V)): two products and 4 operations, without a look at A.
    objective.hessian_vector(at, v, result);
    EXPECT_DOUBLE_EQ(objective.work().equivalents, 1 + 36.0 / 40 + 68.0 / 40);
    EXPECT_EQ(objective.work().forward_passes, 3);
    EXPECT_EQ(objective.work().backward_passes, 3);
}

TEST(GraphObjective, ASecondGradientAtOnePointIsTheFirst) {
    // The backward phase reuses the memory of the forward phase.
    SmallNet net;
    const Parameters at = net.point(2);
    Vector first(20, Precision::f64), second(20, Precision::f64);
    net.objective.value_and_gradient(at, first);
    net.objective.value_and_gradient(at, second);
    EXPECT_EQ(first.to_doubles(), second.to_doubles());
}

TEST(GraphObjective, NothingStaleIsUsed) {
    SmallNet net;
    Parameters at = net.point(3);
    const double before = net.objective.value(at);
    at.write()->set(0, 5);
    const double moved = net.objective.value(at);
    EXPECT_NE(moved, before);
    net.set_penalty(0.5);
    const double penalised = net.objective.value(at);
    EXPECT_GT(penalised, moved);
    net.set_penalty(0.5);  // the same value: what is known stays
    const int64_t passes = net.objective.work().forward_passes;
    EXPECT_EQ(net.objective.value(at), penalised);
    EXPECT_EQ(net.objective.work().forward_passes, passes);
    net.targets.set(0, 50);
    net.sample.touch();
    net.objective.on(net.sample);
    EXPECT_GT(net.objective.value(at), penalised + 100);
    const Vector others(std::vector<double>{0, 0, 0, 0}, Precision::f64);
    net.sample.set("targets", others);
    net.objective.on(net.sample);
    EXPECT_LT(net.objective.value(at), penalised + 100);
}

TEST(GraphObjective, EveryVersionIsItsOwn) {
    // A copy has the values and the version of the original, until one of them is written.
    SmallNet net;
    Parameters a = net.point(4), b = a;
    const double value = net.objective.value(a);
    EXPECT_EQ(net.objective.value(b), value);
    EXPECT_EQ(net.objective.work().forward_passes, 1);
    b.write()->set(1, -3);
    EXPECT_NE(net.objective.value(b), value);
    EXPECT_EQ(net.objective.value(a), value);
}

TEST(GraphObjective, TapsHoldTheForwardPhase) {
    SmallNet net;
    const Parameters at = net.point(5);
    net.objective.value(at);
    double h = 0;
    for (int64_t k = 0; k < 3; ++k) h += net.features.at(k) * at.values().at(5 * k);
    EXPECT_NEAR(static_cast<const double*>(net.objective.tap("hidden"))[0], std::tanh(h), 1e-14);
    EXPECT_THROW(net.objective.tap("nothing"), std::logic_error);
}

void expect_products(GraphObjective& objective, const Parameters& at) {
    const int64_t n = objective.dimension();
    std::vector<double> v;
    for (int64_t i = 0; i < n; ++i) v.push_back(std::cos(1.3 * static_cast<double>(i)));
    const Vector direction(v, Precision::f64);
    const auto moved = [&](double step) {
        Parameters p = at;
        const auto x = p.write();
        for (int64_t i = 0; i < n; ++i) x->set(i, x->at(i) + step * direction.at(i));
        return p;
    };
    const double h = 1e-5;
    Vector ahead(n, Precision::f64), behind(n, Precision::f64), product(n, Precision::f64);
    const double f_ahead = objective.value_and_gradient(moved(h), ahead);
    const double f_behind = objective.value_and_gradient(moved(-h), behind);
    objective.hessian_vector(at, direction, product);
    double curvature = 0;
    for (int64_t i = 0; i < n; ++i) {
        const double expected = (ahead.at(i) - behind.at(i)) / (2 * h);
        EXPECT_NEAR(product.at(i), expected, 1e-5 * std::max(1.0, std::abs(expected))) << i;
        curvature += product.at(i) * direction.at(i);
    }
    const Along here = objective.along(at, direction, 0);
    EXPECT_NEAR(here.value, objective.value(at), 1e-12 * std::max(1.0, std::abs(here.value)));
    const double slope = (f_ahead - f_behind) / (2 * h);
    EXPECT_NEAR(here.slope, slope, 1e-5 * std::max(1.0, std::abs(slope)));
    EXPECT_NEAR(here.curvature, curvature, 1e-10 * std::max(1.0, std::abs(curvature)));
    // Some way along: as seen from there.
    const Along there = objective.along(at, direction, 0.125),
                same = objective.along(moved(0.125), direction, 0);
    EXPECT_NEAR(there.value, same.value, 1e-12 * std::max(1.0, std::abs(same.value)));
    EXPECT_NEAR(there.slope, same.slope, 1e-12 * std::max(1.0, std::abs(same.slope)));
    EXPECT_NEAR(there.curvature, same.curvature, 1e-12 * std::max(1.0, std::abs(same.curvature)));
}

TEST(GraphObjective, CurvatureOfTheFunctions) {
    for (const char* spec : {"sphere", "quadratic:dimension=5", "rosenbrock:dimension=4", "beale",
                             "himmelblau", "booth", "monkey-saddle", "cliff:width=0.5", "coupled"}) {
        SCOPED_TRACE(spec);
        const Function function = function_named(spec);
        GraphObjective objective = function.objective({.precision = Precision::f64});
        std::vector<double> x;
        for (int64_t i = 0; i < function.dimension; ++i) x.push_back(0.6 + 0.3 * static_cast<double>(i));
        expect_products(objective, parameters_at(function.layout(), x, Precision::f64));
    }
}

TEST(GraphObjective, CurvatureOfANet) {
    SmallNet net;
    expect_products(net.objective, net.point(6));
}

TEST(GraphObjective, AlongWorksInSinglePrecision) {
    const Function function = function_named("booth");
    GraphObjective objective = function.objective({.precision = Precision::f32});
    const Vector direction(std::vector<double>{1, -2}, Precision::f32);
    const Along along =
        objective.along(parameters_at(function.layout(), {1, 1}, Precision::f32), direction, 0.5);
    // At (1.5, 0): (1.5 - 7)^2 + (3 - 5)^2; slope 2 (-5.5)(-3) + 2 (-2)(0); curvature 2 (9 + 0).
    EXPECT_FLOAT_EQ(static_cast<float>(along.value), 34.25f);
    EXPECT_FLOAT_EQ(static_cast<float>(along.slope), 33.0f);
    EXPECT_FLOAT_EQ(static_cast<float>(along.curvature), 18.0f);
}

TEST(GraphObjective, ValuesAlongAreThoseOfAlongAndLeaveTheForwardPassAlone) {
    SmallNet net;
    const Parameters at = net.point(8);
    std::vector<double> d;
    for (int i = 0; i < 20; ++i) d.push_back(std::cos(i));
    const Vector direction(d, Precision::f64);
    const std::array<double, 3> steps{0.25, 0, -2};
    std::array<double, 3> values{};
    const double here = net.objective.value(at),
                 tap = *static_cast<const double*>(net.objective.tap("hidden"));
    net.objective.values_along(at, direction, steps, values);
    for (size_t i = 0; i < 3; ++i)
        EXPECT_EQ(values[i], net.objective.along(at, direction, steps[i]).value) << i;
    EXPECT_NE(values[0], values[2]);
    EXPECT_EQ(values[1], here);
    EXPECT_EQ(*static_cast<const double*>(net.objective.tap("hidden")), tap);
    const int64_t passes = net.objective.work().forward_passes;
    Vector gradient(20, Precision::f64);
    net.objective.value_and_gradient(at, gradient);  // resumes
    EXPECT_EQ(net.objective.work().forward_passes, passes);
    EXPECT_THROW(net.objective.values_along(at, direction, steps, std::span(values).first(2)),
                 std::logic_error);
}

TEST(GraphObjective, WithoutOutputsThereIsNoGaussNewtonCurvature) {
    SmallNet net;
    const Vector direction(20, Precision::f64, 1);
    EXPECT_TRUE(std::isnan(net.objective.along(net.point(1), direction, 0).gauss_newton));
}

TEST(GraphObjective, GaussNewtonOfLeastSquaresIsItsHessianAtAFit) {
    // F = sum (r(x))^2 with r = 0: the term with the residuals' own curvature vanishes.
    const auto build = [](Graph& graph) {
        const Value x = graph.parameter("parameters", 0, {2});
        const Value r =
            concatenate({10 * (slice(x, {1}, {1}) - square(slice(x, {0}, {1}))), 1 - slice(x, {0}, {1})}, 0);
        return LossGraph{.loss = sum(square(r)), .outputs = r, .parameters = {x}};
    };
    GraphObjective objective(build, {.precision = Precision::f64});
    const Parameters at = parameters_at(ParameterLayout::single(2), {1, 1}, Precision::f64);
    const Vector v(std::vector<double>{0.3, -2}, Precision::f64);
    Vector hessian(2, Precision::f64), gauss_newton(2, Precision::f64);
    objective.hessian_vector(at, v, hessian);
    objective.gauss_newton_vector(at, v, gauss_newton);
    expect_near(gauss_newton.to_doubles(), hessian.to_doubles(), 1e-13);
    // The Rosenbrock function's Hessian at (1, 1) is (802, -400; -400, 200).
    expect_near(hessian.to_doubles(), {802 * 0.3 + 800, -400 * 0.3 - 400}, 1e-13);
}

TEST(GraphObjective, WithoutOutputsThereIsNoGaussNewtonMatrix) {
    GraphObjective objective = function_named("sphere").objective({.precision = Precision::f64});
    Vector v(2, Precision::f64), result(2, Precision::f64);
    const Parameters at = function_named("sphere").starting_point(Precision::f64);
    for (int i = 0; i < 2; ++i) {  // the second time as well
        try {
            objective.gauss_newton_vector(at, v, result);
            FAIL();
        } catch (const RequestError& error) {
            EXPECT_THAT(error.what(), testing::HasSubstr("no outputs"));
        }
    }
    EXPECT_NO_THROW(objective.on(Sample()));
}

TEST(GraphObjective, ProductsMadeLateKnowWhatWasSetBefore) {
    SmallNet net;
    const Parameters at = net.point(7);
    net.set_penalty(100);
    Vector v(20, Precision::f64, 1), product(20, Precision::f64);
    net.objective.hessian_vector(at, v, product);
    const double strong = product.at(0);
    net.set_penalty(0);
    net.objective.hessian_vector(at, v, product);
    EXPECT_NEAR(strong - product.at(0), 200, 1e-9);
}

// --- Frozen tensors: what is computed is the whole's, cut down to the rest.

/// The small net, whose outputs are what its loss is a function of; of its two tensors some are frozen.
struct PartlyFrozen {
    Precision precision;
    std::shared_ptr<ParameterLayout> layout = std::make_shared<ParameterLayout>();
    SmallNet whole{precision};
    std::unique_ptr<GraphObjective> part;

    PartlyFrozen(bool first, bool second, Precision in = Precision::f64) : precision(in) {
        layout->add({.name = "a", .shape = {3, 5}, .trainable = !first});
        layout->add({.name = "b", .shape = {5, 1}, .trainable = !second});
        part = std::make_unique<GraphObjective>(small_net, CompileOptions{.precision = precision}, layout);
        part->on(whole.sample);
    }
    bool is_trained(int64_t i) const { return layout->slice_at(i).trainable; }
    /// A direction, with `frozen` where nothing is trained.
    Vector direction(double frozen) const {
        Vector v(20, precision);
        for (int64_t i = 0; i < 20; ++i)
            v.set(i, is_trained(i) ? std::cos(1.3 * static_cast<double>(i)) : frozen);
        return v;
    }
    void expect_part(const Vector& result, const Vector& of_whole, double tolerance) const {
        for (int64_t i = 0; i < 20; ++i) {
            if (is_trained(i))
                EXPECT_NEAR(result.at(i), of_whole.at(i), tolerance) << i;
            else
                EXPECT_EQ(result.at(i), 0) << i;
        }
    }
};

TEST(FrozenTensors, HaveAGradientOfZero) {
    for (const auto precision : {Precision::f64, Precision::f32})
        for (const auto& [first, second] : {std::pair{true, false}, {false, true}, {false, false}}) {
            PartlyFrozen net(first, second, precision);
            for (const double seed : {1.0, 2.0}) {  // each time, whatever stood there
                const Parameters at = net.whole.point(seed);
                Vector g(20, precision, 7), of_whole(20, precision);
                EXPECT_NEAR(net.part->value_and_gradient(at, g),
                            net.whole.objective.value_and_gradient(at, of_whole), 1e-6);
                net.expect_part(g, of_whole, precision == Precision::f64 ? 1e-14 : 1e-6);
            }
        }
}

TEST(FrozenTensors, AreNeitherReadNorWrittenByCurvature) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    for (const auto& [first, second] : {std::pair{true, false}, {false, true}}) {
        PartlyFrozen net(first, second);
        const Parameters at = net.whole.point(3);
        Vector product(20, Precision::f64, 7), of_whole(20, Precision::f64);
        net.part->hessian_vector(at, net.direction(nan), product);
        net.whole.objective.hessian_vector(at, net.direction(0), of_whole);
        net.expect_part(product, of_whole, 1e-13);
        for (const double step : {0.0, 0.3}) {
            const Along part = net.part->along(at, net.direction(nan), step),
                        whole = net.whole.objective.along(at, net.direction(0), step);
            EXPECT_NEAR(part.value, whole.value, 1e-13);
            EXPECT_NEAR(part.slope, whole.slope, 1e-13);
            EXPECT_NEAR(part.curvature, whole.curvature, 1e-13);
        }
    }
}

TEST(FrozenTensors, HaveNoPartInTheGaussNewtonMatrix) {
    const auto build = [](Graph& graph) {
        const Value x = graph.parameter("parameters", 0, {2}), y = graph.parameter("parameters", 2, {2});
        const Value outputs = concatenate({x * y, sin(x) + square(y)}, 0);
        return LossGraph{.loss = sum(square(square(outputs))), .outputs = outputs, .parameters = {x, y}};
    };
    const auto layout = std::make_shared<ParameterLayout>();
    layout->add({.name = "x", .shape = {2}, .trainable = false});
    layout->add({.name = "y", .shape = {2}});
    GraphObjective part(build, {.precision = Precision::f64}, layout),
        whole(build, {.precision = Precision::f64});
    const Parameters at = parameters_at(layout, {0.5, -1, 2, 0.25}, Precision::f64);
    Vector product(4, Precision::f64, 7), of_whole(4, Precision::f64);
    part.gauss_newton_vector(at, Vector(std::vector<double>{9, 9, 1, -2}, Precision::f64), product);
    whole.gauss_newton_vector(at, Vector(std::vector<double>{0, 0, 1, -2}, Precision::f64), of_whole);
    EXPECT_EQ(product.at(0), 0);
    EXPECT_EQ(product.at(1), 0);
    EXPECT_NEAR(product.at(2), of_whole.at(2), 1e-11);
    EXPECT_NEAR(product.at(3), of_whole.at(3), 1e-11);
    EXPECT_GT(std::abs(product.at(2)), 1);
}

TEST(FrozenTensors, HaveNoGradientByExampleNorBesideTapsAndInputs) {
    const auto build = [](Graph& graph) {
        const Value x = graph.input("features", {4, 3}), y = graph.input("targets", {4, 1}),
                    a = graph.parameter("parameters", 0, {3, 5}),
                    b = graph.parameter("parameters", 15, {5, 1}), first = matmul(x, a), hidden = tanh(first),
                    second = matmul(hidden, b), losses = square(second - y);
        return LossGraph{.loss = mean(losses),
                         .parameters = {a, b},
                         .layers = {{"a", x, a, first}, {"b", hidden, b, second}},
                         .losses = losses};
    };
    PartlyFrozen net(true, false);
    GraphObjective part(build, {.precision = Precision::f64}, net.layout),
        whole(build, {.precision = Precision::f64});
    part.on(net.whole.sample);
    whole.on(net.whole.sample);
    const Parameters at = net.whole.point(4);
    Vector g(20, Precision::f64, 7), of_whole(20, Precision::f64);
    const Taps &taps = part.taps(at, g), &all = whole.taps(at, of_whole);
    net.expect_part(g, of_whole, 1e-14);
    expect_near(taps.layers[0].adjoint.to_doubles(), all.layers[0].adjoint.to_doubles(), 1e-14);
    expect_near(taps.layers[1].adjoint.to_doubles(), all.layers[1].adjoint.to_doubles(), 1e-14);

    Vector by_x(12, Precision::f64), by_x_of_whole(12, Precision::f64);
    g = Vector(20, Precision::f64, 7);
    part.value_and_gradients(at, g, "features", by_x);
    whole.value_and_gradients(at, of_whole, "features", by_x_of_whole);
    net.expect_part(g, of_whole, 1e-14);
    expect_near(by_x.to_doubles(), by_x_of_whole.to_doubles(), 1e-14);

    std::vector<Vector> rows(4, Vector(20, Precision::f64, 7)), rows_of_whole = rows;
    part.example_gradients(at, 0, rows);
    whole.example_gradients(at, 0, rows_of_whole);
    for (size_t i = 0; i < 4; ++i) net.expect_part(rows[i], rows_of_whole[i], 1e-14);
}

// A product of 4 x 3 and 3 x 5 numbers, and of 4 x 5 and 5 x 1: 2 m n k operations each, and as many for each
// of its two adjoints that is needed.
TEST(FrozenTensors, CostNoBackwardPass) {
    const auto backward = [](bool first, bool second) {
        const PartlyFrozen net(first, second);
        int64_t flops = 0;
        for (const auto& kernel : net.part->program().kernels())
            if (kernel.phase == 1 && kernel.text.starts_with("matmul")) flops += kernel.flops;
        return flops;
    };
    constexpr int64_t of_a = 2 * 4 * 3 * 5, of_b = 2 * 4 * 5, back = 2 * 4 * 5;
    EXPECT_EQ(backward(false, false), of_a + of_b + back);
    EXPECT_EQ(backward(true, false), of_b);
    EXPECT_EQ(backward(false, true), of_a + back);
}

}  // namespace
}  // namespace ravine
