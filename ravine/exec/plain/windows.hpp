#pragma once

#include <algorithm>
#include <cstdint>

#include "ravine/exec/plain/plain.hpp"

namespace ravine {

/// Windows of a pooling operation between an image [n, h, w, c] and its windows [n, oh, ow, c].
struct Windows {
    int64_t n, h, w, c, oh, ow, kernel, stride, padding;

    /// The windows of a pooling node, whichever way it goes.
    static Windows of(const PlainRequest& request) {
        const Op op = request.node.op;
        const bool to_image = op == Op::pool_scatter || op == Op::average_pool_gradient;
        const Shape& image = to_image ? request.node.shape : request.shapes[0];
        const Shape& windows = to_image ? request.shapes[0] : request.node.shape;
        const auto& integers = request.node.attributes.integers;
        return {image[0],   image[1],    image[2],    image[3],   windows[1],
                windows[2], integers[0], integers[1], integers[2]};
    }

    /// Calls body(image offset, window offset, place in the window) for every position of every window that
    /// lies inside the image, for the examples [begin, end); offsets point at channel 0.
    template <class Body>
    void visit(int64_t begin, int64_t end, Body body) const {
        visit_windows(begin, end, [&](int64_t window, const Inside& in) {
            for (int64_t a = in.top; a < in.bottom; ++a)
                for (int64_t b = in.left; b < in.right; ++b)
                    body(in.corner + (a * w + b) * c, window, a * kernel + b);
        });
    }

    /// The rows and columns of a window that lie inside the image, and the offset of its place (0, 0), which
    /// may itself lie outside.
    struct Inside {
        int64_t top, bottom, left, right, corner;
    };

    /// Calls body(window offset, Inside) for every window of the examples [begin, end).
    template <class Body>
    void visit_windows(int64_t begin, int64_t end, Body body) const {
        for (int64_t example = begin; example < end; ++example) {
            for (int64_t i = 0; i < oh; ++i) {
                for (int64_t j = 0; j < ow; ++j) {
                    const int64_t y = i * stride - padding, x = j * stride - padding;
                    body(((example * oh + i) * ow + j) * c,
                         Inside{std::max<int64_t>(0, -y), std::min(kernel, h - y), std::max<int64_t>(0, -x),
                                std::min(kernel, w - x), ((example * h + y) * w + x) * c});
                }
            }
        }
    }

    /// Whether windows that do not overlap reach every position of the image.
    bool cover_all() const {
        return kernel == stride && padding == 0 && oh * stride == h && ow * stride == w;
    }

    int64_t image_elements(int64_t examples) const { return examples * h * w * c; }
    int64_t window_elements(int64_t examples) const { return examples * oh * ow * c; }
};

}  // namespace ravine
