#pragma once

#include "ravine/exec/cpu/dnnl/product.hpp"
#include "tests/support/evaluate.hpp"

namespace ravine::test {

/// Runs a kernel of a product twice, over memory full of NaN, and returns its result. Buffers 0 to
/// 3 of the request are the factors and the result, as the request has them, and the bias, floats.
Numbers run_product(const Kernel& kernel, const ProductRequest& request, const Numbers& first,
                    const Numbers& second, const Numbers& bias);

}  // namespace ravine::test
