#include "ravine/graph/reassociate.hpp"

#include <optional>
#include <utility>

#include "ravine/graph/ops.hpp"
#include "ravine/graph/rewrite.hpp"

namespace ravine {
namespace {

/// A matrix, transposed or not.
struct Factor {
    Value matrix;
    bool transposed;

    int64_t rows() const { return matrix.shape()[transposed ? 1 : 0]; }
    int64_t columns() const { return matrix.shape()[transposed ? 0 : 1]; }
    Transpose flag() const { return transposed ? Transpose::yes : Transpose::no; }
};

Value product(const Factor& a, const Factor& b) { return matmul(a.matrix, b.matrix, a.flag(), b.flag()); }

/// The two factors of a factor that is a product itself: (a b)' = b' a'.
std::pair<Factor, Factor> factors(const Factor& f) {
    const auto& flags = f.matrix.node().attributes.integers;
    const Factor a{f.matrix.argument(0), flags[0] != 0}, b{f.matrix.argument(1), flags[1] != 0};
    if (!f.transposed) return {a, b};
    return {{b.matrix, !b.transposed}, {a.matrix, !a.transposed}};
}

/// What the cheaper order of a product takes, if it is cheaper than this one.
std::optional<Value> cheaper(const Factor& a, const Factor& b) {
    const auto cost = [](const Factor& x, const Factor& y) { return x.rows() * x.columns() * y.columns(); };
    if (b.matrix.op() == Op::matmul) {
        const auto [c, d] = factors(b);  // a (c d)
        if (cost(a, c) + a.rows() * c.columns() * d.columns() < cost(a, b))
            return product({product(a, c), false}, d);
    }
    if (a.matrix.op() == Op::matmul) {
        const auto [c, d] = factors(a);  // (c d) b
        if (cost(d, b) + c.rows() * c.columns() * b.columns() < cost(a, b))
            return product(c, {product(d, b), false});
    }
    return std::nullopt;
}

}  // namespace

std::vector<Value> reassociate(const std::vector<Value>& values) {
    return rewrite(values, [](Value node, std::span<const Value> arguments) -> std::optional<Value> {
        if (node.op() != Op::matmul) return std::nullopt;
        const auto& flags = node.node().attributes.integers;
        return cheaper({arguments[0], flags[0] != 0}, {arguments[1], flags[1] != 0});
    });
}

}  // namespace ravine
