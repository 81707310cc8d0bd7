#pragma once

#include "ravine/graph/graph.hpp"

namespace ravine {

/// Whose statistics a normalisation takes: all examples of the batch, those of other processes too, or each
/// example by itself.
enum class StatisticsOf { batch, example };

struct Normalized {
    Value result;          ///< of the shape of x
    Value mean, variance;  ///< of the shape of the statistics; the variance is the biased one
};

/// gamma (x - mean) / sqrt(variance + epsilon) + beta, with the mean and the biased variance over the axes
/// along which `statistics` would be repeated to the shape of x: {c} takes them over all axes but the last.
/// gamma and beta broadcast to the shape of x.
///
/// The result is differentiated as one operation (Op::normalized). With s = 1 / sqrt(variance + epsilon), m
/// the mean over the same axes, c = x - mean and h = gamma dy:
///     dx = s (h - m(h) - s^2 c m(h c)),  dgamma = sum(dy s c),  dbeta = sum(dy),
/// which is what the chain rule gives but for m(c) = 0, in two passes over memory instead of five (Ioffe and
/// Szegedy 2015).
Normalized normalize(Value x, const Shape& statistics, Value gamma, Value beta, double epsilon,
                     StatisticsOf whose);

}  // namespace ravine
