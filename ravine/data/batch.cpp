#include "ravine/data/batch.hpp"

#include <algorithm>
#include <array>
#include <type_traits>

#include "ravine/core/error.hpp"

namespace ravine {
namespace {

/// `row_of(example)` points to the numbers of an example.
template <class T, class RowOf>
void gather_reals(RowOf row_of, int64_t width, const Normalization& normalization,
                  std::span<const int64_t> examples, T* out) {
    const double* mean = normalization.mean.data();
    const double* deviation = normalization.deviation.data();
    const int64_t channels = normalization.channels();
    for (const int64_t example : examples) {
        const auto* row = row_of(example);
        for (int64_t i = 0; i < width; i += channels)
            for (int64_t c = 0; c < channels; ++c)
                *out++ = static_cast<T>((row[i + c] - mean[c]) / deviation[c]);
    }
}

/// A channel of bytes has only 256 different results, so they are tabulated where there are more bytes than
/// that: a lookup instead of a division each.
template <class T>
void gather_bytes(const Rows<uint8_t>& features, int64_t width, const Normalization& normalization,
                  std::span<const int64_t> examples, T* out) {
    const int64_t channels = normalization.channels();
    if (width / channels * std::ssize(examples) < 256) {  // fewer bytes of a channel than a table has
        for (const int64_t example : examples) {
            const uint8_t* row = features.row(example, width);
            for (int64_t i = 0; i < width; i += channels)
                for (int64_t c = 0; c < channels; ++c)
                    *out++ = static_cast<T>(normalization.apply(static_cast<double>(row[i + c]) / 255, c));
        }
        return;
    }
    for (int64_t c = 0; c < channels; ++c) {
        std::array<T, 256> table;
        for (int64_t byte = 0; byte < 256; ++byte)
            table[static_cast<size_t>(byte)] =
                static_cast<T>(normalization.apply(static_cast<double>(byte) / 255, c));
        T* target = out;
        for (const int64_t example : examples) {
            const uint8_t* row = features.row(example, width);
            for (int64_t i = c; i < width; i += channels) target[i] = table[row[i]];
            target += width;
        }
    }
}

template <class T>
void gather_labels(const Dataset& data, std::span<const int64_t> examples, T* out) {
    std::fill_n(out, std::ssize(examples) * data.output_count, T{0});
    for (size_t i = 0; i < examples.size(); ++i)
        out[static_cast<int64_t>(i) * data.output_count + data.labels[static_cast<size_t>(examples[i])]] =
            T{1};
}

}  // namespace

template <class T>
void gather_features(const Dataset& data, const Normalization& normalization,
                     std::span<const int64_t> examples, T* out) {
    const int64_t width = element_count(data.feature_shape);
    require(normalization.channels() > 0 && width % normalization.channels() == 0,
            "a normalisation of {} channels for examples of shape {}", normalization.channels(),
            to_string(data.feature_shape));
    const auto gather = [&]<class Item>(const Rows<Item>& rows) {
        if constexpr (std::is_same_v<Item, uint8_t>)
            gather_bytes(rows, width, normalization, examples, out);
        else
            gather_reals([&](int64_t i) { return rows.row(i, width); }, width, normalization, examples, out);
    };
    std::visit(gather, data.features);
}

template <class T>
void gather_targets(const Dataset& data, std::span<const int64_t> examples, T* out) {
    require(data.labelled(), "data set '{}' has no targets", data.name);
    if (data.task == Task::classification) return gather_labels(data, examples, out);
    for (const int64_t example : examples)
        for (int64_t i = 0; i < data.output_count; ++i) *out++ = static_cast<T>(data.value(example, i));
}

template <class T>
void gather_targets(const Dataset& data, const Normalization& normalization,
                    std::span<const int64_t> examples, T* out) {
    require(data.labelled(), "data set '{}' has no targets", data.name);
    if (data.task == Task::classification) return gather_labels(data, examples, out);
    require(normalization.channels() == data.output_count, "a normalisation of {} channels for {} targets",
            normalization.channels(), data.output_count);
    if (data.task == Task::autoencoding) return gather_features(data, normalization, examples, out);
    const int64_t width = data.output_count;
    gather_reals([&](int64_t i) { return data.values.data() + i * width; }, width, normalization, examples,
                 out);
}

template void gather_features(const Dataset&, const Normalization&, std::span<const int64_t>, float*);
template void gather_features(const Dataset&, const Normalization&, std::span<const int64_t>, double*);
template void gather_targets(const Dataset&, std::span<const int64_t>, float*);
template void gather_targets(const Dataset&, std::span<const int64_t>, double*);
template void gather_targets(const Dataset&, const Normalization&, std::span<const int64_t>, float*);
template void gather_targets(const Dataset&, const Normalization&, std::span<const int64_t>, double*);

}  // namespace ravine
