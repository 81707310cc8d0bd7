#pragma once

#include <cstdint>
#include <functional>

#include "ravine/core/settings/catalog.hpp"

namespace ravine {

/// A multiplier of the learning rate: of update `step` (0 for the first) of `total` updates (0 where that is
/// not known). A schedule is a plain aggregate of settings with `double operator()(int64_t step, int64_t
/// total) const`. It throws RequestError where it needs the total and has none.
struct Schedule : std::function<double(int64_t step, int64_t total)> {
    using function::function;

    int64_t warmup = 0;  ///< updates until the full rate, where the rate rises at first
};

/// The schedules by name.
const Catalog<Schedule>& schedules();

}  // namespace ravine
