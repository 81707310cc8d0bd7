#include "ravine/lab/report/study_data.hpp"
#include "ravine/core/values/undefined.hpp"
#include "ravine/lab/experiment/model_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "ravine/core/error.hpp"
#include "ravine/core/files/file.hpp"
#include "ravine/core/settings/settings.hpp"
#include "ravine/core/text/json_text.hpp"
#include "ravine/lab/study/difference_text.hpp"

namespace ravine {
namespace {

using Json = nlohmann::ordered_json;

std::string text_of(const Json& json) { return json.is_string() ? json.get<std::string>() : std::string(); }

/// Typographic minus signs.
std::string with_minus(std::string text) {
    for (size_t at = text.find('-'); at != std::string::npos; at = text.find('-', at))
        text.replace(at, 1, "−");
    return text;
}

}  // namespace

StudyData StudyData::read(const std::filesystem::path& folder) {
    const auto path = folder / "study.json";
    StudyData data;
    data.description = try_parse_json(read_file(path, 1 << 26));
    const Json& contenders = member(data.description, "contenders");
    if (!contenders.is_array())
        fail_request("{}: expected the description of a study, with its contenders", path.string());
    for (const auto& contender : contenders) data.contenders.push_back(text_of(member(contender, "label")));
    const Json& metric = member(data.description, "metric");
    data.metric = text_of(member(metric, "name"));
    data.higher_is_better = text_of(member(metric, "better")) != "lower";
    data.reference = data.text("reference");
    if (const Json& target = member(data.description, "target"); target.is_number())
        data.target = target.get<double>();
    for (const auto& seed : member(data.description, "seeds"))
        if (is_json_integer(seed)) data.seeds.push_back(seed.get<int64_t>());

    const auto rows = [&](const char* name) { return CsvRows(folder / name); };
    data.trials = rows("trials.csv");
    data.curves = rows("curves.csv");
    data.steps = rows("steps.csv");
    data.tuning = rows("tuning.csv");
    data.summary = rows("summary.csv");
    data.comparisons = rows("comparisons.csv");
    data.boundary = rows("boundary.csv");
    data.points = rows("points.csv");
    data.claims = rows("claims.csv");
    return data;
}

std::optional<size_t> StudyData::contender(const std::string& label) const {
    const auto found = std::ranges::find(contenders, label);
    if (found == contenders.end()) return {};
    return static_cast<size_t>(found - contenders.begin());
}

std::string StudyData::text(const char* key) const { return text_of(member(description, key)); }

std::string StudyData::tuned_setting() const {
    return text_of(member(member(description, "tuning"), "setting"));
}

bool StudyData::is_line_search() const {
    return text_of(member(member(description, "tuning"), "search")) == "line";
}

std::string StudyData::tuned_value(size_t c) const {
    return setting_text(member(member(member(description, "contenders").at(c), "tuned"), tuned_setting()));
}

double StudyData::summary_of(size_t c, const std::string& measure, const std::string& column) const {
    for (int64_t row = 0; row < summary.size(); ++row)
        if (summary.text(row, "contender") == contenders[c] && summary.text(row, "metric") == measure)
            return summary.number(row, column);
    return undefined;
}

int64_t StudyData::comparison_of(size_t c, const std::string& measure) const {
    for (int64_t row = 0; row < comparisons.size(); ++row)
        if (comparisons.text(row, "contender") == contenders[c] && comparisons.text(row, "metric") == measure)
            return row;
    return -1;
}

int64_t StudyData::diverged(size_t c) const {
    int64_t count = 0;
    for (int64_t row = 0; row < trials.size(); ++row)
        count += trials.text(row, "contender") == contenders[c] && trials.text(row, "status") == "diverged";
    return count;
}

int64_t StudyData::trial_count(size_t c) const {
    int64_t count = 0;
    for (int64_t row = 0; row < trials.size(); ++row) count += trials.text(row, "contender") == contenders[c];
    return count;
}

bool StudyData::counts_operations() const {
    const Json& numbers = member(description, "numbers");
    return is_json_integer(numbers) && numbers.get<int64_t>() >= 4;
}

std::string setting_text(const Json& value) {
    if (value.is_number()) return format_number(value.get<double>());
    if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
    if (value.is_string() && !value.get<std::string>().empty())
        return is_description(value.get<std::string>()) ? model_label(value.get<std::string>())
                                                        : value.get<std::string>();
    return value.is_null() || value.is_string() ? "–" : value.dump();
}

const Json& member(const Json& json, const std::string& key) {
    static const Json nothing;
    if (!json.is_object()) return nothing;
    const auto found = json.find(key);
    return found == json.end() ? nothing : *found;
}

std::string metric_words(const std::string& name) {
    if (name == "test_rmse") return "test root mean squared error";
    std::string words = name;
    std::ranges::replace(words, '_', ' ');
    return words;
}

std::string capitalized(std::string words) {
    if (!words.empty() && words[0] >= 'a' && words[0] <= 'z')
        words[0] = static_cast<char>(words[0] - 'a' + 'A');
    return words;
}

Unit unit_of(const std::string& metric) { return metric.ends_with("accuracy") ? Unit::share : Unit::number; }

std::string value_text(double value, Unit unit) {
    if (!std::isfinite(value)) return "–";
    return with_minus(unit == Unit::share ? fmt::format("{:.2f} %", 100 * value)
                                          : fmt::format("{:.4g}", value));
}

std::string signed_text(double value, Unit unit) {
    return with_minus(difference_text(value, unit == Unit::share ? NumberKind::share : NumberKind::plain));
}

std::string mean_text(double mean, double deviation, Unit unit) {
    if (!std::isfinite(mean) || !std::isfinite(deviation)) return value_text(mean, unit);
    return with_minus(unit == Unit::share ? fmt::format("{:.2f} ± {:.2f} %", 100 * mean, 100 * deviation)
                                          : fmt::format("{:.4g} ± {:.2g}", mean, deviation));
}

std::string p_text(double p) {
    if (!std::isfinite(p)) return "–";
    return p < 0.001 ? "< 0.001" : fmt::format("{:.2g}", p);
}

std::string enumeration(const std::vector<std::string>& items) {
    std::string text;
    for (size_t i = 0; i < items.size(); ++i)
        text += (i == 0 ? "" : i + 1 == items.size() ? " and " : ", ") + items[i];
    return text;
}

Scale natural_scale(const std::vector<double>& values) {
    double low = std::numeric_limits<double>::infinity(), high = 0;
    for (const double value : values) {
        if (!std::isfinite(value)) continue;
        if (value <= 0) return Scale::linear;
        low = std::min(low, value);
        high = std::max(high, value);
    }
    return high >= 30 * low ? Scale::logarithmic : Scale::linear;
}

}  // namespace ravine
