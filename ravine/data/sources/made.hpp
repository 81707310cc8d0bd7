#pragma once

#include <cstdint>

#include "ravine/data/dataset.hpp"

namespace ravine {

/// Made data sets. Each is a pure function of its settings and a seed; classes are as equal in size as
/// `examples` allows (example i has class i mod classes), and the features are called x0, x1, ... Noise is a
/// standard deviation, in the units of the features.

/// Intertwined spirals in the plane: class c at radius r in [0, 1] has the angle 2 pi (turns r + c /
/// classes); then normal noise on the angle, in radians (after Karpathy 2015, CS231n, "Minimal neural network
/// case study").
struct Spiral {
    int64_t examples = 3000;
    int64_t classes = 3;
    double turns = 0.75;
    double noise = 0.2;
};
Dataset make_spiral(const Spiral& settings, uint64_t seed);

/// Two interleaved half-circles, the upper (cos a, sin a) and the lower (1 - cos a, 1/2 - sin a), a in [0,
/// pi]; bent: y gains `bend` sin(3 x); then normal noise.
struct Moons {
    int64_t examples = 3000;
    double noise = 0.25;
    double bend = 0.3;
};
Dataset make_moons(const Moons& settings, uint64_t seed);

/// Concentric circles: class c has radius (c + 1) / classes; then normal noise.
struct Circles {
    int64_t examples = 3000;
    int64_t classes = 3;
    double noise = 0.22;
};
Dataset make_circles(const Circles& settings, uint64_t seed);

/// Interlocked rings in space: a chain of unit circles whose centres stand one unit apart along x, lying in
/// turn in the xy and the xz plane, so that neighbours link; then normal noise.
struct Rings {
    int64_t examples = 3000;
    int64_t classes = 3;
    double noise = 0.2;
};
Dataset make_rings(const Rings& settings, uint64_t seed);

/// Normal clouds of the same deviation `noise` around centres drawn uniformly from [-spread,
/// spread]^features.
struct Blobs {
    int64_t examples = 3000;
    int64_t classes = 3;
    int64_t features = 2;
    double noise = 1;
    double spread = 10;
};
Dataset make_blobs(const Blobs& settings, uint64_t seed);

/// A standard normal cloud cut into nested shells of equal size by distance from the origin: class 0
/// innermost (as scikit-learn's make_gaussian_quantiles; Hastie, Tibshirani and Friedman 2009, eq. 10.2).
struct GaussianQuantiles {
    int64_t examples = 3000;
    int64_t classes = 3;
    int64_t features = 2;
    double deviation = 1;
};
Dataset make_gaussian_quantiles(const GaussianQuantiles& settings, uint64_t seed);

/// Points uniform in the square [-1, 1]^2 with a label for each of several discs of radius 0.6, whose centres
/// stand evenly on the circle of radius 0.4: label j holds inside disc j, and each label is wrong with
/// probability `flip`. All discs overlap around the origin, so that any number of labels may hold.
struct OverlappingDiscs {
    int64_t examples = 3000;
    int64_t labels = 3;
    double flip = 0.05;
};
Dataset make_overlapping_discs(const OverlappingDiscs& settings, uint64_t seed);

/// y = w . x + b + noise, with x, w and b standard normal.
struct LinearRegression {
    int64_t examples = 1000;
    int64_t features = 10;
    double noise = 0.1;
};
Dataset make_linear_regression(const LinearRegression& settings, uint64_t seed);

/// y = sin(frequency x) + noise, with x uniform in [-pi, pi].
struct NoisySine {
    int64_t examples = 1000;
    double frequency = 1;
    double noise = 0.1;
};
Dataset make_noisy_sine(const NoisySine& settings, uint64_t seed);

}  // namespace ravine
