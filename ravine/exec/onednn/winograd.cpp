#include "ravine/exec/onednn/winograd.hpp"

#include <algorithm>

#include "ravine/exec/onednn/dnnl.hpp"

namespace ravine {

winograd::Tiles winograd::tiles_of(const ProductRequest& request) {
    const ConvolutionShapes shapes(request);
    const bool turned = request.op == Op::conv2d_input_gradient;
    const Shape &from = turned ? shapes.output : shapes.image, &to = turned ? shapes.image : shapes.output;
    const int64_t rows = (to[1] + tile_side - 1) / tile_side, columns = (to[2] + tile_side - 1) / tile_side;
    return {.h = from[1],
            .w = from[2],
            .in = from[3],
            .oh = to[1],
            .ow = to[2],
            .out = to[3],
            .padding = turned ? 2 - request.integers[1] : request.integers[1],
            .rows = rows,
            .columns = columns,
            .count = from[0] * rows * columns};
}

int64_t winograd::part_of(int64_t channels) {
    constexpr int64_t most = 64, fewest = 16;
    for (int64_t parts = (channels + most - 1) / most; channels / parts >= fewest; ++parts)
        if (channels % parts == 0) return channels / parts;
    return channels;
}

bool suits_winograd(const ProductRequest& request) {
    const Shape kernel = ConvolutionShapes(request).kernel;
    if (kernel[2] != 3 || kernel[3] != 3 || request.integers[0] != 1 || request.integers[1] > 2) return false;
    const auto tiles = winograd::tiles_of(request);
    // Below that the transforms cost what the products save.
    constexpr int64_t enough_channels = 32;
    constexpr int64_t enough_tiles = 32;
    // Multiplications by the definition for one here: 4, less where outputs do not fill the last tiles.
    const double saving = 9.0 * static_cast<double>(tiles.oh * tiles.ow) /
                          static_cast<double>(winograd::positions * tiles.rows * tiles.columns);
    constexpr double enough_saving = 1.8;
    const auto isa = dnnl::get_effective_cpu_isa();
    // Tile instructions multiply bfloat16 matrices eight times faster: there the transforms would dominate.
    const bool has_tiles = isa >= dnnl::cpu_isa::avx512_core_amx;
    return tiles.in >= enough_channels && tiles.out >= enough_channels && tiles.count >= enough_tiles &&
           saving >= enough_saving && request.kernel_element == Element::f32 &&
           isa >= dnnl::cpu_isa::avx512_core && !(has_tiles && request.factor_element == Element::bf16);
}

}  // namespace ravine
