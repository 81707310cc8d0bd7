#include <fmt/format.h>

#include <cmath>
#include <numbers>

#include "ravine/core/values/random.hpp"
#include "ravine/data/sources/made.hpp"

namespace ravine {
namespace {

Dataset blank(const char* name, int64_t examples, int64_t features) {
    Dataset data;
    data.name = name;
    data.task = Task::regression;
    data.feature_shape = {features};
    data.features = std::vector<float>(static_cast<size_t>(examples * features));
    data.values.resize(static_cast<size_t>(examples));
    data.output_count = 1;
    data.target = "y";
    for (int64_t k = 0; k < features; ++k) data.columns.push_back(fmt::format("x{}", k));
    return data;
}

/// Feature `feature` of an example rounded to what is stored: the target is a function of the number that a
/// model sees.
float stored(Dataset& data, int64_t example, int64_t feature, double x) {
    float* features = std::get<Rows<float>>(data.features).write();
    return features[example * data.feature_shape[0] + feature] = static_cast<float>(x);
}

}  // namespace

Dataset make_linear_regression(const LinearRegression& settings, uint64_t seed) {
    Dataset data = blank("linear-regression", settings.examples, settings.features);
    RandomSequence choosing({.seed = seed, .purpose = Purpose::data, .stream = 1});
    std::vector<double> weights(static_cast<size_t>(settings.features));
    for (auto& weight : weights) weight = choosing.normal();
    const double bias = choosing.normal();
    for (int64_t i = 0; i < settings.examples; ++i) {
        RandomSequence random({.seed = seed, .purpose = Purpose::data}, static_cast<uint64_t>(i));
        double y = bias;
        for (int64_t k = 0; k < settings.features; ++k)
            y += weights[static_cast<size_t>(k)] * stored(data, i, k, random.normal());
        data.values[static_cast<size_t>(i)] = static_cast<float>(y + settings.noise * random.normal());
    }
    return data;
}

Dataset make_noisy_sine(const NoisySine& settings, uint64_t seed) {
    Dataset data = blank("noisy-sine", settings.examples, 1);
    for (int64_t i = 0; i < settings.examples; ++i) {
        RandomSequence random({.seed = seed, .purpose = Purpose::data}, static_cast<uint64_t>(i));
        const double x = stored(data, i, 0, random.uniform(-std::numbers::pi, std::numbers::pi));
        data.values[static_cast<size_t>(i)] =
            static_cast<float>(std::sin(settings.frequency * x) + settings.noise * random.normal());
    }
    return data;
}

}  // namespace ravine
