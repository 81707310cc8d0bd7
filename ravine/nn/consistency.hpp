#pragma once

#include <vector>

#include "ravine/graph/graph.hpp"

namespace ravine {

/// The Jensen-Shannon divergence of k distributions over the classes, given as logits [n, c] each, of each
/// row, [n, 1]:
///
///     JS = (1/k) sum_v sum_c p_v,c (log p_v,c - log m_c),   p_v = softmax(z_v),   m = (1/k) sum_v p_v
///
/// in nats, between 0 and log k. The consistency loss of AugMix (Hendrycks et al. 2020, equation 3) for the
/// logits of an image and of its augmented versions. log m is taken as a log-sum-exp of the log p_v, which
/// neither overflows nor meets log 0, so the authors' clamp of m is not needed.
Value jensen_shannon(const std::vector<Value>& logits);

/// Row blocks of equal size: the rows of `views` views, one view after another.
std::vector<Value> split_views(Value rows, int64_t views);

}  // namespace ravine
