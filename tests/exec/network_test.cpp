#include <gtest/gtest.h>

#include <cmath>

#include "ravine/core/values/random.hpp"
#include "ravine/graph/derivatives.hpp"
#include "ravine/graph/ops.hpp"
#include "tests/support/evaluate.hpp"

// The papers' smallest network, whole: 2-100-100-3 with ReLU and softmax cross-entropy, on a batch of 32.

namespace ravine::test {
namespace {

class Perceptron : public ::testing::Test {
protected:
    static constexpr int64_t batch = 32;
    static constexpr int64_t widths[] = {2, 100, 100, 3};

    Graph g;
    std::vector<Value> parameters, direction;
    int64_t count = 0;
    Value loss, slope, curvature;
    Feed feed;

    Value slice_of(const std::string& vector, const Shape& shape) {
        return g.parameter(vector, count, shape);
    }

    Value take(const Shape& shape) {
        parameters.push_back(slice_of("parameters", shape));
        direction.push_back(slice_of("direction", shape));
        count += element_count(shape);
        return parameters.back();
    }

    Perceptron() {
        Value y = g.input("x", {batch, widths[0]});
        for (size_t i = 1; i < 4; ++i) {
            const Value w = take({widths[i], widths[i - 1]}), b = take({widths[i]});
            y = matmul(y, w, Transpose::no, Transpose::yes) + b;
            if (i < 3) y = relu(y);
        }
        loss = mean(softmax_cross_entropy(y, g.input("t", {batch, widths[3]})));
        std::tie(slope, curvature) = [&] {
            const auto derivatives = along(loss, parameters, direction);
            return std::pair{derivatives.slope, derivatives.curvature};
        }();
        feed.storages = {{"x", random_numbers(batch * widths[0], 1, -2, 2)},
                         {"t", Numbers(batch * 3, 0.0)},
                         {"direction", random_numbers(count, 3)}};
        RandomSequence random({.seed = 2});
        for (size_t i = 0; i < batch; ++i) feed.storages["t"][3 * i + random.below(3)] = 1;
        for (const auto p : parameters) {
            const bool is_bias = p.shape().size() == 1;
            const double scale = is_bias ? 0.1 : std::sqrt(2.0 / static_cast<double>(p.shape()[1]));
            for (int64_t i = 0; i < element_count(p.shape()); ++i)
                feed.storages["parameters"].push_back(scale * random.normal());
        }
        feed = as_floats(feed);
    }

    struct Result {
        double loss, slope, curvature;
        Numbers gradient, product;
    };

    /// Evaluates all of them, in phases: loss | gradient | the rest.
    Result at(const Feed& where, CompileOptions options) {
        if (!evaluator || evaluator->program().precision() != options.precision) {
            std::vector<Value> values{loss, slope, curvature};
            std::vector<int> phases{0, 2, 2};
            for (const auto v : gradient(loss, parameters)) values.push_back(v), phases.push_back(1);
            for (const auto v : hessian_vector(loss, parameters, direction))
                values.push_back(v), phases.push_back(2);
            evaluator = std::make_unique<Evaluator>(g, values, options, phases);
        }
        const auto results = (*evaluator)(where);
        Result result{results[0][0], results[1][0], results[2][0], {}, {}};
        for (size_t i = 0; i < parameters.size(); ++i) {
            const auto &g = results[3 + i], &p = results[3 + parameters.size() + i];
            result.gradient.insert(result.gradient.end(), g.begin(), g.end());
            result.product.insert(result.product.end(), p.begin(), p.end());
        }
        return result;
    }

    Feed moved(double length) const {
        Feed result = feed;
        for (size_t i = 0; i < static_cast<size_t>(count); ++i)
            result.storages["parameters"][i] += length * feed.storages.at("direction")[i];
        return result;
    }

    std::unique_ptr<Evaluator> evaluator;
};

TEST_F(Perceptron, DerivativesAgreeWithFiniteDifferences) {
    const double h = 1e-7;  // so short that no ReLU changes its side
    const auto here = at(feed, Evaluator::in_double), ahead = at(moved(h), Evaluator::in_double),
               behind = at(moved(-h), Evaluator::in_double);
    const auto& v = feed.storages.at("direction");
    EXPECT_NEAR(here.slope, (ahead.loss - behind.loss) / (2 * h), 1e-6 * std::abs(here.slope));
    EXPECT_NEAR(here.curvature, (ahead.slope - behind.slope) / (2 * h), 1e-6 * std::abs(here.curvature));
    EXPECT_NEAR(dot(here.gradient, v), here.slope, 1e-12 * std::abs(here.slope));
    EXPECT_NEAR(dot(here.product, v), here.curvature, 1e-12 * std::abs(here.curvature));
    Numbers expected;
    for (size_t i = 0; i < v.size(); ++i)
        expected.push_back((ahead.gradient[i] - behind.gradient[i]) / (2 * h));
    expect_near(here.product, expected, 1e-6, "H v");
    // Single parameters of each tensor.
    int64_t offset = 0;
    for (const auto p : parameters) {
        const auto i = static_cast<size_t>(offset + element_count(p.shape()) / 2);
        Feed up = feed, down = feed;
        up.storages["parameters"][i] += h;
        down.storages["parameters"][i] -= h;
        const double difference =
            (at(up, Evaluator::in_double).loss - at(down, Evaluator::in_double).loss) / (2 * h);
        EXPECT_NEAR(here.gradient[i], difference, 1e-7);
        offset += element_count(p.shape());
    }
}

TEST_F(Perceptron, FloatAgreesWithDouble) {
    const auto exact = at(feed, Evaluator::in_double);
    for (const int threads : {1, 2}) {
        evaluator = nullptr;
        const auto found = at(feed, {Precision::f32, threads});
        EXPECT_NEAR(found.loss, exact.loss, 1e-6 * exact.loss);
        EXPECT_NEAR(found.slope, exact.slope, 1e-5 * std::abs(exact.slope));
        EXPECT_NEAR(found.curvature, exact.curvature, 1e-5 * std::abs(exact.curvature));
        expect_near(found.gradient, exact.gradient, 1e-6, "gradient");
        expect_near(found.product, exact.product, 1e-5, "H v");
    }
}

TEST_F(Perceptron, RunsAreBitIdentical) {
    for (const int threads : {1, 2}) {
        evaluator = nullptr;
        const auto first = at(feed, {Precision::f32, threads}), second = at(feed, {Precision::f32, threads});
        evaluator = nullptr;  // also when compiled again
        const auto third = at(feed, {Precision::f32, threads});
        EXPECT_EQ(first.gradient, second.gradient);
        EXPECT_EQ(first.product, second.product);
        EXPECT_EQ(first.gradient, third.gradient);
        EXPECT_EQ(first.product, third.product);
    }
}

// A step of gradient descent lowers the loss, by what the slope says.
TEST_F(Perceptron, GoesDownAlongItsGradient) {
    const auto here = at(feed, Evaluator::in_float);
    const double rate = 1e-3;
    Feed next = feed;
    for (size_t i = 0; i < static_cast<size_t>(count); ++i)
        next.storages["parameters"][i] -= rate * here.gradient[i];
    const double expected = rate * dot(here.gradient, here.gradient);
    EXPECT_NEAR(here.loss - at(next, Evaluator::in_float).loss, expected, 0.1 * expected);
}

}  // namespace
}  // namespace ravine::test
