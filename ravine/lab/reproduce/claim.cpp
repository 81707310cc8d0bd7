#include "ravine/lab/reproduce/claim.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ravine/lab/names/csv_text.hpp"
#include "ravine/lab/study/difference_text.hpp"

namespace ravine {
namespace {

std::string value_text(double value, const OutcomeMeasure& measure) {
    if (measure.is_share()) return fmt::format("{:.2f} %", 100 * value);
    const bool is_count = value == std::trunc(value) && std::abs(value) >= 10;
    return is_count || std::abs(value) >= 1000 ? fmt::format("{:.0f}", value) : fmt::format("{:.4f}", value);
}

/// "Adam 0.412", "Adam 0.412 (1 of 10 diverged)": the mean of a measure over the trials that have it.
std::string mean_text(size_t contender, const OutcomeMeasure& measure, const StudyResult& result) {
    std::vector<double> values;
    int64_t diverged = 0;
    for (const auto& trial : result.trials[contender]) {
        const double value = measure.of(trial);
        if (std::isfinite(value)) values.push_back(value);
        if (std::isinf(value)) ++diverged;
    }
    std::string text = result.plan.contenders[contender].label + " ";
    text += values.empty() ? "-" : value_text(summarize(values).mean, measure);
    if (diverged > 0) text += fmt::format(" ({} of {} diverged)", diverged, result.trials[contender].size());
    return text;
}

std::string texts_of(const std::vector<Statement>& statements) {
    std::string text;
    for (const auto& statement : statements) text += (text.empty() ? "" : "; ") + statement.text;
    return text;
}

int64_t count_of(const std::vector<Statement>& statements, Support support) {
    return std::ranges::count(statements, support, &Statement::support);
}

/// Where there is no majority of one kind.
std::string split_verdict(const std::vector<Statement>& statements) {
    return count_of(statements, Support::not_shown) == std::ssize(statements) ? "not shown" : "mixed";
}

}  // namespace

Support support_of(Evidence evidence) {
    if (evidence == Evidence::none) return Support::not_shown;
    return evidence == Evidence::positive ? Support::shown : Support::contradicted;
}

Statement better_than(size_t a, size_t b, const OutcomeMeasure& measure, const StudyResult& result) {
    const Comparison compared = compare_two(a, b, measure, result);
    const NumberKind kind = measure.is_share() ? NumberKind::share : NumberKind::plain;
    return {.support = support_of(compared.evidence_alone()),
            .text = fmt::format("{}, {} ({}; p {:.2g})", mean_text(a, measure, result),
                                mean_text(b, measure, result), shift_text(compared.shift, kind),
                                compared.test.p_value)};
}

Statement above_zero(const std::string& what, const std::string& numbers, std::span<const double> values) {
    const Shift shift = hodges_lehmann(values);
    const double p = signed_rank_test(values).p_value;
    return {
        .support = support_of(evidence(shift, p)),
        .text = fmt::format("{} ({} {}; p {:.2g})", what, numbers, shift_text(shift, NumberKind::plain), p)};
}

Claim conjunction(std::string claim, const std::vector<Statement>& statements) {
    const int64_t shown = count_of(statements, Support::shown),
                  contradicted = count_of(statements, Support::contradicted);
    return {.claim = std::move(claim),
            .measured = texts_of(statements),
            .verdict = shown == std::ssize(statements)  ? "holds"
                       : contradicted > 0 && shown == 0 ? "contradicted"
                                                        : split_verdict(statements)};
}

Claim majority(std::string claim, const std::vector<Statement>& statements) {
    const auto all = std::ssize(statements);
    return {.claim = std::move(claim),
            .measured = texts_of(statements),
            .verdict = 2 * count_of(statements, Support::shown) > all          ? "holds"
                       : 2 * count_of(statements, Support::contradicted) > all ? "contradicted"
                                                                               : split_verdict(statements)};
}

std::string claims_csv(const std::vector<Claim>& claims) {
    std::string csv = "claim,measured,verdict\n";
    for (const auto& c : claims) csv += csv_line(c.claim, c.measured, c.verdict);
    return csv;
}

}  // namespace ravine
