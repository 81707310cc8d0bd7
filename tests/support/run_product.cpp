#include "tests/support/run_product.hpp"

#include <array>

#include "ravine/core/vector.hpp"

namespace ravine::test {

Numbers run_product(const Kernel& kernel, const ProductRequest& request, const Numbers& first,
                    const Numbers& second, const Numbers& bias) {
    Vector a(first, Precision::f32), b(second, Precision::f32), c(bias, Precision::f32),
        result(element_count(request.result), Precision::f32),
        scratch(kernel.scratch_bytes() / 4 + 1, Precision::f32, 1e9);
    const std::array<void*, 4> buffers{a.data(), b.data(), result.data(), c.data()};
    const Context context{.buffers = buffers.data(),
                          .scalars = nullptr,
                          .random = nullptr,
                          .scratch = static_cast<std::byte*>(scratch.data()),
                          .threads = request.threads,
                          .bindings = 1};
    const auto state = kernel.make_state();
    for (int run = 0; run < 2; ++run) {
        result.fill(1e9);
        kernel.run(context, state.get());
    }
    return result.to_doubles();
}

}  // namespace ravine::test
