#pragma once

#include <memory>

#include "ravine/exec/plan/kernel.hpp"

namespace ravine {

struct StoredAs {
    int buffer;
    Element element;
};

/// Copies a buffer of floats to one of bfloat16 numbers, or the other way round.
std::unique_ptr<Kernel> make_conversion(StoredAs from, StoredAs to, int64_t elements);

}  // namespace ravine
