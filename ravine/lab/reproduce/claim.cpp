#include "ravine/lab/reproduce/claim.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ravine/lab/csv_text.hpp"

namespace ravine {
namespace {

/// The mean of a measure over the trials that have it.
double mean_of(size_t contender, const OutcomeMeasure& measure, const StudyResult& result) {
    std::vector<double> values;
    for (const auto& trial : result.trials[contender])
        if (std::isfinite(measure.of(trial))) values.push_back(measure.of(trial));
    return summarize(values).mean;
}

std::string value_text(double value, const OutcomeMeasure& measure) {
    if (measure.name.ends_with("accuracy")) return fmt::format("{:.2f} %", 100 * value);
    const bool is_count = value == std::trunc(value) && std::abs(value) >= 10;
    return is_count || std::abs(value) >= 1000 ? fmt::format("{:.0f}", value) : fmt::format("{:.4f}", value);
}

std::string texts_of(const std::vector<Statement>& statements) {
    std::string text;
    for (const auto& statement : statements) text += (text.empty() ? "" : "; ") + statement.text;
    return text;
}

}  // namespace

Statement better_than(size_t a, size_t b, const OutcomeMeasure& measure, const StudyResult& result) {
    const double mean_a = mean_of(a, measure, result), mean_b = mean_of(b, measure, result);
    const double p = compare_two(a, b, measure, result).test.p_value;
    const auto& contenders = result.plan.contenders;
    Statement statement{
        .support = Support::against,
        .text = fmt::format("{} {}, {} {} (p {:.2g})", contenders[a].label, value_text(mean_a, measure),
                            contenders[b].label, value_text(mean_b, measure), p)};
    if (is_better(measure.better, mean_a, mean_b))
        statement.support = p < 0.05 ? Support::strong : Support::weak;
    return statement;
}

Claim conjunction(std::string claim, const std::vector<Statement>& statements) {
    Claim result{.claim = std::move(claim), .measured = texts_of(statements), .verdict = "holds in part"};
    const auto all = [&](Support support) {
        return std::ranges::all_of(statements, [&](const auto& s) { return s.support == support; });
    };
    if (all(Support::strong)) result.verdict = "holds";
    if (all(Support::against)) result.verdict = "does not hold here";
    return result;
}

Claim majority(std::string claim, const std::vector<Statement>& statements) {
    const auto count = [&](Support support) {
        return 2 * std::ranges::count(statements, support, &Statement::support);
    };
    const auto all = std::ssize(statements);
    return {.claim = std::move(claim),
            .measured = texts_of(statements),
            .verdict = count(Support::strong) > all                          ? "holds"
                       : count(Support::strong) + count(Support::weak) > all ? "holds in part"
                                                                             : "does not hold here"};
}

std::string claims_csv(const std::vector<Claim>& claims) {
    std::string csv = "claim,measured,verdict\n";
    for (const auto& c : claims) csv += csv_line(c.claim, c.measured, c.verdict);
    return csv;
}

}  // namespace ravine
