#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "ravine/core/values/undefined.hpp"
#include "ravine/lab/reproduce/rate_measures.hpp"
#include "ravine/lab/statistics/statistics.hpp"

namespace ravine {
namespace {

/// Says what results of one part have to say to claims; a claim without its contenders is left out.
class RateJudge {
public:
    RateJudge(const std::vector<RateResult>& results, std::vector<Claim>& claims)
        : results_(results), claims_(claims) {}

    const RateResult* part(const std::string& name) const {
        const auto found =
            std::ranges::find_if(results_, [&](const RateResult& r) { return r.part.name == name; });
        return found == results_.end() ? nullptr : &*found;
    }

    /// One statement for each of the parts that were run.
    template <class Make>
    void on_parts(const std::string& claim, std::initializer_list<const char*> names, Make make) {
        std::vector<Statement> statements;
        for (const char* name : names)
            if (const RateResult* r = part(name)) {
                for (Statement& s : make(*r)) {
                    s.text = r->part.title + ": " + s.text;
                    statements.push_back(std::move(s));
                }
            }
        if (!statements.empty()) claims_.push_back(conjunction(claim, statements));
    }

private:
    const std::vector<RateResult>& results_;
    std::vector<Claim>& claims_;
};

using Statements = std::vector<Statement>;
using Trial = const TrialRecord&;

size_t at(const RateResult& r, const std::string& label) { return find_contender(r.study, label).value(); }

Statement better(const RateResult& r, const std::string& a, const std::string& b,
                 const OutcomeMeasure& measure) {
    return better_than(at(r, a), at(r, b), measure, r.study);
}

/// Where plain SGD has a rate in its label, so has every method: "basic, 0.1", "five losses, 0.1".
std::string suffix(const RateResult& r) { return r.part.name == "resnet18-narrow" ? ", 0.1" : ""; }

OutcomeMeasure loss_after(std::string name, RateAxis axis, double x, double unit) {
    return {std::move(name), Better::lower,
            [=](Trial trial) { return value_at(trial, axis, x, unit, evaluated_train_loss); }};
}

/// The training loss after the first fifth of the epochs.
OutcomeMeasure first_epochs(const RateResult& r) {
    const auto epochs = r.study.plan.contenders.at(1).experiment.epochs;
    const auto first = static_cast<double>(std::max<int64_t>(1, epochs / 5));
    return loss_after("training loss of the first epochs", RateAxis::epochs, first, 1);
}

/// The training loss when as much of an axis has passed as the shorter of two contenders' runs took.
OutcomeMeasure at_equal(const RateResult& r, const std::string& a, const std::string& b, RateAxis axis) {
    const double unit = work_of_epoch(r.study);
    const auto length = [&](const std::string& label) {
        std::vector<double> lengths;
        for (const auto& trial : r.study.trials[at(r, label)])
            if (!trial.diverged() && !trial.evaluations.empty())
                lengths.push_back(along_axis(trial.evaluations.back(), axis, unit));
        return lengths.empty() ? 0 : summarize(lengths).mean;
    };
    return loss_after("training loss at equal cost", axis, std::min(length(a), length(b)), unit);
}

OutcomeMeasure measure(const char* name, Better direction, std::function<double(Trial)> of) {
    return {name, direction, [of = std::move(of), direction](Trial trial) {
                return trial.diverged() ? worst(direction) : of(trial);
            }};
}

OutcomeMeasure final_train_loss() {
    return measure("final training loss", Better::lower, [](Trial t) {
        return t.evaluations.empty() ? undefined : t.evaluations.back().training.loss;
    });
}

OutcomeMeasure best_heldout() {
    return measure("best held-out accuracy", Better::higher,
                   [](Trial t) { return best_value(find_metric("validation_accuracy"), t); });
}

OutcomeMeasure mean_heldout() {
    return measure("mean held-out accuracy", Better::higher, [](Trial t) {
        double total = 0;
        for (const auto& e : t.evaluations) total += e.validation.accuracy;
        return total / static_cast<double>(t.evaluations.size());
    });
}

OutcomeMeasure gap(Better direction) {
    return measure("training less held-out accuracy", direction, [](Trial t) {
        if (t.evaluations.empty()) return undefined;
        return t.evaluations.back().training.accuracy - t.evaluations.back().validation.accuracy;
    });
}

/// At each seed a factor of 2 less how far (log10) a rate lies from another: above 0 where it is within.
Statement within_factor_two(const std::string& what, const std::vector<TrialRecord>& trials, double rate) {
    std::vector<double> margins;
    for (const auto& trial : trials)
        if (const double settled = settled_rate(trial); settled > 0)
            margins.push_back(std::log10(2) - std::abs(std::log10(settled / rate)));
    return above_zero(what, "log10 of 2 less that of the ratio,", margins);
}

double middle_rate(const std::vector<TrialRecord>& trials) {
    std::vector<double> rates;
    for (const auto& trial : trials) rates.push_back(settled_rate(trial));
    std::erase_if(rates, [](double rate) { return std::isnan(rate); });
    return quantile(rates, 0.5);
}

/// The constant rate, "basic" among them, whose mean training loss at the end is the smallest.
size_t best_constant(const RateResult& r) {
    size_t best = at(r, "basic");
    const auto score = [&](size_t c) {
        double total = 0;
        for (const auto& t : r.study.trials[c]) total += final_train_loss().of(t);
        return total;
    };
    for (size_t c = 0; c < r.study.plan.contenders.size(); ++c)
        if (r.study.plan.contenders[c].label.starts_with("constant") && score(c) < score(best)) best = c;
    return best;
}

double rate_setting(const Contender& contender) {
    const Spec spec = Spec::parse(contender.experiment.optimizer);
    for (const auto& [key, value] : spec.settings)
        if (key == "learning_rate") return parse_number("learning_rate", value, any_number);
    return undefined;
}

void judge_boston(RateJudge& judge) {
    constexpr auto boston = "boston";
    const auto after = [](double epoch) { return loss_after("training loss", RateAxis::epochs, epoch, 1); };
    // A lagged rate may be in the midst of a spike when a run ends.
    const auto smallest = [] {
        return measure("smallest training loss", Better::lower, [](Trial t) {
            double best = std::numeric_limits<double>::infinity();
            for (const auto& e : t.evaluations) best = std::fmin(best, e.training.loss);
            return best;
        });
    };
    for (const char* method : {"first order", "five losses"})
        judge.on_parts(fmt::format("Boston: the method '{}' reaches lower losses than plain gradient descent "
                                   "(4.2.1, after 175 steps)",
                                   method),
                       {boston}, [&](const RateResult& r) {
                           return Statements{better(r, method, "basic", after(175))};
                       });
    judge.on_parts(
        "Ours: with exact derivatives the lagged rate still spikes (log10 of the largest rise, above 1)",
        {boston}, [](const RateResult& r) {
            std::vector<double> rises;
            for (const auto& t : r.study.trials[at(r, "exact, lagged")])
                rises.push_back(std::min(300.0, std::log10(largest_rise(t))) - 1);
            return Statements{above_zero("exact, lagged", "log10 less 1,", rises)};
        });
    judge.on_parts("Ours: applied at once the exact rate never climbs (rise at most by rounding)", {boston},
                   [](const RateResult& r) {
                       std::vector<double> margins;
                       for (const auto& t : r.study.trials[at(r, "exact")])
                           margins.push_back(1 + 1e-9 - std::min(1e9, largest_rise(t)));
                       return Statements{above_zero("exact", "1 + 1e-9 less the largest rise,", margins)};
                   });
    judge.on_parts(
        "Ours: that costs speed: the smallest loss of the lagged rate is ahead", {boston},
        [&](const RateResult& r) { return Statements{better(r, "exact, lagged", "exact", smallest())}; });
    judge.on_parts(
        "Ours: the smallest loss of 0.8 of the minimiser is ahead of that of all of it", {boston},
        [&](const RateResult& r) { return Statements{better(r, "exact, 0.8", "exact", smallest())}; });
}

void judge_speed(RateJudge& judge) {
    const auto parts = {"mnist", "fashion-mnist", "lenet", "resnet18", "resnet18-narrow", "cifar100"};
    const auto of_method = [&](const std::string& claim, const char* method, auto measure_of) {
        judge.on_parts(claim, parts, [&](const RateResult& r) {
            return Statements{better(r, method + suffix(r), "basic" + suffix(r), measure_of(r))};
        });
    };
    const auto equal = [](const char* method, RateAxis axis) {
        return [method, axis](const RateResult& r) {
            return at_equal(r, "basic" + suffix(r), method + suffix(r), axis);
        };
    };
    of_method("Five losses train faster than plain SGD in the first epochs (1, 4.2; a fifth of them)",
              "five losses", first_epochs);
    of_method("... and at equal work", "five losses", equal("five losses", RateAxis::work));
    of_method("... and in equal time", "five losses", equal("five losses", RateAxis::seconds));
    of_method("Ours: the exact rate trains faster than plain SGD in the first epochs", "exact", first_epochs);
    of_method("... and at equal work", "exact", equal("exact", RateAxis::work));
    judge.on_parts("First order lies between plain SGD and five losses at lower rates (4.2.3; training loss)",
                   {"mnist", "fashion-mnist", "resnet18-narrow"}, [](const RateResult& r) {
                       const std::string rate = suffix(r).empty() ? "" : ", 0.01";
                       return Statements{
                           better(r, "first order" + rate, "basic" + rate, final_train_loss()),
                           better(r, "five losses" + rate, "first order" + rate, final_train_loss())};
                   });
}

void judge_logistic(RateJudge& judge) {
    judge.on_parts("Five losses settle near 0.4 (4.2.2; within a factor of 2)", {"mnist", "fashion-mnist"},
                   [](const RateResult& r) {
                       const auto& trials = r.study.trials[at(r, "five losses")];
                       return Statements{within_factor_two(
                           fmt::format("settled at {:.3g}", middle_rate(trials)), trials, 0.4)};
                   });
    const auto learned = {"five losses", "exact", "exact, averaged", "exact, memory", "exact, mild"};
    for (const char* method : learned)
        judge.on_parts(
            fmt::format("The rate that '{}' settles on is the best constant one (5.1, 7; a factor of 2)",
                        method),
            {"mnist", "fashion-mnist"}, [&](const RateResult& r) {
                const auto& trials = r.study.trials[at(r, method)];
                const double tuned = rate_setting(r.study.plan.contenders[best_constant(r)]);
                return Statements{within_factor_two(
                    fmt::format("settled at {:.3g}, best constant rate {:.3g}", middle_rate(trials), tuned),
                    trials, tuned)};
            });
    for (const char* method : learned)
        judge.on_parts(
            fmt::format("Ours: at equal work '{}' is within 5 % of the best constant rate (training loss)",
                        method),
            {"mnist", "fashion-mnist"}, [&](const RateResult& r) {
                const size_t tuned = best_constant(r);
                const auto cost = at_equal(r, "basic", method, RateAxis::work);
                std::vector<double> margins;
                double mean = 0;
                const auto &own = r.study.trials[at(r, method)], &other = r.study.trials[tuned];
                for (size_t i = 0; i < own.size(); ++i) {
                    const double ratio = std::min(1e6, cost.of(own[i]) / cost.of(other.at(i)));
                    margins.push_back(0.05 - (ratio - 1));
                    mean += 100 * (ratio - 1) / static_cast<double>(own.size());
                }
                return Statements{above_zero(
                    fmt::format("{:+.1f} % beside '{}'", mean, r.study.plan.contenders[tuned].label),
                    "0.05 less the excess,", margins)};
            });
}

void judge_nets(RateJudge& judge) {
    judge.on_parts(
        "LeNet: five losses reach plain SGD's best accuracy in fewer epochs (4.2.3: under 10 against 35)",
        {"lenet"}, [](const RateResult& r) {
            double goal = 0;
            const auto& basic = r.study.trials[at(r, "basic")];
            for (const auto& t : basic) goal += best_heldout().of(t) / static_cast<double>(basic.size());
            goal -= 0.005;  // half a point below the mean of the best, which one seed in two misses
            Statement s =
                better(r, "five losses", "basic",
                       measure("epochs", Better::lower, [goal](Trial t) { return epochs_to(t, goal); }));
            s.text = fmt::format("epochs to {:.1f} %: {}", 100 * goal, s.text);
            return Statements{s};
        });
    judge.on_parts(
        "Five losses reach a higher best accuracy than plain SGD (4.2.3: ResNet-18 74.4 against 71 %)",
        {"lenet", "resnet18", "resnet18-narrow"}, [](const RateResult& r) {
            return Statements{better(r, "five losses" + suffix(r), "basic" + suffix(r), best_heldout())};
        });
    judge.on_parts(
        "Five losses overfit more than plain SGD (6.4; training less held-out accuracy)",
        {"lenet", "resnet18", "resnet18-narrow"}, [](const RateResult& r) {
            return Statements{better(r, "five losses" + suffix(r), "basic" + suffix(r), gap(Better::higher))};
        });
}

void judge_variants(RateJudge& judge) {
    constexpr auto narrow = "resnet18-narrow";
    const auto on_narrow = [&](const std::string& claim, auto make) {
        judge.on_parts(claim, {narrow}, make);
    };
    on_narrow("From 0.01 five losses are more accurate all the way (4.2.3: by 10 to 15 points)",
              [](const RateResult& r) {
                  return Statements{better(r, "five losses, 0.01", "basic, 0.01", mean_heldout())};
              });
    on_narrow("The same zone is reached from any start between 1e-4 and 1 (6.2; a factor of 10)",
              [](const RateResult& r) {
                  std::vector<double> margins;
                  const auto seeds = r.study.trials.front().size();
                  for (size_t i = 0; i < seeds; ++i) {
                      double low = 1e300, high = 0;
                      for (const char* start : {"0.0001", "0.001", "0.01", "0.1", "1"}) {
                          const double rate =
                              settled_rate(r.study.trials[at(r, fmt::format("five losses, {}", start))][i]);
                          low = std::min(low, rate);
                          high = std::max(high, rate);
                      }
                      margins.push_back(1 - std::log10(high / low));
                  }
                  return Statements{above_zero("settled rates", "1 less log10 of their ratio,", margins)};
              });
    on_narrow("The rate oscillates after 30 epochs (4.2.3; deviation of its log10, beside epochs 10 to 30)",
              [](const RateResult& r) {
                  std::vector<double> more;
                  for (const auto& t : r.study.trials[at(r, "five losses, longer")])
                      if (const double d = rate_deviation(t, 30, 1e9) - rate_deviation(t, 10, 30);
                          !std::isnan(d))
                          more.push_back(d);
                  return Statements{above_zero("five losses", "late less early,", more)};
              });
    on_narrow("Dropout closes the gap of five losses (6.4)", [](const RateResult& r) {
        return Statements{better(r, "five losses, dropout", "five losses, 0.1", gap(Better::lower))};
    });
    on_narrow(
        "Momentum on the rate brings no improvement (5.2; training without it is as good or better)",
        [](const RateResult& r) {
            return Statements{better(r, "five losses, 0.1", "five losses, momentum", final_train_loss())};
        });
    on_narrow("Judged by validation batches, training is slower (5.3)", [](const RateResult& r) {
        return Statements{better(r, "five losses, 0.1", "five losses, validation", final_train_loss())};
    });
    on_narrow("Five losses are ahead of Adam at 0.1 in the first epochs (5.4)", [](const RateResult& r) {
        return Statements{better(r, "five losses, 0.1", "adam, 0.1", first_epochs(r))};
    });
}

}  // namespace

std::vector<Claim> adaptive_rate_claims(const std::vector<RateResult>& results) {
    std::vector<Claim> claims;
    RateJudge judge(results, claims);
    judge_boston(judge);
    judge_speed(judge);
    judge_logistic(judge);
    judge_nets(judge);
    judge_variants(judge);
    return claims;
}

}  // namespace ravine
