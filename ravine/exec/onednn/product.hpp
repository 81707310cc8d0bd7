#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "ravine/exec/kernel.hpp"

namespace ravine {

/// A matmul or a convolution with what fusion put behind it.
struct ProductRequest {
    Op op;
    std::vector<int64_t> integers;  ///< the node's attributes
    Shape first, second, result;
    int first_buffer, second_buffer, result_buffer;
    int bias_buffer = -1;
    std::optional<Op> activation;
    int threads = 1;
};

std::unique_ptr<Kernel> make_matmul(const ProductRequest& request);
std::unique_ptr<Kernel> make_convolution(const ProductRequest& request);

}  // namespace ravine
