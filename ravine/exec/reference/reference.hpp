#pragma once

#include <memory>

#include "ravine/exec/plain/plain.hpp"

namespace ravine {

// The kernels of the reference executor: double, plain loops, but for products.

std::unique_ptr<Kernel> make_reference_scalar(const PlainRequest& request, int scalar);
/// Constants and every elementwise operation.
std::unique_ptr<Kernel> make_reference_elementwise(const PlainRequest& request);
/// broadcast, sum_to, max_to.
std::unique_ptr<Kernel> make_reference_broadcasting(const PlainRequest& request);
/// matmul and the three convolutions, as products of matrices in blocks: a convolution is one with the
/// windows of its padded image.
std::unique_ptr<Kernel> make_reference_product(const PlainRequest& request, int threads);

}  // namespace ravine
