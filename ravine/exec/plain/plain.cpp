#include "ravine/exec/plain/plain.hpp"

#include <fmt/format.h>

#include <cstring>

namespace ravine {
namespace {

template <class T>
std::unique_ptr<Kernel> make(const PlainRequest& request) {
    switch (request.node.op) {
        case Op::permute:
        case Op::slice:
        case Op::pad:
            return make_movement<T>(request);
        case Op::max_pool_indices:
        case Op::pool_gather:
        case Op::pool_scatter:
        case Op::average_pool:
        case Op::average_pool_gradient:
            return make_pooling<T>(request);
        case Op::softmax:
        case Op::log_softmax:
        case Op::softmax_cross_entropy:
            return make_row<T>(request);
        case Op::uniform:
        case Op::normal:
            return make_random<T>(request);
        default:
            return nullptr;
    }
}

}  // namespace

std::unique_ptr<Kernel> make_plain(const PlainRequest& request, Element element) {
    if (element == Element::bf16) {
        const Op op = request.node.op;
        const bool moves = op == Op::permute || op == Op::slice || op == Op::pad;
        return moves ? make_movement<Bfloat16>(request) : nullptr;
    }
    return element == Element::f64 ? make<double>(request) : make<float>(request);
}

std::unique_ptr<Kernel> make_copy(int source, int target, int64_t elements, Precision precision) {
    const size_t bytes = static_cast<size_t>(elements) * element_size(precision);
    return make_kernel(fmt::format("copy {}", elements), [=](const Context& context) {
        if (context.buffers[target] != context.buffers[source])
            std::memcpy(context.buffers[target], context.buffers[source], bytes);
    });
}

}  // namespace ravine
