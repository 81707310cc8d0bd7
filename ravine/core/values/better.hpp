#pragma once

namespace ravine {

/// In which direction a measure is good.
enum class Better { higher, lower };

/// Whether a is better than b. NaN is worse than any number.
bool is_better(Better direction, double a, double b);
/// The value that no other is worse than.
double worst(Better direction);

}  // namespace ravine
