#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace ravine {

/// A picture: height x width x channels bytes, row by row; 1 channel is grey, 3 are red, green and blue.
struct Image {
    int64_t height = 0, width = 0, channels = 0;
    std::vector<uint8_t> pixels = {};
};

/// Whether a path's ending is that of a picture that read_image() reads: .png, .jpg or .jpeg, in any case.
bool is_image_path(const std::filesystem::path& path);

/// Reads a PNG or JPEG file, which it is by its first bytes, with 1 or 3 channels, or with 0: as many as it
/// has. 16-bit and palette images become 8-bit; what is transparent lies over white; colour becomes grey by
/// its luminance. Throws RequestError for what is damaged, truncated, of another kind, or of more than 16,384
/// pixels a side or 2^26 altogether, before memory is taken for it.
Image read_image(const std::filesystem::path& path, int64_t channels);

/// The image stretched to another size, by linear interpolation, over as many pixels as a new one covers
/// where it shrinks.
Image resized(const Image& image, int64_t height, int64_t width);

}  // namespace ravine
