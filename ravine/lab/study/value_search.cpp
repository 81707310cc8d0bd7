#include "ravine/lab/study/value_search.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ravine/core/error.hpp"
#include "ravine/core/settings/settings.hpp"

namespace ravine {
namespace {

double place_of(const std::string& value) { return std::log(parse_number("--range", value, positive)); }

std::string outcome_of(const TriedValue& tried) {
    return std::isfinite(tried.score) ? fmt::format("came to {:.4g}", tried.score) : "diverged";
}

}  // namespace

ValueSearch::ValueSearch(std::vector<std::string> start, int64_t more, Better better)
    : next_(std::move(start)), more_(more), better_(better) {
    for (const auto& value : next_)
        if (more_ > 0) place_of(value);  // numbers above 0
}

void ValueSearch::tell(const std::vector<double>& scores) {
    require(scores.size() == next_.size(), "{} scores of {} values", scores.size(), next_.size());
    const bool is_line = more_ > 0 || !tried_.empty();
    for (size_t i = 0; i < scores.size(); ++i) tried_.push_back({next_[i], scores[i]});
    if (is_line) std::ranges::stable_sort(tried_, {}, [](const TriedValue& t) { return place_of(t.value); });
    next_ = more_ > 0 ? refined() : std::vector<std::string>();
    more_ -= next_.empty() ? more_ : 1;
}

std::optional<size_t> ValueSearch::best() const {
    std::optional<size_t> found;
    for (size_t i = 0; i < tried_.size(); ++i)
        if (is_better(better_, tried_[i].score, found ? tried_[*found].score : worst(better_))) found = i;
    return found;
}

/// The golden section of the wider gap beside the best value.
std::vector<std::string> ValueSearch::refined() const {
    constexpr double golden = 0.3819660112501051;  // (3 - sqrt 5) / 2
    const auto chosen = best();
    if (!chosen) return {};
    const double here = place_of(tried_[*chosen].value);
    double gap = 0;  // to the neighbour that is farther off
    if (*chosen > 0) gap = place_of(tried_[*chosen - 1].value) - here;
    if (*chosen + 1 < tried_.size()) {
        const double above = place_of(tried_[*chosen + 1].value) - here;
        if (above >= -gap) gap = above;
    }
    const std::string value = format_number(
        parse_number("--range", fmt::format("{:.3g}", std::exp(here + golden * gap)), positive));
    if (std::ranges::find(tried_, value, &TriedValue::value) != tried_.end()) return {};
    return {value};
}

std::string neighbourhood_text(const ValueSearch& search) {
    const auto chosen = search.best();
    const auto& tried = search.tried();
    if (!chosen || tried.size() < 2) return {};
    const TriedValue& best = tried[*chosen];
    std::string text = fmt::format("{} {}, ", best.value, outcome_of(best));
    if (*chosen > 0)
        text += fmt::format("{} before it {}", tried[*chosen - 1].value, outcome_of(tried[*chosen - 1]));
    if (*chosen + 1 < tried.size())
        text += fmt::format("{}{} behind it {}", *chosen > 0 ? ", " : "", tried[*chosen + 1].value,
                            outcome_of(tried[*chosen + 1]));
    return text;
}

}  // namespace ravine
