#include "ravine/optim/rules/rule_numbers.hpp"

#include <algorithm>

#include "ravine/core/error.hpp"

namespace ravine {

RuleNumbers::RuleNumbers(const RuleGraph& r, const Graph& graph) {
    std::vector<Output> outputs{{r.step_size, "step_size"}};
    for (const auto& number : r.numbers()) {
        require(number.next.has_value(), "number '{}' has no next value", number.name);
        names_.push_back(number.name);
        values_.push_back(number.initial);
        outputs.push_back({*number.next, number.name});
    }
    if (empty()) return;
    update_.emplace(Program::compile(graph, std::move(outputs), {.precision = Precision::f64}));
    const Program& program = update_->program();
    learning_rate_ = program.scalar("learning_rate");
    step_size_ = program.storage("step_size");
    for (const auto& name : names_) {
        before_.push_back(program.scalar(name));
        after_.push_back(program.storage(name));
        require(program.storage_size(after_.back()) == 1, "number '{}' becomes a vector", name);
    }
    for (const auto& scalar : r.scalars()) scalars_.push_back(program.scalar(scalar.first));
    for (const auto& inner : r.inners()) inners_.push_back(program.scalar(inner.name));
    for (const auto& state : r.states())
        require(program.storage(state.name) < 0, "a number depends on the vector '{}'", state.name);
    for (const char* vector : {"theta", "gradient"})
        require(program.storage(vector) < 0, "a number depends on the vector '{}'", vector);
}

double RuleNumbers::of(const std::string& name) const {
    const auto found = std::ranges::find(names_, name);
    require(found != names_.end(), "the rule has no number '{}'", name);
    return values_[static_cast<size_t>(found - names_.begin())];
}

double RuleNumbers::advance(int64_t t, double learning_rate, const std::vector<RuleGraph::Scalar>& scalars,
                            const std::vector<double>& inners) {
    const auto set = [&](int scalar, double value) {
        if (scalar >= 0) update_->set_scalar(scalar, value);
    };
    set(learning_rate_, learning_rate);
    for (size_t i = 0; i < scalars_.size(); ++i)
        if (scalars_[i] >= 0) update_->set_scalar(scalars_[i], scalars[i].second(t));
    for (size_t i = 0; i < inners_.size(); ++i) set(inners_[i], inners[i]);
    for (size_t i = 0; i < before_.size(); ++i) set(before_[i], values_[i]);
    update_->run();
    for (size_t i = 0; i < after_.size(); ++i) values_[i] = update_->value(after_[i]);
    return update_->value(step_size_);
}

SavedState RuleNumbers::state() {
    SavedState result;
    for (size_t i = 0; i < names_.size(); ++i) result.numbers.push_back({names_[i], &values_[i]});
    return result;
}

}  // namespace ravine
