#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ravine/exec/plan/program.hpp"
#include "ravine/optim/optimizer.hpp"
#include "ravine/optim/rates/schedule.hpp"
#include "ravine/optim/rules/clipping.hpp"
#include "ravine/optim/rules/update_rule.hpp"

namespace ravine {

/// An update rule with what composes with any rule.
struct FirstOrderOptions {
    UpdateRule rule;
    Schedule schedule{};      ///< empty: constant
    int64_t total_steps = 0;  ///< that the schedule spans
    Clipping clipping{};
    /// Decoupled: theta <- theta - lr weight_decay theta beside the rule's own step, for tensors that decay
    /// (Loshchilov and Hutter 2019).
    double weight_decay = 0;
};

/// Runs an update rule: evaluates the gradient where the rule wants it, clips it, and updates parameters and
/// state in one pass over memory. Frozen tensors keep every bit, and take no part in the norm of the
/// gradient. No allocation in a step after the first.
class FirstOrder : public Optimizer {
public:
    /// Throws RequestError where the schedule needs the length of the run and has none.
    FirstOrder(FirstOrderOptions options, std::shared_ptr<const ParameterLayout> layout,
               CompileOptions compile);

    /// With clipping by a norm a gradient that is not finite is found in time, and nothing is updated.
    /// Otherwise it is found in the same pass that updates: the report's gradient_norm is not finite, and the
    /// parameters are lost.
    StepReport step(Objective& objective, Parameters& parameters) override;
    double look(Objective& objective, const Parameters& parameters) override;
    int64_t steps() const override { return steps_; }
    void set_steps(int64_t steps) override { steps_ = steps; }
    std::vector<NamedState> state() override;

    /// The gradient of the last step, before clipping.
    const Vector& gradient() const { return gradient_; }
    /// What runs the programs of a step, for profiles.
    std::vector<Workspace*> workspaces();

private:
    /// A compiled program, with the handles of everything that a step sets: -1 where it has none.
    struct Compiled {
        std::unique_ptr<Workspace> workspace;
        int theta, gradient, point, learning_rate, weight_decay, clipping_factor, squared_norm;
        std::vector<int> states, scalars;  // as states_ and scalars_
    };
    /// A run of neighbouring tensors that are updated alike.
    struct Group {
        int64_t offset, size;
        bool decays;
        double rate;
        Compiled update{};
        Compiled norm{};  // where clipping wants the norm before the update
        double squared_norm = 0;
    };
    struct State {
        std::string name;
        Vector values;
    };

    bool clips_by_norm() const;
    void declare(int64_t size, Precision precision);
    void make_groups(const ParameterLayout& layout);
    void compile_groups(CompileOptions compile);
    std::shared_ptr<const Program> compile_update(int64_t size, bool decays, CompileOptions compile) const;
    void compile_evaluation_point(std::shared_ptr<const ParameterLayout> layout, CompileOptions compile);
    Compiled prepare(std::shared_ptr<const Program> program) const;

    UpdateStep this_step() const;
    const Parameters& evaluation_point(const UpdateStep& step, const Parameters& parameters);
    bool find_norms(double& squared_norm);
    void update(Group& group, const UpdateStep& step, double clipping_factor, Vector& theta);
    void set_scalars(Compiled& compiled, const UpdateStep& step) const;
    void bind_states(Compiled& compiled, int64_t offset);
    double clipping_factor(double squared_norm) const;
    double squared_norm_of(const Group& group, double computed) const;

    FirstOrderOptions options_;
    std::vector<Group> groups_;
    std::vector<RuleGraph::Scalar> scalars_;
    std::vector<State> states_;
    Vector gradient_;
    Compiled evaluation_point_{};
    std::unique_ptr<Parameters> point_;
    uint64_t point_version_ = 0;  // of the parameters that point_ was computed from; 0: none
    int64_t steps_ = 0;
};

}  // namespace ravine
