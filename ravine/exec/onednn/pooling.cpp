#include "ravine/exec/onednn/pooling.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "ravine/core/threads.hpp"
#include "ravine/exec/plain/windows.hpp"

// Highway includes this file once for every instruction set; the order of its headers matters.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ravine/exec/onednn/pooling.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace ravine::pooling::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

/// Calls body(channel, mask) for the channels, a vector at a time, the last one partial.
template <class Body>
HWY_INLINE void for_channels(int64_t channels, Body body) {
    const D d;
    const auto width = static_cast<int64_t>(hn::Lanes(d));
    for (int64_t k = 0; k < channels; k += width)
        body(k, hn::FirstN(d, static_cast<size_t>(std::min(width, channels - k))));
}

/// Calls body(image offset, place in the window as a vector) for the positions of one window inside the
/// image.
template <class Body>
HWY_INLINE void for_places(const Windows& w, const Windows::Inside& in, Body body) {
    const D d;
    for (int64_t a = in.top; a < in.bottom; ++a)
        for (int64_t b = in.left; b < in.right; ++b)
            body(in.corner + (a * w.w + b) * w.c, hn::Set(d, static_cast<float>(a * w.kernel + b)));
}

void MaxIndices(const Windows& w, int64_t begin, int64_t end, const float* image, const float*, float* to) {
    const D d;
    w.visit_windows(begin, end, [&](int64_t window, const Windows::Inside& in) HWY_ATTR {
        for_channels(w.c, [&](int64_t k, auto mask) HWY_ATTR {
            V best = hn::Zero(d), index = hn::Set(d, -1.0f);
            for_places(w, in, [&](int64_t at, V place) HWY_ATTR {
                const V x = hn::MaskedLoad(mask, d, image + at + k);
                // NaN wins, so that a diverged activation is not hidden.
                const auto larger = hn::Or(hn::Or(hn::Lt(index, hn::Zero(d)), hn::Gt(x, best)), hn::IsNaN(x));
                best = hn::IfThenElse(larger, x, best);
                index = hn::IfThenElse(larger, place, index);
            });
            hn::BlendedStore(index, mask, d, to + window + k);
        });
    });
}

void Gather(const Windows& w, int64_t begin, int64_t end, const float* image, const float* indices,
            float* to) {
    const D d;
    w.visit_windows(begin, end, [&](int64_t window, const Windows::Inside& in) HWY_ATTR {
        for_channels(w.c, [&](int64_t k, auto mask) HWY_ATTR {
            const V chosen = hn::MaskedLoad(mask, d, indices + window + k);
            V result = hn::Zero(d);
            for_places(w, in, [&](int64_t at, V place) HWY_ATTR {
                result =
                    hn::IfThenElse(hn::Eq(chosen, place), hn::MaskedLoad(mask, d, image + at + k), result);
            });
            hn::BlendedStore(result, mask, d, to + window + k);
        });
    });
}

void Scatter(const Windows& w, int64_t begin, int64_t end, const float* gradient, const float* indices,
             float* to) {
    const D d;
    std::fill(to + w.image_elements(begin), to + w.image_elements(end), 0.0f);
    w.visit_windows(begin, end, [&](int64_t window, const Windows::Inside& in) HWY_ATTR {
        for_channels(w.c, [&](int64_t k, auto mask) HWY_ATTR {
            const V chosen = hn::MaskedLoad(mask, d, indices + window + k);
            const V x = hn::MaskedLoad(mask, d, gradient + window + k);
            for_places(w, in, [&](int64_t at, V place) HWY_ATTR {
                const V old = hn::MaskedLoad(mask, d, to + at + k);
                const V part = hn::IfThenElseZero(hn::Eq(chosen, place), x);
                hn::BlendedStore(hn::Add(old, part), mask, d, to + at + k);
            });
        });
    });
}

void Average(const Windows& w, int64_t begin, int64_t end, const float* image, const float*, float* to) {
    const D d;
    const V share = hn::Set(d, 1.0f / static_cast<float>(w.kernel * w.kernel));
    w.visit_windows(begin, end, [&](int64_t window, const Windows::Inside& in) HWY_ATTR {
        for_channels(w.c, [&](int64_t k, auto mask) HWY_ATTR {
            V sum = hn::Zero(d);
            for_places(w, in, [&](int64_t at, V) HWY_ATTR {
                sum = hn::Add(sum, hn::MaskedLoad(mask, d, image + at + k));
            });
            hn::BlendedStore(hn::Mul(sum, share), mask, d, to + window + k);
        });
    });
}

void AverageGradient(const Windows& w, int64_t begin, int64_t end, const float* gradient, const float*,
                     float* to) {
    const D d;
    const V share = hn::Set(d, 1.0f / static_cast<float>(w.kernel * w.kernel));
    std::fill(to + w.image_elements(begin), to + w.image_elements(end), 0.0f);
    w.visit_windows(begin, end, [&](int64_t window, const Windows::Inside& in) HWY_ATTR {
        for_channels(w.c, [&](int64_t k, auto mask) HWY_ATTR {
            const V part = hn::Mul(share, hn::MaskedLoad(mask, d, gradient + window + k));
            for_places(w, in, [&](int64_t at, V) HWY_ATTR {
                const V old = hn::MaskedLoad(mask, d, to + at + k);
                hn::BlendedStore(hn::Add(old, part), mask, d, to + at + k);
            });
        });
    });
}

}  // namespace ravine::pooling::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ravine {
namespace pooling {

HWY_EXPORT(MaxIndices);
HWY_EXPORT(Gather);
HWY_EXPORT(Scatter);
HWY_EXPORT(Average);
HWY_EXPORT(AverageGradient);

/// One operation over the examples [begin, end).
void run(Op op, const Windows& w, int64_t begin, int64_t end, const float* from, const float* indices,
         float* to) {
    switch (op) {
        case Op::max_pool_indices:
            return HWY_DYNAMIC_DISPATCH(MaxIndices)(w, begin, end, from, indices, to);
        case Op::pool_gather:
            return HWY_DYNAMIC_DISPATCH(Gather)(w, begin, end, from, indices, to);
        case Op::pool_scatter:
            return HWY_DYNAMIC_DISPATCH(Scatter)(w, begin, end, from, indices, to);
        case Op::average_pool:
            return HWY_DYNAMIC_DISPATCH(Average)(w, begin, end, from, indices, to);
        default:
            return HWY_DYNAMIC_DISPATCH(AverageGradient)(w, begin, end, from, indices, to);
    }
}

}  // namespace pooling

std::unique_ptr<Kernel> make_fast_pooling(const PlainRequest& request) {
    const Op op = request.node.op;
    if (op < Op::max_pool_indices || op > Op::average_pool_gradient) return nullptr;
    const Windows w = Windows::of(request);
    const int source = request.arguments[0], target = request.result;
    const int indices = request.arguments.size() > 1 ? request.arguments[1] : source;
    return make_kernel(
        fmt::format("{} {}", name_of(op), to_string(request.shapes[0])), [=](const Context& context) {
            parallel(context.threads, w.n, std::max<int64_t>(1, 4096 / w.image_elements(1)),
                     [&](int64_t begin, int64_t end) {
                         pooling::run(op, w, begin, end, context.as<const float>(source),
                                      context.as<const float>(indices), context.as<float>(target));
                     });
        });
}

}  // namespace ravine
#endif  // HWY_ONCE
