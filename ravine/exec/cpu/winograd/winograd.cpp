#include "ravine/exec/cpu/winograd/winograd.hpp"

#include <algorithm>
#include <utility>

#include "ravine/exec/cpu/dnnl/dnnl.hpp"

namespace ravine {

namespace {

using winograd::tile_side;

/// How many tiles of a row or a column of an image make 4 pixels, and then how many 3: the fewest positions.
struct Cut {
    explicit Cut(int64_t extent) : whole(ceiling(extent, tile_side)), shorter(0) {
        for (int64_t count = whole - 1; count >= 0; --count) {
            const int64_t rest = ceiling(extent - count * tile_side, tile_side - 1);
            if (positions(count, rest) < positions(whole, shorter)) whole = count, shorter = rest;
        }
    }
    static int64_t positions(int64_t whole, int64_t shorter) {
        return (tile_side + 2) * whole + (tile_side + 1) * shorter;
    }
    int64_t whole, shorter;
};

/// Where the pixels stand that the tiles of one kind see or make, in a row or a column of each of several
/// images of this extent, which, and whose pixels, are so many numbers apart.
struct Strip {
    int64_t images, extent, next_image, next_pixel;

    /// `shift` pixels from the corner of a tile on.
    template <size_t side>
    std::vector<winograd::Line<side>> lines(const Cut& cut, bool shorter, int64_t shift) const {
        std::vector<winograd::Line<side>> result;
        const int64_t count = shorter ? cut.shorter : cut.whole;
        const int64_t first = shorter ? cut.whole * tile_side : 0, step = tile_side - (shorter ? 1 : 0);
        const auto taken = static_cast<int64_t>(side) - (shorter ? 1 : 0);
        for (int64_t image = 0; image < images; ++image)
            for (int64_t tile = 0; tile < count; ++tile) {
                auto& line = result.emplace_back();
                line.fill(winograd::outside);
                for (int64_t i = 0; i < taken; ++i) {
                    const int64_t pixel = first + tile * step + shift + i;
                    if (pixel >= 0 && pixel < extent)
                        line[static_cast<size_t>(i)] = image * next_image + pixel * next_pixel;
                }
            }
        return result;
    }
};

}  // namespace

int64_t winograd::Tiles::count() const {
    int64_t result = 0;
    for (const Grid& grid : grids) result += grid.count();
    return result;
}

int64_t winograd::Tiles::multiplications() const {
    int64_t result = 0;
    for (const Grid& grid : grids) result += grid.count() * grid.positions();
    return result;
}

winograd::Tiles winograd::tiles_of(const ProductRequest& request) {
    const ConvolutionShapes shapes(request);
    const bool turned = request.op == Op::conv2d_input_gradient;
    const Shape &from = turned ? shapes.output : shapes.image, &to = turned ? shapes.image : shapes.output;
    const int64_t padding = turned ? 2 - request.integers[1] : request.integers[1];
    const auto rows = [](const Shape& s) { return Strip{s[0], s[1], s[1] * s[2] * s[3], s[2] * s[3]}; };
    const auto columns = [](const Shape& s) { return Strip{1, s[2], 0, s[3]}; };
    const Cut row_cut(to[1]), column_cut(to[2]);
    Tiles tiles{.in = from[3], .out = to[3], .grids = {}};
    for (const bool short_rows : {false, true})
        for (const bool short_columns : {false, true}) {
            Grid grid{
                .short_rows = short_rows,
                .short_columns = short_columns,
                .input_rows = rows(from).lines<tile_side + 2>(row_cut, short_rows, -padding),
                .input_columns = columns(from).lines<tile_side + 2>(column_cut, short_columns, -padding),
                .output_rows = rows(to).lines<tile_side>(row_cut, short_rows, 0),
                .output_columns = columns(to).lines<tile_side>(column_cut, short_columns, 0)};
            if (grid.count() > 0) tiles.grids.push_back(std::move(grid));
        }
    return tiles;
}

int64_t winograd::part_of(int64_t channels) {
    constexpr int64_t most = 64, fewest = 16;
    for (int64_t parts = (channels + most - 1) / most; channels / parts >= fewest; ++parts)
        if (channels % parts == 0) return channels / parts;
    return channels;
}

bool suits_winograd(const ProductRequest& request) {
    const ConvolutionShapes shapes(request);
    const Shape& kernel = shapes.kernel;
    if (kernel[2] != 3 || kernel[3] != 3 || request.integers[0] != 1 || request.integers[1] > 2) return false;
    const auto tiles = winograd::tiles_of(request);
    // Below that the transforms cost what the products save.
    constexpr int64_t enough_channels = 32;
    constexpr int64_t enough_tiles = 32;
    // Multiplications by the definition for one here: 4, less where tiles are short or not filled.
    const Shape& made = request.op == Op::conv2d_input_gradient ? shapes.image : shapes.output;
    const double saving =
        9.0 * static_cast<double>(made[0] * made[1] * made[2]) / static_cast<double>(tiles.multiplications());
    constexpr double enough_saving = 1.8;
    // Tile instructions multiply bfloat16 matrices eight times faster: there the transforms would dominate.
    const bool has_tiles = has_instructions(dnnl::cpu_isa::avx512_core_amx);
    return tiles.in >= enough_channels && tiles.out >= enough_channels && tiles.count() >= enough_tiles &&
           saving >= enough_saving && request.kernel_element == Element::f32 &&
           has_instructions(dnnl::cpu_isa::avx512_core) &&
           !(has_tiles && request.factor_element == Element::bf16);
}

}  // namespace ravine
