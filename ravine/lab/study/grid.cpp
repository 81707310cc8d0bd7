#include "ravine/lab/study/grid.hpp"

#include <algorithm>
#include <cmath>

#include "ravine/core/settings/settings.hpp"
#include "ravine/core/values/random.hpp"

namespace ravine {

namespace {

struct Bounds {
    double low, high;

    /// At a place in [0, 1] between them, in the logarithm, to three digits.
    double at(double place) const {
        const double exact = low * std::pow(high / low, place);
        return parse_number("--range", fmt::format("{:.3g}", exact), positive);
    }
};

Bounds parse_bounds(const std::string& range) {
    const size_t colon = range.find(':');
    if (colon == std::string::npos) fail_request("--range: expected LOW:HIGH, found '{}'", range);
    const double low = parse_number("--range", range.substr(0, colon), positive);
    const double high = parse_number("--range", range.substr(colon + 1), positive);
    if (low >= high) fail_request("--range: expected LOW below HIGH, found '{}'", range);
    if (!std::isfinite(high / low))
        fail_request("--range: expected HIGH over LOW to be a finite number, found '{}'", range);
    return {low, high};
}

}  // namespace

std::vector<std::string> log_grid(const std::string& range, int64_t count) {
    const Bounds bounds = parse_bounds(range);
    std::vector<std::string> values;
    for (int64_t i = 0; i < count; ++i)
        values.push_back(format_number(
            bounds.at(count == 1 ? 0.5 : static_cast<double>(i) / static_cast<double>(count - 1))));
    return values;
}

std::vector<std::string> random_values(const std::string& range, int64_t count, uint64_t seed) {
    const Bounds bounds = parse_bounds(range);
    // No sampler of examples has this stream.
    RandomSequence random({.seed = seed, .purpose = Purpose::sampling, .stream = 1});
    std::vector<double> numbers;
    for (int64_t i = 0; i < count; ++i) numbers.push_back(bounds.at(random.uniform()));
    std::ranges::sort(numbers);
    const auto repeated = std::ranges::unique(numbers);  // in a narrow range
    numbers.erase(repeated.begin(), repeated.end());
    std::vector<std::string> values;
    for (const double number : numbers) values.push_back(format_number(number));
    return values;
}

std::vector<std::string> listed_values(const std::string& values) {
    std::vector<std::string> result;
    for (size_t begin = 0; begin <= values.size();) {
        const size_t end = std::min(values.find(',', begin), values.size());
        result.push_back(values.substr(begin, end - begin));
        if (result.back().empty())
            fail_request("--values: expected values joined by commas, found '{}'", values);
        begin = end + 1;
    }
    return result;
}

}  // namespace ravine
