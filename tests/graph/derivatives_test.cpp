#include "ravine/graph/derivatives.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "ravine/graph/ops.hpp"
#include "ravine/graph/reassociate.hpp"
#include "tests/support/evaluate.hpp"

namespace ravine::test {
namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

Numbers gradient_at(Value y, Value x, const Feed& feed) { return evaluate(gradient(y, {&x, 1}), feed)[0]; }

TEST(Derivatives, OfAProductByHand) {
    Graph g;
    const Value x = g.input("x", {2}), y = g.input("y", {2});
    const Value loss = sum(x * x * y);  // dx = 2 x y, dy = x^2
    const std::vector<Value> wrt{x, y};
    const Feed feed{.storages = {{"x", {3, -2}}, {"y", {5, 7}}}};
    const auto results = evaluate(gradient(loss, wrt), feed);
    EXPECT_EQ(results[0], (Numbers{30, -28}));
    EXPECT_EQ(results[1], (Numbers{9, 4}));
}

TEST(Derivatives, OfAValueOnWhichNothingDependsAreZero) {
    Graph g;
    const Value x = g.input("x", {2}), unused = g.input("unused", {3});
    EXPECT_EQ(constant_value(gradient(sum(x), {&unused, 1})[0]), 0.0);
    EXPECT_EQ(constant_value(jvp({&x, 1}, {&unused, 1}, {&unused, 1})[0]), 0.0);
    // ... also for one that is newer than the value.
    const Value y = sum(x), newer = g.input("newer", {});
    EXPECT_EQ(constant_value(gradient(y, {&newer, 1})[0]), 0.0);
}

TEST(Derivatives, CutTheGraphAtIntermediateValues) {
    Graph g;
    const Value x = g.input("x", {2}), v = exp(x), loss = sum(v * v * x);
    const Feed feed{.storages = {{"x", {0, 1}}}};
    const double e = std::exp(1.0);
    // With respect to v alone, x is held constant: 2 v x.
    expect_near(gradient_at(loss, v, feed), {0, 2 * e}, 1e-14, "in v");
    // With respect to both, v is no function of x any more: v^2.
    const std::vector<Value> both{v, x};
    const auto results = evaluate(gradient(loss, both), feed);
    expect_near(results[0], {0, 2 * e}, 1e-14, "in v");
    expect_near(results[1], {1, e * e}, 1e-14, "in x with v held");
    // Forwards too: v moves by its tangent and not by that of x. v^2 x: 2 v x dv + v^2 dx.
    const std::vector<Value> tangents{g.constant(10, {2}), g.constant(100, {2})};
    const Value y = v * v * x;
    expect_near(evaluate(jvp({&y, 1}, both, tangents), feed)[0], {100, 20 * e + 100 * e * e}, 1e-14,
                "tangent");
}

TEST(Derivatives, SecondOnesAtIntermediateValues) {
    Graph g;
    const Value x = g.input("x", {2}), v = tanh(x), u = g.input("u", {2});
    const auto product = hessian_vector(sum(v * v * v * x), {&v, 1}, {&u, 1});  // 6 v x u
    const Feed feed{.storages = {{"x", {0.5, 2}}, {"u", {3, -1}}}};
    expect_near(evaluate(product, feed)[0], {6 * std::tanh(0.5) * 0.5 * 3, 6 * std::tanh(2.0) * 2 * -1},
                1e-14, "6 v x u");
}

TEST(Derivatives, AdjointsPassThroughTheValuesThatAreAskedFor) {
    Graph g;
    const Value x = g.input("x", {2}), v = exp(x), u = v * x, loss = sum(u * v);
    const std::vector<Value> values{u, x, v};
    const auto all = adjoints(loss, values);
    for (size_t i = 0; i < values.size(); ++i)
        EXPECT_EQ(all[i], gradient(loss, {&values[i], 1})[0]) << i;  // each as by itself
    // d/dx x exp(2 x) = (1 + 2 x) exp(2 x); cut at u and v nothing of it would be left.
    expect_near(evaluate(all, {.storages = {{"x", {0, 1}}}})[1], {1, 3 * std::exp(2.0)}, 1e-14, "in x");
    EXPECT_EQ(constant_value(gradient(loss, values)[1]), 0.0);
    EXPECT_THROW(adjoints(u, values), std::logic_error);  // no scalar
}

// What is built from a view must depend on the view, not on what lies behind it.
TEST(Derivatives, AtAViewThatIsViewedAgain) {
    Graph g;
    const Value x = g.input("x", {4}), weights = g.input("w", {12});
    const Feed feed{.storages = {{"x", {1, 2, 3, 4}}, {"w", {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}}}};
    const Value reshaped = reshape(x, {2, 2});
    const Value again = slice(weights, {0}, {4}) * reshape(reshaped, {4});
    EXPECT_EQ(gradient_at(sum(again), reshaped, feed), (Numbers{1, 2, 3, 4}));
    const Value repeated = broadcast(x, {1, 4});
    EXPECT_EQ(gradient_at(sum(broadcast(repeated, {3, 4}) * reshape(weights, {3, 4})), repeated, feed),
              (Numbers{15, 18, 21, 24}));
    const Value rows = sum_to(reshape(weights, {3, 4}), {3, 1});
    EXPECT_EQ(gradient_at(square(sum_to(rows, {})), rows, feed), (Numbers{156, 156, 156}));
    const Value minus = -x;
    EXPECT_EQ(gradient_at(sum(-minus), minus, feed), (Numbers{-1, -1, -1, -1}));
}

TEST(Derivatives, OfSeveralValuesAtOnceAddUp) {
    Graph g;
    const Value x = g.input("x", {2}), a = square(x), b = 3 * x;
    const std::vector<Value> ys{a, b, a}, seeds{g.constant(1, {2}), x, g.constant(2, {2})};
    // 3 * 2 x + 3 x
    EXPECT_EQ(evaluate(vjp(ys, seeds, {&x, 1}), {.storages = {{"x", {1, -2}}}})[0], (Numbers{9, -18}));
}

TEST(Derivatives, StopAtStopGradient) {
    Graph g;
    const Value x = g.input("x", {2}), loss = sum(stop_gradient(x) * x);
    const Feed feed{.storages = {{"x", {3, -5}}}};
    EXPECT_EQ(gradient_at(loss, x, feed), (Numbers{3, -5}));  // not 2 x
    const Value v = g.constant(1, {2});
    EXPECT_EQ(evaluate(hessian_vector(loss, {&x, 1}, {&v, 1}), feed)[0], (Numbers{0, 0}));
}

TEST(Derivatives, IgnoreWhatSelectLeavesOut) {
    Graph g;
    const Value condition = g.input("condition", {3}), a = g.input("a", {3}), b = g.input("b", {3});
    const Value y = select(condition, square(a), square(b)), loss = sum(y);
    const Feed feed{.storages = {{"condition", {1, 0, -2}},
                                 {"a", {3, not_a_number, 5}},
                                 {"b", {not_a_number, 7, not_a_number}}}};
    const std::vector<Value> wrt{a, b}, v{g.constant(1, {3}), g.constant(1, {3})};
    EXPECT_EQ(evaluate({loss}, feed)[0], (Numbers{9 + 49 + 25}));
    const Value picked_a = select(condition, a, b);
    const auto gradients = evaluate(gradient(sum(square(picked_a)), wrt), feed);
    EXPECT_EQ(gradients[0], (Numbers{6, 0, 10}));
    EXPECT_EQ(gradients[1], (Numbers{0, 14, 0}));
    const auto products = evaluate(hessian_vector(sum(square(picked_a)), wrt, v), feed);
    EXPECT_EQ(products[0], (Numbers{2, 0, 2}));
    EXPECT_EQ(products[1], (Numbers{0, 2, 0}));
    const auto [slope, curvature] = along(sum(square(picked_a)), wrt, v);
    EXPECT_EQ(evaluate({slope, curvature}, feed), (std::vector<Numbers>{{6 + 14 + 10}, {6}}));
}

// The conventions at kinks.

TEST(Derivatives, OfReluAtZeroAreZero) {
    Graph g;
    const Value x = g.input("x", {4});
    EXPECT_EQ(gradient_at(sum(relu(x)), x, {.storages = {{"x", {-1, 0, -0.0, 2}}}}), (Numbers{0, 0, 0, 1}));
}

TEST(Derivatives, OfAMaximumAtATieGoToTheFirstArgument) {
    Graph g;
    const Value a = g.input("a", {3}), b = g.input("b", {3});
    const std::vector<Value> wrt{a, b};
    const Feed feed{.storages = {{"a", {1, 2, 3}}, {"b", {2, 2, 2}}}};
    const auto larger = evaluate(gradient(sum(maximum(a, b)), wrt), feed);
    EXPECT_EQ(larger[0], (Numbers{0, 1, 1}));
    EXPECT_EQ(larger[1], (Numbers{1, 0, 0}));
    const auto smaller = evaluate(gradient(sum(minimum(a, b)), wrt), feed);
    EXPECT_EQ(smaller[0], (Numbers{1, 1, 0}));
    EXPECT_EQ(smaller[1], (Numbers{0, 0, 1}));
}

TEST(Derivatives, OfTheLargestElementAreSharedAtATie) {
    Graph g;
    const Value x = g.input("x", {2, 4}), y = max_to(x, {2, 1}), v = g.input("v", {2, 4});
    const Feed feed{.storages = {{"x", {3, 1, 3, 3, 0, 5, 1, 2}}, {"v", {3, 9, 6, 0, 9, 4, 9, 9}}}};
    const double third = 1.0 / 3;
    expect_near(gradient_at(sum(y), x, feed), {third, 0, third, third, 0, 1, 0, 0}, 1e-15, "shared");
    expect_near(evaluate(jvp({&y, 1}, {&x, 1}, {&v, 1}), feed)[0], {3, 4}, 1e-15, "tangent");
}

TEST(Derivatives, OfMaxPoolingAtATieGoToTheFirst) {
    Graph g;
    const Value x = g.input("x", {1, 2, 4, 1});
    const Feed feed{.storages = {{"x", {1, 7, 4, 4, 7, 7, 4, 4}}}};
    EXPECT_EQ(gradient_at(sum(max_pool(x)), x, feed), (Numbers{0, 1, 1, 0, 0, 0, 0, 0}));
}

// What max-pooling passes back is moved, not changed: its sums are taken before it is spread over the image.
TEST(Derivatives, OfMaxPoolingAreSummedBeforeTheyAreScattered) {
    Graph g;
    const Value x = g.input("x", {2, 3, 3, 2}), w = g.input("w", {2, 2, 2, 2});
    const Value slope = gradient(sum(max_pool(x, {2, 1, 0}) * w), std::vector{x})[0];
    const Value by_channel = sum_to(slope, {2}), by_image = sum_to(slope, {2, 1, 1, 2});
    EXPECT_EQ(by_channel.argument(0).shape(), w.shape());
    EXPECT_EQ(sum_to(slope, {3, 2}).argument(0).shape(), x.shape());
    Feed feed{.storages = {{"x", random_numbers(36, 1)}, {"w", random_numbers(16, 2)}}};
    const auto found = evaluate({slope, by_channel, by_image}, feed);
    Numbers channels(2), images(4);
    for (size_t i = 0; i < 36; ++i) {
        channels[i % 2] += found[0][i];
        images[i / 18 * 2 + i % 2] += found[0][i];
    }
    expect_near(found[1], channels, 1e-14, "by channel");
    expect_near(found[2], images, 1e-14, "by image");
}

TEST(CurvatureAlong, WhereTheDirectionIsWhatItMoves) {
    // y = sum (x^2 + x^3) along x itself: f(a) = (1 + a)^2 S2 + (1 + a)^3 S3, f'' = 2 S2 + 6 S3.
    Graph g;
    const Value x = g.input("x", {2}), y = sum(square(x) + x * x * x);
    const Feed feed{.storages = {{"x", {2, -1}}}};
    EXPECT_EQ(evaluate({curvature_along(y, {&x, 1}, {&x, 1})}, feed)[0], (Numbers{2 * 5 + 6 * 7}));
    EXPECT_EQ(constant_value(curvature_along(sum(3 * x), {&x, 1}, {&x, 1})), 0.0);
}

TEST(CurvatureAlong, SharesTheNodesOfTheGradient) {
    Graph g;
    const Value x = g.input("x", {4, 3}), w1 = g.input("w1", {3, 5}), w2 = g.input("w2", {5, 2});
    const std::vector<Value> w{w1, w2}, v{g.input("v1", {3, 5}), g.input("v2", {5, 2})};
    const Value y = sum(square(matmul(tanh(matmul(x, w1)), w2)));
    const auto with_gradient = needed_for(g, gradient(y, w));
    const auto needed = needed_for(g, {curvature_along(y, w, v)});
    int products = 0;
    for (size_t id = 0; id < needed.size(); ++id)
        products += needed[id] && (id >= with_gradient.size() || !with_gradient[id]) &&
                    g.node(static_cast<int>(id)).op == Op::matmul;
    // x v1, tanh v2, dh w2 and dh v2: no product of the gradient's is computed again.
    EXPECT_EQ(products, 4);
}

TEST(Reassociate, ComputesTheCheaperOrder) {
    Graph g;
    const Value x = g.input("x", {4, 50}), d = g.input("d", {4, 60}), u = g.input("u", {60, 3});
    const Value v = matmul(x, d, Transpose::yes);  // [50, 60]
    const std::vector<Value> values{matmul(x, v), matmul(d, v, Transpose::no, Transpose::yes), matmul(v, u),
                                    sum(square(v))};
    const auto cheaper = reassociate(values);
    EXPECT_EQ(cheaper[0].argument(0).shape(), (Shape{4, 4}));  // (x x') d
    EXPECT_EQ(cheaper[1].argument(0).shape(), (Shape{4, 4}));  // (d d') x
    EXPECT_EQ(cheaper[2].argument(1).shape(), (Shape{4, 3}));  // x' (d u)
    EXPECT_EQ(cheaper[3], values[3]);                          // nothing to gain
    const Feed feed{.storages = {{"x", random_numbers(200, 1)},
                                 {"d", random_numbers(240, 2)},
                                 {"u", random_numbers(180, 3)}}};
    const auto found = evaluate(cheaper, feed), expected = evaluate(values, feed);
    for (size_t i = 0; i < found.size(); ++i) expect_near(found[i], expected[i], 1e-14, std::to_string(i));
}

// Gauss-Newton.

TEST(GaussNewton, IsTheHessianOfALinearModelWithSquaredError) {
    Graph g;
    const Value x = g.input("x", {5, 3}), w = g.input("w", {3, 2}), t = g.input("t", {5, 2}),
                v = g.input("v", {3, 2});
    const Value outputs = matmul(x, w), loss = mean(square(outputs - t));
    const Value newton = gauss_newton_vector(loss, outputs, {&w, 1}, {&v, 1})[0];
    const Value hessian = hessian_vector(loss, {&w, 1}, {&v, 1})[0];
    const auto results = evaluate({newton, hessian}, {.storages = {{"x", random_numbers(15, 1)},
                                                                   {"w", random_numbers(6, 2)},
                                                                   {"t", random_numbers(10, 3)},
                                                                   {"v", random_numbers(6, 4)}}});
    expect_near(results[0], results[1], 1e-14, "G v = H v");
    EXPECT_GT(dot(results[0], results[0]), 0);
}

TEST(GaussNewton, HasTheHessianOfWhatBypassesTheOutputs) {
    // y = exp(s) sum z^2 + s^3 + w0^2 w1 with z = (w0 w1, w0): J = (w1, w0; 1, 0) and L = 2 exp(s) by z, and
    // beside them the Hessian by w with z held, (2 w1, 2 w0; 2 w0, 0), and exp(s) |z|^2 + 6 s by s.
    Graph g;
    const Value w = g.input("w", {2}), s = g.input("s", {1}), v = g.input("v", {2}), u = g.input("u", {1});
    const Value w0 = slice(w, {0}, {1}), w1 = slice(w, {1}, {1});
    const Value z = concatenate({w0 * w1, w0}, 0);
    const Value y = sum(exp(s) * square(z)) + sum(s * s * s) + sum(square(w0) * w1);
    const std::vector<Value> wrt{w, s}, direction{v, u};
    auto values = gauss_newton_vector(y, z, wrt, direction);
    values.push_back(gauss_newton_along(y, z, wrt, direction));
    const Feed feed{.storages = {{"w", {2, 3}}, {"s", {0.5}}, {"v", {1, -0.5}}, {"u", {4}}}};
    const auto found = evaluate(values, feed);
    const double e = std::exp(0.5), jv0 = 3 * 1 + 2 * -0.5, jv1 = 1;
    const Numbers by_w{2 * e * (3 * jv0 + jv1) + 6 * 1 + 4 * -0.5, 2 * e * 2 * jv0 + 4 * 1};
    const double by_s = (e * (36 + 4) + 6 * 0.5) * 4;
    expect_near(found[0], by_w, 1e-14, "by w");
    expect_near(found[1], {by_s}, 1e-14, "by s");
    expect_near(found[2], {by_w[0] - 0.5 * by_w[1] + 4 * by_s}, 1e-14, "v' G v");
}

TEST(GaussNewton, CostsNothingMoreWhereAllPassesThroughTheOutputs) {
    Graph g;
    const Value x = g.input("x", {5, 3}), w = g.input("w", {3, 2}), v = g.input("v", {3, 2});
    const Value z = tanh(matmul(x, w)), y = mean(square(z));
    const Value newton = gauss_newton_vector(y, z, {&w, 1}, {&v, 1})[0];
    const Value tangent = jvp({&z, 1}, {&w, 1}, {&v, 1})[0];
    const Value adjoint = hessian_vector(y, {&z, 1}, {&tangent, 1})[0];
    EXPECT_EQ(newton, vjp({&z, 1}, {&adjoint, 1}, {&w, 1})[0]);
}

/// A network with a hidden layer of tanh and softmax cross-entropy: G differs from H.
class Classifier : public ::testing::Test {
protected:
    Graph g;
    const Value x = g.input("x", {4, 3}), t = g.input("t", {4, 3});
    const std::vector<Value> parameters{g.input("w1", {3, 2}), g.input("w2", {2, 3})};
    const std::vector<Value> v{g.input("v1", {3, 2}), g.input("v2", {2, 3})};
    const Value u = g.input("u", {4, 3});
    const Value outputs = matmul(tanh(matmul(x, parameters[0])), parameters[1]);
    const Value loss = mean(softmax_cross_entropy(outputs, t));
    const std::vector<Value> product = gauss_newton_vector(loss, outputs, parameters, v);

    Feed feed(uint64_t seed) const {
        return {.storages = {{"x", random_numbers(12, seed)},
                             {"t", {1, 0, 0, 0, 1, 0, 0.3, 0.3, 0.4, 0, 0, 1}},
                             {"w1", random_numbers(6, seed + 1)},
                             {"w2", random_numbers(6, seed + 2, -2, 2)},
                             {"v1", random_numbers(6, seed + 3)},
                             {"v2", random_numbers(6, seed + 4)},
                             {"u", random_numbers(12, seed + 5)}}};
    }
};

TEST_F(Classifier, GaussNewtonIsPositiveSemidefinite) {
    Evaluator evaluator(g, product);
    for (uint64_t seed = 0; seed < 50; ++seed) {
        const Feed numbers = feed(10 * seed);
        const auto results = evaluator(numbers);
        EXPECT_GE(dot(results[0], numbers.storages.at("v1")) + dot(results[1], numbers.storages.at("v2")), 0);
    }
}

TEST_F(Classifier, GaussNewtonIsTheJacobiansAroundTheOutputHessian) {
    const Value tangent = jvp({&outputs, 1}, parameters, v)[0];
    const Value curved = hessian_vector(loss, {&outputs, 1}, {&u, 1})[0];
    Evaluator evaluator(g, {product[0], product[1], tangent, curved});
    const Feed numbers = feed(3);
    const auto results = evaluator(numbers);
    // J column by column and L column by column, from unit vectors.
    std::vector<Numbers> jacobian, output_hessian;
    for (const std::string name : {"v1", "v2"})
        for (size_t i = 0; i < 6; ++i) {
            Feed unit = numbers;
            unit.storages["v1"] = unit.storages["v2"] = Numbers(6, 0.0);
            unit.storages[name][i] = 1;
            jacobian.push_back(evaluator(unit)[2]);
        }
    for (size_t i = 0; i < 12; ++i) {
        Feed unit = numbers;
        unit.storages["u"] = Numbers(12, 0.0);
        unit.storages["u"][i] = 1;
        output_hessian.push_back(evaluator(unit)[3]);
    }
    Numbers all = numbers.storages.at("v1");
    all.insert(all.end(), numbers.storages.at("v2").begin(), numbers.storages.at("v2").end());
    Numbers jv(12, 0.0), ljv(12, 0.0), expected;
    for (size_t j = 0; j < 12; ++j)
        for (size_t i = 0; i < 12; ++i) jv[i] += jacobian[j][i] * all[j];
    for (size_t j = 0; j < 12; ++j)
        for (size_t i = 0; i < 12; ++i) ljv[i] += output_hessian[j][i] * jv[j];
    for (size_t j = 0; j < 12; ++j) expected.push_back(dot(jacobian[j], ljv));
    Numbers found = results[0];
    found.insert(found.end(), results[1].begin(), results[1].end());
    expect_near(found, expected, 1e-13, "J' L J v");
}

TEST(Derivatives, RefuseWrongArguments) {
    Graph g;
    const Value x = g.input("x", {2}), y = square(x), other = g.input("other", {3});
    EXPECT_THROW(gradient(y, {&x, 1}), std::logic_error);                // no scalar
    EXPECT_THROW(vjp({&y, 1}, {&other, 1}, {&x, 1}), std::logic_error);  // seed of another shape
    EXPECT_THROW(jvp({&y, 1}, {&x, 1}, {&other, 1}), std::logic_error);  // tangent of another shape
    EXPECT_THROW(jvp({&y, 1}, {&x, 1}, {}), std::logic_error);           // no tangent
    EXPECT_THROW(vjp({}, {}, {&x, 1}), std::logic_error);
}

TEST(Derivatives, CarryTheLabelOfTheirNode) {
    Graph g;
    const Value x = g.input("x", {2});
    g.label = "layer 1";
    const Value y = sum(exp(x) * x);
    g.label = "after";
    const Value d = gradient(y, {&x, 1})[0];
    EXPECT_EQ(d.node().label, "layer 1");
    EXPECT_EQ(g.label, "after");
}

}  // namespace
}  // namespace ravine::test
