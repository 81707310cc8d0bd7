#pragma once

#include <memory>

#include "ravine/exec/plain/plain.hpp"

namespace ravine {

/// The pooling operations on floats or bfloat16 numbers, vectorised over channels (Highway); nothing for any
/// other operation. Places in a window are small enough to be exact in both. max_pool_indices leaves the
/// maxima too where a buffer is given for them, of the same element. oneDNN's own max-pooling keeps its
/// indices to itself, so it cannot be differentiated again.
std::unique_ptr<Kernel> make_fast_pooling(const PlainRequest& request, Element element, int maxima = -1);

}  // namespace ravine
