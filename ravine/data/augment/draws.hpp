#pragma once

#include <cstdint>
#include <span>

#include "ravine/core/values/random.hpp"

namespace ravine {

/// The logarithm of a draw from the gamma distribution of this shape > 0 and scale 1 (Marsaglia and Tsang
/// 2000; below 1 by their boost u^(1/shape)). As a logarithm, so that small shapes do not underflow.
double draw_log_gamma(double shape, RandomSequence& random);

/// A draw from Beta(a, b), a, b > 0: g_a / (g_a + g_b) of two gamma draws.
double draw_beta(double a, double b, RandomSequence& random);

/// Shares that sum to 1, from the symmetric Dirichlet distribution.
void draw_dirichlet(double concentration, RandomSequence& random, std::span<double> shares);

/// The standard normal number below which the share (word + 1/2) / 2^32 of all lies: of a random word, a
/// normal draw (Wichura 1988, algorithm AS 241, PPND7: 7 digits).
float normal_of(uint32_t word);

}  // namespace ravine
