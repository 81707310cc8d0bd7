#include "ravine/optim/first_order.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "ravine/core/error.hpp"
#include "ravine/graph/ops.hpp"

namespace ravine {
namespace {

void* element(Vector& vector, int64_t offset) {
    return static_cast<std::byte*>(vector.data()) +
           static_cast<size_t>(offset) * element_size(vector.precision());
}

void bind_if_used(Workspace& workspace, const std::string& name, void* memory) {
    if (const int handle = workspace.program().storage(name); handle >= 0) workspace.bind(handle, memory);
}

void set_if_used(Workspace& workspace, const std::string& name, double value) {
    if (const int handle = workspace.program().scalar(name); handle >= 0) workspace.set_scalar(handle, value);
}

}  // namespace

FirstOrder::FirstOrder(FirstOrderOptions options, std::shared_ptr<const ParameterLayout> layout,
                       CompileOptions compile)
    : options_(std::move(options)), gradient_(layout->size, compile.precision) {
    Graph graph;
    RuleGraph declared(graph, layout->size);
    options_.rule.update(declared);
    for (const auto& state : declared.states())
        states_.emplace_back(state.name, Vector(layout->size, compile.precision, state.initial));
    for (const auto& [name, value] : declared.scalars()) scalars_.push_back({name, value});
    make_groups(*layout);
    for (auto& group : groups_) compile_group(group, compile);
    compile_evaluation_point(compile);
    if (evaluation_point_) point_ = std::make_unique<Parameters>(layout, compile.precision);
}

void FirstOrder::make_groups(const ParameterLayout& layout) {
    const bool decay_matters = options_.weight_decay > 0;
    const bool alone = options_.clipping.kind == Clipping::Kind::tensor_norm;
    for (const auto& slice : layout.slices) {
        if (!slice.trainable || slice.size() == 0) continue;
        const bool decays = decay_matters && slice.decays;
        if (!groups_.empty() && !alone) {
            Group& last = groups_.back();
            if (last.offset + last.size == slice.offset && last.decays == decays && last.rate == slice.rate) {
                last.size += slice.size();
                continue;
            }
        }
        groups_.push_back({slice.offset, slice.size(), decays, slice.rate, nullptr, nullptr});
    }
}

void FirstOrder::compile_group(Group& group, CompileOptions compile) {
    Graph graph;
    RuleGraph r(graph, group.size);
    const Value raw = r.gradient;
    std::vector<Output> outputs;
    if (options_.clipping.kind == Clipping::Kind::value) {
        r.gradient = minimum(maximum(raw, constant_like(raw, -options_.clipping.limit)),
                             constant_like(raw, options_.clipping.limit));
    } else if (options_.clipping.kind != Clipping::Kind::none) {
        r.gradient = raw * graph.scalar("clipping_factor");
        Graph norm;
        const Value g = norm.input("gradient", {group.size});
        group.norm =
            std::make_unique<Workspace>(Program::compile(norm, {{sum(square(g)), "squared_norm"}}, compile));
    }
    Value theta = options_.rule.update(r);
    if (group.decays) theta = theta - r.learning_rate * options_.weight_decay * r.theta;
    outputs.push_back({theta, "theta"});
    for (const auto& state : r.states()) {
        require(state.next.has_value(), "state '{}' has no next value", state.name);
        outputs.push_back({*state.next, state.name});
    }
    // The norm costs nothing here: the gradient passes through the caches anyway.
    outputs.push_back({sum(square(raw)), "squared_norm"});
    group.update = std::make_unique<Workspace>(Program::compile(graph, std::move(outputs), compile));
}

void FirstOrder::compile_evaluation_point(CompileOptions compile) {
    Graph graph;
    RuleGraph r(graph, gradient_.size());
    const auto point = options_.rule.evaluation_point(r);
    if (!point) return;
    for (const auto& [name, value] : r.scalars())
        if (std::ranges::find(scalars_, name, &Scalar::name) == scalars_.end())
            scalars_.push_back({name, value});
    evaluation_point_ = std::make_unique<Workspace>(Program::compile(graph, {{*point, "point"}}, compile));
}

UpdateStep FirstOrder::this_step() const {
    const double multiplier = options_.schedule ? options_.schedule(steps_, options_.total_steps) : 1;
    return {steps_ + 1, options_.rule.base_learning_rate() * multiplier};
}

void FirstOrder::set_scalars(Workspace& workspace, const UpdateStep& step) const {
    set_if_used(workspace, "learning_rate", step.learning_rate);
    for (const auto& [name, value] : scalars_) set_if_used(workspace, name, value(step));
}

void FirstOrder::bind_states(Workspace& workspace, int64_t offset) {
    for (auto& [name, values] : states_) bind_if_used(workspace, name, element(values, offset));
}

double FirstOrder::squared_norm(Group& group) {
    bind_if_used(*group.norm, "gradient", element(gradient_, group.offset));
    group.norm->run();
    return group.norm->value(group.norm->program().storage("squared_norm"));
}

double FirstOrder::clipping_factor(double squared_norm) const {
    const double norm = std::sqrt(squared_norm);
    return norm > options_.clipping.limit ? options_.clipping.limit / norm : 1;
}

StepReport FirstOrder::step(Objective& objective, Parameters& parameters) {
    const UpdateStep step = this_step();
    StepReport report{.learning_rate = step.learning_rate};
    if (evaluation_point_) {
        set_scalars(*evaluation_point_, step);
        bind_states(*evaluation_point_, 0);
        bind_if_used(*evaluation_point_, "theta", const_cast<void*>(parameters.values().data()));
        bind_if_used(*evaluation_point_, "point", point_->write().data());
        evaluation_point_->run();
    }
    report.loss = objective.value_and_gradient(evaluation_point_ ? *point_ : parameters, gradient_);
    if (!std::isfinite(report.loss)) return report;

    double total = 0;
    if (options_.clipping.kind == Clipping::Kind::norm)
        for (auto& group : groups_) total += squared_norm(group);
    Vector& theta = parameters.write();
    double squared = 0;
    for (auto& group : groups_) {
        Workspace& update = *group.update;
        set_scalars(update, {step.number, step.learning_rate * group.rate});
        if (options_.clipping.kind == Clipping::Kind::norm)
            set_if_used(update, "clipping_factor", clipping_factor(total));
        else if (options_.clipping.kind == Clipping::Kind::tensor_norm)
            set_if_used(update, "clipping_factor", clipping_factor(squared_norm(group)));
        bind_if_used(update, "theta", element(theta, group.offset));
        bind_if_used(update, "gradient", element(gradient_, group.offset));
        bind_states(update, group.offset);
        update.run();
        squared += update.value(update.program().storage("squared_norm"));
    }
    report.gradient_norm = std::sqrt(squared);
    report.updated = true;
    ++steps_;
    return report;
}

std::vector<NamedState> FirstOrder::state() {
    std::vector<NamedState> result;
    for (auto& [name, values] : states_) result.push_back({name, &values});
    return result;
}

}  // namespace ravine
