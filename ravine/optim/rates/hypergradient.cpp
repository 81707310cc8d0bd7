#include "ravine/optim/rates/hypergradient.hpp"

#include <cmath>

#include "ravine/core/error.hpp"
#include "ravine/optim/rates/inner_product.hpp"

namespace ravine {
namespace {

class HypergradientPolicy : public RatePolicy {
public:
    HypergradientPolicy(const Hypergradient& settings, double base_rate)
        : settings_(settings), rate_(settings.start.value_or(base_rate)) {}

    void begin(int64_t size, CompileOptions compile) override {
        slope_ = Vector(size, compile.precision);
        product_.emplace(size, compile);
    }

    double rate(const RateQuestion& question) override {
        descend(question.gradient);
        slope_.assign(question.curve.slope(rate_));
        return rate_;
    }

    std::vector<RateCount> counts() const override {
        return {{"floored", "the rate was raised to the minimum", floored_},
                {"not_finite", "the slope was not finite, and the rate stayed", not_finite_}};
    }
    SavedState state() override {
        return {.tensors = {{"slope", {slope_.size()}, &slope_}},
                .numbers = {{"rate", &rate_}},
                .counters = {{"floored", &floored_}, {"not_finite", &not_finite_}}};
    }

private:
    /// By the slope of the step before, which is 0 in the first one.
    void descend(const Vector& gradient) {
        double h = (*product_)(gradient, slope_);
        if (h == 0) return;
        if (settings_.form == Hypergradient::Form::multiplicative)
            h *= rate_ / std::sqrt((*product_)(gradient, gradient)) / std::sqrt((*product_)(slope_, slope_));
        if (!std::isfinite(h)) {
            ++not_finite_;
            return;
        }
        rate_ -= settings_.beta * h;
        if (!settings_.minimum || rate_ >= *settings_.minimum) return;
        rate_ = *settings_.minimum;
        ++floored_;
    }

    Hypergradient settings_;
    double rate_;
    Vector slope_;
    std::optional<InnerProduct> product_;  // made with slope_
    int64_t floored_ = 0, not_finite_ = 0;
};

}  // namespace

std::unique_ptr<RatePolicy> make_hypergradient(const Hypergradient& settings, double base_rate) {
    if (settings.form == Hypergradient::Form::multiplicative && settings.start.value_or(base_rate) == 0)
        fail_request("hypergradient: form=multiplicative never leaves a rate of 0; expected start above 0");
    return std::make_unique<HypergradientPolicy>(settings, base_rate);
}

}  // namespace ravine
