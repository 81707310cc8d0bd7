#include "ravine/optim/rules/nesterov.hpp"

namespace ravine {
namespace {

Value momentum_of(RuleGraph& r, const MomentumSchedule& schedule) { return r.scalar("momentum", schedule); }

}  // namespace

Value nesterov_update(RuleGraph& r, const MomentumSchedule& schedule, NesterovForm form, Value descent) {
    const Value mu = momentum_of(r, schedule), v = r.state("velocity");
    const Value next_v = r.next("velocity", mu * v - descent);
    if (form == NesterovForm::lookahead) return r.theta + next_v;
    const Value one_plus_next_mu =
        r.scalar("one_plus_next_momentum", [schedule](int64_t t) { return 1 + schedule(t + 1); });
    return r.theta + one_plus_next_mu * next_v - mu * v;
}

std::optional<Value> nesterov_evaluation_point(RuleGraph& r, const MomentumSchedule& schedule,
                                               NesterovForm form) {
    if (form != NesterovForm::lookahead) return std::nullopt;
    return r.theta + momentum_of(r, schedule) * r.state("velocity");
}

Value Nesterov::update(RuleGraph& r) const {
    if (form != NesterovForm::pytorch)
        return nesterov_update(r, schedule(), form, r.learning_rate * r.gradient);
    const Value mu = momentum_of(r, schedule());
    const Value v = r.next("velocity", mu * r.state("velocity") + r.gradient);
    return r.theta - r.learning_rate * (r.gradient + mu * v);
}

std::optional<Value> Nesterov::judged(RuleGraph& r) const {
    if (form != NesterovForm::rewritten) return std::nullopt;
    return r.theta - r.learning_rate * r.gradient;
}

std::optional<Value> Nesterov::evaluation_point(RuleGraph& r) const {
    return nesterov_evaluation_point(r, schedule(), form);
}

}  // namespace ravine
