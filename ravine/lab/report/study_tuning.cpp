#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "ravine/core/settings/settings.hpp"
#include "ravine/lab/report/spread.hpp"
#include "ravine/lab/report/study_sections.hpp"

namespace ravine {
namespace {

constexpr double no_value = std::numeric_limits<double>::quiet_NaN();

/// The number that a text is; NaN for any other text.
double number_of(const std::string& text) {
    try {
        return parse_number("", text, any_number);
    } catch (const RequestError&) {
        return no_value;
    }
}

/// The values of the tuned setting: numbers, or names in the order of their first trials.
class TunedValues {
public:
    explicit TunedValues(const CsvRows& tuning) {
        for (int64_t row = 0; row < tuning.size(); ++row) {
            const std::string value = tuning.text(row, "value");
            if (std::ranges::find(names_, value) != names_.end()) continue;
            names_.push_back(value);
            numbers_.push_back(number_of(value));
        }
        are_numbers_ = std::ranges::none_of(numbers_, [](double x) { return std::isnan(x); });
    }

    /// Where a value stands on the axis; NaN for what is none of them.
    double place(const std::string& value) const {
        if (are_numbers_) return number_of(value);
        const auto found = std::ranges::find(names_, value);
        return found == names_.end() ? no_value : static_cast<double>(found - names_.begin());
    }
    std::vector<std::string> categories() const { return are_numbers_ ? std::vector<std::string>() : names_; }
    Scale scale() const { return are_numbers_ ? natural_scale(numbers_) : Scale::linear; }

private:
    std::vector<std::string> names_;
    std::vector<double> numbers_;
    bool are_numbers_ = true;
};

}  // namespace

ReportSection tuning_section(const StudyData& data) {
    const CsvRows& tuning = data.tuning;
    ReportSection section{.title = "Tuning", .blocks = {}};
    if (tuning.size() == 0) return section;
    const std::string setting = tuning.text(0, "setting");
    const TunedValues values(tuning);
    const Unit unit = unit_of(data.metric);
    Figure figure{
        .id = "tuning",
        .title = fmt::format("Sensitivity to {}", metric_words(setting)),
        .caption =
            "Marks: single seeds; line: mean over the seeds of tuning; ring: the value that was chosen; "
            "crosses at the foot: trials that diverged.",
        .source = "tuning.csv",
        .series = data.series(),
        .columns = {{"value", capitalized(metric_words(setting))},
                    {"seed", "Seed"},
                    {"score", capitalized(metric_words(data.metric)), unit},
                    {"mean", "Mean", unit},
                    {"low", "Smallest", unit},
                    {"high", "Largest", unit},
                    {"chosen", "", unit},
                    {"diverged", ""}},
        .x = {"value"},
        .x_scale = values.scale(),
        .x_categories = values.categories(),
        .y_label = capitalized(metric_words(data.metric)),
        .y_unit = unit,
        .marks = {{MarkKind::band, {"low", "high"}},
                  {MarkKind::line, {"mean"}},
                  {MarkKind::dot, {"score"}},
                  {MarkKind::ring, {"chosen"}},
                  {MarkKind::cross, {"diverged"}}}};
    std::vector<std::map<double, Spread>> means(data.contenders.size());
    std::vector<double> scores;
    for (int64_t row = 0; row < tuning.size(); ++row) {
        const auto c = data.contender(tuning.text(row, "contender"));
        if (!c) continue;
        const double place = values.place(tuning.text(row, "value")), score = tuning.number(row, "score");
        const bool diverged = tuning.text(row, "status") == "diverged";
        means[*c][place].add(score);
        scores.push_back(score);
        figure.rows.push_back({static_cast<double>(*c), place, tuning.number(row, "seed"), score, no_value,
                               no_value, no_value, no_value, diverged ? 1 : no_value});
    }
    std::string choices;
    for (size_t c = 0; c < means.size(); ++c) {
        const std::string best = data.tuned_value(c);
        for (const auto& [place, spread] : means[c]) {
            if (spread.count == 0) continue;
            const bool is_chosen = place == values.place(best);
            figure.rows.push_back({static_cast<double>(c), place, no_value, no_value, spread.mean(),
                                   spread.low, spread.high, is_chosen ? spread.mean() : no_value, no_value});
        }
        if (best != "–")
            choices += fmt::format("{}{} {}", choices.empty() ? "" : ", ", data.contenders[c], best);
    }
    if (unit == Unit::number) figure.y_scale = natural_scale(scores);
    figure.description = fmt::format("{} over {}, a curve for each contender. Chosen: {}.",
                                     metric_words(data.metric), metric_words(setting), choices);
    section.blocks.emplace_back(Paragraph{fmt::format(
        "Every contender was given {} of {} to choose from, on seeds that the comparison does not use.",
        data.is_line_search() ? "as many values by a line search of its own" : "the same values",
        metric_words(setting))});
    section.blocks.emplace_back(std::move(figure));
    return section;
}

}  // namespace ravine
