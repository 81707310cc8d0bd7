#pragma once

#include <cstdint>

namespace ravine {

/// An image that somebody else holds: height x width x channels numbers, dense.
struct ImageView {
    float* data = nullptr;
    int64_t height = 0, width = 0, channels = 0;

    int64_t row_size() const { return width * channels; }
    int64_t size() const { return height * row_size(); }
    float* row(int64_t y) const { return data + y * row_size(); }
    float* pixel(int64_t y, int64_t x) const { return row(y) + x * channels; }
};

/// Rows y0 ... y1 - 1 and columns x0 ... x1 - 1 of an image.
struct Box {
    int64_t y0, x0, y1, x1;

    int64_t area() const { return (y1 - y0) * (x1 - x0); }
    bool operator==(const Box&) const = default;
};

/// The box of `height` x `width` pixels whose first ones are height / 2 rows above and width / 2 columns left
/// of the pixel (y, x), as far as it lies in the image.
Box box_around(int64_t y, int64_t x, int64_t height, int64_t width, const ImageView& image);

/// Moves an image down by `down` and right by `right` whole pixels; what comes in from outside is 0.
void shift(const ImageView& image, int64_t down, int64_t right);

/// Exchanges left and right.
void mirror(const ImageView& image);

/// Reads an image at other places: pixel (y, x) of the result is the image at
/// (yy y + yx x + y0, xy y + xx x + x0), in pixels from the centre of the image.
struct Affine {
    double yy = 1, yx = 0, xy = 0, xx = 1, y0 = 0, x0 = 0;

    /// Turns an image by so many degrees against the clock.
    static Affine rotation(double degrees);
    /// Makes an image `factor` times as large.
    static Affine zoom(double factor);
};

/// The image read at the places of `places`, linearly between the four pixels around each; places outside the
/// image give 0. `scratch` holds as many numbers as the image.
void warp(const ImageView& image, const Affine& places, float* scratch);

}  // namespace ravine
