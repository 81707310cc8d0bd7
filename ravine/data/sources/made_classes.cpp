#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "ravine/core/values/random.hpp"
#include "ravine/data/sources/made.hpp"

namespace ravine {
namespace {

using std::numbers::pi;

/// A set of `examples` examples with `features` numbers each and the classes "0", "1", ...; class i mod
/// classes.
Dataset blank(const char* name, int64_t examples, int64_t features, int64_t classes) {
    Dataset data;
    data.name = name;
    data.task = Task::classification;
    data.feature_shape = {features};
    data.features = std::vector<float>(static_cast<size_t>(examples * features));
    data.output_count = classes;
    data.target = "class";
    for (int64_t k = 0; k < features; ++k) data.columns.push_back(fmt::format("x{}", k));
    for (int64_t c = 0; c < classes; ++c) data.classes.push_back(std::to_string(c));
    data.labels.resize(static_cast<size_t>(examples));
    for (size_t i = 0; i < data.labels.size(); ++i)
        data.labels[i] = static_cast<int32_t>(i % static_cast<size_t>(classes));
    return data;
}

float* row(Dataset& data, int64_t example) {
    return std::get<Rows<float>>(data.features).write() + example * data.feature_shape[0];
}

/// The numbers of one example: keyed by its index, so that a larger set begins with the examples of a smaller
/// one.
RandomSequence numbers_of(int64_t example, uint64_t seed) {
    return RandomSequence({.seed = seed, .purpose = Purpose::data}, static_cast<uint64_t>(example));
}

float noisy(double x, double noise, RandomSequence& random) {
    return static_cast<float>(x + noise * random.normal());
}

}  // namespace

Dataset make_spiral(const Spiral& settings, uint64_t seed) {
    Dataset data = blank("spiral", settings.examples, 2, settings.classes);
    for (int64_t i = 0; i < settings.examples; ++i) {
        RandomSequence random = numbers_of(i, seed);
        const double arm = static_cast<double>(i % settings.classes) / static_cast<double>(settings.classes);
        const double radius = random.uniform();
        const double angle = 2 * pi * (settings.turns * radius + arm) + settings.noise * random.normal();
        row(data, i)[0] = static_cast<float>(radius * std::cos(angle));
        row(data, i)[1] = static_cast<float>(radius * std::sin(angle));
    }
    return data;
}

Dataset make_moons(const Moons& settings, uint64_t seed) {
    Dataset data = blank("moons", settings.examples, 2, 2);
    for (int64_t i = 0; i < settings.examples; ++i) {
        RandomSequence random = numbers_of(i, seed);
        const double angle = random.uniform(0, pi);
        const double x = i % 2 == 0 ? std::cos(angle) : 1 - std::cos(angle);
        const double y = i % 2 == 0 ? std::sin(angle) : 0.5 - std::sin(angle);
        row(data, i)[0] = noisy(x, settings.noise, random);
        row(data, i)[1] = noisy(y + settings.bend * std::sin(3 * x), settings.noise, random);
    }
    return data;
}

Dataset make_circles(const Circles& settings, uint64_t seed) {
    Dataset data = blank("circles", settings.examples, 2, settings.classes);
    for (int64_t i = 0; i < settings.examples; ++i) {
        RandomSequence random = numbers_of(i, seed);
        const double radius =
            static_cast<double>(i % settings.classes + 1) / static_cast<double>(settings.classes);
        const double angle = random.uniform(0, 2 * pi);
        row(data, i)[0] = noisy(radius * std::cos(angle), settings.noise, random);
        row(data, i)[1] = noisy(radius * std::sin(angle), settings.noise, random);
    }
    return data;
}

Dataset make_rings(const Rings& settings, uint64_t seed) {
    Dataset data = blank("rings", settings.examples, 3, settings.classes);
    for (int64_t i = 0; i < settings.examples; ++i) {
        RandomSequence random = numbers_of(i, seed);
        const int64_t ring = i % settings.classes;
        const double angle = random.uniform(0, 2 * pi);
        const double centre = static_cast<double>(ring) - static_cast<double>(settings.classes - 1) / 2;
        const double across = std::sin(angle);
        row(data, i)[0] = noisy(centre + std::cos(angle), settings.noise, random);
        row(data, i)[1] = noisy(ring % 2 == 0 ? across : 0, settings.noise, random);
        row(data, i)[2] = noisy(ring % 2 == 0 ? 0 : across, settings.noise, random);
    }
    return data;
}

Dataset make_blobs(const Blobs& settings, uint64_t seed) {
    Dataset data = blank("blobs", settings.examples, settings.features, settings.classes);
    RandomSequence placing({.seed = seed, .purpose = Purpose::data, .stream = 1});
    std::vector<double> centres(static_cast<size_t>(settings.classes * settings.features));
    for (auto& coordinate : centres) coordinate = placing.uniform(-settings.spread, settings.spread);
    for (int64_t i = 0; i < settings.examples; ++i) {
        RandomSequence random = numbers_of(i, seed);
        const double* centre = centres.data() + i % settings.classes * settings.features;
        for (int64_t k = 0; k < settings.features; ++k)
            row(data, i)[k] = noisy(centre[k], settings.noise, random);
    }
    return data;
}

Dataset make_gaussian_quantiles(const GaussianQuantiles& settings, uint64_t seed) {
    Dataset data = blank("gaussian-quantiles", settings.examples, settings.features, settings.classes);
    std::vector<double> distance(static_cast<size_t>(settings.examples));
    for (int64_t i = 0; i < settings.examples; ++i) {
        RandomSequence random = numbers_of(i, seed);
        for (int64_t k = 0; k < settings.features; ++k) {
            const double x = settings.deviation * random.normal();
            row(data, i)[k] = static_cast<float>(x);
            distance[static_cast<size_t>(i)] += x * x;
        }
    }
    std::vector<size_t> order(distance.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::ranges::sort(order, {}, [&](size_t example) { return distance[example]; });
    for (size_t place = 0; place < order.size(); ++place)
        data.labels[order[place]] =
            static_cast<int32_t>(place * static_cast<size_t>(settings.classes) / order.size());
    return data;
}

}  // namespace ravine
