#include "ravine/data/normalization.hpp"

#include <cmath>

#include "ravine/core/error.hpp"

namespace ravine {
namespace {

/// Mean and deviation of each channel of a table in rows of `channels`, by two passes: the one-pass formula
/// cancels where a mean is large against its deviation, as for years.
template <class T>
Normalization fit_table(const std::vector<T>& table, int64_t channels, double scale) {
    require(!table.empty() && channels > 0, "a normalisation fitted on no examples");
    Normalization result = Normalization::identity(channels);
    const auto width = static_cast<size_t>(channels);
    const size_t rows = table.size() / width;
    const auto count = static_cast<double>(rows);
    std::vector<double> sum(width), squares(width), low(width, INFINITY), high(width, -INFINITY);
    for (size_t i = 0; i < table.size(); ++i) {
        const double x = table[i] * scale;
        sum[i % width] += x;
        low[i % width] = std::min(low[i % width], x);
        high[i % width] = std::max(high[i % width], x);
    }
    for (size_t c = 0; c < width; ++c) result.mean[c] = sum[c] / count;
    for (size_t i = 0; i < table.size(); ++i) {
        const double difference = table[i] * scale - result.mean[i % width];
        squares[i % width] += difference * difference;
    }
    for (size_t c = 0; c < width; ++c) {
        // Told by the extremes: the rounding of the mean gives a constant a tiny deviation, which would blow
        // it up.
        if (low[c] == high[c]) continue;
        result.deviation[c] = std::sqrt(squares[c] / count);
    }
    return result;
}

}  // namespace

Normalization Normalization::identity(int64_t channels) {
    const auto width = static_cast<size_t>(channels);
    return {std::vector<double>(width, 0.0), std::vector<double>(width, 1.0)};
}

Normalization Normalization::fit(const Dataset& training) {
    const int64_t channels = training.feature_shape.empty() ? 1 : training.feature_shape.back();
    if (const auto* bytes = std::get_if<std::vector<uint8_t>>(&training.features))
        return fit_table(*bytes, channels, 1 / 255.0);
    return fit_table(std::get<std::vector<float>>(training.features), channels, 1);
}

Normalization Normalization::fit_values(const Dataset& training) {
    return fit_table(training.values, training.output_count, 1);
}

double Normalization::apply(double x, int64_t channel) const {
    const auto c = static_cast<size_t>(channel);
    return (x - mean[c]) / deviation[c];
}

double Normalization::undo(double x, int64_t channel) const {
    const auto c = static_cast<size_t>(channel);
    return x * deviation[c] + mean[c];
}

}  // namespace ravine
