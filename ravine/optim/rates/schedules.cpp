#include "ravine/optim/rates/schedules.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "ravine/core/error.hpp"

namespace ravine {
namespace {

/// Updates of the run.
double length_of(int64_t total, const char* setting) {
    if (total <= 0)
        fail_request("schedule: the length of the run is not known; expected the setting '{}'", setting);
    return static_cast<double>(total);
}

/// From the first update of the run to its last; a run of one update stays at its beginning.
double last_of(int64_t total, const char* setting) { return std::max(1.0, length_of(total, setting) - 1); }

/// min(1, k / steps), or how far the run has come.
double progress(int64_t step, int64_t steps, int64_t total) {
    const double span = steps > 0 ? static_cast<double>(steps) : last_of(total, "steps");
    return std::min(1.0, static_cast<double>(step) / span);
}

/// A schedule with a warm-up before it, as the catalog makes it.
template <class S>
struct Warmed : S {
    int64_t warmup = 0;
};

template <class S>
Field<Warmed<S>> warmup_field() {
    return field("warmup", &Warmed<S>::warmup, non_negative,
                 "updates of linear warm-up from 0 before the schedule begins");
}

}  // namespace

double ConstantSchedule::operator()(int64_t, int64_t) const { return 1; }

double LinearSchedule::operator()(int64_t step, int64_t total) const {
    const double a = progress(step, steps, total);
    return (1 - a) + a * end;
}

double PolynomialSchedule::operator()(int64_t step, int64_t total) const {
    return end + (1 - end) * std::pow(1 - progress(step, steps, total), power);
}

double InverseTimeSchedule::operator()(int64_t step, int64_t) const {
    return beta / (beta + static_cast<double>(step));
}

double StepSchedule::operator()(int64_t step, int64_t total) const {
    // 3 k / T is a whole number exactly where a third ends.
    const double drops = every > 0 ? static_cast<double>(step) / static_cast<double>(every)
                                   : 3 * static_cast<double>(step) / length_of(total, "every");
    return std::pow(factor, std::floor(drops));
}

double ExponentialSchedule::operator()(int64_t step, int64_t total) const {
    const double falls = every > 0 ? static_cast<double>(step) / static_cast<double>(every)
                                   : 3 * static_cast<double>(step) / last_of(total, "every");
    return std::pow(factor, falls);
}

double CosineSchedule::operator()(int64_t step, int64_t total) const {
    const double a = progress(step, steps, total);
    return end + (1 - end) * (1 + std::cos(std::numbers::pi * a)) / 2;
}

double WarmupSchedule::operator()(int64_t step, int64_t) const {
    const double a = (static_cast<double>(step) + 1) / (static_cast<double>(steps) + 1);
    return start + (1 - start) * std::min(1.0, a);
}

Schedule after_warmup(int64_t steps, Schedule then) {
    if (steps == 0) return then;
    Schedule both = [rise = WarmupSchedule{.steps = steps}, then = std::move(then)](int64_t step,
                                                                                    int64_t total) {
        // The other schedule is asked at once, so that it refuses what it cannot follow before the run.
        const double after = then(std::max<int64_t>(0, step - rise.steps),
                                  std::max<int64_t>(total - rise.steps, total > 0 ? 1 : 0));
        return step < rise.steps ? rise(step, total) : after;
    };
    both.warmup = steps;
    return both;
}

std::string warmup_note(const Schedule& schedule, int64_t total) {
    if (schedule.warmup < total || total <= 0) return "";
    return fmt::format(
        "schedule: the warm-up takes {} updates and the run has {}: it ends at {:.3g} % of the learning rate",
        schedule.warmup, total, 100 * schedule(total - 1, total));
}

namespace {

template <class S>
void add_with_warmup(Catalog<Schedule>& catalog, Entry entry, std::vector<Field<Warmed<S>>> fields) {
    fields.push_back(warmup_field<S>());
    catalog.add<Warmed<S>>(std::move(entry), std::move(fields), [](const Warmed<S>& schedule) {
        return after_warmup(schedule.warmup, static_cast<const S&>(schedule));
    });
}

void add_constant_ends(Catalog<Schedule>& all) {
    all.add<ConstantSchedule>({.name = "constant",
                               .summary = "the same rate throughout",
                               .formula = "1\n"
                                          "Robbins-Monro: no, the sum of squares is infinite",
                               .source = "the default"},
                              {}, [](const ConstantSchedule& schedule) { return Schedule(schedule); });
    all.add<WarmupSchedule>({.name = "warmup",
                             .summary = "rises to the full rate, and stays there",
                             .formula = "start + (1 - start) min(1, (k + 1) / (steps + 1))\n"
                                        "Robbins-Monro: no, the sum of squares is infinite",
                             .source = "Goyal et al. 2017, section 2.2"},
                            {field("steps", &WarmupSchedule::steps, non_negative, "updates of warm-up"),
                             field("start", &WarmupSchedule::start, unit_interval, "what it rises from")},
                            [](const WarmupSchedule& schedule) {
                                Schedule result = schedule;
                                result.warmup = schedule.steps;
                                return result;
                            });
}

void add_to_an_end(Catalog<Schedule>& all) {
    using Linear = Warmed<LinearSchedule>;
    add_with_warmup<LinearSchedule>(
        all,
        {.name = "linear",
         .summary = "straight down to a share of the rate, then constant",
         .formula = "(1 - a) + a end, a = min(1, k / steps); k = 0 for the first update\n"
                    "Robbins-Monro: no, the sum of squares is infinite (end = 0: the sum is finite)",
         .source = "Goodfellow, Bengio and Courville 2016, eq. 8.14: end about 1 %"},
        {field<Linear>("end", &Linear::end, unit_interval, "the last multiplier"),
         field<Linear>("steps", &Linear::steps, non_negative,
                       "updates to get there; 0: the whole run, so that its last update is there")});
    using Polynomial = Warmed<PolynomialSchedule>;
    add_with_warmup<PolynomialSchedule>(
        all,
        {.name = "polynomial",
         .summary = "down to a share of the rate along a power, then constant",
         .formula = "end + (1 - end) (1 - min(1, k / steps))^power\n"
                    "Robbins-Monro: no, the sum is finite (end > 0: the sum of squares is infinite)",
         .source = "Chen et al. 2018 (DeepLab), the 'poly' policy"},
        {field<Polynomial>("power", &Polynomial::power, positive, "1 is linear"),
         field<Polynomial>("end", &Polynomial::end, unit_interval, "the last multiplier"),
         field<Polynomial>("steps", &Polynomial::steps, non_negative,
                           "updates to get there; 0: the whole run, so that its last update is there")});
    using Cosine = Warmed<CosineSchedule>;
    add_with_warmup<CosineSchedule>(
        all,
        {.name = "cosine",
         .summary = "down along half a cosine wave, then constant",
         .formula = "end + (1 - end) (1 + cos(pi min(1, k / steps))) / 2\n"
                    "Robbins-Monro: no, the sum is finite (end > 0: the sum of squares is infinite)",
         .source = "Loshchilov and Hutter 2017, eq. 5, without restarts"},
        {field<Cosine>("end", &Cosine::end, unit_interval, "the last multiplier"),
         field<Cosine>("steps", &Cosine::steps, non_negative,
                       "updates to get there; 0: the whole run, so that its last update is there")});
}

void add_endless(Catalog<Schedule>& all) {
    using InverseTime = Warmed<InverseTimeSchedule>;
    add_with_warmup<InverseTimeSchedule>(
        all,
        {.name = "inverse-time",
         .summary = "falls as one over time",
         .formula = "beta / (beta + k)\n"
                    "Robbins-Monro: yes, the sum is infinite and the sum of squares finite",
         .source =
             "Robbins and Monro 1951; Darken and Moody 1991. Keras's 1 / (1 + decay k): beta = 1 / decay"},
        {field<InverseTime>("beta", &InverseTime::beta, positive, "updates until the rate is halved")});
    using Step = Warmed<StepSchedule>;
    add_with_warmup<StepSchedule>(all,
                                  {.name = "step",
                                   .summary = "constant, with sudden drops",
                                   .formula = "factor^floor(k / every)\n"
                                              "Robbins-Monro: no, the sum is finite",
                                   .source = "He, Zhang, Ren and Sun 2016, section 3.4"},
                                  {field<Step>("factor", &Step::factor, up_to_one, "of each drop"),
                                   field<Step>("every", &Step::every, non_negative,
                                               "updates between drops; 0: a third of the run, exactly")});
    using Exponential = Warmed<ExponentialSchedule>;
    add_with_warmup<ExponentialSchedule>(
        all,
        {.name = "exponential",
         .summary = "falls by the same share in each update",
         .formula = "factor^(k / every)\n"
                    "Robbins-Monro: no, the sum is finite",
         .source = "Bottou 2012 discusses it; Keras's ExponentialDecay"},
        {field<Exponential>("factor", &Exponential::factor, up_to_one, "after `every` updates"),
         field<Exponential>("every", &Exponential::every, non_negative,
                            "updates to fall by the factor; 0: a third of the way to the last update")});
}

}  // namespace

const Catalog<Schedule>& schedules() {
    static const Catalog<Schedule> catalog = [] {
        Catalog<Schedule> all("schedule");
        add_constant_ends(all);
        add_to_an_end(all);
        add_endless(all);
        return all;
    }();
    return catalog;
}

}  // namespace ravine
