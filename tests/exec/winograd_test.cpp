#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "ravine/core/error.hpp"
#include "ravine/graph/ops.hpp"
#include "tests/support/run_product.hpp"

namespace ravine::test {
namespace {

struct Case {
    Shape image;
    int64_t out, padding;
};

// Extents leave tiles of every width; channels fill no vector, or several, or several parts, or are one part
// of two chunks; 3 threads share tiles unevenly. Threads share the parts of the last two kernels, and the
// last has several blocks of tiles.
const std::array cases{
    Case{{1, 4, 4, 32}, 32, 1},   Case{{2, 5, 7, 32}, 64, 0},    Case{{3, 6, 5, 17}, 19, 2},
    Case{{5, 3, 3, 32}, 48, 1},   Case{{2, 1, 1, 32}, 32, 1},    Case{{40, 8, 8, 32}, 48, 1},
    Case{{1, 13, 2, 48}, 32, 1},  Case{{7, 9, 4, 80}, 96, 0},    Case{{3, 6, 5, 83}, 67, 1},
    Case{{9, 4, 4, 192}, 192, 1}, Case{{130, 1, 1, 176}, 176, 1}};

struct Requests {
    std::array<ProductRequest, 3> all;  // forward, input gradient, kernel gradient
    Shape kernel, output;
};

Requests requests_of(const Case& c, int threads) {
    Requests result;
    result.kernel = {c.out, c.image[3], 3, 3};
    Graph g;
    result.output =
        conv2d(g.input("x", c.image), g.input("w", result.kernel), {.stride = 1, .padding = c.padding})
            .shape();
    const ProductRequest forward{.op = Op::conv2d,
                                 .integers = {1, c.padding},
                                 .first = c.image,
                                 .second = result.kernel,
                                 .result = result.output,
                                 .first_buffer = 0,
                                 .second_buffer = 1,
                                 .result_buffer = 2,
                                 .activation = {},
                                 .threads = threads};
    result.all = {forward, forward, forward};
    result.all[0].bias_buffer = 3, result.all[0].activation = Op::relu;
    result.all[1].op = Op::conv2d_input_gradient;
    result.all[1].first = result.output, result.all[1].result = c.image;
    result.all[2].op = Op::conv2d_weight_gradient;
    result.all[2].second = result.output, result.all[2].result = result.kernel;
    return result;
}

/// Other processors convolve by the definition.
class Winograd : public testing::Test {
protected:
    void SetUp() override {
        if (!__builtin_cpu_supports("avx512bw")) GTEST_SKIP() << "this processor has no AVX-512";
    }
};

/// What a case is run on, and what comes out, by the reference.
struct Problem {
    explicit Problem(const Case& c, Feed numbers) : feed(std::move(numbers)) {
        const Requests shapes = requests_of(c, 1);
        Graph g;
        const Value x = g.input("x", c.image), w = g.input("w", shapes.kernel),
                    dy = g.input("dy", shapes.output);
        const ConvolutionGeometry geometry{.stride = 1, .padding = c.padding};
        expected = evaluate({relu(conv2d(x, w, geometry) + g.input("bias", {c.out})),
                             conv2d_input_gradient(dy, w, c.image, geometry),
                             conv2d_weight_gradient(x, dy, shapes.kernel, geometry)},
                            feed);
    }

    /// By the kernel of the request, number i of a case.
    Numbers found(const Kernel& kernel, const ProductRequest& request, size_t i) const {
        return run_product(kernel, request, feed.storages.at(i == 1 ? "dy" : "x"),
                           feed.storages.at(i == 2 ? "dy" : "w"), feed.storages.at("bias"));
    }

    Feed feed;
    std::vector<Numbers> expected;
};

Feed numbers_for(const Case& c) {
    const Requests shapes = requests_of(c, 1);
    return as_floats({.storages = {{"x", random_numbers(element_count(c.image), 1)},
                                   {"w", random_numbers(element_count(shapes.kernel), 2)},
                                   {"dy", random_numbers(element_count(shapes.output), 3)},
                                   {"bias", random_numbers(c.out, 4)}}});
}

/// |found - expected| / |expected|, as vectors.
double distance(const Numbers& found, const Numbers& expected) {
    double error = 0;
    for (size_t i = 0; i < found.size(); ++i) error += std::pow(found[i] - expected[i], 2);
    return std::sqrt(error / dot(expected, expected));
}

// In bfloat16 the factors are rounded, and then what the algorithm makes of them.
TEST_F(Winograd, AgreesWithTheReference) {
    bool has_bfloat16 = true;
    try {
        require_supported(Precision::bf16);
    } catch (const RequestError&) {
        has_bfloat16 = false;
    }
    for (const auto& c : cases) {
        const Problem problem(c, numbers_for(c));
        const Requests shapes = requests_of(c, 1);
        const std::array<int64_t, 3> summed{9 * c.image[3], 9 * c.out, element_count(shapes.output) / c.out};
        for (const int threads : {1, 2, 3}) {
            auto requests = requests_of(c, threads).all;
            for (size_t i = 0; i < requests.size(); ++i) {
                const auto what = fmt::format("{} {} padding {}, {} threads", name_of(requests[i].op),
                                              to_string(c.image), c.padding, threads);
                const auto made = make_winograd_convolution(requests[i]);
                ASSERT_NE(made, nullptr) << what;
                expect_near(problem.found(*made, requests[i], i), problem.expected[i],
                            1e-6 * static_cast<double>(summed[i]), what);
                if (!has_bfloat16) continue;
                requests[i].factor_element = Element::bf16;
                const auto narrow = make_winograd_convolution(requests[i]);
                ASSERT_NE(narrow, nullptr) << what;
                EXPECT_LT(distance(problem.found(*narrow, requests[i], i), problem.expected[i]), 0.02)
                    << what << " in bfloat16";
            }
        }
    }
}

// What the algorithm is chosen for, through whole programs: float is off by some roundings, bfloat16 by six
// times its own, because sums of 36 products are rounded that are larger than what is left of them.
TEST_F(Winograd, RoundsMoreThanTheDefinition) {
    Graph g;
    const Shape image{16, 8, 8, 64}, kernel{64, 64, 3, 3};
    const Value x = g.input("x", image), w = g.input("w", kernel);
    const std::vector<Value> values{
        conv2d(x, w, {.stride = 1, .padding = 1}),
        conv2d_input_gradient(x, w, image, {.stride = 1, .padding = 1}),
        conv2d_weight_gradient(x, g.input("dy", image), kernel, {.stride = 1, .padding = 1})};
    const Feed feed = as_floats({.storages = {{"x", random_numbers(element_count(image), 1)},
                                              {"dy", random_numbers(element_count(image), 3)},
                                              {"w", random_numbers(element_count(kernel), 2)}}});
    const auto expected = evaluate(values, feed);
    const auto check = [&](Precision precision, double tolerance) {
        const CompileOptions options{precision, 2};
        const std::string text = Evaluator(g, values, options).program().describe();
        size_t count = 0;
        for (size_t at = text.find("winograd"); at != std::string::npos; at = text.find("winograd", at + 1))
            ++count;
        EXPECT_EQ(count, values.size()) << text;
        const auto found = evaluate(values, feed, options);
        for (size_t i = 0; i < values.size(); ++i) EXPECT_LT(distance(found[i], expected[i]), tolerance);
    };
    check(Precision::f32, 2e-6);
    try {
        require_supported(Precision::bf16);
    } catch (const RequestError&) {
        return;
    }
    check(Precision::bf16, 0.015);
}

TEST_F(Winograd, ShowsWhatIsNotANumber) {
    const auto [requests, kernel, output] = requests_of({{1, 4, 4, 32}, 32, 1}, 1);
    Numbers image = random_numbers(4 * 4 * 32, 1);
    image[5 * 32 + 3] = std::nan("");
    const auto found = run_product(*make_winograd_convolution(requests[0]), requests[0], image,
                                   random_numbers(element_count(kernel), 2), Numbers(32, 0));
    EXPECT_TRUE(std::isnan(found[5 * 32]));
}

}  // namespace
}  // namespace ravine::test
