#include <fmt/format.h>

#include <algorithm>

#include "ravine/core/threads.hpp"
#include "ravine/exec/plain/plain.hpp"

namespace ravine {
namespace {

/// Windows of a pooling operation between an image [n, h, w, c] and its windows [n, oh, ow, c].
struct Windows {
    int64_t n, h, w, c, oh, ow, kernel, stride, padding;

    /// Calls body(image offset, window offset, place in the window) for every position of every window that
    /// lies inside the image, for the examples [begin, end); offsets point at channel 0.
    template <class Body>
    void visit(int64_t begin, int64_t end, Body body) const {
        for (int64_t example = begin; example < end; ++example)
            for (int64_t i = 0; i < oh; ++i)
                for (int64_t j = 0; j < ow; ++j)
                    for (int64_t a = 0; a < kernel; ++a)
                        for (int64_t b = 0; b < kernel; ++b) {
                            const int64_t y = i * stride + a - padding, x = j * stride + b - padding;
                            if (y < 0 || y >= h || x < 0 || x >= w) continue;
                            body(((example * h + y) * w + x) * c, ((example * oh + i) * ow + j) * c,
                                 a * kernel + b);
                        }
    }

    int64_t image_elements(int64_t examples) const { return examples * h * w * c; }
    int64_t window_elements(int64_t examples) const { return examples * oh * ow * c; }
};

Windows windows_of(const Shape& image, const Shape& windows, const std::vector<int64_t>& integers) {
    return {image[0],   image[1],    image[2],    image[3],   windows[1],
            windows[2], integers[0], integers[1], integers[2]};
}

template <class T>
void find_maxima(const Windows& w, int64_t begin, int64_t end, const T* image, T* indices) {
    // `indices` holds -1 until the first position inside the image; then the position of the largest so far.
    std::fill(indices + w.window_elements(begin), indices + w.window_elements(end), T{-1});
    w.visit(begin, end, [&](int64_t at, int64_t window, int64_t place) {
        const int64_t row = place / w.kernel, column = place % w.kernel;
        for (int64_t k = 0; k < w.c; ++k) {
            const auto best = static_cast<int64_t>(indices[window + k]);
            const int64_t back =
                ((best / w.kernel - row) * w.w + best % w.kernel - column) * w.c;  // from here to the best
            // NaN wins, so that a diverged activation is not hidden.
            const bool larger =
                best < 0 || image[at + k] > image[at + k + back] || image[at + k] != image[at + k];
            if (larger) indices[window + k] = static_cast<T>(place);
        }
    });
}

}  // namespace

template <class T>
std::unique_ptr<Kernel> make_pooling(const PlainRequest& request) {
    const Op op = request.node.op;
    const bool to_image = op == Op::pool_scatter || op == Op::average_pool_gradient;
    const Windows w =
        windows_of(to_image ? request.node.shape : request.shapes[0],
                   to_image ? request.shapes[0] : request.node.shape, request.node.attributes.integers);
    const int source = request.arguments[0], target = request.result;
    const int indices = request.arguments.size() > 1 ? request.arguments[1] : -1;
    const T share = T{1} / static_cast<T>(w.kernel * w.kernel);

    return make_kernel(
        fmt::format("{} {}", name_of(op), to_string(request.shapes[0])), [=](const Context& context) {
            const T* from = context.as<const T>(source);
            const T* chosen = indices < 0 ? nullptr : context.as<const T>(indices);
            T* to = context.as<T>(target);
            parallel(context.threads, w.n, std::max<int64_t>(1, 4096 / w.image_elements(1)),
                     [&](int64_t begin, int64_t end) {
                         if (op == Op::max_pool_indices) return find_maxima(w, begin, end, from, to);
                         if (to_image)
                             std::fill(to + w.image_elements(begin), to + w.image_elements(end), T{0});
                         else
                             std::fill(to + w.window_elements(begin), to + w.window_elements(end), T{0});
                         w.visit(begin, end, [&](int64_t at, int64_t window, int64_t place) {
                             const auto p = static_cast<T>(place);
                             for (int64_t k = 0; k < w.c; ++k) {
                                 if (op == Op::average_pool)
                                     to[window + k] += share * from[at + k];
                                 else if (op == Op::average_pool_gradient)
                                     to[at + k] += share * from[window + k];
                                 else if (op == Op::pool_gather)
                                     to[window + k] += chosen[window + k] == p ? from[at + k] : T{0};
                                 else
                                     to[at + k] += chosen[window + k] == p ? from[window + k] : T{0};
                             }
                         });
                     });
        });
}

template std::unique_ptr<Kernel> make_pooling<float>(const PlainRequest&);
template std::unique_ptr<Kernel> make_pooling<double>(const PlainRequest&);

}  // namespace ravine
