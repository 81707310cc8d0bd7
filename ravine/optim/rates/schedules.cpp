#include "ravine/optim/rates/schedules.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "ravine/core/error.hpp"

namespace ravine {
namespace {

/// Updates of the run.
double length_of(RunLength run, const char* setting) {
    if (run.total <= 0)
        fail_request("schedule: the length of the run is not known; expected the setting '{}'", setting);
    return static_cast<double>(run.total);
}

/// Updates of an epoch.
int64_t epoch_of(RunLength run, const char* setting) {
    if (run.per_epoch <= 0)
        fail_request("schedule: the updates of an epoch are not known; expected the setting '{}'", setting);
    return run.per_epoch;
}

/// From the first update of the run to its last; a run of one update stays at its beginning.
double last_of(RunLength run, const char* setting) { return std::max(1.0, length_of(run, setting) - 1); }

/// min(1, k / steps), or how far the run has come.
double progress(int64_t step, int64_t steps, RunLength run) {
    const double span = steps > 0 ? static_cast<double>(steps) : last_of(run, "steps");
    return std::min(1.0, static_cast<double>(step) / span);
}

std::optional<int64_t> if_given(int64_t steps) {
    return steps > 0 ? std::optional<int64_t>(steps) : std::nullopt;
}

int64_t saturating_product(int64_t a, int64_t b) {
    int64_t product = 0;
    return __builtin_mul_overflow(a, b, &product) ? INT64_MAX : product;
}

int64_t saturating_sum(int64_t a, int64_t b) { return a > INT64_MAX - b ? INT64_MAX : a + b; }

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

std::optional<int64_t> ConstantSchedule::length() const { return if_given(steps); }
std::optional<int64_t> LinearSchedule::length() const { return if_given(steps); }
std::optional<int64_t> PolynomialSchedule::length() const { return if_given(steps); }
std::optional<int64_t> CosineSchedule::length() const { return if_given(steps); }

double ConstantSchedule::operator()(int64_t, RunLength) const { return 1; }

double LinearSchedule::operator()(int64_t step, RunLength run) const {
    const double a = progress(step, steps, run);
    return (1 - a) + a * end;
}

double PolynomialSchedule::operator()(int64_t step, RunLength run) const {
    return end + (1 - end) * std::pow(1 - progress(step, steps, run), power);
}

double InverseTimeSchedule::operator()(int64_t step, RunLength) const {
    return beta / (beta + static_cast<double>(step));
}

double StepSchedule::operator()(int64_t step, RunLength run) const {
    // 3 k / T is a whole number exactly where a third ends.
    const double drops = every > 0 ? static_cast<double>(step) / static_cast<double>(every)
                                   : 3 * static_cast<double>(step) / length_of(run, "every");
    return std::pow(factor, std::floor(drops));
}

double ExponentialSchedule::operator()(int64_t step, RunLength run) const {
    const double falls = every > 0 ? static_cast<double>(step) / static_cast<double>(every)
                                   : 3 * static_cast<double>(step) / last_of(run, "every");
    return std::pow(factor, falls);
}

double CosineSchedule::operator()(int64_t step, RunLength run) const {
    const double a = progress(step, steps, run);
    return end + (1 - end) * (1 + std::cos(std::numbers::pi * a)) / 2;
}

double WarmupSchedule::operator()(int64_t step, RunLength) const {
    const double a = (static_cast<double>(step) + 1) / (static_cast<double>(steps) + 1);
    return start + (1 - start) * std::min(1.0, a);
}

double CyclicalSchedule::operator()(int64_t step, RunLength run) const {
    const auto k = static_cast<double>(step);
    const double half = steps > 0 ? static_cast<double>(steps)
                                  : std::max(1.0, epochs * static_cast<double>(epoch_of(run, "steps"))),
                 x = k / half, cycles = std::floor(x / 2), height = 1 - std::abs(x - 2 * cycles - 1);
    const double share = decay == Decay::none    ? 1
                         : decay == Decay::halve ? std::exp2(-cycles)
                                                 : std::pow(gamma, k);
    return low + (1 - low) * height * share;
}

double SgdrSchedule::operator()(int64_t step, RunLength run) const {
    int64_t length = saturating_product(period, unit == Unit::steps ? 1 : epoch_of(run, "unit=steps"));
    int64_t since = step;  // the restart
    if (multiplier == 1)
        since %= length;
    else
        while (since >= length) {
            since -= length;
            length = saturating_product(length, multiplier);
        }
    const double a = static_cast<double>(since) / static_cast<double>(length);
    return minimum + (1 - minimum) * (1 + std::cos(std::numbers::pi * a)) / 2;
}

Schedule in_turn(std::vector<Schedule> parts) {
    require(!parts.empty(), "a schedule of no parts");
    if (parts.size() == 1) return parts.front();
    std::vector<int64_t> begins{0};
    for (size_t i = 0; i + 1 < parts.size(); ++i) {
        require(parts[i].length.has_value(), "part {} of a schedule has no end", i + 1);
        begins.push_back(saturating_sum(begins.back(), *parts[i].length));
    }
    const int64_t warmup = parts.front().warmup, last = begins.back();
    const auto length = parts.back().length;
    Schedule all = [begins = std::move(begins), parts = std::move(parts)](int64_t step, RunLength run) {
        const auto ask = [&](size_t i) {
            const int64_t left = std::max<int64_t>(run.total - begins[i], run.total > 0 ? 1 : 0);
            return parts[i](std::max<int64_t>(0, step - begins[i]), {left, run.per_epoch});
        };
        // The last one is asked at once, so that it refuses what it cannot follow before the run.
        const double at_last = ask(parts.size() - 1);
        const auto later = std::ranges::upper_bound(begins, step);
        return later == begins.end() ? at_last : ask(static_cast<size_t>(later - begins.begin()) - 1);
    };
    all.warmup = warmup;
    all.last_part = last;
    if (length) all.length = saturating_sum(last, *length);
    return all;
}

Schedule after_warmup(int64_t steps, Schedule then) {
    if (steps == 0) return then;
    Schedule both = in_turn({WarmupSchedule{.steps = steps}, std::move(then)});
    both.warmup = steps;
    return both;
}

std::string schedule_note(const Schedule& schedule, RunLength run) {
    if (run.total <= 0 || (schedule.last_part < run.total && schedule.warmup < run.total)) return "";
    if (schedule.warmup >= run.total)
        return fmt::format(
            "schedule: the warm-up takes {} updates and the run has {}: it ends at {:.3g} % of the learning "
            "rate",
            schedule.warmup, run.total, 100 * schedule(run.total - 1, run));
    return fmt::format(
        "schedule: its last part begins after {} updates and the run has {}: it never comes to it",
        schedule.last_part, run.total);
}

Schedule make_schedule(const std::string& text) {
    const auto specs = parse_chain("schedule", text);
    std::vector<Schedule> parts;
    for (const auto& spec : specs) parts.push_back(schedules().make(spec));
    for (size_t i = 0; i + 1 < parts.size(); ++i)
        if (!parts[i].length)
            fail_request(
                "schedule: '{}' has no end after which '{}' could begin; expected steps=N, which constant, "
                "warmup, linear, polynomial and cosine have",
                specs[i].text(), specs[i + 1].text());
    return in_turn(std::move(parts));
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
                              {field("steps", &ConstantSchedule::steps, non_negative,
                                     "updates, where another schedule follows; 0: no end")},
                              [](const ConstantSchedule& schedule) { return Schedule(schedule); });
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

void add_cycles(Catalog<Schedule>& all) {
    using Cyclical = Warmed<CyclicalSchedule>;
    using Decay = CyclicalSchedule::Decay;
    add_with_warmup<CyclicalSchedule>(
        all,
        {.name = "cyclical",
         .summary = "up and down in straight lines, with or without decay",
         .formula =
             "low + (1 - low) h d, h = 1 - |x - 2 floor(x / 2) - 1|, x = k / steps\n"
             "d = 1; halve: 2^-floor(x / 2); exponential: gamma^k\n"
             "Robbins-Monro: no, the sum of squares is infinite (low = 0 with decay: the sum is finite)",
         .source = "Smith 2017: triangular, triangular2 and exp_range"},
        {field<Cyclical>("low", &Cyclical::low, unit_interval, "between the cycles: base_lr / max_lr"),
         field<Cyclical>("steps", &Cyclical::steps, non_negative,
                         "updates from low to high, half a cycle; 0: `epochs` decides"),
         field<Cyclical>("epochs", &Cyclical::epochs, positive, "of half a cycle"),
         choice<Cyclical, Decay>(
             "decay", &Cyclical::decay,
             {{"none", Decay::none}, {"halve", Decay::halve}, {"exponential", Decay::exponential}},
             "of the height of the cycles: each has half of the one before, or gamma^k"),
         field<Cyclical>("gamma", &Cyclical::gamma, up_to_one, "of each update, where decay=exponential")});
    using Sgdr = Warmed<SgdrSchedule>;
    using Unit = SgdrSchedule::Unit;
    add_with_warmup<SgdrSchedule>(
        all,
        {.name = "sgdr",
         .summary = "down along half a cosine wave, again and again, each longer: warm restarts",
         .formula =
             "minimum + (1 - minimum) (1 + cos(pi t / T)) / 2, t units after the last restart\n"
             "T = period multiplier^i after restart i; the defaults restart at 10, 30, 70, 150 epochs\n"
             "Robbins-Monro: no, the sum of squares is infinite",
         .source = "Loshchilov and Hutter 2017, eq. 5; t has fractions, so the rate falls with every update"},
        {field<Sgdr>("period", &Sgdr::period, at_least_one, "units until the first restart"),
         field<Sgdr>("multiplier", &Sgdr::multiplier, at_least_one, "of each period to the next"),
         choice<Sgdr, Unit>("unit", &Sgdr::unit, {{"epochs", Unit::epochs}, {"steps", Unit::steps}},
                            "of the period: epochs or updates"),
         field<Sgdr>("minimum", &Sgdr::minimum, unit_interval, "what it falls to: eta_min / eta_max")});
}

}  // namespace

const Catalog<Schedule>& schedules() {
    static const Catalog<Schedule> catalog = [] {
        Catalog<Schedule> all("schedule");
        add_constant_ends(all);
        add_to_an_end(all);
        add_endless(all);
        add_cycles(all);
        return all;
    }();
    return catalog;
}

}  // namespace ravine
