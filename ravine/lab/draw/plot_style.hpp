#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace ravine {

/// The colour of series i, '#rrggbb': seven of Okabe and Ito (2008) and a dark grey instead of their yellow,
/// which is hard to see on white; then they begin again.
std::string plot_colour(size_t i);
/// gnuplot's number of the dash pattern of series i: a new one whenever the colours begin again.
int plot_dash(size_t i);
/// The same colour between white (0) and itself (1), as 0xrrggbb.
uint32_t tinted_plot_colour(size_t i, double strength);

}  // namespace ravine
