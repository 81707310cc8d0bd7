#include "ravine/optim/rates/plateau.hpp"

#include <algorithm>
#include <cmath>

namespace ravine {
namespace {

class PlateauPolicy : public RatePolicy {
public:
    PlateauPolicy(const Plateau& settings, double base_rate)
        : settings_(settings),
          better_(settings.monitor.ends_with("accuracy") ? Better::higher : Better::lower),
          rate_(base_rate),
          best_(worst(better_)) {}

    double rate(const RateQuestion&) override { return rate_; }
    std::string monitor() const override { return settings_.monitor; }

    void hear(double measured) override {
        const bool cools_down = cooldown_ > 0;
        if (cools_down) --cooldown_;
        if (improves(measured)) {
            best_ = measured;
            waited_ = 0;
        } else if (!cools_down && ++waited_ >= settings_.patience && rate_ > settings_.minimum) {
            rate_ = std::max(rate_ * settings_.factor, settings_.minimum);
            cooldown_ = settings_.cooldown;
            waited_ = 0;
        }
    }

    SavedState state() override {
        return {.numbers = {{"rate", &rate_}, {"best", &best_}},
                .counters = {{"waited", &waited_}, {"cooldown", &cooldown_}}};
    }

private:
    bool improves(double measured) const {
        const bool is_relative = settings_.threshold_mode == Plateau::Threshold::relative;
        // Of the worst value, which is infinite, there is no share.
        const double margin =
            std::isinf(best_) ? 0 : settings_.threshold * (is_relative ? std::abs(best_) : 1);
        return is_better(better_, measured, better_ == Better::higher ? best_ + margin : best_ - margin);
    }

    Plateau settings_;
    Better better_;
    double rate_, best_;
    int64_t waited_ = 0, cooldown_ = 0;
};

}  // namespace

std::unique_ptr<RatePolicy> make_plateau(const Plateau& plateau, double base_rate) {
    return std::make_unique<PlateauPolicy>(plateau, base_rate);
}

}  // namespace ravine
