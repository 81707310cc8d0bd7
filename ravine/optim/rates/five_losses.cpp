#include "ravine/optim/rates/five_losses.hpp"

#include <array>
#include <cmath>

namespace ravine {
namespace {

class FiveLossesPolicy : public RatePolicy {
public:
    FiveLossesPolicy(const FiveLosses& settings, double base_rate) : settings_(settings), rate_(base_rate) {}

    double rate(const RateQuestion& question) override {
        const double used = rate_, e = settings_.epsilon;
        const std::array rates{used + e, used - e, used + 2 * e, used - 2 * e, used};
        std::array<double, 5> f{};
        question.curve.values(question.judge, rates, f);
        const double numerator = f[0] - f[1];
        double curvature = f[2] + f[3] - 2 * f[4];
        if (std::abs(curvature) <= settings_.near_zero) {
            curvature += settings_.delta;
            ++near_zero_;
        }
        if (curvature < 0) ++climbed_;
        const double newton = -2 * e * numerator / curvature;
        if (!std::isfinite(newton)) {
            ++not_finite_;
            return used;
        }
        change_ = settings_.momentum * change_ + newton;
        rate_ = used + change_;
        if (!(rate_ >= settings_.floor)) {
            rate_ = settings_.floor;
            ++floored_;
        }
        return used;
    }

    Look expects() const override { return Look::five_losses; }
    bool is_learned() const override { return true; }
    bool judges_by_validation() const override { return settings_.batch == JudgedBy::validation; }
    std::vector<RateCount> counts() const override {
        return {{"near_zero", "the second difference was about 0, and delta was added", near_zero_},
                {"climbed", "the second difference was negative: Newton's step went up", climbed_},
                {"floored", "the rate was raised to the floor", floored_},
                {"not_finite", "a loss was not finite, and the rate stayed", not_finite_}};
    }
    SavedState state() override {
        return {.numbers = {{"rate", &rate_}, {"change", &change_}},
                .counters = {{"near_zero", &near_zero_},
                             {"climbed", &climbed_},
                             {"floored", &floored_},
                             {"not_finite", &not_finite_}}};
    }

private:
    FiveLosses settings_;
    double rate_, change_ = 0;
    int64_t near_zero_ = 0, climbed_ = 0, floored_ = 0, not_finite_ = 0;
};

}  // namespace

std::unique_ptr<RatePolicy> make_five_losses(const FiveLosses& settings, double base_rate) {
    return std::make_unique<FiveLossesPolicy>(settings, base_rate);
}

}  // namespace ravine
