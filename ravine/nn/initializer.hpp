#pragma once

#include <functional>
#include <span>

#include "ravine/core/settings/catalog.hpp"
#include "ravine/core/values/random.hpp"
#include "ravine/core/values/shape.hpp"

namespace ravine {

/// What an initialiser needs to know of a weight tensor.
struct Fans {
    int64_t in = 1;   ///< inputs of a unit: the product of all extents but the first
    int64_t out = 1;  ///< outputs that an input reaches
};

/// The fans of a weight of shape [out, in] or [out, in, height, width].
Fans fans_of(const Shape& shape);

/// Fills a tensor, dense and in row-major order, with its initial values.
using Initializer = std::function<void(const Shape& shape, RandomSequence& random, std::span<double> values)>;

/// An initialiser of the weights of a model and the initial value of its biases.
struct Initialization {
    Initializer weights;
    double bias = 0;
};

/// All elements equal to `value`.
Initializer constant_initializer(double value);
/// He (2015) normal: N(0, 2 / fan_in), for layers before a ReLU.
Initializer he_initializer();
/// Glorot (2010) uniform: U(-sqrt(6 / (fan_in + fan_out)), +...), for every other layer.
Initializer glorot_initializer();

/// The initialisers by name.
const Catalog<Initialization>& initializers();

}  // namespace ravine
