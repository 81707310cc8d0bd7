#include "ravine/optim/rules/nadam.hpp"

#include <cmath>

namespace ravine {
namespace {

/// mu_t, and the product of mu_1 to mu_t: from the last one asked for where t follows it, else from the
/// beginning, with the same factors in the same order, so that a resumed run sees the same bits.
class MomentumProduct {
public:
    MomentumProduct(double beta1, double decay) : beta1_(beta1), decay_(decay) {}

    double mu(int64_t t) const {
        return beta1_ * (1 - 0.5 * std::pow(0.96, static_cast<double>(t) * decay_));
    }

    double product(int64_t t) {
        if (t < last_) {
            last_ = 0;
            product_ = 1;
        }
        while (last_ < t) product_ *= mu(++last_);
        return product_;
    }

private:
    double beta1_, decay_, product_ = 1;
    int64_t last_ = 0;
};

}  // namespace

Value NAdam::update(RuleGraph& r) const {
    const Value g = r.gradient;
    const Value m = r.next("m", beta1 * r.state("m") + (1 - beta1) * g);
    const Value v = r.next("v", beta2 * r.state("v") + (1 - beta2) * square(g));
    MomentumProduct momentum(beta1, momentum_decay);
    const Value of_gradient = r.scalar("gradient_share", [momentum](int64_t t) mutable {
        return (1 - momentum.mu(t)) / (1 - momentum.product(t));
    });
    const Value of_momentum = r.scalar("momentum_share", [momentum](int64_t t) mutable {
        return momentum.mu(t + 1) / (1 - momentum.product(t + 1));
    });
    const Value correction =
        r.scalar("correction2", [b = beta2](int64_t t) { return 1 / (1 - std::pow(b, t)); });
    return r.theta - r.learning_rate * (of_momentum * m + of_gradient * g) / (sqrt(correction * v) + epsilon);
}

}  // namespace ravine
