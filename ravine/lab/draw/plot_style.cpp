#include "ravine/lab/draw/plot_style.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>

namespace ravine {
namespace {

constexpr std::array<uint32_t, 8> colours{0x0072b2, 0xd55e00, 0x009e73, 0xcc79a7,
                                          0xe69f00, 0x56b4e9, 0x000000, 0x7f7f7f};

}  // namespace

std::string plot_colour(size_t i) { return fmt::format("#{:06x}", colours[i % colours.size()]); }

int plot_dash(size_t i) { return 1 + static_cast<int>(i / colours.size()) % 5; }

uint32_t tinted_plot_colour(size_t i, double strength) {
    uint32_t result = 0;
    for (int shift = 0; shift < 24; shift += 8) {
        const double channel = (colours[i % colours.size()] >> shift) & 0xff;
        result |= static_cast<uint32_t>(std::lround(255 + strength * (channel - 255))) << shift;
    }
    return result;
}

}  // namespace ravine
