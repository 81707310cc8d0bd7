#include "ravine/data/autoencoding.hpp"

#include <fmt/format.h>

#include <cmath>

namespace ravine {
namespace {

bool varies(const Dataset& data, int64_t feature) {
    for (int64_t i = 1; i < data.size(); ++i)
        if (data.feature(i, feature) != data.feature(0, feature)) return true;
    return false;
}

/// The root of the mean variance for all targets alike: they keep their means, and their weights in the
/// error.
void share_deviation(Normalization& normalization, const Dataset& training) {
    double total = 0;
    for (int64_t k = 0; k < normalization.channels(); ++k) {
        const double deviation = normalization.deviation[static_cast<size_t>(k)];
        if (varies(training, k)) total += deviation * deviation;
    }
    const double shared = std::sqrt(total / static_cast<double>(normalization.channels()));
    if (shared > 0) normalization.deviation.assign(normalization.deviation.size(), shared);
}

}  // namespace

Dataset autoencoding_of(Dataset data) {
    data.task = Task::autoencoding;
    data.output_count = element_count(data.feature_shape);
    data.labels.clear();
    data.values.clear();
    data.classes.clear();
    data.target.clear();
    return data;
}

Parts autoencoding_parts(Parts parts) {
    for (Dataset* part : {&parts.training, &parts.validation, &parts.test})
        *part = autoencoding_of(std::move(*part));
    Schema& schema = parts.schema;
    schema.task = Task::autoencoding;
    schema.output_count = parts.training.output_count;
    schema.classes.clear();
    schema.target.clear();
    schema.target_normalization = Normalization::fit_values(parts.training);
    if (parts.training.feature_shape.size() == 3)
        share_deviation(schema.target_normalization, parts.training);
    parts.notes.push_back(
        fmt::format("autoencoding: the {} features of an example are its targets", schema.output_count));
    return parts;
}

}  // namespace ravine
