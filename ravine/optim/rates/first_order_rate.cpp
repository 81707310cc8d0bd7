#include "ravine/optim/rates/first_order_rate.hpp"

#include <array>
#include <cmath>
#include <optional>

#include "ravine/core/error.hpp"
#include "ravine/optim/rates/inner_product.hpp"

namespace ravine {
namespace {

class FirstOrderRatePolicy : public RatePolicy {
public:
    FirstOrderRatePolicy(const FirstOrderRate& settings, double base_rate)
        : settings_(settings), rate_(base_rate) {}

    void begin(int64_t size, CompileOptions compile) override {
        if (settings_.derivative != FirstOrderRate::Derivative::successive) return;
        direction_ = Vector(size, compile.precision);
        product_.emplace(size, compile);
    }

    double rate(const RateQuestion& question) override {
        if (settings_.derivative == FirstOrderRate::Derivative::successive) {
            // The slope of the step before, as the gradient of this one sees it.
            if (question.update > 1) move((*product_)(direction_, question.gradient));
            direction_.assign(question.curve.direction());
            return rate_;
        }
        const double used = rate_;
        move(slope(question));
        return used;
    }

    bool is_learned() const override { return true; }
    bool judges_by_validation() const override { return settings_.batch == JudgedBy::validation; }
    std::vector<RateCount> counts() const override {
        return {{"floored", "the rate was raised to the floor", floored_},
                {"not_finite", "the slope was not finite, and the rate stayed", not_finite_}};
    }
    SavedState state() override {
        SavedState result{.numbers = {{"rate", &rate_}, {"change", &change_}},
                          .counters = {{"floored", &floored_}, {"not_finite", &not_finite_}}};
        if (product_) result.tensors.push_back({"direction", {direction_.size()}, &direction_});
        return result;
    }

private:
    double slope(const RateQuestion& question) {
        if (settings_.derivative == FirstOrderRate::Derivative::exact)
            return question.curve.along(question.judge, rate_, Curvature::none).slope;
        const std::array rates{rate_ + settings_.epsilon, rate_ - settings_.epsilon};
        std::array<double, 2> values{};
        question.curve.values(question.judge, rates, values);
        return (values[0] - values[1]) / (2 * settings_.epsilon);
    }

    void move(double slope) {
        if (!std::isfinite(slope)) {
            ++not_finite_;
            return;
        }
        change_ = settings_.momentum * change_ - settings_.alpha * slope;
        rate_ += change_;
        if (rate_ >= settings_.floor) return;
        rate_ = settings_.floor;
        ++floored_;
    }

    FirstOrderRate settings_;
    double rate_, change_ = 0;
    Vector direction_;  // of the step before, and what it is multiplied by: where the derivative needs them
    std::optional<InnerProduct> product_;
    int64_t floored_ = 0, not_finite_ = 0;
};

}  // namespace

std::unique_ptr<RatePolicy> make_first_order_rate(const FirstOrderRate& settings, double base_rate) {
    if (settings.batch == JudgedBy::validation &&
        settings.derivative == FirstOrderRate::Derivative::successive)
        fail_request(
            "rate 'first-order': successive gradients are those of training batches; expected "
            "derivative=exact or differences with batch=validation");
    return std::make_unique<FirstOrderRatePolicy>(settings, base_rate);
}

}  // namespace ravine
