#include "ravine/optim/rules/first_order.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <utility>

#include "ravine/core/error.hpp"
#include "ravine/graph/derivatives.hpp"
#include "ravine/graph/ops.hpp"
#include "ravine/optim/rules/rate_graph.hpp"

namespace ravine {
namespace {

void* element(Vector& vector, int64_t offset) {
    return static_cast<std::byte*>(vector.data()) +
           static_cast<size_t>(offset) * element_size(vector.precision());
}

void bind_if_used(Workspace& workspace, int handle, void* memory) {
    if (handle >= 0) workspace.bind(handle, memory);
}

void set_if_used(Workspace& workspace, int handle, double value) {
    if (handle >= 0) workspace.set_scalar(handle, value);
}

}  // namespace

/// theta(eta) at the parameters and the gradient of the step in hand.
class FirstOrder::Curve : public StepCurve {
public:
    explicit Curve(FirstOrder& owner) : owner_(owner) {}

    void begin(const Parameters& at) {
        at_ = &at;
        has_start_ = has_direction_ = false;
    }

    const Parameters& point(double eta) override {
        run_at(point_, eta, Result::point, &Group::point);
        return *point_;
    }
    const Vector& slope(double eta) override {
        run(eta, Result::slope, &Group::slope, prepared(slope_));
        return slope_;
    }
    const Parameters& start() override {
        if (owner_.starts_at_gradient_) return owner_.point_ ? *owner_.point_ : *at_;
        if (!has_start_) run_at(start_, 0, Result::start, &Group::start);
        has_start_ = true;
        return *start_;
    }
    const Vector& direction() override {
        if (!has_direction_) run(0, Result::direction, &Group::direction, prepared(direction_));
        has_direction_ = true;
        return direction_;
    }
    Along along(Objective& objective, double eta, Curvature wanted) override {
        if (eta == 0 && owner_.expected_descent_ == wanted && &objective != owner_.judge_)
            return objective.along_descent(start(), wanted);
        return objective.along(start(), direction(), eta, wanted);
    }
    void values(Objective& objective, std::span<const double> rates, std::span<double> values) override {
        objective.values_along(start(), direction(), rates, values);
    }

private:
    Vector& prepared(Vector& vector) {
        if (vector.size() == 0) vector = Vector(at_->values().size(), owner_.compile_.precision);
        return vector;
    }
    void run_at(std::optional<Parameters>& into, double eta, Result result, Compiled Group::*member) {
        if (!into) into.emplace(at_->shared_layout(), owner_.compile_.precision);
        const auto values = into->write();
        values->assign(at_->values());  // frozen tensors stay where they are
        run(eta, result, member, *values);
    }
    void run(double eta, Result result, Compiled Group::*member, Vector& into) {
        for (auto& group : owner_.groups_) {
            Compiled& compiled = group.*member;
            if (!compiled.workspace) compiled = owner_.prepare(owner_.compile_step(group, result));
            bind_if_used(*compiled.workspace, compiled.result, element(into, group.offset));
            owner_.run_step(group, compiled, eta, at_->values());
        }
    }

    FirstOrder& owner_;
    const Parameters* at_ = nullptr;
    // Made when a policy asks for the first time, as programs are.
    std::optional<Parameters> point_, start_;
    Vector slope_, direction_;
    bool has_start_ = false, has_direction_ = false;  // for the step in hand
};

FirstOrder::FirstOrder(FirstOrderOptions options, std::shared_ptr<const ParameterLayout> layout,
                       CompileOptions compile)
    : options_(std::move(options)), compile_(compile), gradient_(layout->size, compile.precision) {
    if (options_.schedule) options_.schedule(0, options_.run_length);  // now rather than in the first step
    if (options_.rate) policy_ = options_.rate(options_.rule.base_learning_rate());
    if (policy_ && policy_->is_learned()) watch_.emplace(options_.settling, options_.run_length.per_epoch);
    declare(layout->size, compile.precision);
    make_groups(*layout);
    compile_groups();
    compile_evaluation_point(layout);
    find_where_steps_begin();
    curve_ = std::make_unique<Curve>(*this);
    if (policy_) policy_->begin(layout->size, compile);
}

FirstOrder::~FirstOrder() = default;

bool FirstOrder::clips_by_norm() const { return limits_norm() && !bounds_step(); }

bool FirstOrder::limits_norm() const {
    return options_.clipping.kind == Clipping::Kind::norm ||
           options_.clipping.kind == Clipping::Kind::tensor_norm;
}

/// Collects the state and the scalars of the rule.
void FirstOrder::declare(int64_t size, Precision precision) {
    Graph graph;
    RuleGraph r(graph, size);
    options_.rule.update(r);
    for (const auto& state : r.states())
        states_.push_back({state.name, Vector(size, precision, state.initial)});
    RuleGraph point(graph, size);
    options_.rule.evaluation_point(point);
    for (const auto& state : point.states())
        require(std::ranges::find(states_, state.name, &State::name) != states_.end(),
                "the evaluation point reads '{}', which the rule does not update", state.name);
    scalars_ = r.scalars();
    for (const auto& inner : r.inners()) inner_names_.push_back(inner.name);
    inners_.resize(inner_names_.size());
    numbers_.emplace(r, graph);
    for (const auto& scalar : point.scalars())
        if (std::ranges::find(scalars_, scalar.first, &RuleGraph::Scalar::first) == scalars_.end())
            scalars_.push_back(scalar);
}

void FirstOrder::make_groups(const ParameterLayout& layout) {
    const bool alone = options_.clipping.kind == Clipping::Kind::tensor_norm;
    for (const auto& slice : layout.slices) {
        if (!slice.trainable || slice.size() == 0) continue;
        const bool decays = options_.weight_decay != 0 && slice.decays;
        if (!groups_.empty() && !alone) {
            Group& last = groups_.back();
            if (last.offset + last.size == slice.offset && last.decays == decays && last.rate == slice.rate) {
                last.size += slice.size();
                continue;
            }
        }
        groups_.push_back(
            {.offset = slice.offset, .size = slice.size(), .decays = decays, .rate = slice.rate});
    }
}

/// Groups of the same size share their programs: a deep net has many tensors of few shapes.
void FirstOrder::compile_groups() {
    std::map<std::pair<int64_t, bool>, std::shared_ptr<const Program>> updates;
    std::map<int64_t, std::shared_ptr<const Program>> norms, inners;
    for (auto& group : groups_) {
        auto& update = updates[{group.size, group.decays}];
        if (!update) update = compile_step(group, Result::update);
        group.update = prepare(update);
        if (!inners_.empty()) {
            auto& sums = inners[group.size];
            if (!sums) sums = compile_step(group, Result::inners);
            group.inners = prepare(sums);
            require(group.inners.learning_rate < 0 &&
                        std::ranges::all_of(group.inners.inners, [](int handle) { return handle < 0; }),
                    "an inner product of what depends on the rate, or on another inner product");
        }
        if (!clips_by_norm()) continue;
        auto& norm = norms[group.size];
        if (!norm) norm = compile_square(group, "gradient");
        group.norm = prepare(norm);
    }
}

/// The squared norm of a vector.
std::shared_ptr<const Program> FirstOrder::compile_square(const Group& group,
                                                          const std::string& vector) const {
    Graph graph;
    const Value v = graph.input(vector, {group.size});
    return Program::compile(graph, {{sum(square(v)), "squared_norm"}}, compile_);
}

FirstOrder::Written FirstOrder::write(Graph& graph, const Group& group) const {
    const auto clipped = [&](Value raw) {
        if (options_.clipping.kind == Clipping::Kind::value)
            return minimum(maximum(raw, constant_like(raw, -options_.clipping.limit)),
                           constant_like(raw, options_.clipping.limit));
        return clips_by_norm() ? raw * graph.scalar("clipping_factor") : raw;
    };
    RuleGraph r(graph, group.size), judged(graph, group.size);
    const Value raw = r.gradient;
    r.gradient = judged.gradient = clipped(raw);
    Written written{.theta = options_.rule.update(r),
                    .judged = {},
                    .gradient = raw,
                    .learning_rate = r.learning_rate,
                    .states = r.states(),
                    .inners = r.inners()};
    written.judged = options_.rule.judged(judged).value_or(written.theta);
    if (group.decays) {
        const Value decay = r.step_size * graph.scalar("weight_decay") * r.theta;
        written.theta = written.theta - decay;
        written.judged = written.judged - decay;
    }
    return written;
}

/// Finds out, from the rule's graph, where steps begin and whether they go down the gradient.
void FirstOrder::find_where_steps_begin() {
    starts_at_gradient_ = descends_ = true;
    for (const auto& group : groups_) {
        Graph graph;
        const Written r = write(graph, group);
        RuleGraph point(graph, group.size);
        const auto evaluated = options_.rule.evaluation_point(point);
        starts_at_gradient_ =
            starts_at_gradient_ && at_zero_rate(r.judged, r.learning_rate) == evaluated.value_or(point.theta);
        const Value one = constant_like(r.learning_rate, 1);
        const Value direction = jvp({&r.judged, 1}, {&r.learning_rate, 1}, {&one, 1}).front();
        descends_ = descends_ && multiple_of(direction, r.gradient) == -1.0;
    }
}

std::shared_ptr<const Program> FirstOrder::compile_step(const Group& group, Result result) const {
    Graph graph;
    const Written r = write(graph, group);
    const auto by_rate = [&](Value of) {
        // The graph's rate is eta times that of the group.
        const Value factor = constant_like(r.learning_rate, group.rate);
        return jvp({&of, 1}, {&r.learning_rate, 1}, {&factor, 1}).front();
    };
    const auto compiled = [&](Value value) { return Program::compile(graph, {{value, "result"}}, compile_); };
    switch (result) {
        case Result::point:
            return compiled(r.theta);
        case Result::slope:
            return compiled(by_rate(r.theta));
        case Result::start:
            return compiled(r.judged);
        case Result::direction:
            return compiled(by_rate(r.judged));
        case Result::inners: {
            std::vector<Output> sums;
            for (const auto& [name, a, b] : r.inners) sums.push_back({sum(a * b), name});
            return Program::compile(graph, std::move(sums), compile_);
        }
        case Result::update:
            break;
    }
    std::vector<Output> outputs{{r.theta, "theta"}};
    for (const auto& state : r.states) {
        if (state.name == initial_theta_name) continue;
        require(state.next.has_value(), "state '{}' has no next value", state.name);
        outputs.push_back({*state.next, state.name});
    }
    // The norm costs nothing here: the gradient passes through the caches anyway.
    if (!clips_by_norm()) outputs.push_back({sum(square(r.gradient)), "squared_norm"});
    return Program::compile(graph, std::move(outputs), compile_);
}

void FirstOrder::compile_evaluation_point(std::shared_ptr<const ParameterLayout> layout) {
    Graph graph;
    RuleGraph r(graph, layout->size);
    const auto point = options_.rule.evaluation_point(r);
    if (!point) return;
    evaluation_point_ = prepare(Program::compile(graph, {{*point, "result"}}, compile_));
    point_ = std::make_unique<Parameters>(std::move(layout), compile_.precision);
}

FirstOrder::Compiled FirstOrder::prepare(std::shared_ptr<const Program> program) const {
    const Program& p = *program;
    Compiled compiled{.workspace = std::make_unique<Workspace>(program),
                      .theta = p.storage("theta"),
                      .gradient = p.storage("gradient"),
                      .result = p.storage("result"),
                      .learning_rate = p.scalar("learning_rate"),
                      .weight_decay = p.scalar("weight_decay"),
                      .clipping_factor = p.scalar("clipping_factor"),
                      .squared_norm = p.storage("squared_norm"),
                      .direction = p.storage("direction"),
                      .states = {},
                      .scalars = {},
                      .numbers = {},
                      .inners = {},
                      .sums = {}};
    for (const auto& state : states_) compiled.states.push_back(p.storage(state.name));
    for (const auto& scalar : scalars_) compiled.scalars.push_back(p.scalar(scalar.first));
    for (const auto& name : numbers_->names()) compiled.numbers.push_back(p.scalar(name));
    for (const auto& name : inner_names_) {
        compiled.inners.push_back(p.scalar(name));
        compiled.sums.push_back(p.storage(name));
    }
    return compiled;
}

void FirstOrder::set_scalars(Compiled& compiled, double learning_rate) const {
    Workspace& workspace = *compiled.workspace;
    set_if_used(workspace, compiled.learning_rate, learning_rate);
    set_if_used(workspace, compiled.weight_decay, options_.weight_decay);
    for (size_t i = 0; i < scalars_.size(); ++i)
        if (compiled.scalars[i] >= 0)
            workspace.set_scalar(compiled.scalars[i], scalars_[i].second(steps_ + 1));
    for (size_t i = 0; i < compiled.numbers.size(); ++i)
        set_if_used(workspace, compiled.numbers[i], numbers_->values()[i]);
    for (size_t i = 0; i < inners_.size(); ++i) set_if_used(workspace, compiled.inners[i], inners_[i]);
}

/// Before the first update, where theta is first seen.
void FirstOrder::begin(const Vector& theta) {
    for (auto& state : states_)
        if (state.name == initial_theta_name) state.values.assign(theta);
}

/// The rule's inner products over all groups, for the update that follows.
void FirstOrder::find_inners(const Vector& theta) {
    std::ranges::fill(inners_, 0);
    for (auto& group : groups_) {
        run_step(group, group.inners, 0, theta);
        for (size_t i = 0; i < inners_.size(); ++i)
            inners_[i] += group.inners.workspace->value(group.inners.sums[i]);
    }
}

void FirstOrder::bind_states(Compiled& compiled, int64_t offset) {
    for (size_t i = 0; i < states_.size(); ++i)
        bind_if_used(*compiled.workspace, compiled.states[i], element(states_[i].values, offset));
}

const Parameters& FirstOrder::evaluation_point(const Parameters& parameters) {
    if (!point_) return parameters;
    if (point_version_ == parameters.version()) return *point_;  // look() was here
    Workspace& workspace = *evaluation_point_.workspace;
    set_scalars(evaluation_point_, 0);
    bind_states(evaluation_point_, 0);
    if (evaluation_point_.theta >= 0) workspace.bind(evaluation_point_.theta, parameters.values());
    const auto point = point_->write();
    bind_if_used(workspace, evaluation_point_.result, point->data());
    workspace.run();
    point_version_ = parameters.version();
    return *point_;
}

double FirstOrder::look(Objective& objective, const Parameters& parameters) {
    return objective.value(evaluation_point(parameters));
}

/// What the program computed; where its single precision has overflowed, the same in double.
double FirstOrder::squared_norm_of(const Group& group, double computed) const {
    if (std::isfinite(computed) || gradient_.precision() == Precision::f64) return computed;
    double total = 0;
    for (int64_t i = 0; i < group.size; ++i) {
        const double g = gradient_.at(group.offset + i);
        total += g * g;
    }
    return total;
}

/// The squared norm of each group's gradient and of all; false where they are not finite.
bool FirstOrder::find_norms(double& squared_norm) {
    squared_norm = 0;
    for (auto& group : groups_) {
        Workspace& workspace = *group.norm.workspace;
        bind_if_used(workspace, group.norm.gradient, element(gradient_, group.offset));
        workspace.run();
        group.squared_norm = squared_norm_of(group, workspace.value(group.norm.squared_norm));
        squared_norm += group.squared_norm;
    }
    return std::isfinite(squared_norm);
}

double FirstOrder::clipping_factor(double squared_norm) const {
    const double norm = std::sqrt(squared_norm);
    return norm > options_.clipping.limit ? options_.clipping.limit / norm : 1;
}

/// Runs a program over a group; theta is read, and by the update written too.
void FirstOrder::run_step(Group& group, Compiled& compiled, double learning_rate, const Vector& theta) {
    Workspace& workspace = *compiled.workspace;
    set_scalars(compiled, learning_rate * group.rate);
    set_if_used(workspace, compiled.clipping_factor, group.clipping_factor);
    bind_if_used(workspace, compiled.theta, element(const_cast<Vector&>(theta), group.offset));
    bind_if_used(workspace, compiled.gradient, element(gradient_, group.offset));
    bind_states(compiled, group.offset);
    workspace.run();
}

void FirstOrder::expect(Objective& objective) {
    using Look = RatePolicy::Look;
    const Look look = judge_ || !starts_at_gradient_ ? Look::nothing : policy_->expects();
    expected_descent_ = {};
    if (look == Look::five_losses) objective.expect(Ahead::five_values);
    if (look != Look::gauss_newton && look != Look::exact) return;
    const bool is_exact = look == Look::exact;
    if (!descends_)
        objective.expect(is_exact ? Ahead::exact_along : Ahead::gauss_newton_along);
    else if (objective.expect(is_exact ? Ahead::exact_descent : Ahead::gauss_newton_descent))
        expected_descent_ = is_exact ? Curvature::exact : Curvature::gauss_newton;
}

/// No more than what leaves the step, or that of each tensor, as long as clipping allows.
double FirstOrder::bounded(double rate) {
    const Vector& direction = curve_->direction();
    const bool by_tensor = options_.clipping.kind == Clipping::Kind::tensor_norm;
    double all = 0, longest = 0;
    for (auto& group : groups_) {
        if (!group.length.workspace) group.length = prepare(compile_square(group, "direction"));
        Workspace& workspace = *group.length.workspace;
        workspace.bind(group.length.direction, element(const_cast<Vector&>(direction), group.offset));
        workspace.run();
        const double square = workspace.value(group.length.squared_norm);
        all += square;
        longest = std::max(longest, square);
    }
    const double length = std::sqrt(by_tensor ? longest : all);
    return rate * length > options_.clipping.limit ? options_.clipping.limit / length : rate;
}

double FirstOrder::rate_of(Objective& objective, const Parameters& parameters, double loss) {
    const double multiplier = options_.schedule ? options_.schedule(steps_, options_.run_length) : 1;
    if (!policy_) return options_.rule.base_learning_rate() * multiplier;
    const double rate = policy_->rate({.update = steps_ + 1,
                                       .loss = loss,
                                       .last_rate = last_rate_,
                                       .objective = objective,
                                       .judge = judge_ ? *judge_ : objective,
                                       .at = parameters,
                                       .gradient = gradient_,
                                       .curve = *curve_});
    if (watch_) watch_->note(rate);
    return bounds_step() ? bounded(rate * multiplier) : rate * multiplier;
}

StepReport FirstOrder::step(Objective& objective, Parameters& parameters) {
    require(parameters.values().size() == gradient_.size() &&
                parameters.values().precision() == gradient_.precision(),
            "an optimizer of {} parameters in {} stepped with {} in {}", gradient_.size(),
            to_string(gradient_.precision()), parameters.values().size(),
            to_string(parameters.values().precision()));
    const Work earlier = objective.work();
    StepReport report;
    if (policy_) expect(objective);
    report.at = &evaluation_point(parameters);
    report.gradient = &gradient_;
    report.loss = objective.value_and_gradient(*report.at, gradient_);
    objective.settle();
    report.work = objective.work() - earlier;
    if (!std::isfinite(report.loss)) return report;

    double squared_norm = 0;
    if (clips_by_norm() && !find_norms(squared_norm)) {
        report.gradient_norm = std::sqrt(squared_norm);
        return report;
    }
    for (auto& group : groups_)
        if (clips_by_norm())
            group.clipping_factor = clipping_factor(
                options_.clipping.kind == Clipping::Kind::norm ? squared_norm : group.squared_norm);
    if (steps_ == 0) begin(parameters.values());
    if (!inners_.empty()) find_inners(parameters.values());
    curve_->begin(parameters);
    report.learning_rate = last_rate_ = rate_of(objective, parameters, report.loss);
    const auto theta = parameters.write();
    for (auto& group : groups_) {
        run_step(group, group.update, report.learning_rate, *theta);
        if (clips_by_norm()) continue;
        group.squared_norm = squared_norm_of(group, group.update.workspace->value(group.update.squared_norm));
        squared_norm += group.squared_norm;
    }
    report.work = objective.work() - earlier;
    report.gradient_norm = std::sqrt(squared_norm);
    report.outcome = std::isfinite(report.gradient_norm) ? StepOutcome::updated : StepOutcome::not_finite;
    ++steps_;
    if (!numbers_->empty())
        report.learning_rate = numbers_->advance(steps_, report.learning_rate, scalars_, inners_);
    return report;
}

bool FirstOrder::judges_by_validation() const { return policy_ && policy_->judges_by_validation(); }

std::vector<RateCount> FirstOrder::rate_counts() const {
    return policy_ ? policy_->counts() : std::vector<RateCount>();
}

std::optional<LearnedRate> FirstOrder::learned_rate() const {
    return watch_ ? std::optional(watch_->found()) : std::nullopt;
}

std::string FirstOrder::monitor() const { return policy_ ? policy_->monitor() : ""; }

void FirstOrder::hear(double measured) {
    if (policy_) policy_->hear(measured);
}

std::string FirstOrder::concern() const {
    return options_.rule.concern(steps_, [this](const std::string& name) { return numbers_->of(name); });
}

std::vector<Workspace*> FirstOrder::workspaces() {
    std::vector<Workspace*> result;
    const auto append = [&](const Compiled& compiled) {
        if (compiled.workspace) result.push_back(compiled.workspace.get());
    };
    append(evaluation_point_);
    for (const auto& group : groups_) {
        append(group.norm);
        append(group.inners);
        append(group.update);
    }
    return result;
}

SavedState FirstOrder::state() {
    SavedState result{.counters = {{"steps", &steps_}}};
    for (auto& [name, values] : states_) result.tensors.push_back({name, {values.size()}, &values});
    result.append("", numbers_->state());
    if (policy_) result.append("rate.", policy_->state());
    if (watch_) result.append("settling.", watch_->state());
    if (policy_ && policy_->is_learned()) result.numbers.push_back({"last_rate", &last_rate_});
    return result;
}

}  // namespace ravine
