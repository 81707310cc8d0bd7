#include "ravine/core/values/parameter_groups.hpp"

#include <fmt/ranges.h>
#include <fnmatch.h>

#include <algorithm>

#include "ravine/core/error.hpp"
#include "ravine/core/settings/settings.hpp"

namespace ravine {
namespace {

std::vector<std::string> parse_list(const std::string& what, const std::string& form,
                                    const std::string& text) {
    std::vector<std::string> parts;
    if (text == "none") return parts;
    for (size_t begin = 0; begin <= text.size();) {
        const size_t end = std::min(text.find(',', begin), text.size());
        parts.push_back(text.substr(begin, end - begin));
        if (parts.back().empty())
            fail_request("{}: expected {} joined by ',', or none, found '{}'", what, form, text);
        begin = end + 1;
    }
    return parts;
}

bool matches(const std::string& pattern, const std::string& name) {
    return fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
}

/// The names of tensors, and the patterns of all tensors below each prefix: what a person may have meant.
std::vector<std::string> candidates(const ParameterLayout& layout) {
    std::vector<std::string> result;
    for (const auto& slice : layout.slices) {
        result.push_back(slice.name);
        for (size_t dot = slice.name.find('.'); dot != std::string::npos;
             dot = slice.name.find('.', dot + 1)) {
            const std::string prefix = slice.name.substr(0, dot) + ".*";
            if (std::ranges::find(result, prefix) == result.end()) result.push_back(prefix);
        }
    }
    return result;
}

/// Calls `f` for each tensor that the pattern matches.
template <class F>
void for_matches(ParameterLayout& layout, const std::string& what, const std::string& pattern, F f) {
    bool found = false;
    for (auto& slice : layout.slices) {
        if (!matches(pattern, slice.name)) continue;
        found = true;
        f(slice);
    }
    if (found) return;
    constexpr size_t most = 6;
    std::vector<std::string> names;
    for (size_t i = 0; i < std::min(most, layout.slices.size()); ++i) names.push_back(layout.slices[i].name);
    fail_request("{}: '{}' matches no tensor{} (the model has {}{})", what, pattern,
                 suggestion(pattern, candidates(layout)), fmt::join(names, ", "),
                 layout.slices.size() > most ? ", ..." : "");
}

}  // namespace

ParameterGroups parse_groups(const std::string& freeze, const std::string& rate_of) {
    ParameterGroups groups{.frozen = parse_list("freeze", "patterns", freeze)};
    for (const auto& part : parse_list("rate_of", "PATTERN=FACTOR", rate_of)) {
        const size_t equals = part.rfind('=');
        if (equals == std::string::npos || equals == 0)
            fail_request("rate_of: expected PATTERN=FACTOR joined by ',', or none, found '{}'", part);
        const std::string pattern = part.substr(0, equals);
        groups.rates.emplace_back(pattern,
                                  parse_number("rate_of: " + pattern, part.substr(equals + 1), positive));
    }
    return groups;
}

ParameterLayout with_groups(ParameterLayout layout, const ParameterGroups& groups) {
    for (const auto& pattern : groups.frozen)
        for_matches(layout, "freeze", pattern, [](Slice& slice) { slice.trainable = false; });
    for (const auto& [pattern, rate] : groups.rates)
        for_matches(layout, "rate_of", pattern, [rate = rate](Slice& slice) { slice.rate = rate; });
    if (!groups.frozen.empty() && trained_size(layout) == 0)
        fail_request("freeze: '{}' leaves nothing to train", fmt::join(groups.frozen, ","));
    return layout;
}

int64_t trained_size(const ParameterLayout& layout) {
    int64_t size = 0;
    for (const auto& slice : layout.slices) size += slice.trainable ? slice.size() : 0;
    return size;
}

}  // namespace ravine
