#pragma once

#include <memory>

#include "ravine/exec/plain/plain.hpp"

namespace ravine {

/// A permutation of axes: transpositions of small matrices by us, others by oneDNN's reorder, which is many
/// times as fast as our plain loop; nothing for any other operation, and where the library has no fast
/// implementation.
std::unique_ptr<Kernel> make_permutation(const PlainRequest& request, Element element, int threads);

}  // namespace ravine
