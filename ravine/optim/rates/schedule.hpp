#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "ravine/core/settings/catalog.hpp"

namespace ravine {

/// Updates of a run, as far as they are known; 0: not.
struct RunLength {
    int64_t total = 0;
    int64_t per_epoch = 0;
};

/// A multiplier of the learning rate: of update `step` (0 for the first) of a run. A schedule is a plain
/// aggregate of settings with `double operator()(int64_t step, RunLength run) const`: it keeps no state, so
/// that a resumed run goes on exactly. It throws RequestError where it needs a length that is not known. One
/// that comes to an end of its own has `std::optional<int64_t> length() const` too.
struct Schedule : std::function<double(int64_t step, RunLength run)> {
    Schedule() = default;
    template <class S>
    requires(!std::same_as<S, Schedule>) Schedule(S schedule) {
        if constexpr (requires { schedule.length(); }) length = schedule.length();
        function::operator=(std::move(schedule));
    }

    std::optional<int64_t> length = {};  ///< updates after which another may follow; none: it has no end
    int64_t warmup = 0;                  ///< updates until the full rate, where the rate rises at first
    int64_t last_part = 0;               ///< the update with which the last of several begins
};

/// The schedules by name.
const Catalog<Schedule>& schedules();

/// NAME or NAME:key=value,..., or several of them joined by '+', which follow each other: see in_turn().
/// Throws RequestError for unknown names, bad settings, and where one follows another that has no end.
Schedule make_schedule(const std::string& text);

}  // namespace ravine
