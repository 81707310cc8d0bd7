#pragma once

#include <cstdint>
#include <vector>

namespace ravine {

/// A matrix of doubles whose element (i, j) stands at rows[i] + columns[j] of its memory: any matrix,
/// transposed or not, and the windows of an image with one row a window.
struct GatheredMatrix {
    std::vector<int64_t> rows, columns;
};

/// Bytes of scratch memory that gathered_product wants.
int64_t gathered_product_scratch(int threads);

/// c <- a b for dense c [m, n], where `x` and `y` are the memory of a [m, k] and b [k, n]. Each element is
/// summed in one order, whatever the number of threads: by blocks of 256 of k.
void gathered_product(int threads, const GatheredMatrix& a, const double* x, const GatheredMatrix& b,
                      const double* y, double* c, void* scratch);

}  // namespace ravine
