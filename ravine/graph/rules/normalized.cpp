#include "ravine/graph/ops.hpp"
#include "ravine/graph/rule.hpp"

namespace ravine {
namespace {

/// The parts of a normalized node; see normalize.hpp.
struct Parts {
    explicit Parts(Value y)
        : across_batch(y.node().attributes.integers[0] != 0),
          centered(y.argument(2)),
          s(y.argument(3)),
          gamma(y.argument(4)),
          beta(y.argument(5)),
          count(static_cast<double>(element_count(y.shape()) / element_count(s.shape()))) {}

    /// A sum over this process's examples, over those of all where the statistics are.
    Value over_processes(Value total) const { return across_batch ? cross_replica_sum(total) : total; }
    Value sum_over_statistics(Value v) const { return over_processes(sum_to(v, s.shape())); }

    bool across_batch;
    Value centered, s, gamma, beta;
    double count;
};

std::vector<MaybeValue> normalized_vjp(Value y, Value adjoint) {
    const Parts p(y);
    const Value dbeta = sum_to(adjoint, p.beta.shape());
    if (p.gamma.shape() == p.s.shape() && p.beta.shape() == p.s.shape()) {
        // gamma is the same over all that is averaged: the sums for gamma and beta serve the means too.
        const Value product = sum_to(adjoint * p.centered, p.s.shape());
        const Value scale = p.gamma * p.s;
        const Value pull = scale * square(p.s) * p.over_processes(product) / p.count;
        const Value shift = scale * p.over_processes(dbeta) / p.count;
        return {std::nullopt,  scale * adjoint - (pull * p.centered + shift),
                std::nullopt,  std::nullopt,
                product * p.s, dbeta};
    }
    const Value h = p.gamma * adjoint;
    const Value pull = square(p.s) * p.sum_over_statistics(h * p.centered) / p.count;
    const Value shift = p.sum_over_statistics(h) / p.count;
    return {std::nullopt,
            p.s * (h - (pull * p.centered + shift)),
            std::nullopt,
            std::nullopt,
            sum_to(adjoint * (p.centered * p.s), p.gamma.shape()),
            dbeta};
}

MaybeValue normalized_jvp(Value y, std::span<const MaybeValue> tangents) {
    const Parts p(y);
    MaybeValue result;
    if (tangents[1]) {
        const Value dx = *tangents[1];
        const Value pull = square(p.s) * p.sum_over_statistics(p.centered * dx) / p.count;
        const Value shift = p.sum_over_statistics(dx) / p.count;
        result = p.gamma * p.s * (dx - (pull * p.centered + shift));
    }
    if (tangents[4]) result = sum_of(result, *tangents[4] * (p.centered * p.s));
    if (tangents[5]) result = sum_of(result, broadcast(*tangents[5], y.shape()));
    return result;
}

}  // namespace

Rule normalized_rule() { return {normalized_vjp, normalized_jvp}; }

}  // namespace ravine
