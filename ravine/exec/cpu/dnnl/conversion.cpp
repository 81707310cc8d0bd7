#include "ravine/exec/cpu/dnnl/conversion.hpp"

#include <fmt/format.h>

#include "ravine/core/threads/threads.hpp"
#include "ravine/exec/cpu/fused/tile.hpp"
#include "ravine/exec/plain/plain.hpp"

namespace ravine {

std::unique_ptr<Kernel> make_conversion(StoredAs from, StoredAs to, int64_t elements) {
    const bool narrows = to.element == Element::bf16;
    return make_kernel(fmt::format("{} {}", narrows ? "narrow" : "widen", elements),
                       [=](const Context& context) {
                           parallel(context.threads, elements, 32768, [&](int64_t begin, int64_t end) {
                               const auto count = static_cast<size_t>(end - begin);
                               if (narrows)
                                   tile::narrow(context.as<const float>(from.buffer) + begin,
                                                context.as<Bfloat16>(to.buffer) + begin, count);
                               else
                                   tile::widen(context.as<const Bfloat16>(from.buffer) + begin,
                                               context.as<float>(to.buffer) + begin, count);
                           });
                       });
}

}  // namespace ravine
