#include "ravine/exec/cpu/fused/fused_reductions.hpp"

#include <algorithm>
#include <limits>

namespace ravine {
namespace {

/// The larger number, NaN where one is NaN.
template <class T>
T larger(T value, T best) {
    return value > best || value != value ? value : best;
}

float start_of(FusedSpec::Reduction::Kind kind) {
    return kind == FusedSpec::Reduction::maximum ? -std::numeric_limits<float>::infinity() : 0;
}

}  // namespace

FusedReductions::FusedReductions(const FusedSpec& spec, int64_t period) {
    constexpr int64_t wide = 256;  // elements of an accumulator of several rows
    for (const auto& reduction : spec.reductions) {
        const Walk walk(reduction.shape, spec.space);
        const bool has_rows = walk.period() > 0 && walk.period() == period;
        const int64_t rows = has_rows ? std::max<int64_t>(1, wide / period) : 1;
        reductions_.push_back({reduction, walk, rows, bytes_});
        const int64_t count = reductions_.back().count() * rows;
        bytes_ += whole_lines(count * (count == 1 ? int64_t{sizeof(double)} : int64_t{sizeof(float)}));
    }
}

float* FusedReductions::accumulator(const Context& context, Part part, const Reduction& reduction) {
    return part.is_alone && reduction.rows == 1 ? context.as<float>(reduction.spec.buffer)
                                                : reinterpret_cast<float*>(part.memory + reduction.offset);
}

void FusedReductions::start(const Context& context, Part part) const {
    for (const auto& reduction : reductions_) {
        const int64_t count = reduction.count() * reduction.rows;
        if (count == 1)
            *reinterpret_cast<double*>(part.memory + reduction.offset) = start_of(reduction.spec.kind);
        else
            std::fill_n(accumulator(context, part, reduction), count, start_of(reduction.spec.kind));
    }
}

void FusedReductions::add(const Context& context, Part part, size_t i, int64_t begin, int64_t length,
                          const float* x) const {
    const Reduction& reduction = reductions_[i];
    const bool sums = reduction.sums();
    if (reduction.count() == 1) {
        auto& total = *reinterpret_cast<double*>(part.memory + reduction.offset);
        const auto n = static_cast<size_t>(length);
        const double value = reduction.spec.kind == FusedSpec::Reduction::sum ? tile::sum(x, n)
                             : reduction.spec.kind == FusedSpec::Reduction::sum_of_squares
                                 ? tile::sum_of_squares(x, n)
                                 : tile::largest(x, n);
        total = sums ? total + value : larger(value, total);
        return;
    }
    float* to = accumulator(context, part, reduction);
    if (reduction.rows > 1) {
        const int64_t width = reduction.rows * reduction.walk.period();
        for (int64_t at = 0; at < length; at += width) {
            const auto n = static_cast<size_t>(std::min(width, length - at));
            sums ? tile::accumulate(x + at, to, n) : tile::accumulate_largest(x + at, to, n);
        }
        return;
    }
    reduction.walk.runs(begin, length, [&](int64_t at, int64_t offset, int64_t count, int64_t stride) {
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

void FusedReductions::finish(const Context& context, std::byte* memory, int64_t parts) const {
    for (const auto& reduction : reductions_) {
        const bool sums = reduction.sums();
        const int64_t count = reduction.count();
        float* to = context.as<float>(reduction.spec.buffer);
        const auto accumulator_of = [&](int64_t part) { return memory + part * bytes_ + reduction.offset; };
        if (count == 1) {
            double total = *reinterpret_cast<const double*>(accumulator_of(0));
            for (int64_t part = 1; part < parts; ++part) {
                const double value = *reinterpret_cast<const double*>(accumulator_of(part));
                total = sums ? total + value : larger(value, total);
            }
            *to = static_cast<float>(total);
        } else if (const int64_t rows = reduction.rows; parts > 1 || rows > 1) {
            std::copy_n(reinterpret_cast<const float*>(accumulator_of(0)), count, to);
            for (int64_t row = 1; row < parts * rows; ++row) {
                const float* from =
                    reinterpret_cast<const float*>(accumulator_of(row / rows)) + row % rows * count;
                sums ? tile::accumulate(from, to, static_cast<size_t>(count))
                     : tile::accumulate_largest(from, to, static_cast<size_t>(count));
            }
        }
    }
}

}  // namespace ravine
