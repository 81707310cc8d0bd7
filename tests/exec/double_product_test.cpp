#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/support/naive_product.hpp"

// Products in double precision against their definitions. Every element is a sum in one order: the same bits
// on any number of threads.

namespace ravine::test {
namespace {

/// Evaluates on one, two and three threads, and expects the same bits.
std::vector<Numbers> on_all_threads(const std::vector<Value>& values, const Feed& feed) {
    const auto result = evaluate(values, feed, {Precision::f64, 1});
    for (const int threads : {2, 3}) EXPECT_EQ(evaluate(values, feed, {Precision::f64, threads}), result);
    return result;
}

TEST(DoubleProducts, AreTheirDefinitions) {
    struct Case {
        int64_t m, k, n;
    };
    // Smaller than a tile, whole tiles, whole blocks, and a little more of each; k beyond a block of 256.
    for (const auto [m, k, n] : {Case{1, 1, 1},
                                 {3, 5, 2},
                                 {8, 4, 24},
                                 {9, 300, 25},
                                 {96, 256, 192},
                                 {97, 257, 193},
                                 {200, 17, 1},
                                 {1, 700, 50},
                                 {33, 64, 300}})
        for (const auto ta : {Transpose::no, Transpose::yes})
            for (const auto tb : {Transpose::no, Transpose::yes}) {
                Graph g;
                const Value a = g.input("a", ta == Transpose::yes ? Shape{k, m} : Shape{m, k}),
                            b = g.input("b", tb == Transpose::yes ? Shape{n, k} : Shape{k, n});
                const Feed feed{
                    .storages = {{"a", random_numbers(m * k, 1)}, {"b", random_numbers(k * n, 2)}}};
                expect_near(on_all_threads({matmul(a, b, ta, tb)}, feed)[0],
                            naive_matmul(feed.storages.at("a"), feed.storages.at("b"), m, k, n, ta, tb),
                            1e-13, fmt::format("{} {} {}", m, k, n));
            }
}

TEST(DoubleProducts, OfConvolutionsAreTheirDefinitions) {
    struct Case {
        Shape image, kernel;
        ConvolutionGeometry geometry;
    };
    // A pixel; a row; padding beyond the kernel; strides that do not reach the last rows, and longer than the
    // kernel.
    const std::vector<Case> cases{{{1, 1, 1, 1}, {1, 1, 1, 1}, {}},
                                  {{2, 1, 9, 3}, {2, 3, 1, 4}, {}},
                                  {{3, 6, 5, 4}, {7, 4, 3, 3}, {.stride = 1, .padding = 1}},
                                  {{2, 4, 4, 2}, {3, 2, 2, 3}, {.stride = 1, .padding = 3}},
                                  {{2, 9, 8, 3}, {5, 3, 3, 2}, {.stride = 2, .padding = 0}},
                                  {{2, 8, 9, 2}, {3, 2, 3, 3}, {.stride = 3, .padding = 1}},
                                  {{2, 7, 7, 2}, {4, 2, 1, 1}, {.stride = 2, .padding = 0}},
                                  {{4, 12, 12, 8}, {16, 8, 5, 5}, {.stride = 1, .padding = 2}}};
    for (const auto& c : cases) {
        Graph g;
        const Value x = g.input("x", c.image), w = g.input("w", c.kernel), y = conv2d(x, w, c.geometry),
                    dy = g.input("dy", y.shape());
        const NaiveConvolution naive{c.image, c.kernel, y.shape(), c.geometry};
        const Numbers xs = random_numbers(element_count(c.image), 1),
                      ws = random_numbers(element_count(c.kernel), 2),
                      dys = random_numbers(element_count(y.shape()), 3);
        const auto found = on_all_threads({y, conv2d_input_gradient(dy, w, c.image, c.geometry),
                                           conv2d_weight_gradient(x, dy, c.kernel, c.geometry)},
                                          {.storages = {{"x", xs}, {"w", ws}, {"dy", dys}}});
        const std::string what = fmt::format("{} {} stride {} padding {}", to_string(c.image),
                                             to_string(c.kernel), c.geometry.stride, c.geometry.padding);
        expect_near(found[0], naive.forward(xs, ws), 1e-13, what);
        expect_near(found[1], naive.input_gradient(dys, ws), 1e-13, what + ", input gradient");
        expect_near(found[2], naive.weight_gradient(xs, dys), 1e-13, what + ", weight gradient");
    }
}

}  // namespace
}  // namespace ravine::test
