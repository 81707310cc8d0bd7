#include "ravine/exec/onednn/winograd.hpp"

#include <algorithm>

#include "ravine/exec/onednn/dnnl.hpp"

namespace ravine {

winograd::Tiles winograd::tiles_of(const ProductRequest& request) {
    const ConvolutionShapes shapes(request);
    const bool turned = request.op == Op::conv2d_input_gradient;
    const Shape &from = turned ? shapes.output : shapes.image, &to = turned ? shapes.image : shapes.output;
    Tiles tiles{.h = from[1],
                .w = from[2],
                .in = from[3],
                .oh = to[1],
                .ow = to[2],
                .out = to[3],
                .padding = turned ? 2 - request.integers[1] : request.integers[1],
                .rows = (to[1] + 1) / 2,
                .columns = (to[2] + 1) / 2,
                .block = 0};
    // Products of 256 rows come near their best; a thread's share may be less.
    constexpr int64_t most = 256;
    tiles.count = from[0] * tiles.rows * tiles.columns;
    tiles.block = std::min(most, (tiles.count + request.threads - 1) / request.threads);
    return tiles;
}

bool suits_winograd(const ProductRequest& request) {
    const Shape kernel = ConvolutionShapes(request).kernel;
    if (kernel[2] != 3 || kernel[3] != 3 || request.integers[0] != 1 || request.integers[1] > 2) return false;
    const auto tiles = winograd::tiles_of(request);
    // Below that the transforms cost what the products save.
    const int64_t enough_channels = request.factor_element == Element::bf16 ? 64 : 32;
    constexpr int64_t enough_tiles = 128;
    // Each thread sums a transformed gradient of its own, 16 numbers for each pair of channels.
    constexpr int64_t most_pairs = 1 << 16;
    if (request.op == Op::conv2d_weight_gradient && tiles.in * tiles.out > most_pairs) return false;
    // Tile instructions multiply bfloat16 matrices eight times faster: there the transforms would dominate.
    const bool has_tiles = dnnl::get_effective_cpu_isa() >= dnnl::cpu_isa::avx512_core_amx;
    return tiles.in >= enough_channels && tiles.out >= enough_channels && tiles.count >= enough_tiles &&
           request.kernel_element == Element::f32 && !(has_tiles && request.factor_element == Element::bf16);
}

}  // namespace ravine
