#include "ravine/exec/cpu/fused/fused.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "ravine/core/threads/threads.hpp"
#include "ravine/exec/cpu/fused/fused_layout.hpp"
#include "ravine/exec/cpu/fused/fused_reductions.hpp"
#include "ravine/exec/cpu/fused/fusion.hpp"

namespace ravine {
namespace {

// Below this many elements starting the threads costs more than they save.
constexpr int64_t parallel_grain = 32768;
// Bytes. Larger accumulators are not kept for more parts than there are threads: joining them would take
// longer than threads wait for one another.
constexpr int64_t small_accumulators = 1 << 17;
// From here on the operands no longer fit into the second-level cache.
constexpr int64_t prefetch_grain = 1 << 18;

using Place = FusedLayout::Place;

class FusedKernel : public Kernel {
public:
    FusedKernel(FusedSpec spec, int threads)
        : spec_(std::move(spec)), threads_(threads), layout_(spec_), reductions_(spec_, layout_.period) {
        for (const auto& instruction : spec_.instructions)
            loops_.push_back(tile::loop_of(instruction.function));
        plan_prefetches();
        repeated_offset_ = whole_lines(layout_.slots * layout_.tile * int64_t{sizeof(float)});
        thread_bytes_ =
            repeated_offset_ + layout_.repeated * tile::repeated_elements * int64_t{sizeof(float)};
        if (threads == 1 || layout_.elements < parallel_grain) return;
        parts_ = stealing_parts(threads, layout_.elements, parallel_grain);
        if (parts_ * reductions_.bytes() > small_accumulators) parts_ = threads;
    }

    int64_t scratch_bytes() const override { return threads_ * thread_bytes_ + parts_ * reductions_.bytes(); }

    std::string describe() const override {
        return fmt::format("fused {}: {} loads, {} operations, {} stores, {} reductions",
                           to_string(spec_.space), spec_.loads.size(), spec_.instructions.size(),
                           spec_.stores.size(), spec_.reductions.size());
    }

    void run(const Context& context, KernelState*) const override {
        const int64_t tiles = ceiling(layout_.elements, layout_.tile);
        std::byte* accumulators = context.scratch + threads_ * thread_bytes_;
        stealing_work(threads_, parts_, [&](int thread, int64_t part) {
            run_tiles(context, tiles * part / parts_, tiles * (part + 1) / parts_,
                      context.scratch + thread * thread_bytes_,
                      {accumulators + part * reductions_.bytes(), parts_ == 1});
        });
        reductions_.finish(context, accumulators, parts_);
    }

private:
    /// Where the registers stand now.
    using Registers = std::array<std::byte*, max_fused_registers>;

    Registers registers_at(const Context& context, std::byte* scratch, int64_t tile) const {
        Registers at;
        for (size_t i = 0; i < layout_.places.size(); ++i) {
            const auto [kind, index, element] = layout_.places[i];
            constexpr int64_t float_bytes = sizeof(float);
            at[i] = kind == Place::slot ? scratch + index * layout_.tile * float_bytes
                    : kind == Place::repeated
                        ? scratch + repeated_offset_ + index * tile::repeated_elements * float_bytes
                        : context.as<std::byte>(index) + tile * layout_.tile * size_of(element);
        }
        return at;
    }

    static float* floats(std::byte* memory) { return reinterpret_cast<float*>(memory); }
    static Bfloat16* bfloats(std::byte* memory) { return reinterpret_cast<Bfloat16*>(memory); }

    void run_tiles(const Context& context, int64_t first, int64_t last, std::byte* scratch,
                   FusedReductions::Part part) const {
        Registers at = registers_at(context, scratch, first);
        for (size_t i = 0; i < layout_.loads.size(); ++i)
            if (const auto kind = layout_.places[i].kind; layout_.loads[i].is_fixed && kind != Place::memory)
                lay_out(context, i, 0,
                        kind == Place::repeated ? tile::repeated_elements
                                                : std::min(layout_.tile, layout_.elements),
                        floats(at[i]));
        reductions_.start(context, part);
        for (int64_t tile = first; tile < last; ++tile) {
            const int64_t begin = tile * layout_.tile,
                          length = std::min(layout_.tile, layout_.elements - begin);
            const auto n = static_cast<size_t>(length);
            for (size_t i = 0; i < layout_.loads.size(); ++i)
                if (layout_.places[i].kind == Place::slot && !layout_.loads[i].is_fixed)
                    lay_out(context, i, begin, length, floats(at[i]));
            for (size_t i = 0; i < spec_.instructions.size(); ++i) {
                prefetch(context, i, begin);
                const auto& [function, a, b, c] = spec_.instructions[i];
                loops_[i](argument(at, a), argument(at, b), argument(at, c),
                          result(at, layout_.loads.size() + i), n);
            }
            for (size_t i = 0; i < spec_.reductions.size(); ++i)
                reductions_.add(context, part, i, begin, length,
                                floats(at[static_cast<size_t>(spec_.reductions[i].value)]));
            // After the reductions, which may read what is overwritten here.
            for (const auto& store : layout_.late_stores) {
                const float* value = floats(at[static_cast<size_t>(store.value)]);
                if (store.element == Element::bf16)
                    tile::narrow(value, context.as<Bfloat16>(store.buffer) + begin, n);
                else
                    std::memcpy(context.as<float>(store.buffer) + begin, value, n * sizeof(float));
            }
            for (size_t i = 0; i < layout_.places.size(); ++i)
                if (layout_.places[i].kind == Place::memory)
                    at[i] += layout_.tile * size_of(layout_.places[i].element);
        }
    }

    tile::Argument argument(const Registers& at, int r) const {
        if (r < 0) return nullptr;
        const auto index = static_cast<size_t>(r);
        const Place& place = layout_.places[index];
        if (place.element == Element::bf16) return bfloats(at[index]);
        return place.kind == Place::repeated ? tile::Argument::repeated(floats(at[index]))
                                             : floats(at[index]);
    }

    tile::Result result(const Registers& at, size_t r) const {
        if (layout_.places[r].element == Element::bf16) return bfloats(at[r]);
        return floats(at[r]);
    }

    /// Asks for an instruction's share of the next tile's cache lines.
    void prefetch(const Context& context, size_t instruction, int64_t begin) const {
        for (size_t i = prefetch_begin_[instruction]; i < prefetch_begin_[instruction + 1]; ++i) {
            const auto& [stream, offset] = prefetches_[i];
            const auto& [buffer, element_bytes, is_written] = layout_.streams[stream];
            const auto* line = context.as<const std::byte>(buffer) + begin * element_bytes + offset;
            is_written ? __builtin_prefetch(line, 1) : __builtin_prefetch(line);
        }
    }

    /// Lists the cache lines of the next tile that are asked for before each instruction: spread over the
    /// instructions, the memory works while the arithmetic does, where one burst a tile would be waited for.
    void plan_prefetches() {
        constexpr int64_t line = 64;
        const size_t count = spec_.instructions.size();
        prefetch_begin_.assign(count + 1, 0);
        if (layout_.elements < prefetch_grain || count == 0) return;
        for (size_t stream = 0; stream < layout_.streams.size(); ++stream) {
            const int64_t tile_bytes = layout_.tile * layout_.streams[stream].element_bytes;
            for (int64_t offset = 0; offset < tile_bytes; offset += line)
                prefetches_.push_back({stream, tile_bytes + offset});
        }
        for (size_t i = 0; i <= count; ++i) prefetch_begin_[i] = prefetches_.size() * i / count;
    }

    /// Writes the elements [begin, begin + length) of a load one after another.
    void lay_out(const Context& context, size_t load, int64_t begin, int64_t length, float* out) const {
        const auto& from = spec_.loads[load];
        if (from.kind != FusedSpec::Load::buffer) {
            const double value =
                from.kind == FusedSpec::Load::scalar ? context.scalars[from.index] : from.number;
            std::fill_n(out, length, static_cast<float>(value));
        } else if (from.element == Element::bf16) {
            lay_out_from(context.as<const Bfloat16>(from.index), load, begin, length, out);
        } else {
            lay_out_from(context.as<const float>(from.index), load, begin, length, out);
        }
    }

    static void copy(const float* from, int64_t count, float* out) { std::copy_n(from, count, out); }
    static void copy(const Bfloat16* from, int64_t count, float* out) {
        tile::widen(from, out, static_cast<size_t>(count));
    }

    template <class T>
    void lay_out_from(const T* from, size_t load, int64_t begin, int64_t length, float* out) const {
        const auto number = [&](int64_t i) {
            float value = 0;
            copy(from + i, 1, &value);
            return value;
        };
        if (layout_.loads[load].is_repeated) {
            std::fill_n(out, length, number(0));
            return;
        }
        layout_.loads[load].walk.runs(begin, length,
                                      [&](int64_t at, int64_t offset, int64_t count, int64_t stride) {
                                          if (stride == 1)
                                              copy(from + offset, count, out + at);
                                          else if (stride == 0)
                                              std::fill_n(out + at, count, number(offset));
                                          else
                                              for (int64_t i = 0; i < count; ++i)
                                                  out[at + i] = number(offset + i * stride);
                                      });
    }

    FusedSpec spec_;
    int threads_;
    FusedLayout layout_;
    FusedReductions reductions_;
    std::vector<tile::Loop> loops_;  // of each instruction
    // The memory: of each thread slots and repeated numbers, then the accumulators of each part of the space.
    int64_t repeated_offset_ = 0, thread_bytes_ = 0;
    int64_t parts_ = 1;

    struct Prefetch {
        size_t stream;
        int64_t offset;  // in bytes, from the stream's place in this tile
    };
    std::vector<Prefetch> prefetches_;
    std::vector<size_t> prefetch_begin_;  // of each instruction's share
};

}  // namespace

std::unique_ptr<Kernel> make_fused(FusedSpec spec, int threads) {
    return std::make_unique<FusedKernel>(std::move(spec), threads);
}

}  // namespace ravine
