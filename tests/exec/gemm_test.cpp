// Products large enough for oneDNN's classic sgemm, in the form of a dense layer's backward products.

#include <gtest/gtest.h>

#include "ravine/graph/ops.hpp"
#include "tests/support/evaluate.hpp"

namespace ravine::test {
namespace {

TEST(LargeProducts, AgreeWithTheReference) {
    constexpr int64_t m = 161, k = 163, n = 167;
    for (const auto transpose : {Transpose::no, Transpose::yes}) {
        Graph g;
        const bool ta = transpose == Transpose::yes;
        const Value a = g.input("a", ta ? Shape{k, m} : Shape{m, k}), b = g.input("b", {k, n});
        const std::vector<Value> outputs{matmul(a, b, transpose)};
        const Feed feed =
            as_floats({.storages = {{"a", random_numbers(m * k, 1)}, {"b", random_numbers(k * n, 2)}}});
        Evaluator in_float(g, outputs, Evaluator::in_float);
        EXPECT_NE(in_float.program().describe().find("sgemm"), std::string::npos);
        const auto expected = evaluate(outputs, feed, Evaluator::in_double)[0];
        const auto found = evaluate(outputs, feed, Evaluator::in_float)[0];
        for (size_t i = 0; i < expected.size(); ++i) ASSERT_NEAR(found[i], expected[i], 1e-4) << i;
    }
}

}  // namespace
}  // namespace ravine::test
