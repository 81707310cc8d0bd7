#include "ravine/lab/report/contender_table.hpp"

#include <fmt/format.h>

#include <cmath>

namespace ravine {

ContenderTable::ContenderTable(const StudyData& data, std::string caption)
    : data_(data),
      table_{.caption = std::move(caption), .header = {"Contender"}, .rows = {}, .rows_are_series = true} {
    const bool compares = data.comparisons.size() > 0;
    for (const auto& label : data.contenders)
        table_.rows.push_back({compares && label == data.reference ? label + " (reference)" : label});
}

void ContenderTable::add(const std::string& header, const std::function<std::string(size_t)>& cell) {
    table_.header.push_back(header);
    for (size_t c = 0; c < table_.rows.size(); ++c) table_.rows[c].push_back(cell(c));
}

void ContenderTable::add_tuned() {
    if (const std::string setting = data_.tuned_setting(); !setting.empty())
        add("Tuned " + metric_words(setting), [&](size_t c) { return data_.tuned_value(c); });
}

void ContenderTable::add_spread(const std::string& measure, const std::string& header) {
    if (!any(measure)) return;
    add(header, [&](size_t c) {
        return mean_text(data_.summary_of(c, measure, "mean"), data_.summary_of(c, measure, "deviation"),
                         unit_of(measure));
    });
}

void ContenderTable::add_median(const std::string& measure, const std::string& header) {
    if (!any(measure)) return;
    add(header, [&](size_t c) {
        const double median = data_.summary_of(c, measure, "median");
        return std::isinf(median) ? std::string("never") : value_text(median, unit_of(measure));
    });
}

void ContenderTable::add_comparison(const std::string& measure) {
    if (data_.comparisons.size() == 0) return;
    const Unit unit = unit_of(measure);
    const auto number = [&](size_t c, const char* column) {
        const int64_t row = data_.comparison_of(c, measure);
        return row < 0 ? std::nan("") : data_.comparisons.number(row, column);
    };
    const auto add_column = [&](const char* header, const char* column, auto text) {
        add(header, [&](size_t c) {
            const double value = number(c, column);
            return std::isnan(value) ? std::string("–") : text(value);
        });
    };
    add_column(unit == Unit::share ? "Difference, points" : "Difference", "difference",
               [&](double d) { return signed_text(d, unit); });
    add("95 % interval", [&](size_t c) {
        const double low = number(c, "ci_low"), high = number(c, "ci_high");
        return std::isnan(low) || std::isnan(high)
                   ? std::string("–")
                   : signed_text(low, unit) + " to " + signed_text(high, unit);
    });
    add_column("p", "p_adjusted", p_text);
    add_column("Effect", "effect_size",
               [&](double effect) { return signed_text(std::round(100 * effect) / 100, Unit::number); });
}

void ContenderTable::add_missed() {
    if (!data_.target || data_.trials.size() == 0) return;
    add("Missed target", [&](size_t c) {
        const int64_t all = data_.trial_count(c);
        const double reached = data_.summary_of(c, "target_steps", "n");
        return fmt::format("{} of {}", all - (std::isfinite(reached) ? std::llround(reached) : 0), all);
    });
}

void ContenderTable::add_diverged() {
    bool any_diverged = false;
    for (size_t c = 0; c < table_.rows.size(); ++c) any_diverged |= data_.diverged(c) > 0;
    if (!any_diverged) return;
    add("Diverged",
        [&](size_t c) { return fmt::format("{} of {}", data_.diverged(c), data_.trial_count(c)); });
}

bool ContenderTable::any(const std::string& measure) const {
    for (size_t c = 0; c < data_.contenders.size(); ++c)
        if (data_.summary_of(c, measure, "n") > 0) return true;
    return false;
}

}  // namespace ravine
