#include <fmt/format.h>

#include <algorithm>

#include "ravine/core/threads/threads.hpp"
#include "ravine/exec/plain/plain.hpp"

namespace ravine {
namespace {

/// Copies a block of extents `shape` between two strided places.
template <class T>
void copy_strided(const int64_t* shape, size_t axes, const T* from, const int64_t* from_strides, T* to,
                  const int64_t* to_strides) {
    if (axes == 0) {
        *to = *from;
        return;
    }
    for (int64_t i = 0; i < shape[0]; ++i, from += from_strides[0], to += to_strides[0]) {
        if (axes == 1)
            *to = *from;
        else
            copy_strided(shape + 1, axes - 1, from, from_strides + 1, to, to_strides + 1);
    }
}

int64_t offset_of(const std::vector<int64_t>& position, const std::vector<int64_t>& strides) {
    int64_t offset = 0;
    for (size_t i = 0; i < position.size(); ++i) offset += position[i] * strides[i];
    return offset;
}

}  // namespace

template <class T>
std::unique_ptr<Kernel> make_movement(const PlainRequest& request) {
    const Shape &from = request.shapes[0], &to = request.node.shape;
    const auto& integers = request.node.attributes.integers;
    std::vector<int64_t> from_strides = dense_strides(from), to_strides = dense_strides(to);
    Shape block = to;
    int64_t from_offset = 0, to_offset = 0;
    const bool pads = request.node.op == Op::pad;
    if (request.node.op == Op::permute) {
        std::vector<int64_t> permuted;
        for (const int64_t axis : integers) permuted.push_back(from_strides[static_cast<size_t>(axis)]);
        from_strides = permuted;
    } else if (request.node.op == Op::slice) {
        from_offset = offset_of(integers, from_strides);
    } else {
        block = from;
        to_offset = offset_of(integers, to_strides);
    }
    const int source = request.arguments[0], target = request.result;
    const int64_t total = element_count(to);
    return make_kernel(fmt::format("{} {} -> {}", name_of(request.node.op), to_string(from), to_string(to)),
                       [=](const Context& context) {
                           if (pads) std::fill_n(context.as<T>(target), total, T{});
                           const T* from_block = context.as<const T>(source) + from_offset;
                           T* to_block = context.as<T>(target) + to_offset;
                           if (block.empty())
                               return copy_strided<T>(nullptr, 0, from_block, nullptr, to_block, nullptr);
                           // Axis 0 is shared among the threads.
                           parallel(context.threads, block[0], std::max<int64_t>(1, block[0] * 16384 / total),
                                    [&](int64_t begin, int64_t end) {
                                        for (int64_t i = begin; i < end; ++i)
                                            copy_strided(block.data() + 1, block.size() - 1,
                                                         from_block + i * from_strides[0],
                                                         from_strides.data() + 1,
                                                         to_block + i * to_strides[0], to_strides.data() + 1);
                                    });
                       });
}

template std::unique_ptr<Kernel> make_movement<Bfloat16>(const PlainRequest&);
template std::unique_ptr<Kernel> make_movement<float>(const PlainRequest&);
template std::unique_ptr<Kernel> make_movement<double>(const PlainRequest&);

}  // namespace ravine
