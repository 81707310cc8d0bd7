#include "ravine/graph/flops.hpp"

#include <gtest/gtest.h>

#include "ravine/graph/derivatives.hpp"
#include "ravine/graph/ops.hpp"

namespace ravine {
namespace {

int64_t flops_of(Value x) { return ravine::flops_of(*x.graph, x.id); }

TEST(Flops, ProductsCountTwoForEachMultiplication) {
    Graph graph;
    const Value a = graph.input("a", {5, 3}), b = graph.input("b", {5, 7});
    EXPECT_EQ(flops_of(matmul(a, b, Transpose::yes)), 2 * 3 * 5 * 7);
}

TEST(Flops, AConvolutionAndItsAdjointsCountAlike) {
    Graph graph;
    const Value x = graph.input("x", {2, 8, 8, 3}), w = graph.input("w", {4, 3, 5, 5});
    const Value y = conv2d(x, w, {.stride = 2, .padding = 1});  // 3 x 3 windows
    const int64_t expected = 2 * (2 * 3 * 3) * 4 * (3 * 5 * 5);
    EXPECT_EQ(flops_of(y), expected);
    for (const Value adjoint : vjp({&y, 1}, {&y, 1}, std::vector{x, w}))
        EXPECT_EQ(flops_of(adjoint), expected);
}

TEST(Flops, WhatOnlyMovesNumbersIsFree) {
    Graph graph;
    const Value x = graph.input("x", {2, 6});
    for (const Value moved : {x, reshape(x, {3, 4}), permute(x, {1, 0}), broadcast(x, {5, 2, 6})})
        EXPECT_EQ(flops_of(moved), 0);
    EXPECT_EQ(flops_of(x * x), 12);
    EXPECT_EQ(flops_of(sum(x)), 12);
}

}  // namespace
}  // namespace ravine
