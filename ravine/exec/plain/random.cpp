#include "ravine/core/values/random.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "ravine/core/error.hpp"
#include "ravine/core/threads/threads.hpp"
#include "ravine/exec/plain/plain.hpp"

namespace ravine {

template <class T>
std::unique_ptr<Kernel> make_random(const PlainRequest& request) {
    const Shape& shape = request.node.shape;
    const int64_t examples = shape.empty() ? 1 : shape[0];
    const int64_t each = element_count(shape) / std::max<int64_t>(1, examples);
    const auto stream = static_cast<uint32_t>(request.node.attributes.integers[0]);
    const bool normal = request.node.op == Op::normal;
    const int target = request.result;
    return make_kernel(
        fmt::format("{} {}", name_of(request.node.op), to_string(shape)), [=](const Context& context) {
            const RandomKey key{context.random->seed, Purpose::layer, stream, context.random->step};
            const auto ids = context.random->examples;
            require(ids.empty() || static_cast<int64_t>(ids.size()) >= examples,
                    "random numbers for {} examples, of which {} have an index", examples, ids.size());
            parallel(
                context.threads, examples, std::max<int64_t>(1, 2048 / each),
                [&](int64_t begin, int64_t end) {
                    for (int64_t i = begin; i < end; ++i) {
                        const auto id = static_cast<uint64_t>(ids.empty() ? i : ids[static_cast<size_t>(i)]);
                        T* out = context.as<T>(target) + i * each;
                        for (int64_t j = 0; j < each; j += 4) {
                            const auto words = random_words(key, id, static_cast<uint64_t>(j / 4));
                            const int64_t count = std::min<int64_t>(4, each - j);
                            for (int64_t k = 0; k < count; ++k) {
                                const auto k0 = static_cast<size_t>(k);
                                // 24 bits are exact in a float: the number stays below 1 in both
                                // precisions.
                                const double u = (words[k0] >> 8) * 0x1p-24;
                                if (!normal) {
                                    out[j + k] = static_cast<T>(u);
                                    continue;
                                }
                                // Box and Muller (1958): words 0 and 1 give the first pair, 2 and 3 the
                                // second.
                                const size_t pair = k0 / 2 * 2;
                                const double radius =
                                    std::sqrt(-2 * std::log(((words[pair] >> 8) + 1) * 0x1p-24));
                                const double angle =
                                    2 * std::numbers::pi * ((words[pair + 1] >> 8) * 0x1p-24);
                                out[j + k] =
                                    static_cast<T>(radius * (k % 2 == 0 ? std::cos(angle) : std::sin(angle)));
                            }
                        }
                    }
                });
        });
}

template std::unique_ptr<Kernel> make_random<float>(const PlainRequest&);
template std::unique_ptr<Kernel> make_random<double>(const PlainRequest&);

}  // namespace ravine
