#pragma once

#include <memory>

#include "ravine/exec/cpu/dnnl/product.hpp"
#include "ravine/exec/cpu/winograd/winograd_transforms.hpp"

namespace ravine {

namespace winograd {

/// A convolution with stride 1 cut into tiles.
struct Tiles {
    int64_t in, out;  ///< channels
    std::vector<Grid> grids;

    int64_t count() const;
    /// Of numbers, for each pair of channels: one at each position of each tile.
    int64_t multiplications() const;
};

/// The tiles of a convolution, of its gradient in the input, which is a convolution too, or, for its gradient
/// in the kernel, of the convolution itself.
Tiles tiles_of(const ProductRequest& request);

/// The channels of a part of a kernel: at most 64 and at least 16 where equal parts can have so many, else
/// all.
int64_t part_of(int64_t channels);

}  // namespace winograd

/// The gradient of a kernel as products that sum over tiles; nothing where there is no fast product.
std::unique_ptr<Kernel> make_winograd_kernel_gradient(const ProductRequest& request);

}  // namespace ravine
