#include "ravine/exec/onednn/fused.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <optional>

#include "ravine/core/error.hpp"
#include "ravine/core/threads.hpp"
#include "ravine/exec/onednn/fusion.hpp"
#include "ravine/exec/onednn/walk.hpp"

namespace ravine {
namespace {

// 512 floats are 2 KB: about a dozen live registers fit into the first-level cache, and a call of a loop
// costs little against its work.
constexpr int64_t tile_elements = 512;
// Below this many elements starting the threads costs more than they save.
constexpr int64_t parallel_grain = 32768;
// From here on the operands no longer fit into the second-level cache.
constexpr int64_t prefetch_grain = 1 << 18;

class FusedKernel : public Kernel {
public:
    FusedKernel(FusedSpec spec, int threads) : spec_(std::move(spec)), threads_(threads) {
        elements_ = element_count(spec_.space);
        for (const auto& load : spec_.loads)
            load_walks_.emplace_back(load.kind == FusedSpec::Load::buffer ? load.shape : Shape{},
                                     spec_.space);
        for (const auto& reduction : spec_.reductions)
            reduction_walks_.emplace_back(reduction.shape, spec_.space);
        choose_tile();
        assign_places();
        plan_prefetches();
        size_scratch();
    }

    int64_t scratch_bytes() const override { return threads_ * thread_bytes_; }

    std::string describe() const override {
        return fmt::format("fused {}: {} loads, {} operations, {} stores, {} reductions",
                           to_string(spec_.space), spec_.loads.size(), spec_.instructions.size(),
                           spec_.stores.size(), spec_.reductions.size());
    }

    void run(const Context& context, KernelState*) const override {
        const int64_t tiles = (elements_ + tile_ - 1) / tile_;
        const int threads = elements_ >= parallel_grain ? threads_ : 1;
        if (threads == 1) {
            run_tiles(context, 0, tiles, 0, true);
        } else {
            const bool caller_flushes = FlushSubnormals::here();
#pragma omp parallel for num_threads(threads) schedule(static, 1)
            for (int i = 0; i < threads; ++i) {
                const FlushSubnormals flush(caller_flushes);
                run_tiles(context, tiles * i / threads, tiles * (i + 1) / threads, i, false);
            }
        }
        finish_reductions(context, threads);
    }

private:
    /// Where a register lives.
    struct Place {
        enum Kind { slot, repeated, memory } kind = slot;
        int index = 0;  // of the slot, of the repeated number, or the buffer
        Element element = Element::f32;
    };

    /// A tile that is a multiple of the row length of repeated rows lets them be laid out once, and sums over
    /// rows be taken several rows at a time.
    void choose_tile() {
        tile_ = tile_elements;
        for (const auto* walks : {&load_walks_, &reduction_walks_})
            for (const auto& walk : *walks) {
                const int64_t period = walk.period();
                if (period == 0 || period > tile_elements) continue;
                period_ = period;
                tile_ = tile_elements / period * period;
                return;
            }
    }

    /// How many rows the accumulator of a reduction over rows holds side by side: short rows one by one would
    /// waste the vectors.
    int64_t rows_at_once(size_t reduction) const {
        constexpr int64_t wide = 256;
        const int64_t period = reduction_walks_[reduction].period();
        return period > 0 && period == period_ ? std::max<int64_t>(1, wide / period) : 1;
    }

    /// Elements of the accumulator.
    int64_t accumulated(size_t reduction) const {
        return element_count(spec_.reductions[reduction].shape) * rows_at_once(reduction);
    }

    /// The same number for every element.
    bool is_repeated(size_t load) const {
        return spec_.loads[load].kind != FusedSpec::Load::buffer || load_walks_[load].is_single();
    }

    /// The same tile every time.
    bool is_fixed(size_t load) const {
        return is_repeated(load) || (period_ > 0 && load_walks_[load].period() == period_);
    }

    /// Whether a reduction or a store reads the register itself: they want a whole tile of floats.
    bool is_read_at_end(size_t r) const {
        const auto reads = [&](const auto& reader) { return reader.value == static_cast<int>(r); };
        return std::ranges::any_of(spec_.reductions, reads) || std::ranges::any_of(spec_.stores, reads);
    }

    /// Gives each register a slot of the scratch memory, or the memory that it is loaded from or stored to.
    void assign_places() {
        const size_t loads = spec_.loads.size(), registers = loads + spec_.instructions.size();
        require(registers <= max_fused_registers, "a fused kernel of {} registers", registers);
        std::vector<int> last_use(registers, -1);
        for (size_t i = 0; i < spec_.instructions.size(); ++i) {
            const auto& instruction = spec_.instructions[i];
            for (const int argument : {instruction.a, instruction.b, instruction.c})
                if (argument >= 0) last_use[static_cast<size_t>(argument)] = static_cast<int>(i);
        }
        constexpr int at_end = std::numeric_limits<int>::max();
        for (const auto& reduction : spec_.reductions)
            last_use[static_cast<size_t>(reduction.value)] = at_end;

        places_.resize(registers);
        std::vector<std::optional<Place>> decided(registers);
        for (size_t i = 0; i < loads; ++i) {
            const auto& load = spec_.loads[i];
            if (is_repeated(i) && !is_read_at_end(i))
                decided[i] = Place{Place::repeated, repeated_++};
            else if (load.kind == FusedSpec::Load::buffer && load_walks_[i].is_direct() &&
                     (load.element == Element::f32 || !is_read_at_end(i)))
                decided[i] = Place{Place::memory, load.index, load.element};
        }
        for (const auto& store : spec_.stores) {
            const auto value = static_cast<size_t>(store.value);
            // The result goes straight to memory unless it would overwrite an input that a later instruction
            // or a reduction still reads.
            const bool overwrites = store.alias >= 0 && last_use[static_cast<size_t>(store.alias)] >
                                                            store.value - static_cast<int>(loads);
            const bool is_used = last_use[value] >= 0;  // and what is used is not to be rounded
            if (overwrites || value < loads || (store.element == Element::bf16 && is_used)) {
                late_stores_.push_back(store);
                last_use[value] = at_end;
            } else {
                decided[value] = Place{Place::memory, store.buffer, store.element};
            }
        }
        std::vector<int> free;
        const auto take = [&] {
            if (free.empty()) free.push_back(slots_++);
            const int slot = free.back();
            free.pop_back();
            return slot;
        };
        // Loads that are laid out once keep their slot for good.
        for (size_t i = 0; i < loads; ++i) places_[i] = decided[i].value_or(Place{Place::slot, -1});
        for (size_t i = 0; i < loads; ++i)
            if (places_[i].index < 0) places_[i].index = take();
        for (size_t i = 0; i < spec_.instructions.size(); ++i) {
            const auto& instruction = spec_.instructions[i];
            std::array<int, 3> arguments{instruction.a, instruction.b, instruction.c};
            for (size_t j = 0; j < 3; ++j) {
                const int argument = arguments[j];
                const bool repeated = std::find(arguments.begin(), arguments.begin() + j, argument) !=
                                      arguments.begin() + static_cast<std::ptrdiff_t>(j);
                if (argument < static_cast<int>(loads) || repeated) continue;
                const Place place = places_[static_cast<size_t>(argument)];
                if (place.kind == Place::slot &&
                    last_use[static_cast<size_t>(argument)] == static_cast<int>(i))
                    free.push_back(place.index);  // the result may take the place of a dying argument
            }
            const size_t result = loads + i;
            places_[result] = decided[result] ? *decided[result] : Place{Place::slot, take()};
        }
    }

    /// Repeated numbers stand behind the slots.
    int64_t repeated_offset() const { return whole_lines(slots_ * tile_ * int64_t{sizeof(float)}); }

    void size_scratch() {
        int64_t bytes = repeated_offset() + repeated_ * tile::repeated_elements * int64_t{sizeof(float)};
        for (size_t i = 0; i < spec_.reductions.size(); ++i) {
            partial_offsets_.push_back(bytes);
            const int64_t count = accumulated(i);
            bytes += whole_lines(count * (count == 1 ? int64_t{sizeof(double)} : int64_t{sizeof(float)}));
        }
        thread_bytes_ = whole_lines(bytes);
    }

    /// The accumulator of a reduction: in double for a scalar, else in float; in place where one thread does
    /// it all.
    template <class T>
    T* partial(const Context& context, size_t reduction, int thread) const {
        return reinterpret_cast<T*>(context.scratch + thread * thread_bytes_ + partial_offsets_[reduction]);
    }

    float* accumulator(const Context& context, size_t reduction, int thread, bool alone) const {
        return alone && rows_at_once(reduction) == 1 ? context.as<float>(spec_.reductions[reduction].buffer)
                                                     : partial<float>(context, reduction, thread);
    }

    void run_tiles(const Context& context, int64_t first, int64_t last, int thread, bool alone) const {
        std::byte* scratch = context.scratch + thread * thread_bytes_;
        auto* slots = reinterpret_cast<float*>(scratch);
        auto* numbers = reinterpret_cast<float*>(scratch + repeated_offset());
        std::array<std::byte*, max_fused_registers> at;
        const size_t loads = spec_.loads.size();
        for (size_t i = 0; i < places_.size(); ++i) {
            const auto [kind, index, element] = places_[i];
            at[i] = kind == Place::memory
                        ? context.as<std::byte>(index) + first * tile_ * size_of(element)
                        : reinterpret_cast<std::byte*>(kind == Place::slot
                                                           ? slots + index * tile_
                                                           : numbers + index * tile::repeated_elements);
        }
        const auto floats = [&](size_t i) { return reinterpret_cast<float*>(at[i]); };
        for (size_t i = 0; i < loads; ++i)
            if (is_fixed(i) && places_[i].kind != Place::memory)
                lay_out(
                    context, i, 0,
                    places_[i].kind == Place::repeated ? tile::repeated_elements : std::min(tile_, elements_),
                    floats(i));
        for (size_t i = 0; i < spec_.reductions.size(); ++i) start_reduction(context, i, thread, alone);

        for (int64_t tile = first; tile < last; ++tile) {
            const int64_t begin = tile * tile_, length = std::min(tile_, elements_ - begin);
            const auto n = static_cast<size_t>(length);
            for (size_t i = 0; i < loads; ++i)
                if (places_[i].kind == Place::slot && !is_fixed(i))
                    lay_out(context, i, begin, length, floats(i));
            for (size_t i = 0; i < spec_.instructions.size(); ++i) {
                for (size_t k = prefetch_begin_[i]; k < prefetch_begin_[i + 1]; ++k) {
                    const auto& [stream, offset] = prefetches_[k];
                    const auto& [buffer, element_bytes, is_written] = streams_[stream];
                    const auto* line = context.as<const std::byte>(buffer) + begin * element_bytes + offset;
                    is_written ? __builtin_prefetch(line, 1) : __builtin_prefetch(line);
                }
                const auto& [function, a, b, c] = spec_.instructions[i];
                const auto argument = [&](int r) -> tile::Argument {
                    if (r < 0) return nullptr;
                    const auto index = static_cast<size_t>(r);
                    if (places_[index].element == Element::bf16)
                        return reinterpret_cast<Bfloat16*>(at[index]);
                    return places_[index].kind == Place::repeated ? tile::Argument::repeated(floats(index))
                                                                  : floats(index);
                };
                const size_t made = loads + i;
                const auto result = places_[made].element == Element::bf16
                                        ? tile::Result(reinterpret_cast<Bfloat16*>(at[made]))
                                        : tile::Result(floats(made));
                loops_[i](argument(a), argument(b), argument(c), result, n);
            }
            for (size_t i = 0; i < spec_.reductions.size(); ++i)
                reduce(context, i, begin, length, floats(static_cast<size_t>(spec_.reductions[i].value)),
                       thread, alone);
            // After the reductions, which may read what is overwritten here.
            for (const auto& store : late_stores_) {
                const float* value = floats(static_cast<size_t>(store.value));
                if (store.element == Element::bf16)
                    tile::narrow(value, context.as<Bfloat16>(store.buffer) + begin, n);
                else
                    std::memcpy(context.as<float>(store.buffer) + begin, value, n * sizeof(float));
            }
            for (size_t i = 0; i < places_.size(); ++i)
                if (places_[i].kind == Place::memory) at[i] += tile_ * size_of(places_[i].element);
        }
    }

    /// Lists the cache lines of the next tile that are asked for before each instruction: spread over the
    /// instructions, the memory works while the arithmetic does, where one burst a tile would be waited for.
    void plan_prefetches() {
        constexpr int64_t line = 64;
        prefetch_begin_.assign(spec_.instructions.size() + 1, 0);
        if (elements_ < prefetch_grain || spec_.instructions.empty()) return;
        const auto add = [&](int buffer, Element element, bool is_written) {
            const int64_t tile_bytes = tile_ * size_of(element);
            for (int64_t offset = 0; offset < tile_bytes; offset += line)
                prefetches_.push_back({streams_.size(), tile_bytes + offset});
            streams_.push_back({buffer, size_of(element), is_written});
        };
        for (size_t i = 0; i < spec_.loads.size(); ++i)
            if (spec_.loads[i].kind == FusedSpec::Load::buffer && load_walks_[i].is_direct())
                add(spec_.loads[i].index, spec_.loads[i].element, false);
        for (const auto& store : spec_.stores)
            if (store.alias < 0) add(store.buffer, store.element, true);
        const size_t count = spec_.instructions.size();
        for (size_t i = 0; i <= count; ++i) prefetch_begin_[i] = prefetches_.size() * i / count;
    }

    /// Writes the elements [begin, begin + length) of a broadcast load one after another.
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
        if (is_repeated(load)) {
            std::fill_n(out, length, number(0));
            return;
        }
        load_walks_[load].runs(begin, length, [&](int64_t at, int64_t offset, int64_t count, int64_t stride) {
            if (stride == 1)
                copy(from + offset, count, out + at);
            else if (stride == 0)
                std::fill_n(out + at, count, number(offset));
            else
                for (int64_t i = 0; i < count; ++i) out[at + i] = number(offset + i * stride);
        });
    }

    /// The larger number, NaN where one is NaN.
    template <class T>
    static T larger(T value, T best) {
        return value > best || value != value ? value : best;
    }

    static float start_of(FusedSpec::Reduction::Kind kind) {
        return kind == FusedSpec::Reduction::maximum ? -std::numeric_limits<float>::infinity() : 0;
    }

    void start_reduction(const Context& context, size_t i, int thread, bool alone) const {
        const auto& reduction = spec_.reductions[i];
        const int64_t count = accumulated(i);
        if (count == 1)
            *partial<double>(context, i, thread) = start_of(reduction.kind);
        else
            std::fill_n(accumulator(context, i, thread, alone), count, start_of(reduction.kind));
    }

    void reduce(const Context& context, size_t i, int64_t begin, int64_t length, const float* x, int thread,
                bool alone) const {
        const auto& reduction = spec_.reductions[i];
        const bool sums = reduction.kind != FusedSpec::Reduction::maximum;
        if (element_count(reduction.shape) == 1) {
            double& total = *partial<double>(context, i, thread);
            const auto n = static_cast<size_t>(length);
            const double value = reduction.kind == FusedSpec::Reduction::sum ? tile::sum(x, n)
                                 : reduction.kind == FusedSpec::Reduction::sum_of_squares
                                     ? tile::sum_of_squares(x, n)
                                     : tile::largest(x, n);
            total = sums ? total + value : larger(value, total);
            return;
        }
        float* to = accumulator(context, i, thread, alone);
        if (const int64_t rows = rows_at_once(i); rows > 1) {
            const int64_t width = rows * period_;
            for (int64_t at = 0; at < length; at += width) {
                const auto n = static_cast<size_t>(std::min(width, length - at));
                sums ? tile::accumulate(x + at, to, n) : tile::accumulate_largest(x + at, to, n);
            }
            return;
        }
        reduction_walks_[i].runs(
            begin, length, [&](int64_t at, int64_t offset, int64_t count, int64_t stride) {
                const auto n = static_cast<size_t>(count);
                if (stride == 0) {
                    to[offset] = sums ? to[offset] + static_cast<float>(tile::sum(x + at, n))
                                      : larger(tile::largest(x + at, n), to[offset]);
                } else if (stride == 1 && count >= 16) {
                    sums ? tile::accumulate(x + at, to + offset, n)
                         : tile::accumulate_largest(x + at, to + offset, n);
                } else {
                    for (int64_t k = 0; k < count; ++k) {
                        float& target = to[offset + k * stride];
                        target = sums ? target + x[at + k] : larger(x[at + k], target);
                    }
                }
            });
    }

    void finish_reductions(const Context& context, int threads) const {
        for (size_t i = 0; i < spec_.reductions.size(); ++i) {
            const auto& reduction = spec_.reductions[i];
            const bool sums = reduction.kind != FusedSpec::Reduction::maximum;
            const int64_t count = element_count(reduction.shape);
            float* to = context.as<float>(reduction.buffer);
            if (count == 1) {
                double total = *partial<double>(context, i, 0);
                for (int thread = 1; thread < threads; ++thread) {
                    const double value = *partial<double>(context, i, thread);
                    total = sums ? total + value : larger(value, total);
                }
                *to = static_cast<float>(total);
            } else if (const int64_t rows = rows_at_once(i); threads > 1 || rows > 1) {
                std::copy_n(partial<float>(context, i, 0), count, to);
                for (int64_t row = 1; row < threads * rows; ++row) {
                    const float* part =
                        partial<float>(context, i, static_cast<int>(row / rows)) + row % rows * count;
                    sums ? tile::accumulate(part, to, static_cast<size_t>(count))
                         : tile::accumulate_largest(part, to, static_cast<size_t>(count));
                }
            }
        }
    }

    FusedSpec spec_;
    int threads_;
    int64_t elements_ = 0, tile_ = 0, period_ = 0;
    std::vector<Walk> load_walks_, reduction_walks_;
    std::vector<Place> places_;
    struct Stream {
        int buffer;
        int64_t element_bytes;
        bool is_written;
    };
    std::vector<Stream> streams_;  // what is as large as the space
    struct Prefetch {
        size_t stream;
        int64_t offset;  // in bytes, from the stream's place in this tile
    };
    std::vector<Prefetch> prefetches_;
    std::vector<size_t> prefetch_begin_;  // of each instruction's share
    std::vector<FusedSpec::Store> late_stores_;
    std::vector<tile::Loop> loops_ = [this] {
        std::vector<tile::Loop> loops;
        for (const auto& instruction : spec_.instructions)
            loops.push_back(tile::loop_of(instruction.function));
        return loops;
    }();
    int slots_ = 0, repeated_ = 0;
    int64_t thread_bytes_ = 0;
    std::vector<int64_t> partial_offsets_;
};

}  // namespace

std::unique_ptr<Kernel> make_fused(FusedSpec spec, int threads) {
    return std::make_unique<FusedKernel>(std::move(spec), threads);
}

}  // namespace ravine
