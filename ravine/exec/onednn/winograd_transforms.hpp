#pragma once

#include <cstdint>

#include "ravine/exec/kernel.hpp"

namespace ravine::winograd {

// The transforms of F(2x2, 3x3): Y = A' [(G g G') . (B' d B)] A, with d a tile of 4 x 4 pixels, g a kernel of
// 3 x 3, Y the 2 x 2 pixels that the kernel makes of the tile, and . element by element (Winograd 1980; Lavin
// and Gray 2016). Vectorised over channels (Highway).

/// A convolution with stride 1 of images [n, h, w, in], cut into tiles.
struct Tiles {
    int64_t h, w, in;       ///< of an image
    int64_t oh, ow, out;    ///< of an output
    int64_t padding;        ///< before the first row and column
    int64_t rows, columns;  ///< of tiles in an output: (oh + 1) / 2, (ow + 1) / 2
    int64_t block;          ///< tiles that are transformed at a time
    int64_t count = 0;      ///< tiles of all examples
};

/// Writes B' d B of the tiles [begin, end) to v[16, block, in].
void transform_input(const Tiles& tiles, int64_t begin, int64_t end, const float* images, float* v);
void transform_input(const Tiles& tiles, int64_t begin, int64_t end, const Bfloat16* images, Bfloat16* v);

/// Writes A' m A of the tiles [begin, end), m[16, block, out], plus the bias where there is one, to the
/// outputs.
void transform_output(const Tiles& tiles, int64_t begin, int64_t end, const float* m, const float* bias,
                      float* outputs);
void transform_output(const Tiles& tiles, int64_t begin, int64_t end, const float* m, const float* bias,
                      Bfloat16* outputs);

/// Which convolution a kernel [out, in, 3, 3] is transformed for: its own, or the one that takes output
/// gradients to input gradients, whose kernel is turned by 180 degrees and has in and out exchanged.
enum class Direction { forward, backward };

/// Writes G g G' for the input channels [begin, end) of the convolution (the first or the second axis of the
/// kernel) to u[16, channels in, channels out].
void transform_kernel(const float* kernel, int64_t kernel_out, int64_t kernel_in, Direction direction,
                      int64_t begin, int64_t end, float* u);

/// Writes A dy A' of the tiles [begin, end) of output gradients to m[16, block, out]: the adjoint of
/// transform_output.
void transform_output_gradient(const Tiles& tiles, int64_t begin, int64_t end, const float* gradients,
                               float* m);
void transform_output_gradient(const Tiles& tiles, int64_t begin, int64_t end, const Bfloat16* gradients,
                               Bfloat16* m);

/// Writes G' du G to the gradient of a kernel [out, in, 3, 3], for the output channels [begin, end), with du
/// the sum of `parts` gradients [16, in, out] one after another: the adjoint of transform_kernel.
void transform_kernel_gradient(const float* du, int64_t parts, int64_t kernel_out, int64_t kernel_in,
                               int64_t begin, int64_t end, float* gradient);

}  // namespace ravine::winograd
