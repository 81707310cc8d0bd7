#include "ravine/data/normalization.hpp"

#include <cmath>

#include "ravine/core/error.hpp"

namespace ravine {
namespace {

/// Mean and deviation of each channel of `rows` rows of `width` numbers, a multiple of `channels`, by two
/// passes: the one-pass formula cancels where a mean is large against its deviation, as for years.
/// `row_of(i)` points to the numbers of row i.
template <class RowOf>
Normalization fit_rows(RowOf row_of, int64_t rows, int64_t width, int64_t channels, double scale) {
    require(rows > 0 && width > 0 && channels > 0, "a normalisation fitted on no examples");
    Normalization result = Normalization::identity(channels);
    const auto columns = static_cast<size_t>(channels);
    const auto count = static_cast<double>(rows * (width / channels));
    std::vector<double> sum(columns), squares(columns), low(columns, INFINITY), high(columns, -INFINITY);
    const auto each_number = [&](auto visit) {
        for (int64_t i = 0; i < rows; ++i) {
            const auto* row = row_of(i);
            for (int64_t k = 0; k < width; k += channels)
                for (size_t c = 0; c < columns; ++c) visit(c, row[k + static_cast<int64_t>(c)] * scale);
        }
    };
    each_number([&](size_t c, double x) {
        sum[c] += x;
        low[c] = std::min(low[c], x);
        high[c] = std::max(high[c], x);
    });
    for (size_t c = 0; c < columns; ++c) result.mean[c] = sum[c] / count;
    each_number([&](size_t c, double x) {
        const double difference = x - result.mean[c];
        squares[c] += difference * difference;
    });
    for (size_t c = 0; c < columns; ++c) {
        // Told by the extremes: the rounding of the mean gives a constant a tiny deviation, which would blow
        // it up.
        if (low[c] == high[c]) continue;
        result.deviation[c] = std::sqrt(squares[c] / count);
    }
    return result;
}

/// The same for the features, of `channels` channels each.
Normalization fit_features(const Dataset& data, int64_t channels) {
    const int64_t width = element_count(data.feature_shape);
    const auto fit = [&](const auto& rows, double scale) {
        return fit_rows([&](int64_t i) { return rows.row(i, width); }, data.size(), width, channels, scale);
    };
    if (const auto* bytes = std::get_if<Rows<uint8_t>>(&data.features)) return fit(*bytes, 1 / 255.0);
    return fit(std::get<Rows<float>>(data.features), 1);
}

}  // namespace

Normalization Normalization::identity(int64_t channels) {
    const auto width = static_cast<size_t>(channels);
    return {std::vector<double>(width, 0.0), std::vector<double>(width, 1.0)};
}

Normalization Normalization::fit(const Dataset& training) {
    return fit_features(training, training.feature_shape.empty() ? 1 : training.feature_shape.back());
}

Normalization Normalization::fit_values(const Dataset& training) {
    const int64_t width = training.output_count;
    if (training.task == Task::autoencoding) return fit_features(training, width);
    return fit_rows([&](int64_t i) { return training.values.data() + i * width; }, training.size(), width,
                    width, 1);
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
