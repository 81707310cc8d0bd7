#include "ravine/data/sources/made.hpp"

#include <cmath>
#include <map>
#include <numbers>

#include "tests/data/support.hpp"

namespace ravine {
namespace {

using std::numbers::pi;

std::vector<float> features(const Dataset& data) { return std::get<Rows<float>>(data.features).elements(); }

std::map<int32_t, int> class_sizes(const Dataset& data) {
    std::map<int32_t, int> sizes;
    for (const int32_t label : data.labels) ++sizes[label];
    return sizes;
}

/// The same seed gives the same set, another seed another one, and every number is finite.
template <class Settings>
void expect_seeded(Dataset (*make)(const Settings&, uint64_t)) {
    const Settings settings{.examples = 300};
    const Dataset one = make(settings, 1), again = make(settings, 1), other = make(settings, 2);
    one.check();
    EXPECT_EQ(one.size(), 300) << one.name;
    EXPECT_EQ(features(one), features(again)) << one.name;
    EXPECT_EQ(one.labels, again.labels) << one.name;
    EXPECT_EQ(one.values, again.values) << one.name;
    EXPECT_NE(features(one), features(other)) << one.name;
    for (const float x : features(one)) EXPECT_TRUE(std::isfinite(x)) << one.name;
}

TEST(Made, IsAFunctionOfSettingsAndSeed) {
    expect_seeded(make_spiral);
    expect_seeded(make_moons);
    expect_seeded(make_circles);
    expect_seeded(make_rings);
    expect_seeded(make_blobs);
    expect_seeded(make_gaussian_quantiles);
    expect_seeded(make_overlapping_discs);
    expect_seeded(make_linear_regression);
    expect_seeded(make_noisy_sine);
}

TEST(Made, ClassesAreOfEqualSize) {
    const std::map<int32_t, int> equal = {{0, 34}, {1, 33}, {2, 33}};
    EXPECT_EQ(class_sizes(make_spiral({.examples = 100}, 1)), equal);
    EXPECT_EQ(class_sizes(make_circles({.examples = 100}, 1)), equal);
    EXPECT_EQ(class_sizes(make_rings({.examples = 100}, 1)), equal);
    EXPECT_EQ(class_sizes(make_blobs({.examples = 100}, 1)), equal);
    EXPECT_EQ(class_sizes(make_gaussian_quantiles({.examples = 100}, 1)), equal);
    EXPECT_EQ(class_sizes(make_moons({.examples = 100}, 1)), (std::map<int32_t, int>{{0, 50}, {1, 50}}));
}

TEST(Made, MoreExamplesBeginWithTheSame) {
    const auto few = features(make_spiral({.examples = 10}, 5)),
               many = features(make_spiral({.examples = 20}, 5));
    EXPECT_TRUE(std::equal(few.begin(), few.end(), many.begin()));
}

TEST(Made, SpiralArmsTurnWithTheRadius) {
    const Dataset data = make_spiral({.examples = 400, .classes = 4, .turns = 1.5, .noise = 0}, 3);
    for (int64_t i = 0; i < data.size(); ++i) {
        const double x = data.feature(i, 0), y = data.feature(i, 1), radius = std::hypot(x, y);
        EXPECT_LE(radius, 1 + 1e-6);
        const double angle = 2 * pi * (1.5 * radius + data.labels[static_cast<size_t>(i)] / 4.0);
        EXPECT_NEAR(x, radius * std::cos(angle), 1e-5);
        EXPECT_NEAR(y, radius * std::sin(angle), 1e-5);
    }
}

TEST(Made, SpiralNoiseTurnsButKeepsTheRadius) {
    const Dataset clean = make_spiral({.examples = 50, .noise = 0}, 3),
                  noisy = make_spiral({.examples = 50}, 3);
    double moved = 0;
    for (int64_t i = 0; i < clean.size(); ++i) {
        EXPECT_NEAR(std::hypot(clean.feature(i, 0), clean.feature(i, 1)),
                    std::hypot(noisy.feature(i, 0), noisy.feature(i, 1)), 1e-6);
        moved += std::abs(clean.feature(i, 0) - noisy.feature(i, 0));
    }
    EXPECT_GT(moved, 1);
}

TEST(Made, MoonsAreInterleavedHalfCircles) {
    const Dataset plain = make_moons({.examples = 200, .noise = 0, .bend = 0}, 3);
    const Dataset bent = make_moons({.examples = 200, .noise = 0, .bend = 0.3}, 3);
    for (int64_t i = 0; i < plain.size(); ++i) {
        const double x = plain.feature(i, 0), y = plain.feature(i, 1);
        const bool upper = plain.labels[static_cast<size_t>(i)] == 0;
        EXPECT_NEAR(std::hypot(upper ? x : 1 - x, upper ? y : 0.5 - y), 1, 1e-6);
        EXPECT_TRUE(upper ? y >= -1e-6 : y <= 0.5 + 1e-6);
        EXPECT_NEAR(bent.feature(i, 1), y + 0.3 * std::sin(3 * x), 1e-6);
    }
}

TEST(Made, CirclesAreConcentric) {
    const Dataset data = make_circles({.examples = 100, .classes = 4, .noise = 0}, 3);
    for (int64_t i = 0; i < data.size(); ++i)
        EXPECT_NEAR(std::hypot(data.feature(i, 0), data.feature(i, 1)),
                    (data.labels[static_cast<size_t>(i)] + 1) / 4.0, 1e-6);
}

TEST(Made, NoiseHasTheStatedDeviation) {
    const Dataset clean = make_circles({.examples = 20'000, .noise = 0}, 3);
    const Dataset noisy = make_circles({.examples = 20'000, .noise = 0.5}, 3);
    double squares = 0;
    for (int64_t i = 0; i < clean.size(); ++i)
        for (int64_t k = 0; k < 2; ++k) squares += std::pow(noisy.feature(i, k) - clean.feature(i, k), 2);
    EXPECT_NEAR(std::sqrt(squares / 40'000), 0.5, 0.01);  // its own deviation is 0.0018
}

TEST(Made, NeighbouringRingsAreLinked) {
    const Dataset data = make_rings({.examples = 3000, .noise = 0}, 3);
    for (int64_t i = 0; i < data.size(); ++i) {
        const int32_t ring = data.labels[static_cast<size_t>(i)];
        const double x = data.feature(i, 0) - (ring - 1), y = data.feature(i, 1), z = data.feature(i, 2);
        EXPECT_NEAR(x * x + y * y + z * z, 1, 1e-5);
        EXPECT_EQ(ring == 1 ? y : z, 0);  // each lies in a plane
    }
    // Linked: ring 1 passes the plane z = 0 of ring 0 once inside its disc and once outside, at x = -1 and 1
    // from its centre, which are 0 and 2 from the centre of ring 0.
    int inside = 0, outside = 0;
    for (int64_t i = 1; i < data.size(); i += 3) {
        if (std::abs(data.feature(i, 2)) > 0.05) continue;
        std::abs(data.feature(i, 0) + 1) < 1 ? ++inside : ++outside;
    }
    EXPECT_GT(inside, 5);
    EXPECT_GT(outside, 5);
}

TEST(Made, BlobsStandAroundTheirCentres) {
    const Dataset data =
        make_blobs({.examples = 30'000, .classes = 2, .features = 3, .noise = 0.5, .spread = 4}, 3);
    for (int64_t k = 0; k < 3; ++k) {
        double sum = 0, squares = 0;
        for (int64_t i = 0; i < data.size(); i += 2) {
            sum += data.feature(i, k);
            squares += std::pow(data.feature(i, k), 2);
        }
        const double mean = sum / 15'000;
        EXPECT_LE(std::abs(mean), 4.1);
        EXPECT_NEAR(std::sqrt(squares / 15'000 - mean * mean), 0.5, 0.02);
    }
}

TEST(Made, QuantilesAreNestedShells) {
    const Dataset data = make_gaussian_quantiles({.examples = 999, .classes = 3, .features = 5}, 3);
    std::vector<double> low(3, INFINITY), high(3, 0);
    for (int64_t i = 0; i < data.size(); ++i) {
        double square = 0;
        for (int64_t k = 0; k < 5; ++k) square += std::pow(data.feature(i, k), 2);
        const auto c = static_cast<size_t>(data.labels[static_cast<size_t>(i)]);
        low[c] = std::min(low[c], square);
        high[c] = std::max(high[c], square);
    }
    EXPECT_LT(high[0], low[1] + 1e-6);
    EXPECT_LT(high[1], low[2] + 1e-6);
    EXPECT_EQ(class_sizes(data), (std::map<int32_t, int>{{0, 333}, {1, 333}, {2, 333}}));
}

TEST(Made, LinearRegressionIsLinear) {
    // Without noise three points on a line have values on a line: with one feature every slope is the same.
    const Dataset data = make_linear_regression({.examples = 50, .features = 1, .noise = 0}, 3);
    const auto slope = [&](int64_t i) {
        return (data.values[static_cast<size_t>(i)] - data.values[0]) /
               (data.feature(i, 0) - data.feature(0, 0));
    };
    for (int64_t i = 2; i < data.size(); ++i) {
        if (std::abs(data.feature(i, 0) - data.feature(0, 0)) > 0.1) {
            EXPECT_NEAR(slope(i), slope(1), 1e-4);
        }
    }
}

TEST(Made, NoisySineIsASine) {
    const Dataset clean = make_noisy_sine({.examples = 5000, .frequency = 2, .noise = 0}, 3);
    const Dataset noisy = make_noisy_sine({.examples = 5000, .frequency = 2, .noise = 0.1}, 3);
    double squares = 0;
    for (int64_t i = 0; i < clean.size(); ++i) {
        const double sine = std::sin(2 * clean.feature(i, 0));
        EXPECT_LE(std::abs(clean.feature(i, 0)), pi + 1e-6);
        EXPECT_NEAR(clean.values[static_cast<size_t>(i)], sine, 1e-6);
        squares += std::pow(noisy.values[static_cast<size_t>(i)] - sine, 2);
    }
    EXPECT_NEAR(std::sqrt(squares / 5000), 0.1, 0.005);
}

TEST(Made, DiscsOverlapAndLabelsAreThoseOfTheDiscs) {
    const Dataset data = make_overlapping_discs({.examples = 4000, .labels = 4, .flip = 0}, 3);
    std::map<int, int> held;  // by the number of labels
    for (int64_t i = 0; i < data.size(); ++i) {
        const double x = data.feature(i, 0), y = data.feature(i, 1);
        EXPECT_LE(std::max(std::abs(x), std::abs(y)), 1);
        int count = 0;
        for (int64_t j = 0; j < 4; ++j) {  // centres at the right, at the top, at the left, at the bottom
            const double cx = j == 0 ? 0.4 : j == 2 ? -0.4 : 0, cy = j == 1 ? 0.4 : j == 3 ? -0.4 : 0;
            EXPECT_EQ(data.value(i, j), std::hypot(x - cx, y - cy) < 0.6 ? 1 : 0) << x << " " << y;
            count += data.value(i, j) == 1;
        }
        ++held[count];
    }
    for (int count = 0; count <= 4; ++count) EXPECT_GT(held[count], 100) << count;
}

TEST(Made, LabelsOfDiscsAreFlippedAndFewExamplesBeginMany) {
    const Dataset clean = make_overlapping_discs({.examples = 4000, .flip = 0}, 3),
                  noisy = make_overlapping_discs({.examples = 4000, .flip = 0.1}, 3),
                  few = make_overlapping_discs({.examples = 10, .flip = 0.1}, 3);
    EXPECT_EQ(features(clean), features(noisy));
    double flipped = 0;
    for (size_t i = 0; i < clean.values.size(); ++i) flipped += clean.values[i] != noisy.values[i];
    EXPECT_NEAR(flipped / 12000, 0.1, 0.01);
    EXPECT_TRUE(std::equal(few.values.begin(), few.values.end(), noisy.values.begin()));
    EXPECT_EQ(few.classes, (std::vector<std::string>{"disc0", "disc1", "disc2"}));
}

}  // namespace
}  // namespace ravine
