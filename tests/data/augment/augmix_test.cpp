#include "ravine/data/augment/augmix.hpp"

#include <algorithm>
#include <set>

#include "ravine/data/augment/augmix_operations.hpp"
#include "tests/data/augment/support.hpp"

namespace ravine {
namespace {

using namespace test;
using testing::Each;
using testing::Pointwise;

auto near(const Floats& expected) { return Pointwise(testing::FloatNear(1e-6F), expected); }

TEST(AugmixOperations, AutocontrastStretchesEachChannel) {
    Floats numbers{0.2F, 0.5F, 0.4F, 0.5F, 0.3F, 0.5F};  // the second channel is constant
    autocontrast({numbers.data(), 1, 3, 2});
    EXPECT_THAT(numbers, near({0, 0.5F, 1, 0.5F, 0.5F, 0.5F}));
}

TEST(AugmixOperations, PosterizeKeepsTheHighestBits) {
    Floats numbers{255.0F / 255, 100.0F / 255, 31.0F / 255, 0};
    posterize({numbers.data(), 1, 4, 1}, 3);
    EXPECT_THAT(numbers, near({224.0F / 255, 96.0F / 255, 0, 0}));
}

TEST(AugmixOperations, SolarizeTurnsBrightPixelsRound) {
    Floats numbers{199.0F / 255, 200.0F / 255, 1, 0};
    solarize({numbers.data(), 1, 4, 1}, 200);
    EXPECT_THAT(numbers, near({199.0F / 255, 55.0F / 255, 0, 0}));
}

TEST(AugmixOperations, EqualizeFollowsPillow) {
    // 512 pixels: 300 of byte 10, 100 of byte 20, 112 of byte 30. Pillow: step = (512 - 112) / 255 = 1, and
    // a byte becomes (step / 2 + pixels below it) / step, at most 255: 0, 255 (of 300), 255 (of 400).
    Floats numbers(512, 10.0F / 255);
    std::fill_n(numbers.begin() + 300, 100, 20.0F / 255);
    std::fill_n(numbers.begin() + 400, 112, 30.0F / 255);
    equalize({numbers.data(), 16, 32, 1});
    EXPECT_EQ(numbers[0], 0);
    EXPECT_EQ(numbers[300], 1);
    EXPECT_EQ(numbers[511], 1);
    // 1024 pixels, 4 of each byte: step = 1020 / 255 = 4; byte b becomes (2 + 4 b) / 4 = b.
    Floats flat(1024);
    for (size_t i = 0; i < flat.size(); ++i) flat[i] = static_cast<float>(i % 256) / 255;
    const Floats before = flat;
    equalize({flat.data(), 32, 32, 1});
    EXPECT_THAT(flat, near(before));
    Floats small = ramp(4, 0);  // too few pixels for a step: left alone
    equalize({small.data(), 2, 2, 1});
    EXPECT_EQ(small, ramp(4, 0));
}

TEST(AugmixOperations, AllNineHappen) {
    Floats image(16 * 16), scratch(16 * 16);
    for (size_t i = 0; i < image.size(); ++i) image[i] = static_cast<float>(i * i % 255) / 300;
    std::set<Floats> results;
    for (uint64_t i = 0; i < 400; ++i) {
        Floats copy = image;
        RandomSequence random({.purpose = Purpose::test}, i);
        random_operation({copy.data(), 16, 16, 1}, 10, random, scratch.data());
        EXPECT_TRUE(std::ranges::all_of(copy, [](float x) { return x >= 0 && x <= 1; }));
        results.insert(copy);
    }
    EXPECT_GT(results.size(), 100U);
}

TEST(Augmix, IsAMixtureInTheRangeOfImages) {
    const Augmix augmix;
    EXPECT_EQ(augmix.width, 3);
    EXPECT_EQ(augmix.severity, 3);
    EXPECT_EQ(augmix.alpha, 1);
    EXPECT_EQ(augmix.consistency_weight(), 12);
    for (uint64_t i = 0; i < 50; ++i) {
        AugmentedSample sample{.shape = {8, 8, 3}, .features = Floats(192)};
        for (size_t k = 0; k < 192; ++k) sample.features[k] = static_cast<float>(k) / 191;
        const Floats before = sample.features;
        sample.apply(augmix, i);
        EXPECT_NE(sample.features, before);
        EXPECT_TRUE(std::ranges::all_of(sample.features, [](float x) { return x >= 0 && x <= 1 + 1e-6F; }));
    }
}

TEST(Augmix, ABlackImageStaysBlack) {  // of all operations none makes light
    AugmentedSample sample{.shape = {8, 8, 1}, .features = Floats(64, 0)};
    sample.apply(Augmix{}, 4);
    EXPECT_THAT(sample.features, Each(0));
}

TEST(Augmix, RefusesNumbersThatAreNoImage) {
    Dataset data = byte_images({2, 2, 1}, 2);
    EXPECT_NO_THROW(Augmix{}.check(data));
    data.features = Floats{0, 1, 0.5F, 0.25F, 0, 0, 3.25F, 0};
    expect_error(2, [&] { Augmix{}.check(data); }, {"in [0, 1]", "3.25"});
}

}  // namespace
}  // namespace ravine
