#include <cmath>
#include <map>

#include "ravine/data/augment/crop.hpp"
#include "ravine/data/augment/flip.hpp"
#include "ravine/data/augment/noise.hpp"
#include "ravine/data/augment/rotate.hpp"
#include "ravine/data/augment/translate.hpp"
#include "ravine/data/augment/zoom.hpp"
#include "tests/data/augment/support.hpp"

namespace ravine {
namespace {

using namespace test;

/// The image 5 x 5 of zeros with a one in the middle.
AugmentedSample dot() {
    AugmentedSample sample{.shape = {5, 5, 1}, .features = Floats(25, 0)};
    sample.features[12] = 1;
    return sample;
}

/// How often the dot moved by how much.
std::map<std::pair<int64_t, int64_t>, int> moves_of(const Augmentation& augmentation, uint64_t count) {
    std::map<std::pair<int64_t, int64_t>, int> moves;
    for (uint64_t i = 0; i < count; ++i) {
        AugmentedSample sample = dot();
        sample.apply(augmentation, i);
        const auto found = std::ranges::find(sample.features, 1.0F);
        if (found == sample.features.end()) continue;
        const int64_t at = found - sample.features.begin();
        ++moves[{at / 5 - 2, at % 5 - 2}];
    }
    return moves;
}

TEST(Crop, EveryOffsetUpToThePaddingIsAboutEquallyFrequent) {
    Crop crop;
    EXPECT_EQ(crop.padding, 4);
    crop.padding = 1;
    const auto moves = moves_of(crop, 1800);
    EXPECT_EQ(moves.size(), 9U);  // 200 each expected, with a deviation of 13
    for (const auto& [move, count] : moves) {
        EXPECT_LE(std::max(std::abs(move.first), std::abs(move.second)), 1);
        EXPECT_NEAR(count, 200, 67);
    }
}

TEST(Translate, MovesByAShareOfTheSides) {
    Translate translate;
    translate.share = 0.2;  // one pixel of five
    const auto moves = moves_of(translate, 1600);
    EXPECT_EQ(moves.size(), 9U);
    for (const auto& [move, count] : moves)
        EXPECT_LE(std::max(std::abs(move.first), std::abs(move.second)), 1);
    EXPECT_NEAR(moves.at({0, 0}), 400, 100);  // |u| < 1/2 pixel along both: a quarter of all
    translate.share = 0;
    EXPECT_EQ(moves_of(translate, 10).at({0, 0}), 10);
}

TEST(Flip, HappensWithItsProbability) {
    Flip flip;
    int flipped = 0;
    for (uint64_t i = 0; i < 1000; ++i) {
        AugmentedSample sample{.shape = {2, 3, 1}, .features = ramp(6)};
        sample.apply(flip, i);
        if (sample.features == ramp(6)) continue;
        EXPECT_THAT(sample.features, testing::ElementsAre(3, 2, 1, 6, 5, 4));
        ++flipped;
    }
    EXPECT_NEAR(flipped, 500, 80);
    flip.probability = 0;
    AugmentedSample sample{.shape = {2, 3, 1}, .features = ramp(6)};
    sample.apply(flip, 0);
    EXPECT_EQ(sample.features, ramp(6));
}

TEST(Rotate, StaysWithinItsAngle) {
    // The ramp x: the pixel 2 above the centre reads 4 + 2 sin(angle).
    Rotate rotate;
    rotate.degrees = 30;
    double least = 1e9, most = -1e9;
    for (uint64_t i = 0; i < 300; ++i) {
        AugmentedSample sample{.shape = {9, 9, 1}, .features = Floats(81, 0)};
        for (size_t y = 0; y < 9; ++y)
            for (size_t x = 0; x < 9; ++x) sample.features[9 * y + x] = static_cast<float>(x);
        sample.apply(rotate, i);
        // The pixel 2 above the centre reads x = 4 + 2 sin(angle) of the ramp.
        const double shifted = sample.features[9 * 2 + 4] - 4;
        least = std::min(least, shifted);
        most = std::max(most, shifted);
    }
    EXPECT_NEAR(most, 2 * std::sin(M_PI / 6), 0.05);
    EXPECT_NEAR(least, -2 * std::sin(M_PI / 6), 0.05);
    EXPECT_LE(most, 1 + 1e-6);
}

TEST(Zoom, StaysWithinItsFactors) {
    Zoom zoom;
    double least = 1e9, most = -1e9;
    for (uint64_t i = 0; i < 300; ++i) {
        AugmentedSample sample{.shape = {1, 9, 1}, .features = ramp(9, -4)};
        sample.apply(zoom, i);
        const double factor = 2 / sample.features[6];  // two from the centre
        least = std::min(least, factor);
        most = std::max(most, factor);
    }
    EXPECT_NEAR(least, 0.8, 0.01);
    EXPECT_NEAR(most, 1.2, 0.01);
    zoom.low = 2;
    const Dataset data = byte_images({2, 2, 1}, 1);
    expect_error(2, [&] { zoom.check(data); }, {"zoom:low", "at most high, 1.2, found 2"});
}

TEST(Noise, IsNormalInUnitsOfEachFeature) {
    Noise noise;
    noise.deviation = 0.5;
    double sum = 0, squares = 0, second = 0;
    constexpr int count = 4000;
    for (uint64_t i = 0; i < count; ++i) {
        AugmentedSample sample{.shape = {3}, .features = {10, 20, 30}};
        sample.normalization = {{0, 0, 0}, {4, 0.1, 1}};
        sample.apply(noise, i);
        sum += sample.features[0] - 10;
        squares += std::pow(sample.features[0] - 10, 2);
        second += std::pow(sample.features[1] - 20, 2);
    }
    EXPECT_NEAR(sum / count, 0, 0.2);
    EXPECT_NEAR(std::sqrt(squares / count), 2, 0.1);
    EXPECT_NEAR(std::sqrt(second / count), 0.05, 0.003);
}

TEST(Noise, LongExamplesDoNotRepeat) {
    AugmentedSample sample{.shape = {1000}, .features = Floats(1000, 0)};
    sample.apply(Noise{}, 1);
    std::ranges::sort(sample.features);
    EXPECT_EQ(std::ranges::adjacent_find(sample.features), sample.features.end());
}

}  // namespace
}  // namespace ravine
