#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "ravine/exec/plan/kernel.hpp"

namespace ravine::winograd {

// The transforms of F(4x4, 3x3): Y = A' [(G g G') . (B' d B)] A, with d a tile of 6 x 6 pixels, g a kernel of
// 3 x 3, Y the 4 x 4 pixels that the kernel makes of the tile, and . element by element (Winograd 1980; Lavin
// and Gray 2016). The polynomials behind it are evaluated at 0, 3/2, -3/2, 2/3, -2/3 and infinity, which
// rounds less than half as much as the usual 0, 1, -1, 2, -2 (points c, -c, 1/c, -1/c: Alam, Anderson,
// Barabasz and Gregg 2022). Vectorised over channels (Highway).

constexpr int64_t tile_side = 4;   ///< of the pixels that a whole tile makes
constexpr int64_t positions = 36;  ///< of a transformed whole tile: so many products of matrices

/// Where the pixels of a row or a column of tiles stand: numbers from the beginning of the images, those of a
/// pixel's row and column added; outside the images, `outside`.
template <size_t side>
using Line = std::array<int64_t, side>;
constexpr int64_t outside = -1;

/// A grid of tiles of one kind. Infinity is needed for the fourth pixel alone: a tile that is short in a
/// direction makes three there, and does without the positions at infinity.
struct Grid {
    bool short_rows, short_columns;
    std::vector<Line<tile_side + 2>> input_rows, input_columns;  ///< what a tile sees
    std::vector<Line<tile_side>> output_rows, output_columns;    ///< what it makes

    int64_t count() const { return static_cast<int64_t>(output_rows.size() * output_columns.size()); }
    /// The positions of all kinds stand in one order in which those of each follow one another: of the last
    /// row those at a finite column, of the other rows these, then of these rows the last, then the corner.
    int64_t first_position() const { return short_rows ? 5 : 0; }
    int64_t positions() const { return (short_rows ? 5 : 6) * (short_columns ? 5 : 6); }
};

/// Where transformed tiles lie: numbers from a tile, a position and a part of the channels to the next one.
struct Steps {
    int64_t tile, position, part;
    int64_t part_channels;  ///< which lie one after another
    int64_t parts;
};

/// Writes B' d B of the tiles [begin, end) to v, from the first position of their kind on.
void transform_input(const Grid& grid, int64_t begin, int64_t end, const float* images, float* v,
                     Steps steps);
void transform_input(const Grid& grid, int64_t begin, int64_t end, const Bfloat16* images, Bfloat16* v,
                     Steps steps);

/// Channels [begin, end) of an output.
struct Channels {
    int64_t begin, end;
    int64_t count() const { return end - begin; }
};

/// Writes A' m A of the tiles [begin, end), m[tiles, positions of their kind, channels], plus the bias where
/// there is one, to those channels of the outputs.
void transform_output(const Grid& grid, int64_t begin, int64_t end, Channels channels, const float* m,
                      const float* bias, float* outputs);
void transform_output(const Grid& grid, int64_t begin, int64_t end, Channels channels, const float* m,
                      const float* bias, Bfloat16* outputs);

/// Which convolution a kernel [out, in, 3, 3] is transformed for: its own, or the one that takes output
/// gradients to input gradients, whose kernel is turned by 180 degrees and has in and out exchanged.
enum class Direction { forward, backward };

/// A part of the kernel of a convolution: all of its input channels, some of its output channels.
struct KernelPart {
    const float* kernel;
    Direction direction;
    int64_t in, out;    ///< channels of the convolution
    Channels channels;  ///< of the output
};

/// Where products want a transformed part: [positions, panels, rows, panel] with a panel of output channels
/// and the input channels as rows, or, of bfloat16, [positions, panels, rows / 2, panel, 2]. Channels beyond
/// those of the part are zeros.
struct Panels {
    int64_t panel;                                         ///< output channels of a panel, a multiple of 16
    int64_t rows;                                          ///< input channels, of bfloat16 an even number
    int64_t count;                                         ///< of panels
    int64_t size() const { return panel * rows * count; }  ///< numbers of a position
    bool operator==(const Panels&) const = default;
};

/// Writes G g G' to u.
void transform_kernel(const KernelPart& part, const Panels& panels, float* u);
void transform_kernel(const KernelPart& part, const Panels& panels, Bfloat16* u);

/// Writes A dy A' of the tiles [begin, end) of output gradients to m: the adjoint of transform_output.
void transform_output_gradient(const Grid& grid, int64_t begin, int64_t end, const float* gradients, float* m,
                               Steps steps);
void transform_output_gradient(const Grid& grid, int64_t begin, int64_t end, const Bfloat16* gradients,
                               Bfloat16* m, Steps steps);

/// Gradients du[positions, ins, outs] that are to be added, so many numbers apart.
struct Sums {
    const float* first;
    int64_t count, step;
};

/// Writes G' du G to these channels of the gradient of a kernel [.., kernel_in, 3, 3]: the adjoint of
/// transform_kernel.
void transform_kernel_gradient(const Sums& du, Channels ins, Channels outs, int64_t kernel_in,
                               float* gradient);

}  // namespace ravine::winograd
