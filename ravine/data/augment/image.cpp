#include "ravine/data/augment/image.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <numbers>

namespace ravine {

Box box_around(int64_t y, int64_t x, int64_t height, int64_t width, const ImageView& image) {
    const int64_t top = y - height / 2, left = x - width / 2;
    return {std::clamp<int64_t>(top, 0, image.height), std::clamp<int64_t>(left, 0, image.width),
            std::clamp<int64_t>(top + height, 0, image.height),
            std::clamp<int64_t>(left + width, 0, image.width)};
}

void shift(const ImageView& image, int64_t down, int64_t right) {
    if (down == 0 && right == 0) return;
    const int64_t kept = std::max<int64_t>(0, image.width - std::abs(right)) * image.channels;
    const int64_t gone = image.row_size() - kept;
    const int64_t from = right < 0 ? gone : 0, to = right > 0 ? gone : 0;
    const auto move_row = [&](int64_t y) {
        float* row = image.row(y);
        const int64_t source = y - down;
        if (source < 0 || source >= image.height) {
            std::fill_n(row, image.row_size(), 0.0F);
            return;
        }
        std::memmove(row + to, image.row(source) + from, static_cast<size_t>(kept) * sizeof(float));
        std::fill_n(row + (right > 0 ? 0 : kept), gone, 0.0F);
    };
    // In the order in which no row is overwritten before it is read.
    if (down > 0)
        for (int64_t y = image.height - 1; y >= 0; --y) move_row(y);
    else
        for (int64_t y = 0; y < image.height; ++y) move_row(y);
}

void mirror(const ImageView& image) {
    for (int64_t y = 0; y < image.height; ++y) {
        float* left = image.row(y);
        float* right = left + image.row_size() - image.channels;
        for (; left < right; left += image.channels, right -= image.channels)
            std::swap_ranges(left, left + image.channels, right);
    }
}

Affine Affine::rotation(double degrees) {
    const double angle = degrees * std::numbers::pi / 180, c = std::cos(angle), s = std::sin(angle);
    return {.yy = c, .yx = s, .xy = -s, .xx = c};
}

Affine Affine::zoom(double factor) { return {.yy = 1 / factor, .xx = 1 / factor}; }

void warp(const ImageView& image, const Affine& places, float* scratch) {
    const int64_t height = image.height, width = image.width, channels = image.channels;
    const double middle_y = static_cast<double>(height - 1) / 2,
                 middle_x = static_cast<double>(width - 1) / 2;
    float* out = scratch;
    for (int64_t y = 0; y < height; ++y) {
        const double dy = static_cast<double>(y) - middle_y;
        const double row_y = places.yy * dy + places.y0 + middle_y,
                     row_x = places.xy * dy + places.x0 + middle_x;
        for (int64_t x = 0; x < width; ++x, out += channels) {
            const double dx = static_cast<double>(x) - middle_x;
            const double at_y = row_y + places.yx * dx, at_x = row_x + places.xx * dx;
            // A pixel reaches half a side beyond its centre.
            if (!(at_y >= -0.5 && at_y < static_cast<double>(height) - 0.5 && at_x >= -0.5 &&
                  at_x < static_cast<double>(width) - 0.5)) {
                for (int64_t c = 0; c < channels; ++c) out[c] = 0;
                continue;
            }
            // Both are above -1, where adding 1 makes the truncation a floor.
            const int64_t top = static_cast<int64_t>(at_y + 1) - 1, left = static_cast<int64_t>(at_x + 1) - 1;
            const auto fy = static_cast<float>(at_y - static_cast<double>(top)),
                       fx = static_cast<float>(at_x - static_cast<double>(left));
            const int64_t y0 = std::max<int64_t>(top, 0), y1 = std::min(top + 1, height - 1);
            const int64_t x0 = std::max<int64_t>(left, 0), x1 = std::min(left + 1, width - 1);
            const float *a = image.pixel(y0, x0), *b = image.pixel(y0, x1), *p = image.pixel(y1, x0),
                        *q = image.pixel(y1, x1);
            for (int64_t c = 0; c < channels; ++c) {
                const float upper = a[c] + fx * (b[c] - a[c]), lower = p[c] + fx * (q[c] - p[c]);
                out[c] = upper + fy * (lower - upper);
            }
        }
    }
    std::memcpy(image.data, scratch, static_cast<size_t>(image.size()) * sizeof(float));
}

}  // namespace ravine
