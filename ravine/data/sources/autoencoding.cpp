#include "ravine/data/sources/autoencoding.hpp"

#include <fmt/format.h>

#include <cmath>

namespace ravine {
namespace {

/// The root of the mean variance for all targets alike: they keep their means, and their weights in the
/// error.
Normalization with_shared_deviation(Normalization moments) {
    double total = 0;
    for (const double deviation : moments.deviation) total += deviation * deviation;
    const double shared = std::sqrt(total / static_cast<double>(moments.channels()));
    moments.deviation.assign(moments.deviation.size(), shared > 0 ? shared : 1);
    return moments;
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
    schema.target_normalization =
        parts.training.feature_shape.size() == 3
            ? with_shared_deviation(Normalization::moments_of_values(parts.training))
            : Normalization::fit_values(parts.training);
    parts.notes.push_back(
        fmt::format("autoencoding: the {} features of an example are its targets", schema.output_count));
    return parts;
}

}  // namespace ravine
