#include "ravine/data/autoencoding.hpp"

#include <fmt/format.h>

namespace ravine {

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
    parts.notes.push_back(
        fmt::format("autoencoding: the {} features of an example are its targets", schema.output_count));
    return parts;
}

}  // namespace ravine
