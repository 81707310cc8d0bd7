#include "ravine/exec/cpu/fused/fused_layout.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

#include "ravine/core/error.hpp"
#include "ravine/exec/cpu/fused/fusion.hpp"

namespace ravine {
namespace {

// The elements of a tile, so many that a call of a loop costs little against its work: the most, or half of
// them where more than this would live at a time. Beside what hardware fetches ahead that is what a
// first-level cache of 32 KB was found to hold.
constexpr int64_t most_elements = 512;
constexpr int64_t comfortable_bytes = 14 << 10;
constexpr int at_end = std::numeric_limits<int>::max();

/// Whether a reduction reads the register itself: it wants a whole tile of floats.
bool is_reduced(const FusedSpec& spec, size_t r) {
    return std::ranges::any_of(spec.reductions,
                               [&](const auto& reduction) { return reduction.value == static_cast<int>(r); });
}

/// The last instruction that reads each register, -1 where none does, at_end for reductions.
std::vector<int> last_uses(const FusedSpec& spec) {
    std::vector<int> result(spec.loads.size() + spec.instructions.size(), -1);
    for (size_t i = 0; i < spec.instructions.size(); ++i) {
        const auto& instruction = spec.instructions[i];
        for (const int argument : {instruction.a, instruction.b, instruction.c})
            if (argument >= 0) result[static_cast<size_t>(argument)] = static_cast<int>(i);
    }
    for (const auto& reduction : spec.reductions) result[static_cast<size_t>(reduction.value)] = at_end;
    return result;
}

}  // namespace

FusedLayout::FusedLayout(const FusedSpec& spec) : elements(element_count(spec.space)) {
    for (const auto& load : spec.loads) {
        const bool is_buffer = load.kind == FusedSpec::Load::buffer;
        const Walk walk(is_buffer ? load.shape : Shape{}, spec.space);
        loads.push_back({.walk = walk, .is_repeated = !is_buffer || walk.is_single(), .is_fixed = false});
    }
    choose_period(spec);
    for (auto& load : loads) load.is_fixed = load.is_repeated || (period > 0 && load.walk.period() == period);
    assign_places(spec);
    list_streams(spec);
    choose_tile();
}

/// Repeated rows are laid out once, and sums over rows taken several rows at a time, where a tile holds whole
/// rows.
void FusedLayout::choose_period(const FusedSpec& spec) {
    const auto suits = [&](const Walk& walk) {
        const int64_t found = walk.period();
        if (found == 0 || found > most_elements) return false;
        period = found;
        return true;
    };
    for (const auto& load : loads)
        if (suits(load.walk)) return;
    for (const auto& reduction : spec.reductions)
        if (suits(Walk(reduction.shape, spec.space))) return;
}

void FusedLayout::list_streams(const FusedSpec& spec) {
    for (size_t i = 0; i < spec.loads.size(); ++i)
        if (const auto& load = spec.loads[i];
            load.kind == FusedSpec::Load::buffer && loads[i].walk.is_direct())
            streams.push_back({load.index, size_of(load.element), false});
    for (const auto& store : spec.stores)
        if (store.alias < 0) streams.push_back({store.buffer, size_of(store.element), true});
}

void FusedLayout::choose_tile() {
    int64_t element_bytes = slots * int64_t{sizeof(float)};
    // Twice: the next tile is fetched meanwhile.
    for (const auto& stream : streams) element_bytes += 2 * stream.element_bytes;
    tile = most_elements * element_bytes <= comfortable_bytes ? most_elements : most_elements / 2;
    if (period > 0) tile = std::max<int64_t>(tile / period, 1) * period;
}

/// Gives each register a slot of the scratch memory, or the memory that it is loaded from or stored to.
void FusedLayout::assign_places(const FusedSpec& spec) {
    const size_t registers = loads.size() + spec.instructions.size();
    require(registers <= max_fused_registers, "a fused kernel of {} registers", registers);
    std::vector<int> last_use = last_uses(spec);

    places.resize(registers);
    std::vector<std::optional<Place>> decided(registers);
    for (size_t i = 0; i < loads.size(); ++i) {
        const auto& load = spec.loads[i];
        if (loads[i].is_repeated && !is_reduced(spec, i))
            decided[i] = Place{Place::repeated, repeated++};
        else if (load.kind == FusedSpec::Load::buffer && loads[i].walk.is_direct() &&
                 (load.element == Element::f32 || !is_reduced(spec, i)))
            decided[i] = Place{Place::memory, load.index, load.element};
    }
    for (const auto& store : spec.stores) {
        const auto value = static_cast<size_t>(store.value);
        require(value >= loads.size(), "a fused kernel stores what it loads");
        // The result goes straight to memory unless it would overwrite an input that a later instruction or a
        // reduction still reads.
        const bool overwrites = store.alias >= 0 && last_use[static_cast<size_t>(store.alias)] >
                                                        store.value - static_cast<int>(loads.size());
        const bool is_used = last_use[value] >= 0;  // and what is used is not to be rounded
        if (overwrites || (store.element == Element::bf16 && is_used)) {
            late_stores.push_back(store);
            last_use[value] = at_end;
        } else {
            decided[value] = Place{Place::memory, store.buffer, store.element};
        }
    }
    std::vector<int> free;
    const auto take = [&] {
        if (free.empty()) free.push_back(slots++);
        const int slot = free.back();
        free.pop_back();
        return slot;
    };
    // Loads that are laid out once keep their slot for good.
    for (size_t i = 0; i < loads.size(); ++i)
        places[i] = decided[i] ? *decided[i] : Place{Place::slot, take()};
    for (size_t i = 0; i < spec.instructions.size(); ++i) {
        const auto& instruction = spec.instructions[i];
        std::array<int, 3> arguments{instruction.a, instruction.b, instruction.c};
        for (size_t j = 0; j < 3; ++j) {
            const int argument = arguments[j];
            const bool repeated_argument = std::find(arguments.begin(), arguments.begin() + j, argument) !=
                                           arguments.begin() + static_cast<std::ptrdiff_t>(j);
            if (argument < static_cast<int>(loads.size()) || repeated_argument) continue;
            const Place place = places[static_cast<size_t>(argument)];
            if (place.kind == Place::slot && last_use[static_cast<size_t>(argument)] == static_cast<int>(i))
                free.push_back(place.index);  // the result may take the place of a dying argument
        }
        const size_t result = loads.size() + i;
        places[result] = decided[result] ? *decided[result] : Place{Place::slot, take()};
    }
}

}  // namespace ravine
