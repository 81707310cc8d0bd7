#include <new>

#include "ravine/data/formats/image_file.hpp"

#define STB_IMAGE_RESIZE_IMPLEMENTATION
#define STB_IMAGE_RESIZE_STATIC
#include <stb/stb_image_resize.h>

namespace ravine {

Image resized(const Image& image, int64_t height, int64_t width) {
    if (image.height == height && image.width == width) return image;
    Image result{height, width, image.channels,
                 std::vector<uint8_t>(static_cast<size_t>(height * width * image.channels))};
    const auto side = [](int64_t size) { return static_cast<int>(size); };
    if (stbir_resize_uint8_generic(image.pixels.data(), side(image.width), side(image.height), 0,
                                   result.pixels.data(), side(width), side(height), 0, side(image.channels),
                                   STBIR_ALPHA_CHANNEL_NONE, 0, STBIR_EDGE_CLAMP, STBIR_FILTER_TRIANGLE,
                                   STBIR_COLORSPACE_LINEAR, nullptr) == 0)
        throw std::bad_alloc();
    return result;
}

}  // namespace ravine
