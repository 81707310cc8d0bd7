#pragma once

#include <algorithm>
#include <vector>

#include "ravine/core/values/shape.hpp"

namespace ravine {

/// How a broadcast operand is met when the elements of a space are visited in order: extents with the
/// operand's stride along each, neighbours merged where one stride serves both.
class Walk {
public:
    Walk(const Shape& operand, const Shape& space) {
        const auto strides = broadcast_strides(operand, space);
        for (size_t i = 0; i < space.size(); ++i) {
            if (space[i] == 1) continue;
            if (!axes_.empty() && axes_.back().stride == strides[i] * space[i])
                axes_.back() = {axes_.back().extent * space[i], strides[i]};
            else
                axes_.push_back({space[i], strides[i]});
        }
        if (axes_.empty()) axes_.push_back({1, 1});
    }

    /// One element of the operand for one of the space.
    bool is_direct() const { return axes_.size() == 1 && axes_[0].stride == 1; }
    /// A single element for all of the space.
    bool is_single() const { return axes_.size() == 1 && axes_[0].stride == 0; }
    /// The same row again and again: its length, or 0 where it is otherwise.
    int64_t period() const {
        return axes_.size() == 2 && axes_[0].stride == 0 && axes_[1].stride == 1 ? axes_[1].extent : 0;
    }

    /// Calls body(at, offset, count, stride) for the runs of the elements [begin, begin + length) of the
    /// space: `count` elements from position `at` of the range on stand at `offset`, `offset + stride`, ...
    /// of the operand.
    template <class Body>
    void runs(int64_t begin, int64_t length, Body body) const {
        const Axis inner = axes_.back();
        int64_t column = begin % inner.extent, row = begin / inner.extent;
        for (int64_t at = 0; at < length; column = 0, ++row) {
            const int64_t count = std::min(inner.extent - column, length - at);
            int64_t offset = column * inner.stride, rest = row;
            for (size_t i = axes_.size() - 1; i-- > 0;) {
                offset += rest % axes_[i].extent * axes_[i].stride;
                rest /= axes_[i].extent;
            }
            body(at, offset, count, inner.stride);
            at += count;
        }
    }

private:
    struct Axis {
        int64_t extent, stride;
    };
    std::vector<Axis> axes_;  // outermost first
};

}  // namespace ravine
