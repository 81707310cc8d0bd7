#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "tests/support/convolution.hpp"

namespace ravine::test {
namespace {

ConvolutionCase case_of(const Shape& image, int64_t out, int64_t padding) {
    return {image, {out, image[3], 3, 3}, {.stride = 1, .padding = padding}};
}

// Extents cut into tiles that make four pixels or three, or both, in one direction or the other, or leave
// some empty; channels fill no vector, or several, or several parts, or are one part of two chunks; 3 threads
// share tiles unevenly, and there may be fewer of a kind than threads. Threads share the parts of the last
// four kernels, of one in bfloat16 too, over tiles of one kind and of several; the last has several blocks of
// tiles.
const std::array winograd_cases{
    case_of({1, 4, 4, 32}, 32, 1),   case_of({2, 5, 7, 32}, 64, 0),   case_of({3, 6, 5, 17}, 19, 2),
    case_of({5, 3, 3, 32}, 48, 1),   case_of({2, 1, 1, 32}, 32, 1),   case_of({40, 8, 8, 32}, 48, 1),
    case_of({1, 13, 2, 48}, 32, 1),  case_of({7, 9, 4, 80}, 96, 0),   case_of({3, 6, 5, 83}, 67, 1),
    case_of({12, 14, 6, 32}, 32, 1), case_of({10, 8, 9, 32}, 32, 0),  case_of({6, 2, 5, 32}, 32, 2),
    case_of({2, 7, 7, 64}, 128, 1),  case_of({1, 10, 7, 32}, 32, 1),  case_of({9, 4, 4, 192}, 192, 1),
    case_of({9, 4, 7, 192}, 192, 1), case_of({2, 4, 7, 256}, 256, 1), case_of({130, 1, 1, 176}, 176, 1)};

/// Other processors convolve by the definition.
class Winograd : public testing::Test {
protected:
    void SetUp() override {
        if (!__builtin_cpu_supports("avx512bw")) GTEST_SKIP() << "this processor has no AVX-512";
    }
};

/// |found - expected| / |expected|, as vectors.
double distance(const Numbers& found, const Numbers& expected) {
    double error = 0;
    for (size_t i = 0; i < found.size(); ++i) error += std::pow(found[i] - expected[i], 2);
    return std::sqrt(error / dot(expected, expected));
}

// In bfloat16 the factors are rounded, and then what the algorithm makes of them.
TEST_F(Winograd, AgreesWithTheReference) {
    for (const auto& c : winograd_cases) {
        const ConvolutionProblem problem(c);
        const std::array<int64_t, 3> summed{9 * c.image[3], 9 * c.kernel[0],
                                            element_count(c.output) / c.kernel[0]};
        for (const int threads : {1, 2, 3}) {
            auto requests = c.requests(threads);
            for (size_t i = 0; i < requests.size(); ++i) {
                const auto what =
                    fmt::format("{} {}, {} threads", name_of(requests[i].op), c.text(), threads);
                const auto made = make_winograd_convolution(requests[i]);
                ASSERT_NE(made, nullptr) << what;
                expect_near(problem.found(*made, requests[i], i), problem.expected[i],
                            1e-6 * static_cast<double>(summed[i]), what);
                if (!has_bfloat16()) continue;
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
    if (has_bfloat16()) check(Precision::bf16, 0.015);
}

// Not a bit of an example comes from another, whatever their tiles.
TEST_F(Winograd, KeepsExamplesApart) {
    const auto c = case_of({12, 7, 6, 32}, 32, 1);
    const int64_t image = 7 * 6 * 32;
    ConvolutionProblem alone(c), beside(c);
    for (const char* name : {"x", "dy"})
        for (int64_t k = 0; k < image; ++k)
            beside.feed.storages.at(name)[static_cast<size_t>(image + k)] = std::nan("");
    for (const int threads : {1, 3})
        for (const size_t i : {0, 1}) {
            const auto request = c.requests(threads)[i];
            const auto kernel = make_winograd_convolution(request);
            const auto y = alone.found(*kernel, request, i), z = beside.found(*kernel, request, i);
            for (int64_t k = 0; k < 12 * image; ++k) {
                const auto at = static_cast<size_t>(k);
                if (k / image == 1)
                    EXPECT_TRUE(std::isnan(z[at])) << k;
                else
                    EXPECT_EQ(y[at], z[at]) << k;
            }
        }
}

TEST_F(Winograd, ShowsWhatIsNotANumber) {
    const auto c = case_of({1, 4, 4, 32}, 32, 1);
    ConvolutionProblem problem(c);
    problem.feed.storages.at("x")[5 * 32 + 3] = std::nan("");
    const auto request = c.requests(1)[0];
    EXPECT_TRUE(std::isnan(problem.found(*make_winograd_convolution(request), request, 0)[5 * 32]));
}

}  // namespace
}  // namespace ravine::test
