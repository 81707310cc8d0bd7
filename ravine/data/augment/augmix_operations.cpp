#include "ravine/data/augment/augmix_operations.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace ravine {
namespace {

int64_t byte_of(float x) { return std::clamp<int64_t>(static_cast<int64_t>(x * 255 + 0.5F), 0, 255); }

/// Replaces every number of a channel by what a table says of its byte.
template <class Table>
void look_up(const ImageView& image, int64_t channel, const Table& table) {
    for (int64_t i = channel; i < image.size(); i += image.channels)
        image.data[i] = table[static_cast<size_t>(byte_of(image.data[i]))];
}

/// The same table for every channel, of `value(byte)` in bytes.
template <class F>
void map_bytes(const ImageView& image, F value) {
    std::array<float, 256> table;
    for (int64_t byte = 0; byte < 256; ++byte)
        table[static_cast<size_t>(byte)] = static_cast<float>(value(byte)) / 255;
    for (int64_t c = 0; c < image.channels; ++c) look_up(image, c, table);
}

}  // namespace

void autocontrast(const ImageView& image) {
    for (int64_t c = 0; c < image.channels; ++c) {
        float low = image.data[c], high = low;
        for (int64_t i = c; i < image.size(); i += image.channels) {
            low = std::min(low, image.data[i]);
            high = std::max(high, image.data[i]);
        }
        if (high <= low) continue;
        for (int64_t i = c; i < image.size(); i += image.channels)
            image.data[i] = (image.data[i] - low) / (high - low);
    }
}

void equalize(const ImageView& image) {
    for (int64_t c = 0; c < image.channels; ++c) {
        std::array<int64_t, 256> histogram{};
        for (int64_t i = c; i < image.size(); i += image.channels)
            ++histogram[static_cast<size_t>(byte_of(image.data[i]))];
        const auto last = std::ranges::find_if(histogram.rbegin(), histogram.rend(),
                                               [](int64_t count) { return count > 0; });
        const int64_t step = (image.height * image.width - *last) / 255;
        if (step == 0) continue;
        std::array<float, 256> table;
        int64_t below = step / 2;
        for (size_t byte = 0; byte < table.size(); ++byte) {
            table[byte] = static_cast<float>(std::min<int64_t>(below / step, 255)) / 255;
            below += histogram[byte];
        }
        look_up(image, c, table);
    }
}

void posterize(const ImageView& image, int64_t bits) {
    map_bytes(image, [lost = int64_t{8} - bits](int64_t byte) { return byte >> lost << lost; });
}

void solarize(const ImageView& image, int64_t threshold) {
    map_bytes(image, [threshold](int64_t byte) { return byte < threshold ? byte : 255 - byte; });
}

void random_operation(const ImageView& image, double severity, RandomSequence& random, float* scratch) {
    const uint64_t operation = random.below(9);
    // The authors draw the strength from [0.1, severity].
    const double strength = random.uniform(std::min(0.1, severity), severity) / 10;
    const auto whole = [&](double range) { return std::trunc(strength * range); };
    const double sign = random.uniform() < 0.5 ? -1 : 1;
    const auto half = [](int64_t side) { return static_cast<double>(side) / 2; };
    switch (operation) {
        case 0:
            return autocontrast(image);
        case 1:
            return equalize(image);
        case 2:
            return posterize(image, 4 - static_cast<int64_t>(whole(4)));
        case 3:
            return solarize(image, 256 - static_cast<int64_t>(whole(256)));
        case 4:
            return warp(image, Affine::rotation(sign * whole(30)), scratch);
        case 5: {  // the upper edge stays where it is, as in Pillow
            const double slope = sign * strength * 0.3;
            return warp(image, {.xy = slope, .x0 = slope * half(image.height)}, scratch);
        }
        case 6: {
            const double slope = sign * strength * 0.3;
            return warp(image, {.yx = slope, .y0 = slope * half(image.width)}, scratch);
        }
        case 7:
            return shift(image, 0, static_cast<int64_t>(sign * whole(static_cast<double>(image.width) / 3)));
        default:
            return shift(image, static_cast<int64_t>(sign * whole(static_cast<double>(image.height) / 3)), 0);
    }
}

}  // namespace ravine
