#pragma once

#include <memory>
#include <vector>

#include "ravine/exec/program.hpp"
#include "ravine/optim/clipping.hpp"
#include "ravine/optim/optimizer.hpp"
#include "ravine/optim/schedule.hpp"
#include "ravine/optim/update_rule.hpp"

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
/// state in one pass over memory. No allocation in a step after the first.
class FirstOrder : public Optimizer {
public:
    FirstOrder(FirstOrderOptions options, std::shared_ptr<const ParameterLayout> layout,
               CompileOptions compile);

    StepReport step(Objective& objective, Parameters& parameters) override;
    int64_t steps() const override { return steps_; }
    void set_steps(int64_t steps) override { steps_ = steps; }
    std::vector<NamedState> state() override;

private:
    /// A run of neighbouring tensors that are updated alike.
    struct Group {
        int64_t offset, size;
        bool decays;
        double rate;
        std::unique_ptr<Workspace> update, norm;  // norm: where clipping wants it before the update
    };
    struct Scalar {
        std::string name;
        std::function<double(const UpdateStep&)> value;
    };

    void make_groups(const ParameterLayout& layout);
    void compile_group(Group& group, CompileOptions compile);
    void compile_evaluation_point(CompileOptions compile);
    UpdateStep this_step() const;
    double squared_norm(Group& group);
    double clipping_factor(double squared_norm) const;
    void set_scalars(Workspace& workspace, const UpdateStep& step) const;
    void bind_states(Workspace& workspace, int64_t offset);

    FirstOrderOptions options_;
    std::vector<Group> groups_;
    std::vector<Scalar> scalars_;
    std::vector<std::pair<std::string, Vector>> states_;
    Vector gradient_;
    std::unique_ptr<Workspace> evaluation_point_;
    std::unique_ptr<Parameters> point_;
    int64_t steps_ = 0;
};

}  // namespace ravine
