#include "ravine/exec/onednn/winograd.hpp"

#include <algorithm>

#include "ravine/exec/onednn/dnnl.hpp"

namespace ravine {

namespace {

using winograd::tile_side;

/// The images of a row or a column of a grid, cut into tiles: each for itself, or, where that makes fewer,
/// all as one, with enough between them that no window sees two. A tile may: it rounds both as the larger one
/// asks for, and passes NaN from one to the other.
struct Strip {
    Strip(int64_t the_images, int64_t extent, int64_t made, int64_t padding)
        : images(the_images), distance(extent + padding) {
        const int64_t apart = ceiling(made, tile_side);
        const int64_t together = ceiling((images - 1) * distance + made, tile_side);
        tiles = std::min(images * apart, together);
        own_tiles = together < images * apart ? 0 : apart;
    }

    /// Where the pixels of each tile stand that are `shift` from its corner and further, in images of this
    /// extent whose first pixels and neighbours are so many numbers apart.
    template <size_t side>
    std::vector<winograd::Line<side>> lines(int64_t shift, int64_t extent, int64_t next_image,
                                            int64_t next_pixel) const {
        std::vector<winograd::Line<side>> result(static_cast<size_t>(tiles));
        for (int64_t tile = 0; tile < tiles; ++tile)
            for (int64_t i = 0; i < static_cast<int64_t>(side); ++i) {
                int64_t image = 0, pixel = tile * tile_side + shift + i;
                if (own_tiles > 0)
                    image = tile / own_tiles, pixel -= image * own_tiles * tile_side;
                else if (pixel >= 0)
                    image = pixel / distance, pixel %= distance;
                const bool inside = image < images && pixel >= 0 && pixel < extent;
                result[static_cast<size_t>(tile)][static_cast<size_t>(i)] =
                    inside ? image * next_image + pixel * next_pixel : winograd::outside;
            }
        return result;
    }

    int64_t images;
    int64_t distance;   ///< pixels from an image to the next
    int64_t own_tiles;  ///< of each image; 0 where all are cut as one
    int64_t tiles;      ///< of all
};

}  // namespace

winograd::Tiles winograd::tiles_of(const ProductRequest& request) {
    const ConvolutionShapes shapes(request);
    const bool turned = request.op == Op::conv2d_input_gradient;
    const Shape &from = turned ? shapes.output : shapes.image, &to = turned ? shapes.image : shapes.output;
    const int64_t padding = turned ? 2 - request.integers[1] : request.integers[1], examples = from[0];
    const auto rows = [&](int64_t across) { return Strip(examples / across, from[1], to[1], padding); };
    const auto columns = [&](int64_t across) { return Strip(across, from[2], to[2], padding); };
    int64_t best = 1;  // examples beside one another
    for (int64_t across = 2; across <= examples; ++across)
        if (examples % across == 0 &&
            rows(across).tiles * columns(across).tiles < rows(best).tiles * columns(best).tiles)
            best = across;
    const auto row = [](const Shape& image) { return image[2] * image[3]; };
    const auto all = [&](const Shape& image) { return image[1] * row(image); };
    return {.in = from[3],
            .out = to[3],
            .input_rows = rows(best).lines<tile_side + 2>(-padding, from[1], best * all(from), row(from)),
            .input_columns = columns(best).lines<tile_side + 2>(-padding, from[2], all(from), from[3]),
            .output_rows = rows(best).lines<tile_side>(0, to[1], best * all(to), row(to)),
            .output_columns = columns(best).lines<tile_side>(0, to[2], all(to), to[3])};
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
    // Multiplications by the definition for one here: 4, less where outputs do not fill the last tiles.
    const Shape& made = request.op == Op::conv2d_input_gradient ? shapes.image : shapes.output;
    const double saving = 9.0 * static_cast<double>(made[0] * made[1] * made[2]) /
                          static_cast<double>(winograd::positions * tiles.count());
    constexpr double enough_saving = 1.8;
    // Tile instructions multiply bfloat16 matrices eight times faster: there the transforms would dominate.
    const bool has_tiles = has_instructions(dnnl::cpu_isa::avx512_core_amx);
    return tiles.in >= enough_channels && tiles.out >= enough_channels && tiles.count() >= enough_tiles &&
           saving >= enough_saving && request.kernel_element == Element::f32 &&
           has_instructions(dnnl::cpu_isa::avx512_core) &&
           !(has_tiles && request.factor_element == Element::bf16);
}

}  // namespace ravine
