#include "ravine/core/settings/spec.hpp"

#include <algorithm>
#include <cctype>
#include <numeric>
#include <set>

#include "ravine/core/error.hpp"

namespace ravine {
namespace {

size_t edit_distance(const std::string& a, const std::string& b) {
    std::vector<size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), size_t{0});
    for (size_t i = 0; i < a.size(); ++i) {
        size_t diagonal = row[0]++;
        for (size_t j = 0; j < b.size(); ++j) {
            const size_t substituted = diagonal + (a[i] != b[j]);
            diagonal = row[j + 1];
            row[j + 1] = std::min({substituted, row[j] + 1, row[j + 1] + 1});
        }
    }
    return row.back();
}

}  // namespace

Spec Spec::parse(const std::string& text) {
    Spec spec;
    const size_t colon = text.find(':');
    spec.name = text.substr(0, colon);
    if (spec.name.empty()) fail_request("'{}': expected NAME or NAME:key=value,key=value", text);
    if (colon == std::string::npos) return spec;
    std::set<std::string> seen;
    size_t begin = colon + 1;
    while (begin <= text.size()) {
        const size_t end = std::min(text.find(',', begin), text.size());
        const std::string setting = text.substr(begin, end - begin);
        const size_t equals = setting.find('=');
        if (equals == std::string::npos || equals == 0 || equals + 1 == setting.size())
            fail_request("'{}': expected key=value after '{}:', found '{}'", text, spec.name, setting);
        const std::string key = setting.substr(0, equals);
        if (!seen.insert(key).second) fail_request("'{}': '{}' is given twice", text, key);
        spec.settings.emplace_back(key, setting.substr(equals + 1));
        begin = end + 1;
    }
    return spec;
}

std::string Spec::text() const {
    std::string result = name;
    for (size_t i = 0; i < settings.size(); ++i)
        result += (i == 0 ? ":" : ",") + settings[i].first + "=" + settings[i].second;
    return result;
}

std::string Spec::get(const std::string& key) const {
    const auto found = std::ranges::find(settings, key, &std::pair<std::string, std::string>::first);
    return found == settings.end() ? std::string() : found->second;
}

void Spec::set(const std::string& key, const std::string& value) {
    const auto found = std::ranges::find(settings, key, &std::pair<std::string, std::string>::first);
    if (found == settings.end())
        settings.emplace_back(key, value);
    else
        found->second = value;
}

std::vector<Spec> parse_chain(const std::string& what, const std::string& text) {
    std::vector<Spec> specs;
    size_t begin = 0;
    for (size_t i = 0; i <= text.size(); ++i) {
        // A name begins with a letter.
        const bool is_joint =
            i < text.size() && text[i] == '+' &&
            (i + 1 == text.size() || std::isdigit(static_cast<unsigned char>(text[i + 1])) == 0);
        if (i < text.size() && !is_joint) continue;
        const std::string part = text.substr(begin, i - begin);
        if (part.empty())
            fail_request("{}: expected NAME or NAME:key=value,... joined by '+', found '{}'", what, text);
        specs.push_back(Spec::parse(part));
        begin = i + 1;
    }
    return specs;
}

std::string nearest_name(const std::string& name, const std::vector<std::string>& candidates) {
    constexpr size_t longest = 100;  // a distance takes the product of the lengths
    std::string best;
    if (name.size() > longest) return best;
    size_t best_distance = std::max<size_t>(2, name.size() / 2) + 1;  // farther away is no typing error
    for (const auto& candidate : candidates) {
        if (candidate.size() > longest) continue;
        // What a person typed as the beginning of a name is near it, however long the rest is.
        const bool prefix = name.size() >= 3 && candidate.starts_with(name);
        const size_t distance = prefix ? 1 : edit_distance(name, candidate);
        const bool all_wrong = distance >= std::max(name.size(), candidate.size());
        if (distance < best_distance && !all_wrong) {
            best_distance = distance;
            best = candidate;
        }
    }
    return best;
}

std::string suggestion(const std::string& name, const std::vector<std::string>& candidates) {
    const std::string nearest = nearest_name(name, candidates);
    return nearest.empty() ? std::string() : fmt::format("; did you mean '{}'?", nearest);
}

}  // namespace ravine
