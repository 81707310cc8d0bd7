#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "ravine/lab/report/csv_rows.hpp"
#include "ravine/lab/report/report.hpp"

namespace ravine {

/// What a study's folder holds: study.json and the CSV files beside it.
struct StudyData {
    nlohmann::ordered_json description = {};
    std::vector<std::string> contenders = {};  ///< labels, in the order of the study
    std::string metric = {}, reference = {};
    bool higher_is_better = true;
    std::optional<double> target = {};  ///< the value of the metric that counts as reached
    std::vector<int64_t> seeds = {};
    CsvRows trials = {}, curves = {}, steps = {}, tuning = {}, summary = {}, comparisons = {}, boundary = {},
            points = {}, claims = {};

    /// Throws RequestError where study.json is missing or no study, or a CSV file is damaged.
    static StudyData read(const std::filesystem::path& folder);

    /// The place of a label among the contenders; nothing for another.
    std::optional<size_t> contender(const std::string& label) const;
    /// A text of study.json; empty where there is none.
    std::string text(const char* key) const;
    /// The setting that was tuned; empty where none was.
    std::string tuned_setting() const;
    /// Whether every contender had values of its own to choose from.
    bool is_line_search() const;
    /// Its value that was chosen for a contender; "–" where study.json does not say.
    std::string tuned_value(size_t contender) const;
    /// A number of summary.csv; NaN where there is none.
    double summary_of(size_t contender, const std::string& measure, const std::string& column) const;
    /// The row of comparisons.csv; -1 where there is none.
    int64_t comparison_of(size_t contender, const std::string& measure) const;
    /// Trials of a contender that diverged, and all of them.
    int64_t diverged(size_t contender) const;
    int64_t trial_count(size_t contender) const;
    /// Whether its work is in operations; before version 4 of the numbers a backward pass counted as two
    /// forward passes, whatever ran.
    bool counts_operations() const;

    FigureSeries series() const { return {.group = "contenders", .names = contenders, .notes = {}}; }
};

/// A setting of study.json as a person wrote it; "–" for one that is left to itself.
std::string setting_text(const nlohmann::ordered_json& value);
/// A member of an object; null where it is none or has none.
const nlohmann::ordered_json& member(const nlohmann::ordered_json& json, const std::string& key);

/// "validation accuracy" for validation_accuracy.
std::string metric_words(const std::string& name);
/// "Validation accuracy" for "validation accuracy".
std::string capitalized(std::string words);
/// Shares are accuracies.
Unit unit_of(const std::string& metric);

/// Numbers of tables: "97.35 %" for shares, "0.1234" for others; "–" for NaN.
std::string value_text(double value, Unit unit);
/// A difference: "+0.33" points of shares, "−0.0123" of others.
std::string signed_text(double value, Unit unit);
std::string mean_text(double mean, double deviation, Unit unit);
/// "0.023", "< 0.001".
std::string p_text(double p);
/// "a, b and c"
std::string enumeration(const std::vector<std::string>& items);

/// Logarithmic where all numbers are positive and the largest is at least thirty times the smallest.
Scale natural_scale(const std::vector<double>& values);

}  // namespace ravine
