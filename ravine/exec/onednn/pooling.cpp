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
#include "ravine/exec/onednn/bfloat16-inl.hpp"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace ravine::pooling::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
namespace bf = bfloat16::HWY_NAMESPACE;
using bf::by_vectors;
using bf::D;
using bf::load;
using bf::store;
using bf::V;

/// Calls body(image offset, place in the window as a vector) for the positions of one window inside the
/// image. `halves`: windows of 2 x 2 that cover the image side by side, as almost always.
template <bool halves, class Body>
HWY_INLINE void for_places(const Windows& w, const Windows::Inside& in, Body body) {
    const D d;
    if constexpr (halves) {
        const int64_t below = in.corner + w.w * w.c;
        body(in.corner, hn::Zero(d));
        body(in.corner + w.c, hn::Set(d, 1.0f));
        body(below, hn::Set(d, 2.0f));
        body(below + w.c, hn::Set(d, 3.0f));
        return;
    }
    for (int64_t a = in.top; a < in.bottom; ++a)
        for (int64_t b = in.left; b < in.right; ++b)
            body(in.corner + (a * w.w + b) * w.c, hn::Set(d, static_cast<float>(a * w.kernel + b)));
}

/// What an operation works on: the examples [begin, end).
template <class T, bool halves>
struct Range {
    const Windows& w;
    int64_t begin, end;
    const T *from, *indices;
    T* to;
    T* maxima;  ///< of max_pool_indices, where they are wanted

    template <class Body>
    HWY_INLINE void visit(Body body) const {
        w.visit_windows(begin, end, body);
    }
    void clear_image() const { std::fill(to + w.image_elements(begin), to + w.image_elements(end), T{}); }
};

template <class T, bool halves>
void find_maxima(const Range<T, halves>& r) {
    const D d;
    r.visit([&](int64_t window, const Windows::Inside& in) HWY_ATTR {
        by_vectors(r.w.c, [&](int64_t k, auto n) HWY_ATTR {
            V best = hn::Zero(d), index = hn::Set(d, -1.0f);
            for_places<halves>(r.w, in, [&](int64_t at, V place) HWY_ATTR {
                const V x = load(r.from + at + k, n);
                // NaN wins, so that a diverged activation is not hidden.
                const auto larger = hn::Or(hn::Or(hn::Lt(index, hn::Zero(d)), hn::Gt(x, best)), hn::IsNaN(x));
                best = hn::IfThenElse(larger, x, best);
                index = hn::IfThenElse(larger, place, index);
            });
            store(index, r.to + window + k, n);
            if (r.maxima) store(best, r.maxima + window + k, n);
        });
    });
}

template <class T, bool halves>
void gather(const Range<T, halves>& r) {
    const D d;
    r.visit([&](int64_t window, const Windows::Inside& in) HWY_ATTR {
        by_vectors(r.w.c, [&](int64_t k, auto n) HWY_ATTR {
            const V chosen = load(r.indices + window + k, n);
            V result = hn::Zero(d);
            for_places<halves>(r.w, in, [&](int64_t at, V place) HWY_ATTR {
                result = hn::IfThenElse(hn::Eq(chosen, place), load(r.from + at + k, n), result);
            });
            store(result, r.to + window + k, n);
        });
    });
}

template <class T, bool halves>
void scatter(const Range<T, halves>& r) {
    const bool overlap = r.w.stride < r.w.kernel;
    if (overlap || !r.w.cover_all()) r.clear_image();
    r.visit([&](int64_t window, const Windows::Inside& in) HWY_ATTR {
        by_vectors(r.w.c, [&](int64_t k, auto n) HWY_ATTR {
            const V chosen = load(r.indices + window + k, n), x = load(r.from + window + k, n);
            for_places<halves>(r.w, in, [&](int64_t at, V place) HWY_ATTR {
                const V part = hn::IfThenElseZero(hn::Eq(chosen, place), x);
                T* to = r.to + at + k;
                store(overlap ? hn::Add(load(to, n), part) : part, to, n);
            });
        });
    });
}

template <class T, bool halves>
void average(const Range<T, halves>& r) {
    const D d;
    const V share = hn::Set(d, 1.0f / static_cast<float>(r.w.kernel * r.w.kernel));
    r.visit([&](int64_t window, const Windows::Inside& in) HWY_ATTR {
        by_vectors(r.w.c, [&](int64_t k, auto n) HWY_ATTR {
            V sum = hn::Zero(d);
            for_places<halves>(r.w, in,
                               [&](int64_t at, V) HWY_ATTR { sum = hn::Add(sum, load(r.from + at + k, n)); });
            store(hn::Mul(sum, share), r.to + window + k, n);
        });
    });
}

template <class T, bool halves>
void average_gradient(const Range<T, halves>& r) {
    const D d;
    const V share = hn::Set(d, 1.0f / static_cast<float>(r.w.kernel * r.w.kernel));
    r.clear_image();
    r.visit([&](int64_t window, const Windows::Inside& in) HWY_ATTR {
        by_vectors(r.w.c, [&](int64_t k, auto n) HWY_ATTR {
            const V part = hn::Mul(share, load(r.from + window + k, n));
            for_places<halves>(r.w, in, [&](int64_t at, V) HWY_ATTR {
                T* to = r.to + at + k;
                store(hn::Add(load(to, n), part), to, n);
            });
        });
    });
}

template <class T, bool halves>
void run(Op op, const Range<T, halves>& r) {
    switch (op) {
        case Op::max_pool_indices:
            return find_maxima(r);
        case Op::pool_gather:
            return gather(r);
        case Op::pool_scatter:
            return scatter(r);
        case Op::average_pool:
            return average(r);
        default:
            return average_gradient(r);
    }
}

template <class T>
void run_range(Op op, const Windows& w, int64_t begin, int64_t end, const T* from, const T* indices, T* to,
               T* maxima) {
    if (w.kernel == 2 && w.cover_all())
        run(op, Range<T, true>{w, begin, end, from, indices, to, maxima});
    else
        run(op, Range<T, false>{w, begin, end, from, indices, to, maxima});
}

void Run(Op op, const Windows& w, int64_t begin, int64_t end, const float* from, const float* indices,
         float* to, float* maxima) {
    run_range(op, w, begin, end, from, indices, to, maxima);
}

void RunBfloat16(Op op, const Windows& w, int64_t begin, int64_t end, const Bfloat16* from,
                 const Bfloat16* indices, Bfloat16* to, Bfloat16* maxima) {
    run_range(op, w, begin, end, from, indices, to, maxima);
}

}  // namespace ravine::pooling::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ravine {
namespace pooling {

HWY_EXPORT(Run);
HWY_EXPORT(RunBfloat16);

/// One operation over the examples [begin, end).
void run(Op op, const Windows& w, int64_t begin, int64_t end, const float* from, const float* indices,
         float* to, float* maxima) {
    HWY_DYNAMIC_DISPATCH(Run)(op, w, begin, end, from, indices, to, maxima);
}

void run(Op op, const Windows& w, int64_t begin, int64_t end, const Bfloat16* from, const Bfloat16* indices,
         Bfloat16* to, Bfloat16* maxima) {
    HWY_DYNAMIC_DISPATCH(RunBfloat16)(op, w, begin, end, from, indices, to, maxima);
}

template <class T>
std::unique_ptr<Kernel> make(const PlainRequest& request, int maxima) {
    const Op op = request.node.op;
    const Windows w = Windows::of(request);
    const int source = request.arguments[0], target = request.result;
    const int indices = request.arguments.size() > 1 ? request.arguments[1] : source;
    return make_kernel(
        fmt::format("{}{} {}", name_of(op), maxima < 0 ? "" : " + maxima", to_string(request.shapes[0])),
        [=](const Context& context) {
            parallel(context.threads, w.n, std::max<int64_t>(1, 4096 / w.image_elements(1)),
                     [&](int64_t begin, int64_t end) {
                         run(op, w, begin, end, context.as<const T>(source), context.as<const T>(indices),
                             context.as<T>(target), maxima < 0 ? nullptr : context.as<T>(maxima));
                     });
        });
}

}  // namespace pooling

std::unique_ptr<Kernel> make_fast_pooling(const PlainRequest& request, Element element, int maxima) {
    const Op op = request.node.op;
    if (op < Op::max_pool_indices || op > Op::average_pool_gradient) return nullptr;
    return element == Element::bf16 ? pooling::make<Bfloat16>(request, maxima)
                                    : pooling::make<float>(request, maxima);
}

}  // namespace ravine
#endif  // HWY_ONCE
