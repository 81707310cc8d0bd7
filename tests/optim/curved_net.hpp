#pragma once

#include <memory>
#include <vector>

#include "ravine/graph/ops.hpp"
#include "ravine/optim/objective/graph_objective.hpp"
#include "tests/optim/support.hpp"

namespace ravine::test {

/// mean softplus(tanh(x A) B c - y): outputs that the loss is curved in, four tensors, one of them scaled,
/// and a penalty beside the outputs. `updated` are running statistics.
inline LossGraph curved_net(Graph& graph) {
    const Value x = graph.input("features", {6, 4}), y = graph.input("targets", {6, 2});
    const Value a = graph.parameter("parameters", 0, {4, 5}), b = graph.parameter("parameters", 20, {5, 2}),
                c = graph.parameter("parameters", 30, {2});
    const Value hidden = tanh(matmul(x, a)), out = matmul(hidden, b) * broadcast(c, {6, 2});
    const Value loss = mean(softplus(out - y)) + 0.01 * sum(square(a));
    return {.loss = loss, .outputs = out, .parameters = {a, b, c}};
}

/// Twice the same objective: one that is asked for what goes on, and one that computes it anew.
struct CurvedNet {
    Precision precision;
    std::shared_ptr<ParameterLayout> layout = std::make_shared<ParameterLayout>();
    std::unique_ptr<GraphObjective> objective, anew;
    Vector features, targets, others;
    Sample sample{6}, other{6};
    Parameters at;

    explicit CurvedNet(Precision in, bool frozen = false)
        : precision(in),
          features(numbers(24, 0.7), in),
          targets(numbers(12, 1.9), in),
          others(numbers(12, 2.3), in),
          at(make_layout(frozen), in) {
        objective = std::make_unique<GraphObjective>(curved_net, CompileOptions{.precision = in}, layout);
        anew = std::make_unique<GraphObjective>(curved_net, CompileOptions{.precision = in}, layout);
        sample.set("features", features);
        sample.set("targets", targets);
        other.set("features", features);
        other.set("targets", others);
        on(sample);
        at.write()->assign(Vector(numbers(32, 0.31), in));
    }
    void on(const Sample& bound) {
        objective->on(bound);
        anew->on(bound);
    }
    static std::vector<double> numbers(int64_t count, double frequency) {
        std::vector<double> x;
        for (int64_t i = 0; i < count; ++i) x.push_back(std::sin(frequency * static_cast<double>(i + 1)));
        return x;
    }
    Vector direction(double frequency) const {
        Vector v(numbers(32, frequency), precision);
        for (const auto& slice : layout->slices)
            if (!slice.trainable)
                for (int64_t i = 0; i < slice.size(); ++i) v.set(slice.offset + i, 0);
        return v;
    }
    /// Minus the gradient, times the tensors' rates.
    Vector descent(const Vector& gradient) const {
        Vector v(32, precision);
        for (const auto& slice : layout->slices)
            for (int64_t i = slice.offset; i < slice.offset + slice.size(); ++i)
                v.set(i, -slice.rate * gradient.at(i));
        return v;
    }
    std::shared_ptr<const ParameterLayout> make_layout(bool frozen) {
        layout->add({.name = "a", .shape = {4, 5}});
        layout->add({.name = "b", .shape = {5, 2}, .trainable = !frozen});
        layout->add({.name = "c", .shape = {2}, .rate = 3});
        return layout;
    }
};

}  // namespace ravine::test
