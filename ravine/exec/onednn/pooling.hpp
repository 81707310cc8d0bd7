#pragma once

#include <memory>

#include "ravine/exec/plain/plain.hpp"

namespace ravine {

/// The pooling operations in float, vectorised over channels (Highway); nothing for any other operation.
/// oneDNN's own max-pooling keeps its indices to itself, so it cannot be differentiated again.
std::unique_ptr<Kernel> make_fast_pooling(const PlainRequest& request);

}  // namespace ravine
