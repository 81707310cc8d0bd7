#include "ravine/optim/hand_over.hpp"

#include <utility>

#include "ravine/core/error.hpp"

namespace ravine {
namespace {

/// Where a hand-over stands; the second optimizer's rate and schedule look here.
struct Handed {
    int64_t has_happened = 0;
    int64_t updates = 0;  // of the first optimizer
    double rate = 0;      // that it had come to
};

/// The rate that was handed over.
class HandedRate : public RatePolicy {
public:
    explicit HandedRate(std::shared_ptr<const Handed> handed) : handed_(std::move(handed)) {}
    double rate(const RateQuestion&) override { return handed_->rate; }

private:
    std::shared_ptr<const Handed> handed_;
};

class TwoOptimizers : public Optimizer {
public:
    TwoOptimizers(std::unique_ptr<Optimizer> first, std::unique_ptr<Optimizer> second, const HandOver& when,
                  std::shared_ptr<Handed> handed)
        : first_(std::move(first)),
          second_(std::move(second)),
          when_(when),
          handed_(std::move(handed)),
          counts_epochs_(when.when == HandOver::When::epochs) {}

    StepReport step(Objective& objective, Parameters& parameters) override {
        if (handed_->has_happened != 0) {
            objective.expect(Ahead::nothing);  // what the first one expected
            return second_->step(objective, parameters);
        }
        const StepReport report = first_->step(objective, parameters);
        if (when_.when == HandOver::When::settled && first_->learned_rate()->is_settled) hand_over();
        if (when_.when == HandOver::When::updates && first_->steps() >= when_.count) hand_over();
        return report;
    }
    double look(Objective& objective, const Parameters& parameters) override {
        return present().look(objective, parameters);
    }
    bool judges_by_validation() const override { return present().judges_by_validation(); }
    void judge_by(Objective* judge) override { present().judge_by(judge); }
    std::vector<RateCount> rate_counts() const override { return first_->rate_counts(); }
    /// Any measure tells that an epoch is over.
    std::string monitor() const override {
        const std::string monitor = first_->monitor();
        return monitor.empty() && counts_epochs_ ? "train_loss" : monitor;
    }
    void hear(double measured) override {
        if (handed_->has_happened != 0) return;
        first_->hear(measured);
        if (counts_epochs_ && ++epochs_ >= when_.count) hand_over();
    }
    std::optional<LearnedRate> learned_rate() const override { return first_->learned_rate(); }
    std::optional<int64_t> handed_over() const override {
        return handed_->has_happened != 0 ? std::optional(handed_->updates) : std::nullopt;
    }
    int64_t steps() const override { return first_->steps() + second_->steps(); }
    SavedState state() override {
        SavedState result{.numbers = {{"handed.rate", &handed_->rate}},
                          .counters = {{"handed.over", &handed_->has_happened},
                                       {"handed.updates", &handed_->updates},
                                       {"handed.epochs", &epochs_}}};
        result.append("first.", first_->state());
        result.append("second.", second_->state());
        return result;
    }

private:
    Optimizer& present() const { return handed_->has_happened != 0 ? *second_ : *first_; }
    void hand_over() {
        handed_->has_happened = 1;
        handed_->updates = first_->steps();
        if (const auto learned = first_->learned_rate()) handed_->rate = learned->median;
    }

    std::unique_ptr<Optimizer> first_, second_;
    HandOver when_;
    std::shared_ptr<Handed> handed_;
    bool counts_epochs_;
    int64_t epochs_ = 0;
};

struct Count {
    int64_t count = 5;
};

Catalog<HandOver> hand_over_catalog() {
    using When = HandOver::When;
    const auto after = [](When when) {
        return [when](Count c) { return HandOver{.when = when, .count = c.count}; };
    };
    Catalog<HandOver> catalog("hand-over");
    catalog.add<Settling>(
        {.name = "settled",
         .summary = "when the first optimizer's learned rate has settled",
         .formula = "m1, m2, m3 = medians of the rate in the last three windows of updates\n"
                    "settled: max(m1, m2, m3) <= (1 + tolerance) min(m1, m2, m3)",
         .source = "ours, after Ravaut and Gorti 2018, section 5.1"},
        {field("window", &Settling::window, Range{0, 1e6},
               "updates; 0: an epoch, but at least 20 and at most 1000"),
         field("tolerance", &Settling::tolerance, positive, "relative")},
        [](Settling s) { return HandOver{.when = When::settled, .settling = s}; });
    catalog.add<Count>({.name = "epochs",
                        .summary = "after so many epochs",
                        .formula = "after epoch `count`",
                        .source = "Ravaut and Gorti 2018, section 7"},
                       {field("count", &Count::count, at_least_one, "epochs of the first optimizer")},
                       after(When::epochs));
    catalog.add<Count>({.name = "updates",
                        .summary = "after so many updates",
                        .formula = "after update `count`",
                        .source = "Ravaut and Gorti 2018, section 7"},
                       {field("count", &Count::count, at_least_one, "updates of the first optimizer")},
                       after(When::updates));
    return catalog;
}

}  // namespace

const Catalog<HandOver>& hand_overs() {
    static const auto catalog = hand_over_catalog();
    return catalog;
}

void check_hand_over(const HandOver& when, SecondRate rate, const RatePolicyMaker& policy) {
    if (policy && policy(1)->is_learned()) return;
    if (when.when == HandOver::When::settled)
        fail_request(
            "--hand-over settled: expected a rate that is learned, which settles (--rate exact-newton), "
            "found none; --hand-over epochs:count=5 needs none");
    if (rate == SecondRate::settled)
        fail_request(
            "--then: learning_rate=settled: expected a rate that is learned (--rate exact-newton), found "
            "none");
}

OptimizerMaker then(OptimizerMaker first, OptimizerMaker second, HandOver when, SecondRate rate) {
    return [first = std::move(first), second = std::move(second), when, rate](
               const OptimizerParts& parts, std::shared_ptr<const ParameterLayout> layout,
               CompileOptions compile) -> std::unique_ptr<Optimizer> {
        check_hand_over(when, rate, parts.rate);
        const auto handed = std::make_shared<Handed>();
        OptimizerParts of_first = parts, of_second = parts;
        of_first.settling = when.settling;
        of_second.rate = {};
        if (rate == SecondRate::settled)
            of_second.rate = [handed](double) { return std::make_unique<HandedRate>(handed); };
        if (parts.schedule)
            of_second.schedule = [schedule = parts.schedule, handed](int64_t step, RunLength run) {
                return schedule(handed->updates + step, run);
            };
        return std::make_unique<TwoOptimizers>(first(of_first, layout, compile),
                                               second(of_second, layout, compile), when, handed);
    };
}

}  // namespace ravine
