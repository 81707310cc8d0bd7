#pragma once

#include <memory>

#include "ravine/exec/plain/plain.hpp"

namespace ravine {

// The kernels of the reference executor: double, plain loops.

std::unique_ptr<Kernel> make_reference_scalar(const PlainRequest& request, int scalar);
/// Constants and every elementwise operation.
std::unique_ptr<Kernel> make_reference_elementwise(const PlainRequest& request);
/// broadcast, sum_to, max_to.
std::unique_ptr<Kernel> make_reference_broadcasting(const PlainRequest& request);
/// matmul and the three convolutions.
std::unique_ptr<Kernel> make_reference_product(const PlainRequest& request);

}  // namespace ravine
