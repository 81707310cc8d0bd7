#include "ravine/data/normalization.hpp"

#include <cmath>
#include <limits>
#include <type_traits>

#include "ravine/core/error.hpp"

namespace ravine {
namespace {

/// Whether numbers of this mean and variance may be one number and rounding.
bool is_constant(double mean, double variance, double count) {
    constexpr double eps = std::numeric_limits<double>::epsilon();
    const double rounding = count * mean * eps;
    return variance <= count * eps * variance + rounding * rounding;
}

/// Mean and deviation of each channel of `rows` rows of `width` numbers, a multiple of `channels`, by two
/// passes: the one-pass formula cancels where a mean is large against its deviation, as for years. The
/// deviation of a constant is 0. `row_of(i)` points to the numbers of row i.
template <class RowOf>
Normalization moments_of_rows(RowOf row_of, int64_t rows, int64_t width, int64_t channels, double scale) {
    require(rows > 0 && width > 0 && channels > 0, "a normalisation fitted on no examples");
    const auto columns = static_cast<size_t>(channels);
    const auto count = static_cast<double>(rows * (width / channels));
    Normalization result{std::vector<double>(columns), std::vector<double>(columns)};
    std::vector<double> sum(columns), squares(columns);
    const auto each_number = [&](auto visit) {
        for (int64_t i = 0; i < rows; ++i) {
            const auto* row = row_of(i);
            for (int64_t k = 0; k < width; k += channels)
                for (size_t c = 0; c < columns; ++c) visit(c, row[k + static_cast<int64_t>(c)] * scale);
        }
    };
    each_number([&](size_t c, double x) { sum[c] += x; });
    for (size_t c = 0; c < columns; ++c) result.mean[c] = sum[c] / count;
    each_number([&](size_t c, double x) {
        const double difference = x - result.mean[c];
        squares[c] += difference * difference;
    });
    for (size_t c = 0; c < columns; ++c) {
        const double variance = squares[c] / count;
        result.deviation[c] = is_constant(result.mean[c], variance, count) ? 0 : std::sqrt(variance);
    }
    return result;
}

/// The same for the features, of `channels` channels each.
Normalization moments_of_features(const Dataset& data, int64_t channels) {
    const int64_t width = element_count(data.feature_shape);
    return std::visit(
        [&]<class T>(const Rows<T>& rows) {
            return moments_of_rows([&](int64_t i) { return rows.row(i, width); }, data.size(), width,
                                   channels, std::is_same_v<T, uint8_t> ? 1 / 255.0 : 1);
        },
        data.features);
}

/// A constant is only shifted.
Normalization with_deviations(Normalization moments) {
    for (auto& deviation : moments.deviation)
        if (deviation == 0) deviation = 1;
    return moments;
}

}  // namespace

Normalization Normalization::identity(int64_t channels) {
    const auto width = static_cast<size_t>(channels);
    return {std::vector<double>(width, 0.0), std::vector<double>(width, 1.0)};
}

Normalization Normalization::fit(const Dataset& training) {
    return with_deviations(
        moments_of_features(training, training.feature_shape.empty() ? 1 : training.feature_shape.back()));
}

Normalization Normalization::fit_values(const Dataset& training) {
    return with_deviations(moments_of_values(training));
}

Normalization Normalization::moments_of_values(const Dataset& training) {
    const int64_t width = training.output_count;
    if (training.task == Task::autoencoding) return moments_of_features(training, width);
    return moments_of_rows([&](int64_t i) { return training.values.data() + i * width; }, training.size(),
                           width, width, 1);
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
