#pragma once

#include <png.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <jpeglib.h>

namespace ravine::test {

/// A PNG file of 8-bit grey, RGB or RGBA pixels, or of 16-bit ones.
template <class T>
std::string png(int height, int width, const std::vector<T>& pixels, png_uint_32 format) {
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    image.height = static_cast<png_uint_32>(height);
    image.width = static_cast<png_uint_32>(width);
    image.format = format;
    std::string bytes(1 << 20, '\0');
    png_alloc_size_t size = bytes.size();
    if (png_image_write_to_memory(&image, bytes.data(), &size, 0, pixels.data(), 0, nullptr) == 0)
        throw std::runtime_error(image.message);
    bytes.resize(size);
    return bytes;
}

/// A PNG image of one grey.
inline std::string grey_png(int height, int width, uint8_t grey) {
    return png(height, width, std::vector<uint8_t>(static_cast<size_t>(height * width), grey),
               PNG_FORMAT_GRAY);
}

/// A JPEG file of the highest quality, of 1 (grey), 3 (RGB) or 4 (CMYK) channels.
inline std::string jpeg(int height, int width, int channels, std::vector<uint8_t> pixels) {
    jpeg_compress_struct codec{};
    jpeg_error_mgr errors{};
    codec.err = jpeg_std_error(&errors);
    jpeg_create_compress(&codec);
    unsigned char* out = nullptr;
    unsigned long size = 0;
    jpeg_mem_dest(&codec, &out, &size);
    codec.image_height = static_cast<JDIMENSION>(height);
    codec.image_width = static_cast<JDIMENSION>(width);
    codec.input_components = channels;
    codec.in_color_space = channels == 1 ? JCS_GRAYSCALE : channels == 3 ? JCS_RGB : JCS_CMYK;
    jpeg_set_defaults(&codec);
    jpeg_set_quality(&codec, 100, TRUE);
    jpeg_start_compress(&codec, TRUE);
    while (codec.next_scanline < codec.image_height) {
        JSAMPROW row = pixels.data() + codec.next_scanline * static_cast<size_t>(width * channels);
        jpeg_write_scanlines(&codec, &row, 1);
    }
    jpeg_finish_compress(&codec);
    jpeg_destroy_compress(&codec);
    std::string bytes(reinterpret_cast<char*>(out), size);
    std::free(out);  // NOLINT: libjpeg allocated it
    return bytes;
}

}  // namespace ravine::test
