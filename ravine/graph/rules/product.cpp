#include "ravine/graph/ops.hpp"
#include "ravine/graph/rule.hpp"

namespace ravine {
namespace {

Transpose flag(bool transposed) { return transposed ? Transpose::yes : Transpose::no; }

ConvolutionGeometry geometry_of(Value y) {
    return {y.node().attributes.integers[0], y.node().attributes.integers[1]};
}

/// The operation of y on other arguments; every product is linear in each argument.
Value product(Value y, Value a, Value b) {
    switch (y.op()) {
        case Op::matmul: {
            const auto& flags = y.node().attributes.integers;
            return matmul(a, b, flag(flags[0]), flag(flags[1]));
        }
        case Op::conv2d:
            return conv2d(a, b, geometry_of(y));
        case Op::conv2d_input_gradient:
            return conv2d_input_gradient(a, b, y.shape(), geometry_of(y));
        default:
            return conv2d_weight_gradient(a, b, y.shape(), geometry_of(y));
    }
}

MaybeValue product_jvp(Value y, std::span<const MaybeValue> tangents) {
    const Value a = y.argument(0), b = y.argument(1);
    MaybeValue result;
    if (tangents[0]) result = product(y, *tangents[0], b);
    if (tangents[1]) result = sum_of(result, product(y, a, *tangents[1]));
    return result;
}

std::vector<MaybeValue> matmul_vjp(Value y, Value adjoint) {
    const Value a = y.argument(0), b = y.argument(1);
    const bool ta = y.node().attributes.integers[0], tb = y.node().attributes.integers[1];
    return {ta ? matmul(b, adjoint, flag(tb), Transpose::yes) : matmul(adjoint, b, Transpose::no, flag(!tb)),
            tb ? matmul(adjoint, a, Transpose::yes, flag(ta)) : matmul(a, adjoint, flag(!ta), Transpose::no)};
}

// With C(x, w) the convolution, I(dy, w) and W(x, dy) its adjoints, <C(x, w), dy> = <x, I(dy, w)> = <w, W(x,
// dy)> is one trilinear form: the adjoint of each operation is another one of the three.
std::vector<MaybeValue> convolution_vjp(Value y, Value adjoint) {
    const Value a = y.argument(0), b = y.argument(1);
    const auto geometry = geometry_of(y);
    switch (y.op()) {
        case Op::conv2d:
            return {conv2d_input_gradient(adjoint, b, a.shape(), geometry),
                    conv2d_weight_gradient(a, adjoint, b.shape(), geometry)};
        case Op::conv2d_input_gradient:
            return {conv2d(adjoint, b, geometry), conv2d_weight_gradient(adjoint, a, b.shape(), geometry)};
        default:
            return {conv2d_input_gradient(b, adjoint, a.shape(), geometry), conv2d(a, adjoint, geometry)};
    }
}

}  // namespace

Rule product_rule(Op op) { return {op == Op::matmul ? matmul_vjp : convolution_vjp, product_jvp}; }

}  // namespace ravine
