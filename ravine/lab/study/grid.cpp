#include "ravine/lab/study/grid.hpp"

#include <cmath>

#include "ravine/core/settings/settings.hpp"

namespace ravine {

std::vector<std::string> log_grid(const std::string& range, int64_t count) {
    const size_t colon = range.find(':');
    if (colon == std::string::npos) fail_request("--range: expected LOW:HIGH, found '{}'", range);
    const double low = parse_number("--range", range.substr(0, colon), positive);
    const double high = parse_number("--range", range.substr(colon + 1), positive);
    if (low >= high) fail_request("--range: expected LOW below HIGH, found '{}'", range);
    if (!std::isfinite(high / low))
        fail_request("--range: expected HIGH over LOW to be a finite number, found '{}'", range);
    std::vector<std::string> values;
    for (int64_t i = 0; i < count; ++i) {
        const double place = count == 1 ? 0.5 : static_cast<double>(i) / static_cast<double>(count - 1);
        const double exact = low * std::pow(high / low, place);
        values.push_back(format_number(parse_number("--range", fmt::format("{:.3g}", exact), positive)));
    }
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
