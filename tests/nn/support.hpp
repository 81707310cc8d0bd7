#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ravine/core/error.hpp"
#include "ravine/core/values/random.hpp"
#include "ravine/graph/loss_graph.hpp"
#include "ravine/graph/ops.hpp"
#include "ravine/nn/builder.hpp"
#include "ravine/nn/network.hpp"
#include "ravine/optim/objective/graph_objective.hpp"

namespace ravine::test {

using Numbers = std::vector<double>;

/// Standard normal numbers, the same for the same seed.
inline Numbers normal_numbers(int64_t count, uint64_t seed) {
    RandomSequence random({.seed = seed, .purpose = Purpose::test});
    Numbers values(static_cast<size_t>(count));
    for (auto& v : values) v = random.normal();
    return values;
}

/// What a function of (Builder&, Value x) is run on.
struct Case {
    Shape shape;  ///< of x
    Numbers x;
    Numbers parameters = {}, buffers = {};
    Mode mode = Mode::training;
    RandomContext random = {};
    Precision precision = Precision::f64;
};

struct Result {
    Shape shape;
    Numbers y;
    Numbers new_buffers;  ///< in the order of their updates' offsets; empty where there are none
    ParameterLayout parameters, buffers;
};

/// Builds `layer` on the input x, and computes it with the parameters and buffers of the case.
template <class Layer>
Result run(const Case& c, Layer layer) {
    Graph graph;
    Builder builder(graph, c.mode);
    const Value y = layer(builder, graph.input("x", c.shape));
    std::vector<Output> outputs{{y, "y"}};
    for (const auto& update : builder.buffer_updates())
        outputs.push_back({update.next, "new_buffers", update.offset});
    const auto program = Program::compile(graph, outputs, {.precision = c.precision});
    Workspace workspace(program);
    const Vector x(c.x, c.precision), parameters(c.parameters, c.precision), buffers(c.buffers, c.precision);
    const auto bind = [&](const char* name, const Vector& vector) {
        const int handle = program->storage(name);
        if (handle < 0) return;
        ASSERT_GE(vector.size(), program->storage_size(handle)) << name;
        workspace.bind(handle, vector);
    };
    bind("x", x);
    bind("parameters", parameters);
    bind("buffers", buffers);
    workspace.random = c.random;
    workspace.run();
    Result result{y.shape(), {}, {}, builder.parameters(), builder.buffers()};
    const auto read = [&](const char* name, Numbers& into) {
        const int handle = program->storage(name);
        for (int64_t i = 0; handle >= 0 && i < program->storage_size(handle); ++i)
            into.push_back(workspace.value(handle, i));
    };
    read("y", result.y);
    read("new_buffers", result.new_buffers);
    return result;
}

/// Expects the gradient of `objective` at `theta` to agree with central differences, whose error at this step
/// is about 1e-9 of the third derivatives.
inline void expect_gradient(GraphObjective& objective, const Numbers& theta, double tolerance = 1e-6) {
    Parameters at(ParameterLayout::single(static_cast<int64_t>(theta.size())), Precision::f64);
    *at.write() = Vector(theta, Precision::f64);
    Vector gradient(at.values().size(), Precision::f64);
    objective.value_and_gradient(at, gradient);
    constexpr double step = 1e-5;
    for (int64_t i = 0; i < gradient.size(); ++i) {
        const double here = at.values().at(i);
        at.write()->set(i, here + step);
        const double above = objective.value(at);
        at.write()->set(i, here - step);
        const double below = objective.value(at);
        at.write()->set(i, here);
        const double difference = (above - below) / (2 * step);
        EXPECT_NEAR(gradient.at(i), difference, tolerance * std::max(1.0, std::abs(difference)))
            << "element " << i;
    }
}

/// Expects H v of `objective` to agree with central differences of its gradient.
inline void expect_hessian(GraphObjective& objective, const Numbers& theta, uint64_t seed) {
    const auto n = static_cast<int64_t>(theta.size());
    const Vector v(normal_numbers(n, seed), Precision::f64);
    Parameters at(ParameterLayout::single(n), Precision::f64);
    *at.write() = Vector(theta, Precision::f64);
    Vector product(n, Precision::f64), above(n, Precision::f64), below(n, Precision::f64);
    objective.hessian_vector(at, v, product);
    constexpr double step = 1e-5;
    const auto move = [&](double distance) {
        for (int64_t i = 0; i < n; ++i)
            at.write()->set(i, theta[static_cast<size_t>(i)] + distance * v.at(i));
    };
    move(step);
    objective.value_and_gradient(at, above);
    move(-step);
    objective.value_and_gradient(at, below);
    double largest = 0;
    for (int64_t i = 0; i < n; ++i) {
        const double difference = (above.at(i) - below.at(i)) / (2 * step);
        EXPECT_NEAR(product.at(i), difference, 1e-6 * std::max(1.0, std::abs(difference))) << "element " << i;
        largest = std::max(largest, std::abs(product.at(i)));
    }
    EXPECT_GT(largest, 1e-3);  // there is curvature to be wrong about
}

/// Checks the gradients of `layer` in x and in its parameters, through a sum that weighs every output
/// differently. Takes the function of (Builder&, Value x) and the numbers of x; parameters are normal.
template <class Layer>
void expect_layer_gradient(const Shape& shape, Numbers theta, Layer layer, const RandomContext& random = {}) {
    GraphObjective objective(
        [&](Graph& graph) {
            Builder builder(graph, Mode::training);
            const Value x = builder.parameter("x", shape, constant_initializer(0));
            const Value y = layer(builder, x);
            return LossGraph{.loss = sum(sin(1.3 * y + 0.2)), .parameters = builder.parameter_values()};
        },
        {.precision = Precision::f64});
    const Vector buffers(1000, Precision::f64, 1);
    Sample sample;
    sample.set("buffers", buffers);
    sample.set_random(random);
    objective.on(sample);
    const auto more = normal_numbers(objective.dimension() - static_cast<int64_t>(theta.size()), 99);
    theta.insert(theta.end(), more.begin(), more.end());
    expect_gradient(objective, theta);
}

/// Random numbers for x, for layers that are smooth there.
template <class Layer>
void expect_layer_gradient(const Shape& shape, Layer layer, const RandomContext& random = {}) {
    expect_layer_gradient(shape, normal_numbers(element_count(shape), 5), layer, random);
}

/// Element i of made targets in so many columns: one of the classes, labels, or numbers to predict.
inline double target_of(Task task, int64_t i, int64_t columns, double number) {
    if (task == Task::classification) return double(i % columns == (i / columns) % columns);
    return task == Task::multi_label ? double(number > 0) : number;
}

/// A network's training objective on a batch of made examples.
class Training {
public:
    Training(const Network& network, int64_t batch, Precision precision, uint64_t seed = 1)
        : layout_(network.parameters()),
          objective([&network, batch](Graph& graph) { return network.training_graph(graph, batch); },
                    {.precision = precision}),
          features(normal_numbers(batch * element_count(network.options().feature_shape), seed), precision),
          targets(batch * network.options().target_count, precision),
          weights(batch, precision, 1),
          buffers(network.initial_buffers(precision)),
          parameters(network.parameters(), precision) {
        const int64_t columns = network.options().target_count;
        const Numbers numbers = normal_numbers(targets.size(), seed + 1);
        for (int64_t i = 0; i < targets.size(); ++i)
            targets.set(i, target_of(network.options().task, i, columns, numbers[static_cast<size_t>(i)]));
        network.initialize(parameters, seed);
        sample.set_examples(batch);
        sample.set("features", features);
        sample.set("targets", targets);
        sample.set("example_weights", weights);
        sample.set("buffers", buffers);
        sample.set("l2", network.options().l2);
        sample.set_random({.seed = seed, .step = 0, .examples = {}});
        objective.on(sample);
    }
    /// Evaluations from now on are with this run-time scalar.
    void set(SampleName name, double value) {
        sample.set(name, value);
        objective.on(sample);
    }

private:
    std::shared_ptr<const ParameterLayout> layout_;

public:
    GraphObjective objective;
    Sample sample;
    Vector features, targets, weights, buffers;
    Parameters parameters;
};

/// Expects a RequestError of one line that contains all `parts`.
template <class Action>
void expect_refused(const Action& action, const std::vector<std::string>& parts) {
    try {
        action();
        ADD_FAILURE() << "expected an error with " << testing::PrintToString(parts);
    } catch (const RequestError& error) {
        const std::string message = error.what();
        EXPECT_EQ(message.find('\n'), std::string::npos) << message;
        for (const auto& part : parts) EXPECT_THAT(message, testing::HasSubstr(part));
    }
}

/// "name[shape]" of each tensor in order.
inline std::vector<std::string> names_and_shapes(const ParameterLayout& layout) {
    std::vector<std::string> result;
    for (const auto& slice : layout.slices) result.push_back(slice.name + to_string(slice.shape));
    return result;
}

inline auto near(const Numbers& expected, double tolerance = 1e-12) {
    return testing::Pointwise(testing::DoubleNear(tolerance), expected);
}

}  // namespace ravine::test
