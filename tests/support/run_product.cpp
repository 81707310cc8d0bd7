#include "tests/support/run_product.hpp"

#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include "ravine/core/values/vector.hpp"
#include "ravine/exec/cpu/fused/tile.hpp"

namespace ravine::test {
namespace {

std::vector<Bfloat16> narrowed(const Vector& x) {
    std::vector<Bfloat16> result(static_cast<size_t>(x.size()));
    tile::narrow(static_cast<const float*>(x.data()), result.data(), result.size());
    return result;
}

}  // namespace

Numbers run_product(const Kernel& kernel, const ProductRequest& request, const Numbers& first,
                    const Numbers& second, const Numbers& bias) {
    Vector a(first, Precision::f32), b(second, Precision::f32), c(bias, Precision::f32),
        result(element_count(request.result), Precision::f32),
        scratch(kernel.scratch_bytes() / 4 + 1, Precision::f32, std::nan(""));
    auto narrow_a = narrowed(a), narrow_b = narrowed(b);
    const bool narrow = request.factor_element == Element::bf16;
    const bool has_kernel = request.op == Op::conv2d || request.op == Op::conv2d_input_gradient;
    const std::array<void*, 4> buffers{narrow ? static_cast<void*>(narrow_a.data()) : a.data(),
                                       narrow && !has_kernel ? static_cast<void*>(narrow_b.data()) : b.data(),
                                       result.data(), c.data()};
    const Context context{.buffers = buffers.data(),
                          .scalars = nullptr,
                          .random = nullptr,
                          .scratch = static_cast<std::byte*>(scratch.data()),
                          .threads = request.threads,
                          .bindings = 1};
    const auto state = kernel.make_state();
    for (int run = 0; run < 2; ++run) {
        result.fill(std::nan(""));
        kernel.run(context, state.get());
    }
    if (request.result_element == Element::bf16) {
        Vector widened(result.size(), Precision::f32);
        tile::widen(static_cast<const Bfloat16*>(std::as_const(result).data()),
                    static_cast<float*>(widened.data()), static_cast<size_t>(result.size()));
        return widened.to_doubles();
    }
    return result.to_doubles();
}

}  // namespace ravine::test
