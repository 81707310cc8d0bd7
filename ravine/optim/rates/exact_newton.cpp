#include "ravine/optim/rates/exact_newton.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "ravine/core/error.hpp"
#include "ravine/optim/rates/inner_product.hpp"

namespace ravine {
namespace {

/// A running mean of numbers, with the variance of the numbers.
struct RunningMean {
    double sum = 0, square_sum = 0, weight = 0;

    void add(double x, double memory) {
        sum = memory * sum + (1 - memory) * x;
        square_sum = memory * square_sum + (1 - memory) * x * x;
        weight = memory * weight + (1 - memory);
    }
    double mean() const { return sum / weight; }
    /// Of the mean of as many independent numbers as it stands for.
    double standard_error(double memory) const {
        const double variance = std::max(0.0, square_sum / weight - mean() * mean());
        return std::sqrt(variance * (1 - memory) / (1 + memory));
    }
};

class ExactNewtonPolicy : public RatePolicy {
public:
    ExactNewtonPolicy(const ExactNewton& settings, double base_rate) : settings_(settings), rate_(base_rate) {
        // Slopes at different rates have no mean.
        if (settings_.at == ExactNewton::At::current) settings_.memory = 0;
    }

    void begin(int64_t size, CompileOptions compile) override {
        if (!is_independent()) return;
        direction_ = Vector(size, compile.precision);
        product_.emplace(size, compile);
    }

    double rate(const RateQuestion& question) override {
        if (is_independent() && has_step_) {
            const double slope =
                (*product_)(direction_, question.gradient) - question.last_rate * last_curvature_;
            note(slope, last_curvature_);
        }
        const double used = rate_;
        const double from = settings_.at == ExactNewton::At::current ? rate_ : 0;
        const Along along = question.curve.along(question.judge, from,
                                                 is_exact() ? Curvature::exact : Curvature::gauss_newton);
        const double curvature = is_exact() ? along.curvature : along.gauss_newton;
        if (question.update == 1 && std::isnan(curvature)) require_curvature(question);
        if (is_independent())
            prepare_for_next(question, curvature);
        else
            note(along.slope, curvature);
        decide(from);
        return settings_.applied == ExactNewton::Applied::next ? used : rate_;
    }

    Look expects() const override {
        if (settings_.at == ExactNewton::At::current) return Look::nothing;
        return is_exact() ? Look::exact : Look::gauss_newton;
    }
    bool is_learned() const override { return true; }
    bool judges_by_validation() const override { return settings_.batch == JudgedBy::validation; }
    std::vector<RateCount> counts() const override {
        return {{"kept", "no minimiser lay ahead, and the rate stayed", kept_},
                {"bounded", "the rate was held within a factor of the last one", bounded_},
                {"noisy", "the slope was not told from noise, and the rate decayed", noisy_},
                {"not_finite", "a derivative was not finite, and was left out", not_finite_}};
    }
    SavedState state() override {
        SavedState result{.numbers = {{"rate", &rate_},
                                      {"last_curvature", &last_curvature_},
                                      {"slope.sum", &slope_.sum},
                                      {"slope.square_sum", &slope_.square_sum},
                                      {"slope.weight", &slope_.weight},
                                      {"curvature.sum", &curvature_.sum},
                                      {"curvature.square_sum", &curvature_.square_sum},
                                      {"curvature.weight", &curvature_.weight}},
                          .counters = {{"updates", &decided_},
                                       {"has_step", &has_step_},
                                       {"kept", &kept_},
                                       {"bounded", &bounded_},
                                       {"noisy", &noisy_},
                                       {"not_finite", &not_finite_}}};
        if (product_) result.tensors.push_back({"direction", {direction_.size()}, &direction_});
        return result;
    }

private:
    bool is_exact() const { return settings_.curvature == ExactNewton::Second::exact; }
    bool is_independent() const { return settings_.slope == ExactNewton::Slope::independent; }

    /// NaN is what there is not, and what overflows where a rate is far too large: the first is so at 0 too.
    void require_curvature(const RateQuestion& question) {
        if (is_exact()) return;
        const Along along = question.curve.along(question.judge, 0, Curvature::gauss_newton);
        if (std::isfinite(along.value) && std::isnan(along.gauss_newton))
            fail_request(
                "rate 'exact-newton': this loss has no outputs apart from its value, and no Gauss-Newton "
                "curvature; expected curvature=exact");
    }

    void note(double slope, double curvature) {
        if (!std::isfinite(slope) || !std::isfinite(curvature)) {
            ++not_finite_;
            return;
        }
        slope_.add(slope, settings_.memory);
        curvature_.add(curvature, settings_.memory);
    }

    void prepare_for_next(const RateQuestion& question, double curvature) {
        direction_.assign(question.curve.direction());
        last_curvature_ = curvature;
        has_step_ = 1;
    }

    /// The rate from what was noted, seen from `from`.
    void decide(double from) {
        if (slope_.weight == 0) return;  // nothing noted yet
        const double slope = slope_.mean(), curvature = curvature_.mean();
        if (settings_.noise > 0 && slope + settings_.noise * slope_.standard_error(settings_.memory) >= 0) {
            ++noisy_;
            rate_ *= settings_.decay;
            return;
        }
        const double found = from - settings_.share * slope / curvature;
        if (!(slope < 0 || from > 0) || !(curvature > 0) || !(found > 0) || !std::isfinite(found)) {
            ++kept_;
            return;
        }
        const double bounded =
            decided_ == 0 ? found : std::clamp(found, rate_ / settings_.growth, rate_ * settings_.growth);
        if (bounded != found) ++bounded_;
        ++decided_;
        rate_ = bounded;
    }

    ExactNewton settings_;
    double rate_;
    RunningMean slope_, curvature_;
    Vector direction_;  // of the step before, where slopes are independent
    std::optional<InnerProduct> product_;
    double last_curvature_ = 0;  // along it
    int64_t decided_ = 0, has_step_ = 0, kept_ = 0, bounded_ = 0, noisy_ = 0, not_finite_ = 0;
};

}  // namespace

std::unique_ptr<RatePolicy> make_exact_newton(const ExactNewton& settings, double base_rate) {
    using At = ExactNewton::At;
    if (settings.at == At::current && settings.slope == ExactNewton::Slope::independent)
        fail_request("rate 'exact-newton': slope=independent is that of a rate of 0; expected at=zero");
    if (settings.noise > 0 && (settings.at == At::current || settings.memory == 0))
        fail_request(
            "rate 'exact-newton': a single slope shows no noise; expected at=zero and memory above 0 with "
            "noise");
    if (settings.batch == JudgedBy::validation && settings.slope == ExactNewton::Slope::independent)
        fail_request(
            "rate 'exact-newton': slope=independent is that of the next training batch; expected slope=own "
            "with batch=validation");
    if (settings.applied == ExactNewton::Applied::next && settings.slope == ExactNewton::Slope::independent)
        fail_request(
            "rate 'exact-newton': slope=independent knows the rate that it found; expected slope=own with "
            "applied=next");
    return std::make_unique<ExactNewtonPolicy>(settings, base_rate);
}

}  // namespace ravine
