#include "ravine/exec/cpu/dnnl/pooling.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "ravine/core/threads/threads.hpp"
#include "ravine/exec/plain/windows.hpp"

// Highway includes this file once for every instruction set; the order of its headers matters.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ravine/exec/cpu/dnnl/pooling.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include "ravine/exec/cpu/dnnl/bfloat16-inl.hpp"
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
        if constexpr (!halves) return w.visit_windows(begin, end, body);
        // Here, where the body can be inlined: it and visit_windows are compiled for different processors.
        int64_t window = w.window_elements(begin), corner = w.image_elements(begin);
        for (int64_t i = begin * w.oh; i < end * w.oh; ++i, corner += w.w * w.c)
            for (int64_t j = 0; j < w.ow; ++j, window += w.c, corner += 2 * w.c)
                body(window, Windows::Inside{0, 2, 0, 2, corner});
    }
    void clear_image() const { std::fill(to + w.image_elements(begin), to + w.image_elements(end), T{}); }
};

/// The largest of the pixels of a window of 2 x 2, the first of equal ones, and its place. NaN wins, so that
/// a diverged activation is not hidden.
struct Largest {
    HWY_INLINE explicit Largest(const std::array<V, 4>& x) : value(x[0]), place(hn::Zero(D())) {
        for (size_t i = 1; i < 4; ++i) {
            const auto larger = hn::Or(hn::Gt(x[i], value), hn::IsNaN(x[i]));
            value = hn::IfThenElse(larger, x[i], value);
            place = hn::IfThenElse(larger, hn::Set(D(), static_cast<float>(i)), place);
        }
    }
    V value, place;
};

/// Several windows of 2 x 2 side by side: lane l is channel l % channels of window l / channels.
struct Group {
    explicit Group(int64_t the_channels) : channels(the_channels) {
        const auto lanes = static_cast<int64_t>(hn::Lanes(D()));
        windows = lanes / channels;
        for (int64_t right = 0; right < 2; ++right)
            for (int64_t lane = 0; lane < windows * channels; ++lane) {
                const int64_t at = (2 * (lane / channels) + right) * channels + lane % channels;
                from[right][lane] = static_cast<int32_t>(at % lanes);
                is_second[right][lane] = at / lanes == 1;
            }
    }
    /// The left or the right pixels of two vectors of a row.
    HWY_INLINE V pixels(size_t right, V first, V second) const {
        const D d;
        const auto lookup = hn::SetTableIndices(d, from[right]);
        const auto chosen = hn::Ne(hn::Load(d, is_second[right]), hn::Zero(d));
        return hn::IfThenElse(chosen, hn::TableLookupLanes(second, lookup),
                              hn::TableLookupLanes(first, lookup));
    }
    int64_t channels, windows;
    HWY_ALIGN int32_t from[2][hn::MaxLanes(D())] = {};
    HWY_ALIGN float is_second[2][hn::MaxLanes(D())] = {};
};

/// find_maxima where the channels of several windows fit a vector.
template <class T>
void find_maxima_of_groups(const Range<T, true>& r) {
    const auto lanes = static_cast<int64_t>(hn::Lanes(D()));
    const Group group(r.w.c);
    const int64_t row = r.w.w * r.w.c;
    const T* upper = r.from + r.w.image_elements(r.begin);
    int64_t to = r.w.window_elements(r.begin);
    for (int64_t i = r.begin * r.w.oh; i < r.end * r.w.oh; ++i, upper += row)
        for (int64_t j = 0; j < r.w.ow; j += group.windows) {
            const int64_t made = std::min(group.windows, r.w.ow - j) * r.w.c, seen = 2 * made;
            const auto part = [&](const T* from, int64_t begin) HWY_ATTR {
                const int64_t n = std::clamp<int64_t>(seen - begin, 0, lanes);
                return n == 0 ? hn::Zero(D()) : load(from + begin, static_cast<size_t>(n));
            };
            const T* lower = upper + row;
            const V a = part(upper, 0), b = part(upper, lanes), c = part(lower, 0), d = part(lower, lanes);
            const Largest largest(
                {group.pixels(0, a, b), group.pixels(1, a, b), group.pixels(0, c, d), group.pixels(1, c, d)});
            store(largest.place, r.to + to, static_cast<size_t>(made));
            if (r.maxima) store(largest.value, r.maxima + to, static_cast<size_t>(made));
            upper += seen, to += made;
        }
}

template <class T>
void find_maxima(const Range<T, true>& r) {
    if (2 * r.w.c <= static_cast<int64_t>(hn::Lanes(D()))) return find_maxima_of_groups(r);
    const int64_t below = r.w.w * r.w.c;
    r.visit([&](int64_t window, const Windows::Inside& in) HWY_ATTR {
        by_vectors(r.w.c, [&](int64_t k, auto n) HWY_ATTR {
            const T* from = r.from + in.corner + k;
            const Largest largest(
                {load(from, n), load(from + r.w.c, n), load(from + below, n), load(from + below + r.w.c, n)});
            store(largest.place, r.to + window + k, n);
            if (r.maxima) store(largest.value, r.maxima + window + k, n);
        });
    });
}

template <class T>
void find_maxima(const Range<T, false>& r) {
    const D d;
    r.visit([&](int64_t window, const Windows::Inside& in) HWY_ATTR {
        by_vectors(r.w.c, [&](int64_t k, auto n) HWY_ATTR {
            V best = hn::Zero(d), index = hn::Set(d, -1.0f);
            for_places<false>(r.w, in, [&](int64_t at, V place) HWY_ATTR {
                const V x = load(r.from + at + k, n);
                // NaN wins here too.
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

/// Windows of 2 x 2 side by side over one image.
Windows half_windows(int64_t h, int64_t w, int64_t c) { return {1, h, w, c, h / 2, w / 2, 2, 2, 0}; }

template <class T>
std::unique_ptr<Kernel> make(const PlainRequest& request, int maxima) {
    const Op op = request.node.op;
    const Windows w = Windows::of(request);
    const int source = request.arguments[0], target = request.result;
    const int indices = request.arguments.size() > 1 ? request.arguments[1] : source;
    return make_kernel(
        fmt::format("{}{} {}", name_of(op), maxima < 0 ? "" : " + maxima", to_string(request.shapes[0])),
        [=](const Context& context) {
            parallel(context.threads, w.n, std::max<int64_t>(1, 32768 / w.image_elements(1)),
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

void find_maxima(const float* image, int64_t h, int64_t w, int64_t c, float* places, float* maxima) {
    pooling::run(Op::max_pool_indices, pooling::half_windows(h, w, c), 0, 1, image, image, places, maxima);
}

void find_maxima(const Bfloat16* image, int64_t h, int64_t w, int64_t c, Bfloat16* places, Bfloat16* maxima) {
    pooling::run(Op::max_pool_indices, pooling::half_windows(h, w, c), 0, 1, image, image, places, maxima);
}

}  // namespace ravine
#endif  // HWY_ONCE
