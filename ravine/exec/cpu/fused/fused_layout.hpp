#pragma once

#include <vector>

#include "ravine/exec/cpu/fused/fused.hpp"
#include "ravine/exec/cpu/fused/walk.hpp"

namespace ravine {

/// How a fused program goes over its space, tile by tile, and where its registers live meanwhile.
struct FusedLayout {
    explicit FusedLayout(const FusedSpec& spec);

    struct Load {
        Walk walk;
        bool is_repeated;  ///< the same number for every element
        bool is_fixed;     ///< the same tile every time
    };
    /// Where a register lives.
    struct Place {
        enum Kind { slot, repeated, memory } kind = slot;
        int index = 0;  ///< of the slot, of the repeated number, or the buffer
        Element element = Element::f32;
    };

    /// A buffer as large as the space, which passes through the caches.
    struct Stream {
        int buffer;
        int64_t element_bytes;
        bool is_written;  ///< and not read before
    };

    int64_t elements;    ///< of the space
    int64_t period = 0;  ///< the length of rows that are repeated or summed over, 0 where there are none
    int64_t tile = 0;    ///< elements of a tile, a multiple of the period
    std::vector<Load> loads;
    std::vector<Place> places;  ///< of each register
    std::vector<Stream> streams;
    std::vector<FusedSpec::Store> late_stores;  ///< of values that are written when a tile is done
    int slots = 0, repeated = 0;                ///< how many there are

private:
    void choose_period(const FusedSpec& spec);
    void assign_places(const FusedSpec& spec);
    void list_streams(const FusedSpec& spec);
    void choose_tile();
};

}  // namespace ravine
