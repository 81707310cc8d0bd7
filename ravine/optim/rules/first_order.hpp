#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ravine/exec/plan/program.hpp"
#include "ravine/optim/optimizer.hpp"
#include "ravine/optim/rates/rate_policy.hpp"
#include "ravine/optim/rates/schedule.hpp"
#include "ravine/optim/rates/settling.hpp"
#include "ravine/optim/rules/clipping.hpp"
#include "ravine/optim/rules/rule_numbers.hpp"
#include "ravine/optim/rules/update_rule.hpp"

namespace ravine {

/// An update rule with what composes with any rule.
struct FirstOrderOptions {
    UpdateRule rule;
    RatePolicyMaker rate{};  ///< empty: the rule's own rate throughout
    Schedule schedule{};     ///< multiplies what the policy decides; empty: 1
    RunLength run_length{};  ///< that the schedule spans
    Clipping clipping{};
    /// Decoupled: theta <- theta - lr weight_decay theta beside the rule's own step, for tensors that decay
    /// (Loshchilov and Hutter 2019).
    double weight_decay = 0;
    Settling settling = {};  ///< of a rate that is learned
};

/// Runs an update rule: evaluates the gradient where the rule wants it, clips it, asks the policy for the
/// rate, and updates parameters and state in one pass over memory. Frozen tensors keep every bit, and take no
/// part in the norm of the gradient. No allocation in a step after the first.
class FirstOrder : public Optimizer {
public:
    /// Throws RequestError where the schedule needs the length of the run and has none.
    FirstOrder(FirstOrderOptions options, std::shared_ptr<const ParameterLayout> layout,
               CompileOptions compile);
    ~FirstOrder() override;

    /// With clipping by a norm a gradient that is not finite is found in time, and nothing is updated.
    /// Otherwise it is found in the same pass that updates, and the parameters are lost: they have another
    /// version then.
    StepReport step(Objective& objective, Parameters& parameters) override;
    double look(Objective& objective, const Parameters& parameters) override;
    bool judges_by_validation() const override;
    void judge_by(Objective* judge) override { judge_ = judge; }
    std::vector<RateCount> rate_counts() const override;
    std::optional<LearnedRate> learned_rate() const override;
    std::string monitor() const override;
    void hear(double measured) override;
    std::string average() const override { return options_.rule.average(); }
    std::string concern() const override;
    int64_t steps() const override { return steps_; }
    SavedState state() override;

    /// The gradient of the last step, before clipping.
    const Vector& gradient() const { return gradient_; }
    /// What runs the programs of a step, for profiles.
    std::vector<Workspace*> workspaces();

private:
    /// A compiled program, with the handles of everything that a step sets: -1 where it has none.
    struct Compiled {
        std::unique_ptr<Workspace> workspace;
        int theta, gradient, result, learning_rate, weight_decay, clipping_factor, squared_norm, direction;
        std::vector<int> states, scalars, numbers, inners, sums;  // as states_, scalars_ and so on
    };
    /// What a program over a group makes.
    enum class Result {
        update,     ///< theta and the states in their places, and the squared norm of the gradient
        point,      ///< theta(eta) elsewhere, and nothing else
        slope,      ///< its derivative by eta
        start,      ///< where it is judged at a rate of 0
        direction,  ///< the derivative by eta of where it is judged
        inners,     ///< the inner products that the rule wants before the update
    };
    /// A run of neighbouring tensors that are updated alike.
    struct Group {
        int64_t offset, size;
        bool decays;
        double rate;
        Compiled update{};
        Compiled norm{};                                  // where clipping wants the norm before the update
        Compiled inners{};                                // where the rule wants inner products before it
        Compiled point{}, slope{}, start{}, direction{};  // made when a policy asks for the first time
        Compiled length{};  // the squared norm of a direction, where a norm bounds the step
        double squared_norm = 0, clipping_factor = 1;
    };
    class Curve;
    struct State {
        std::string name;
        Vector values;
    };

    /// A rule written down for a group of tensors.
    struct Written {
        Value theta;     // after the update
        Value judged;    // where the step is judged
        Value gradient;  // before clipping
        Value learning_rate;
        std::vector<RuleGraph::State> states;
        std::vector<RuleGraph::Inner> inners;
    };

    bool clips_by_norm() const;
    /// Clipping by a norm bounds the step, whose rate is learned.
    bool bounds_step() const { return policy_ && policy_->is_learned() && limits_norm(); }
    bool limits_norm() const;
    Written write(Graph& graph, const Group& group) const;
    void find_where_steps_begin();
    /// Tells the objective what the policy asks for at the gradient's point.
    void expect(Objective& objective);
    double bounded(double rate);
    void declare(int64_t size, Precision precision);
    void make_groups(const ParameterLayout& layout);
    void compile_groups();
    std::shared_ptr<const Program> compile_step(const Group& group, Result result) const;
    std::shared_ptr<const Program> compile_square(const Group& group, const std::string& vector) const;
    void compile_evaluation_point(std::shared_ptr<const ParameterLayout> layout);
    Compiled prepare(std::shared_ptr<const Program> program) const;

    double rate_of(Objective& objective, const Parameters& parameters, double loss);
    const Parameters& evaluation_point(const Parameters& parameters);
    bool find_norms(double& squared_norm);
    void begin(const Vector& theta);
    void find_inners(const Vector& theta);
    void run_step(Group& group, Compiled& compiled, double learning_rate, const Vector& theta);
    void set_scalars(Compiled& compiled, double learning_rate) const;
    void bind_states(Compiled& compiled, int64_t offset);
    double clipping_factor(double squared_norm) const;
    double squared_norm_of(const Group& group, double computed) const;

    FirstOrderOptions options_;
    CompileOptions compile_;
    std::unique_ptr<RatePolicy> policy_;  // or none
    std::optional<RateWatch> watch_;      // of a rate that is learned
    std::unique_ptr<Curve> curve_;
    Objective* judge_ = nullptr;       // or the objective of the step
    bool starts_at_gradient_ = false;  // a step is judged from where its gradient was evaluated
    bool descends_ = false;            // its direction is minus the gradient, times the groups' rates
    std::optional<Curvature> expected_descent_;  // the objective goes on from the gradient along it
    std::vector<Group> groups_;
    std::vector<RuleGraph::Scalar> scalars_;
    std::vector<std::string> inner_names_;
    std::vector<double> inners_;          // over all groups
    std::optional<RuleNumbers> numbers_;  // made when the rule is declared
    std::vector<State> states_;
    Vector gradient_;
    Compiled evaluation_point_;
    std::unique_ptr<Parameters> point_;
    uint64_t point_version_ = 0;  // of the parameters that point_ was computed from; 0: none
    int64_t steps_ = 0;
    double last_rate_ = 0;
};

}  // namespace ravine
