#include "ravine/exec/cpu/fused/tile.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include "ravine/core/values/random.hpp"

namespace ravine::tile {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float nan = std::numeric_limits<float>::quiet_NaN();

/// The ends and the awkward places of the float range.
const std::vector<float> edges{0.0f,     -0.0f,    infinity,  -infinity, nan,     1.0f,   -1.0f,   0.5f,
                               2.0f,     1e-6f,    -1e-6f,    1e-30f,    -1e-30f, 1e30f,  -1e30f,  3.4e38f,
                               -3.4e38f, 1.2e-38f, -1.2e-38f, 10.0f,     -10.0f,  16.6f,  -16.6f,  20.0f,
                               -20.0f,   88.0f,    -86.0f,    88.722f,   88.73f,  100.0f, -100.0f, -104.0f,
                               1e4f,     -1e4f,    1e-3f,     0.999999f};

std::vector<float> run(Function function, const std::vector<float>& a, const std::vector<float>& b = {},
                       const std::vector<float>& c = {}) {
    std::vector<float> out(a.size());
    loop_of(function)(a.data(), b.data(), c.data(), out.data(), a.size());
    return out;
}

/// Expects agreement within `ulps` units in the last place of the rounded exact result; below the normal
/// range within the smallest normal number, since results there may be flushed.
void expect_close(float found, double exact, double ulps, const std::string& what) {
    const auto rounded = static_cast<float>(exact);
    if (std::isnan(rounded)) {
        EXPECT_TRUE(std::isnan(found)) << what << ": " << found;
    } else if (std::isinf(rounded)) {
        EXPECT_EQ(found, rounded) << what;
    } else {
        const double size = std::max(std::abs(static_cast<double>(rounded)), 0x1p-126);
        const double unit = std::ldexp(1.0, std::ilogb(size) - 23);
        const double allowed = std::abs(exact) < 0x1p-126 ? 0x1p-126 : ulps * unit;
        EXPECT_NEAR(found, exact, allowed) << what;
    }
}

struct Unary {
    Function function;
    const char* name;
    std::function<double(double)> exact;
    double ulps;
};

const std::vector<Unary> unary_functions{
    {Function::copy, "copy", [](double x) { return x; }, 0},
    {Function::negate, "negate", [](double x) { return -x; }, 0},
    {Function::exp, "exp", [](double x) { return std::exp(x); }, 2},
    {Function::log, "log", [](double x) { return std::log(x); }, 4},
    {Function::sqrt, "sqrt", [](double x) { return std::sqrt(x); }, 0.5},
    {Function::reciprocal, "reciprocal", [](double x) { return 1 / x; }, 0.5},
    {Function::square, "square", [](double x) { return x * x; }, 0.5},
    {Function::abs, "abs", [](double x) { return std::abs(x); }, 0},
    {Function::sign, "sign", [](double x) { return double(x > 0) - double(x < 0); }, 0},
    {Function::step, "step", [](double x) { return double(x > 0); }, 0},
    {Function::relu, "relu", [](double x) { return x < 0 ? 0 : x; }, 0},
    {Function::tanh, "tanh", [](double x) { return std::tanh(x); }, 4},
    {Function::sigmoid, "sigmoid", [](double x) { return 1 / (1 + std::exp(-x)); }, 4},
    {Function::softplus, "softplus",
     [](double x) { return (x < 0 ? 0 : x) + std::log1p(std::exp(-std::abs(x))); }, 4},
    {Function::sin, "sin", [](double x) { return std::sin(x); }, 4},
    {Function::cos, "cos", [](double x) { return std::cos(x); }, 4},
};

TEST(TileFunctions, AgreeWithTheExactOnesAtTheEdges) {
    for (const auto& [function, name, exact, ulps] : unary_functions) {
        const auto found = run(function, edges);
        for (size_t i = 0; i < edges.size(); ++i) {
            const double x = static_cast<double>(edges[i]);
            // sin and cos: absolute accuracy, since a zero of sin is no float.
            const bool wave = function == Function::sin || function == Function::cos;
            const double expected = exact(x);
            if (wave && std::isfinite(x))
                EXPECT_NEAR(found[i], expected, 3e-7) << name << " of " << x;
            else
                expect_close(found[i], expected, ulps, fmt::format("{} of {}", name, x));
        }
    }
}

TEST(TileFunctions, AgreeWithTheExactOnesOnRandomNumbers) {
    RandomSequence random({.seed = 1});
    std::vector<float> x(4000);
    for (auto& number : x)
        number = static_cast<float>(random.uniform(-20, 20) * (random.below(2) ? 1 : 0.05));
    for (const auto& [function, name, exact, ulps] : unary_functions) {
        const auto found = run(function, x);
        for (size_t i = 0; i < x.size(); ++i) {
            const double expected = exact(static_cast<double>(x[i]));
            if (function == Function::sin || function == Function::cos)
                EXPECT_NEAR(found[i], expected, 3e-7) << name << " of " << x[i];
            else
                expect_close(found[i], expected, ulps, fmt::format("{} of {}", name, x[i]));
        }
    }
}

TEST(TileFunctions, OfTwoArgumentsAtTheEdges) {
    std::vector<float> a, b;
    for (const float x : edges)
        for (const float y : edges) a.push_back(x), b.push_back(y);
    const auto larger = run(Function::maximum, a, b), smaller = run(Function::minimum, a, b),
               greater = run(Function::greater, a, b), equal = run(Function::equal, a, b),
               sum = run(Function::add, a, b), difference = run(Function::subtract, a, b),
               product = run(Function::multiply, a, b), quotient = run(Function::divide, a, b),
               passed = run(Function::multiply_by_step, a, b),
               chosen = run(Function::select, a, b, std::vector<float>(a.size(), 42));
    const auto same = [](float x, float y) { return x == y || (std::isnan(x) && std::isnan(y)); };
    for (size_t i = 0; i < a.size(); ++i) {
        const std::string what = fmt::format("{} and {}", a[i], b[i]);
        const bool either = std::isnan(a[i]) || std::isnan(b[i]);
        EXPECT_TRUE(same(larger[i], either ? nan : std::max(a[i], b[i]))) << what << ": " << larger[i];
        EXPECT_TRUE(same(smaller[i], either ? nan : std::min(a[i], b[i]))) << what << ": " << smaller[i];
        EXPECT_EQ(greater[i], a[i] > b[i]) << what;
        EXPECT_EQ(equal[i], a[i] == b[i]) << what;
        EXPECT_TRUE(same(sum[i], a[i] + b[i])) << what;
        EXPECT_TRUE(same(difference[i], a[i] - b[i])) << what;
        EXPECT_TRUE(same(product[i], a[i] * b[i])) << what;
        EXPECT_TRUE(same(quotient[i], a[i] / b[i])) << what;
        EXPECT_TRUE(same(passed[i], a[i] * static_cast<float>(b[i] > 0))) << what;
        EXPECT_TRUE(same(chosen[i], a[i] != 0 ? b[i] : 42)) << what;
    }
}

TEST(TileFunctions, ReluOfMinusZeroAndSignsOfZero) {
    EXPECT_EQ(run(Function::sign, {-0.0f, 0.0f, nan})[0], 0);
    EXPECT_TRUE(std::signbit(run(Function::sqrt, {-0.0f})[0]));
    EXPECT_TRUE(std::signbit(run(Function::tanh, {-0.0f})[0]));
    EXPECT_EQ(run(Function::reciprocal, {-0.0f})[0], -infinity);
}

TEST(TileFunctions, MultiplyAddRoundsOnce) {
    RandomSequence random({.seed = 2});
    std::vector<float> a(1000), b(1000), c(1000);
    for (size_t i = 0; i < a.size(); ++i)
        a[i] = static_cast<float>(random.normal()), b[i] = static_cast<float>(random.normal()),
        c[i] = -a[i] * b[i];
    const auto sum = run(Function::multiply_add, a, b, c),
               difference = run(Function::negative_multiply_add, a, b, c);
    for (size_t i = 0; i < a.size(); ++i) {
        EXPECT_EQ(sum[i], std::fma(a[i], b[i], c[i]));
        EXPECT_EQ(difference[i], std::fma(-a[i], b[i], c[i]));
    }
}

// Roots and quotients by Newton's method: near the true ones where numbers are ordinary, exact where they are
// not.
TEST(TileFunctions, FastRootsAndQuotients) {
    std::vector<float> x{0, 1e-38f, 1e-31f, 1e31f, infinity, nan, -1}, ones(x.size(), 1), zeros(x.size(), 0);
    auto roots = run(Function::scaled_root_add, x, ones, zeros);
    for (size_t i = 0; i < 5; ++i) EXPECT_EQ(roots[i], std::sqrt(x[i])) << x[i];
    EXPECT_TRUE(std::isnan(roots[5]) && std::isnan(roots[6]));
    auto quotients = run(Function::subtract_quotient, zeros, ones, x);
    EXPECT_EQ(quotients[0], -infinity);
    EXPECT_EQ(quotients[3], -1e-31f);
    EXPECT_EQ(quotients[4], 0);
    EXPECT_TRUE(std::isnan(quotients[5]));

    RandomSequence random({.seed = 3});
    std::vector<float> a(1000), b(1000), none(1000, 0);
    for (size_t i = 0; i < a.size(); ++i)
        a[i] = static_cast<float>(std::exp(random.uniform(-60, 60))),
        b[i] = static_cast<float>(random.normal());
    roots = run(Function::scaled_root_add, a, std::vector<float>(1000, 1), none);
    quotients = run(Function::subtract_quotient, none, b, a);
    for (size_t i = 0; i < a.size(); ++i) {
        EXPECT_NEAR(roots[i] / std::sqrt(static_cast<double>(a[i])), 1, 3e-7);
        EXPECT_NEAR(-quotients[i] * static_cast<double>(a[i]) / b[i], 1, 3e-7);
    }
}

// A number that is read again and again stands for all elements.
TEST(TileFunctions, RepeatedArguments) {
    const std::vector<float> number(tile::repeated_elements, 3);
    std::vector<float> x(37, 2), out(37);
    loop_of(Function::subtract)(x.data(), Argument::repeated(number.data()), nullptr, out.data(), out.size());
    EXPECT_EQ(out, std::vector<float>(37, -1));
}

// Every length, with the result in place of any argument, touches the elements it should and no others.
TEST(TileFunctions, KeepToTheirElements) {
    for (size_t n = 0; n <= 70; ++n) {
        std::vector<float> a(n + 2, 3), b(n + 2, 5), c(n + 2, 7), out(n + 2, -1);
        loop_of(Function::multiply_add)(a.data() + 1, b.data() + 1, c.data() + 1, out.data() + 1, n);
        std::vector<float> expected(n + 2, 22);
        expected.front() = expected.back() = -1;
        EXPECT_EQ(out, expected) << n;
        loop_of(Function::subtract)(a.data() + 1, b.data() + 1, nullptr, b.data() + 1, n);
        std::vector<float> replaced(n + 2, -2);
        replaced.front() = replaced.back() = 5;
        EXPECT_EQ(b, replaced) << n;
    }
}

/// Numbers as floats and as bfloat16, which hold them exactly, with one more at each end.
struct Both {
    explicit Both(size_t n, uint64_t seed) : narrow(n + 2), floats(n + 2) {
        RandomSequence random({.seed = seed});
        for (auto& number : floats) number = static_cast<float>(random.normal());
        tile::narrow(floats.data(), narrow.data(), n + 2);
        widen(narrow.data(), floats.data(), n + 2);
    }
    Argument argument(bool as_narrow) const {
        return as_narrow ? Argument(narrow.data() + 1) : Argument(floats.data() + 1);
    }
    std::vector<Bfloat16> narrow;
    std::vector<float> floats;
};

// Arguments and results of bfloat16 in any mixture: computed in float, rounded once.
TEST(TileFunctions, OfBfloat16Numbers) {
    for (size_t n = 0; n <= 150; ++n) {
        const Both a(n, 1), b(n, 2), c(n, 3);
        const std::vector<float> number(tile::repeated_elements, 0.3f);
        for (const Function function : {Function::multiply_add, Function::subtract, Function::relu})
            for (unsigned mixture = 0; mixture < 16; ++mixture) {
                const auto is_narrow = [&](unsigned bit) { return (mixture >> bit & 1u) != 0; };
                const Argument third = is_narrow(2) ? c.argument(true) : Argument::repeated(number.data());
                std::vector<float> expected(n, 0), found(n + 2, -7);
                loop_of(function)(a.floats.data() + 1, b.floats.data() + 1,
                                  is_narrow(2) ? c.argument(false) : third, expected.data(), n);
                const Argument first = a.argument(is_narrow(0)), second = b.argument(is_narrow(1));
                if (is_narrow(3)) {
                    std::vector<Bfloat16> rounded(n), result(n + 2);
                    tile::narrow(found.data(), result.data(), n + 2);
                    loop_of(function)(first, second, third, result.data() + 1, n);
                    widen(result.data(), found.data(), n + 2);
                    tile::narrow(expected.data(), rounded.data(), n);
                    widen(rounded.data(), expected.data(), n);
                } else {
                    loop_of(function)(first, second, third, found.data() + 1, n);
                }
                expected.insert(expected.begin(), -7);
                expected.push_back(-7);
                EXPECT_EQ(found, expected) << n << " numbers, mixture " << mixture;
            }
        // In place.
        std::vector<Bfloat16> x = a.narrow;
        loop_of(Function::negate)(x.data() + 1, nullptr, nullptr, x.data() + 1, n);
        std::vector<float> negated(n + 2);
        widen(x.data(), negated.data(), n + 2);
        for (size_t i = 0; i < n + 2; ++i)
            EXPECT_EQ(negated[i], i == 0 || i == n + 1 ? a.floats[i] : -a.floats[i]) << n;
    }
}

TEST(TileReductions, SumInDouble) {
    for (size_t n : {0, 1, 3, 15, 16, 17, 511, 512, 513}) {
        std::vector<float> x(n);
        RandomSequence random({.seed = n});
        double expected = 0;
        for (auto& number : x) expected += static_cast<double>(number = static_cast<float>(random.normal()));
        EXPECT_NEAR(sum(x.data(), n), expected, 1e-13 * static_cast<double>(n + 1)) << n;
    }
    // One float accumulator would lose the small numbers altogether.
    std::vector<float> x(1001, 1e-4f);
    x[0] = 1e6f;
    EXPECT_NEAR(sum(x.data(), x.size()), 1e6 + 1000 * static_cast<double>(1e-4f), 1e-8);
}

TEST(TileReductions, FindTheLargestAndNotANumber) {
    EXPECT_EQ(largest(std::vector<float>{-3, -1, -2}.data(), 3), -1);
    EXPECT_EQ(largest(std::vector<float>{-infinity}.data(), 1), -infinity);
    for (size_t at = 0; at < 5; ++at) {
        std::vector<float> x{1, 9, 3, 4, 5};
        x[at] = nan;
        EXPECT_TRUE(std::isnan(largest(x.data(), x.size()))) << at;
    }
    for (size_t n : {1, 5, 16, 33}) {
        std::vector<float> x(n, 2), to(n, 1);
        to.back() = 3;
        x.front() = nan;
        accumulate_largest(x.data(), to.data(), n);
        EXPECT_TRUE(std::isnan(to.front()));
        if (n > 1) {
            EXPECT_EQ(to.back(), 3);
        }
        accumulate_largest(std::vector<float>(n, 10).data(), to.data(), n);
        EXPECT_TRUE(std::isnan(to.front())) << "NaN stays";
        std::vector<float> total(n, 1);
        accumulate(std::vector<float>(n, 2).data(), total.data(), n);
        EXPECT_EQ(total, std::vector<float>(n, 3));
    }
}

}  // namespace
}  // namespace ravine::tile
