#include "ravine/optim/rules/update_rule.hpp"

#include <algorithm>

#include "ravine/core/error.hpp"

namespace ravine {

RuleGraph::RuleGraph(Graph& graph, int64_t size)
    : theta(graph.input("theta", {size})),
      gradient(graph.input("gradient", {size})),
      learning_rate(graph.scalar("learning_rate")),
      step_size(learning_rate),
      graph_(graph),
      size_(size) {}

Value RuleGraph::state(const std::string& name, double initial) {
    if (std::ranges::find(states_, name, &State::name) == states_.end())
        states_.push_back({name, initial, {}});
    return graph_.input(name, {size_});
}

Value RuleGraph::initial_theta() { return state(initial_theta_name); }

Value RuleGraph::number(const std::string& name, double initial) {
    if (std::ranges::find(numbers_, name, &State::name) == numbers_.end())
        numbers_.push_back({name, initial, {}});
    return graph_.scalar(name);
}

Value RuleGraph::next(const std::string& name, Value value) {
    for (auto* kept : {&states_, &numbers_}) {
        const auto found = std::ranges::find(*kept, name, &State::name);
        if (found == kept->end()) continue;
        require(!found->next, "next value of '{}': declared twice", name);
        found->next = value;
        return value;
    }
    require(false, "next value of '{}': no such state or number", name);
    return value;
}

Value RuleGraph::inner(const std::string& name, Value a, Value b) {
    inners_.push_back({name, a, b});
    return graph_.scalar(name);
}

Value RuleGraph::scalar(const std::string& name, std::function<double(int64_t)> value) {
    scalars_.emplace_back(name, std::move(value));
    return graph_.scalar(name);
}

}  // namespace ravine
