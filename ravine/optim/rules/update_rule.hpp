#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ravine/core/settings/catalog.hpp"
#include "ravine/graph/graph.hpp"
#include "ravine/graph/ops.hpp"

namespace ravine {

/// The state that keeps theta as it was before the first update.
inline constexpr const char* initial_theta_name = "initial_theta";

/// What a rule sees while it writes itself down: the parameters and the gradient as flat vectors, its state,
/// and numbers that change from step to step.
class RuleGraph {
public:
    RuleGraph(Graph& graph, int64_t size);

    Value theta, gradient;
    Value learning_rate;  ///< eta: a step is a function theta(eta), whose derivative is the graph's too
    /// What decoupled decay is multiplied with, and what a person sees as the learning rate: eta, unless the
    /// rule finds a factor of it by itself, and says so here.
    Value step_size;

    /// The state `name` before this update; `initial` before the first one.
    Value state(const std::string& name, double initial = 0);
    /// theta before the first update.
    Value initial_theta();
    /// A number that is kept beside the vectors, as it is before this update; `initial` before the first one.
    Value number(const std::string& name, double initial = 0);
    /// Declares the value of a state or a number after this update, and returns it. That of a number is made
    /// of numbers, scalars, inner products and the rate (that of the step, without the multiples of single
    /// tensors); it is computed in double precision.
    Value next(const std::string& name, Value value);
    /// A number that depends on the update, t = 1 for the first; not on the learning rate.
    Value scalar(const std::string& name, std::function<double(int64_t t)> value);

    /// The inner product of two of the vectors here, or of what is made of them and of states before this
    /// update, over all tensors that are trained: known before the update begins. A norm is the root of
    /// inner(a, a). Neither may depend on the rate or on another inner product (std::logic_error).
    Value inner(const std::string& name, Value a, Value b);

    struct State {
        std::string name;
        double initial;
        std::optional<Value> next;
    };
    struct Inner {
        std::string name;
        Value a, b;
    };
    using Scalar = std::pair<std::string, std::function<double(int64_t)>>;
    const std::vector<State>& states() const { return states_; }
    const std::vector<State>& numbers() const { return numbers_; }
    const std::vector<Scalar>& scalars() const { return scalars_; }
    const std::vector<Inner>& inners() const { return inners_; }

private:
    Graph& graph_;
    int64_t size_;
    std::vector<State> states_, numbers_;
    std::vector<Scalar> scalars_;
    std::vector<Inner> inners_;
};

/// A number that a rule keeps, by its name.
using NumberOf = std::function<double(const std::string& name)>;

/// An update rule: one elementwise graph over the flat parameter vector, which reads as the paper's lines.
/// The executor runs it in any precision in one pass over memory. Made from a plain aggregate of settings R
/// with
///
///     double learning_rate;                                   where the rate begins
///     Value update(RuleGraph& r) const;                       theta after the update
///     std::optional<Value> evaluation_point(RuleGraph& r) const;
///                                                             optional: where the gradient is evaluated
///     std::optional<Value> judged(RuleGraph& r) const;        optional: where a step is judged (StepCurve)
///     std::string average() const;                            optional: Optimizer::average()
///     std::string concern(int64_t updates, const NumberOf& number) const;
///                                                             optional: Optimizer::concern(), by the numbers
///                                                             that it keeps
///
/// `update` declares the next value of every state; the rule itself holds none: UpdateRule rule = Adam{.beta2
/// = 0.99}. The step is a function of the rate, theta(eta); the rules here are affine in it.
///
/// Usage:
///
///     struct SignDescent {
///         double learning_rate = 0.01;
///         Value update(RuleGraph& r) const { return r.theta - r.learning_rate * sign(r.gradient); }
///     };
///     FirstOrder optimizer({.rule = SignDescent{}}, weights.shared_layout(), {});
class UpdateRule {
public:
    template <class R>
    requires requires(const R& rule, RuleGraph& r) {
        { rule.update(r) } -> std::same_as<Value>;
    }
    UpdateRule(R rule)
        : base_learning_rate_(rule.learning_rate), update_([rule](RuleGraph& r) { return rule.update(r); }) {
        if constexpr (requires(RuleGraph & r) { rule.evaluation_point(r); })
            evaluation_point_ = [rule](RuleGraph& r) { return rule.evaluation_point(r); };
        if constexpr (requires(RuleGraph & r) { rule.judged(r); })
            judged_ = [rule](RuleGraph& r) { return rule.judged(r); };
        if constexpr (requires { rule.average(); }) average_ = rule.average();
        if constexpr (requires(const NumberOf& number) { rule.concern(1, number); })
            concern_ = [rule](int64_t updates, const NumberOf& number) {
                return rule.concern(updates, number);
            };
    }

    double base_learning_rate() const { return base_learning_rate_; }
    Value update(RuleGraph& r) const { return update_(r); }
    /// Nothing: at theta.
    std::optional<Value> evaluation_point(RuleGraph& r) const {
        return evaluation_point_ ? std::optional(evaluation_point_(r)) : std::nullopt;
    }
    /// Nothing: where it ends.
    std::optional<Value> judged(RuleGraph& r) const { return judged_ ? judged_(r) : std::nullopt; }
    const std::string& average() const { return average_; }
    std::string concern(int64_t updates, const NumberOf& number) const {
        return concern_ ? concern_(updates, number) : std::string();
    }

private:
    double base_learning_rate_;
    std::function<Value(RuleGraph&)> update_;
    std::function<std::optional<Value>(RuleGraph&)> evaluation_point_, judged_;
    std::string average_ = "none";
    std::function<std::string(int64_t, const NumberOf&)> concern_;
};

/// The update rules by name.
const Catalog<UpdateRule>& update_rules();

}  // namespace ravine
