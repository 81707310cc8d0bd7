#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "ravine/core/error.hpp"
#include "ravine/core/values/random.hpp"
#include "ravine/exec/cpu/fused/tile.hpp"
#include "ravine/exec/plan/plan.hpp"
#include "ravine/graph/derivatives.hpp"
#include "ravine/graph/ops.hpp"
#include "tests/support/evaluate.hpp"

namespace ravine::test {
namespace {

constexpr CompileOptions in_bfloat16{Precision::bf16, 1};

class Bfloat16Program : public testing::Test {
protected:
    void SetUp() override {
        try {
            require_supported(Precision::bf16);
        } catch (const RequestError& error) {
            GTEST_SKIP() << error.what();
        }
    }
};

/// Eighths between -1 and 1: exact in bfloat16, and sums of thousands of their products are exact in float.
Numbers eighths(int64_t count, uint64_t seed) {
    Numbers numbers = random_numbers(count, seed, -8, 8);
    for (double& x : numbers) x = std::round(x) / 8;
    return numbers;
}

float narrowed(float x) {
    Bfloat16 bits;
    tile::narrow(&x, &bits, 1);
    float back = 0;
    tile::widen(&bits, &back, 1);
    return back;
}

TEST(Bfloat16, RoundsToTheNearestAndTiesToEven) {
    const float step = std::ldexp(1.0f, -7);  // of the numbers from 1 to 2
    EXPECT_EQ(narrowed(1 + step), 1 + step);
    EXPECT_EQ(narrowed(1 + 0.5f * step), 1);             // a tie: down to even
    EXPECT_EQ(narrowed(1 + 1.5f * step), 1 + 2 * step);  // a tie: up to even
    EXPECT_EQ(narrowed(1 + 0.51f * step), 1 + step);
    EXPECT_EQ(narrowed(-1 - 0.49f * step), -1);
    EXPECT_EQ(narrowed(std::numeric_limits<float>::max()), std::numeric_limits<float>::infinity());
    EXPECT_EQ(narrowed(-std::numeric_limits<float>::infinity()), -std::numeric_limits<float>::infinity());
    EXPECT_TRUE(std::signbit(narrowed(-0.0f)));
    EXPECT_TRUE(std::isnan(narrowed(std::numeric_limits<float>::quiet_NaN())));
    // A NaN whose upper half alone would be an infinity, or zero after rounding up.
    for (const uint32_t bits : {0x7F800001u, 0x7FFFFFFFu}) {
        float x = 0;
        std::memcpy(&x, &bits, sizeof x);
        EXPECT_TRUE(std::isnan(narrowed(x)));
    }
}

TEST(Bfloat16, ConvertsRowsOfEveryLength) {
    for (const size_t n : {1, 15, 16, 17, 33}) {
        std::vector<float> x(n), back(n + 1, 7);
        std::vector<Bfloat16> bits(n + 1, Bfloat16{42});
        for (size_t i = 0; i < n; ++i) x[i] = static_cast<float>(i) - 3.5f;
        tile::narrow(x.data(), bits.data(), n);
        tile::widen(bits.data(), back.data(), n);
        EXPECT_EQ(bits[n].bits, 42);
        EXPECT_EQ(back[n], 7);
        back.pop_back();
        EXPECT_EQ(back, x);
    }
}

TEST_F(Bfloat16Program, MultipliesExactlyWhatIsExact) {
    RandomSequence random({.seed = 3});
    const auto extent = [&] { return 1 + static_cast<int64_t>(random.below(70)); };
    for (int i = 0; i < 60; ++i) {
        const int64_t m = extent(), k = extent(), n = extent();
        const bool ta = random.below(2), tb = random.below(2);
        Graph g;
        const Value a = g.input("a", ta ? Shape{k, m} : Shape{m, k}),
                    b = g.input("b", tb ? Shape{n, k} : Shape{k, n});
        Value y = matmul(a, b, ta ? Transpose::yes : Transpose::no, tb ? Transpose::yes : Transpose::no);
        if (random.below(2)) y = relu(y + g.input("bias", {n}));
        const Feed feed{
            .storages = {{"a", eighths(m * k, 1)}, {"b", eighths(n * k, 2)}, {"bias", eighths(n, 3)}}};
        const auto expected = evaluate({y}, feed);
        for (const int threads : {1, 2})
            expect_near(evaluate({y}, feed, {Precision::bf16, threads})[0], expected[0], 1e-7,
                        fmt::format("{}x{}x{} {}{}", m, k, n, ta, tb));
    }
}

TEST_F(Bfloat16Program, ConvolvesExactlyWhatIsExact) {
    struct Case {
        Shape image, kernel;
        ConvolutionGeometry geometry;
    };
    // Ordinary ones, channels that fill no vector, one for which oneDNN has only its reference
    // implementation, and one whose kernel's gradient is gathered.
    for (const auto& [image, kernel, geometry] :
         {Case{{2, 8, 8, 16}, {32, 16, 3, 3}, {1, 1}}, Case{{2, 9, 9, 3}, {6, 3, 5, 5}, {1, 0}},
          Case{{3, 8, 6, 20}, {7, 20, 3, 1}, {2, 1}}, Case{{1, 4, 4, 64}, {64, 64, 1, 1}, {2, 0}},
          Case{{1, 3, 3, 16}, {1, 16, 5, 5}, {1, 3}}, Case{{2, 7, 7, 1}, {17, 1, 3, 3}, {1, 1}},
          Case{{2, 4, 4, 96}, {96, 96, 3, 3}, {1, 1}}}) {
        Graph g;
        const Value x = g.input("x", image), w = g.input("w", kernel);
        const Value y = conv2d(x, w, geometry), dy = g.input("dy", y.shape());
        const std::vector<Value> values{y, relu(y + g.input("bias", {kernel[0]})),
                                        conv2d_input_gradient(dy, w, image, geometry),
                                        conv2d_weight_gradient(x, dy, kernel, geometry)};
        const Feed feed{.storages = {{"x", eighths(element_count(image), 1)},
                                     {"w", eighths(element_count(kernel), 2)},
                                     {"dy", eighths(element_count(y.shape()), 3)},
                                     {"bias", eighths(kernel[0], 4)}}};
        const auto expected = evaluate(values, feed);
        for (const int threads : {1, 2}) {
            const auto found = evaluate(values, feed, {Precision::bf16, threads});
            for (size_t i = 0; i < values.size(); ++i)
                expect_near(
                    found[i], expected[i], 1e-7,
                    fmt::format("image {} kernel {}, value {}", to_string(image), to_string(kernel), i));
        }
    }
}

/// A small net with everything that stands between products: the loss and its gradient.
std::vector<Value> small_net(Graph& g) {
    const Value x = g.input("x", {4, 8, 8, 3}), w = g.parameter("p", 0, {16, 3, 3, 3}),
                gamma = g.parameter("p", 432, {16}), v = g.parameter("p", 448, {5, 256});
    const Value a = conv2d(x, w, {.stride = 1, .padding = 1});
    const Value mean = sum_to(a, {16}) / 256.0, centered = a - mean;
    const Value b = relu(centered * (gamma / sqrt(sum_to(square(centered), {16}) / 256.0 + 1e-5)));
    const Value c = permute(max_pool(b) + average_pool(b), {0, 3, 1, 2});
    const Value logits = matmul(reshape(c, {4, 256}), v, Transpose::no, Transpose::yes);
    const Value loss = sum(softmax_cross_entropy(logits, g.input("t", {4, 5})));
    std::vector<Value> values{loss, logits};
    for (const Value slope : gradient(loss, std::vector{w, gamma, v})) values.push_back(slope);
    return values;
}

Feed small_feed() {
    Numbers targets(20, 0);
    for (const size_t at : {2, 5, 11, 19}) targets[at] = 1;
    return {.storages = {{"x", random_numbers(4 * 64 * 3, 1)},
                         {"p", random_numbers(448 + 5 * 256, 2, -0.3, 0.3)},
                         {"t", targets}}};
}

TEST_F(Bfloat16Program, StaysNearFloatThroughAWholeNet) {
    Graph g;
    const auto values = small_net(g);
    const auto expected = evaluate(values, small_feed());
    for (const int threads : {1, 2}) {
        const auto found = evaluate(values, small_feed(), {Precision::bf16, threads});
        for (size_t i = 0; i < values.size(); ++i) {
            double error = 0;
            for (size_t k = 0; k < found[i].size(); ++k) error += std::pow(found[i][k] - expected[i][k], 2);
            const double relative = std::sqrt(error / dot(expected[i], expected[i]));
            // Some roundings of at most 2^-9 each, one after another.
            EXPECT_LT(relative, 0.02) << "value " << i;
            EXPECT_GT(relative, 0) << "value " << i;
        }
    }
}

TEST_F(Bfloat16Program, StoresActivationsInHalfTheMemory) {
    Graph g;
    const auto values = small_net(g);
    std::vector<Output> outputs;
    for (size_t i = 0; i < values.size(); ++i) outputs.push_back({values[i], "y" + std::to_string(i)});
    const auto half = Program::compile(g, outputs, in_bfloat16), whole = Program::compile(g, outputs, {});
    EXPECT_LT(half->plan().arena_bytes, 0.7 * static_cast<double>(whole->plan().arena_bytes));
    for (const auto& buffer : half->plan().buffers) {
        const bool is_activation = buffer.elements == 4 * 64 * 16;
        const bool is_statistic = buffer.elements == 16;
        if (buffer.storage >= 0 || is_statistic) {
            EXPECT_EQ(buffer.element, Element::f32);
        } else if (is_activation) {
            EXPECT_EQ(buffer.element, Element::bf16);
        }
    }
    for (const auto& buffer : whole->plan().buffers) EXPECT_EQ(buffer.element, Element::f32);
}

TEST_F(Bfloat16Program, ShowsADivergedActivation) {
    Graph g;
    const auto values = small_net(g);
    Feed feed = small_feed();
    feed.storages["x"][100] = std::nan("");
    EXPECT_TRUE(std::isnan(evaluate(values, feed, in_bfloat16)[0][0]));
}

}  // namespace
}  // namespace ravine::test
