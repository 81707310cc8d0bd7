#pragma once

#include <memory>

#include "ravine/exec/plain/plain.hpp"

namespace ravine {

/// The pooling operations on floats or bfloat16 numbers, vectorised over channels (Highway); nothing for any
/// other operation. Places in a window are small enough to be exact in both. max_pool_indices leaves the
/// maxima too where a buffer is given for them, of the same element. oneDNN's own max-pooling keeps its
/// indices to itself, so it cannot be differentiated again.
std::unique_ptr<Kernel> make_fast_pooling(const PlainRequest& request, Element element, int maxima = -1);

/// max_pool_indices, and the maxima, of an image [h, w, c] with windows of 2 x 2 side by side: [h / 2, w / 2,
/// c], with even h and w.
void find_maxima(const float* image, int64_t h, int64_t w, int64_t c, float* places, float* maxima);
void find_maxima(const Bfloat16* image, int64_t h, int64_t w, int64_t c, Bfloat16* places, Bfloat16* maxima);

}  // namespace ravine
