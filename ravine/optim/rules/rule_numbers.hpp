#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ravine/core/values/saved_state.hpp"
#include "ravine/exec/plan/program.hpp"
#include "ravine/optim/rules/update_rule.hpp"

namespace ravine {

/// The numbers that a rule keeps between updates (RuleGraph::number), in double precision whatever that of
/// the parameters, and the step size that it says.
class RuleNumbers {
public:
    /// Of a rule that wrote itself down in `graph`. Throws std::logic_error where a number has no next value,
    /// or one that depends on a vector.
    RuleNumbers(const RuleGraph& r, const Graph& graph);

    bool empty() const { return values_.empty(); }
    const std::vector<std::string>& names() const { return names_; }
    /// As they are before the update in hand.
    const std::vector<double>& values() const { return values_; }
    double of(const std::string& name) const;

    /// After update t with its rate; scalars and inner products as the rule declared them. Returns the step
    /// size of that update.
    double advance(int64_t t, double learning_rate, const std::vector<RuleGraph::Scalar>& scalars,
                   const std::vector<double>& inners);
    SavedState state();

private:
    std::vector<std::string> names_;
    std::vector<double> values_;
    std::optional<Workspace> update_;  // none without numbers
    // Handles of update_, -1 where it has none.
    int learning_rate_ = -1, step_size_ = -1;
    std::vector<int> scalars_, inners_, before_, after_;
};

}  // namespace ravine
