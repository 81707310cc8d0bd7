#include "ravine/train/batch_loader.hpp"

#include "ravine/data/batch.hpp"

namespace ravine {

BatchLoader::BatchLoader(const Dataset& data, const Normalization& features, const Normalization& targets,
                         int64_t largest, Precision precision)
    : data_(data),
      feature_normalization_(features),
      target_normalization_(targets),
      features_(largest * element_count(data.feature_shape), precision),
      targets_(largest * data.output_count, precision),
      weights_(largest, precision, 1) {}

void BatchLoader::load(std::span<const int64_t> examples) {
    const auto fill = [&]<class T>(T*) {
        gather_features(data_, feature_normalization_, examples, static_cast<T*>(features_.data()));
        gather_targets(data_, target_normalization_, examples, static_cast<T*>(targets_.data()));
    };
    features_.precision() == Precision::f64 ? fill(static_cast<double*>(nullptr))
                                            : fill(static_cast<float*>(nullptr));
}

}  // namespace ravine
