#include <fmt/format.h>

#include <algorithm>

#include "ravine/core/threads/threads.hpp"
#include "ravine/exec/plain/plain.hpp"
#include "ravine/exec/plain/windows.hpp"

namespace ravine {
namespace {

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
    const Windows w = Windows::of(request);
    const int source = request.arguments[0], target = request.result;
    const int indices = request.arguments.size() > 1 ? request.arguments[1] : -1;
    const T share = T{1} / static_cast<T>(w.kernel * w.kernel);

    return make_kernel(
        fmt::format("{} {}", name_of(op), to_string(request.shapes[0])), [=](const Context& context) {
            const T* from = context.as<const T>(source);
            const T* chosen = indices < 0 ? nullptr : context.as<const T>(indices);
            T* to = context.as<T>(target);
            parallel(context.threads, w.n, std::max<int64_t>(1, 32768 / w.image_elements(1)),
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
