#include <cmath>

#include "ravine/data/augment/cutmix.hpp"
#include "ravine/data/augment/cutout.hpp"
#include "ravine/data/augment/mixup.hpp"
#include "tests/data/augment/support.hpp"

namespace ravine {
namespace {

using namespace test;
using testing::ElementsAre;

AugmentedSample two_images(Shape shape) {
    const auto size = static_cast<size_t>(element_count(shape));
    return {.shape = std::move(shape),
            .features = Floats(size, 1),
            .targets = {1, 0, 0},
            .other_features = Floats(size, 3),
            .other_targets = {0, 0, 1}};
}

TEST(Mixup, MixesFeaturesAndTargetsAlike) {
    double sum = 0, squares = 0;
    constexpr int count = 3000;
    for (uint64_t i = 0; i < count; ++i) {
        AugmentedSample sample = two_images({2});
        sample.apply(Mixup{}, i);
        const float lambda = sample.targets[0];
        EXPECT_NEAR(sample.targets[0] + sample.targets[2], 1, 1e-6);
        EXPECT_EQ(sample.targets[1], 0);
        for (const float x : sample.features) EXPECT_NEAR(x, lambda * 1 + (1 - lambda) * 3, 1e-6);
        sum += lambda;
        squares += lambda * lambda;
    }
    EXPECT_NEAR(sum / count, 0.5, 0.03);  // Beta(1, 1) is uniform
    EXPECT_NEAR(squares / count - sum / count * sum / count, 1.0 / 12, 0.01);
}

TEST(Mixup, ValuesOfARegressionAreMixedToo) {
    AugmentedSample sample{.shape = {1}, .features = {0}, .targets = {10, -2}};
    sample.other_features = {1};
    sample.other_targets = {20, 2};
    sample.apply(Mixup{}, 3);
    const float share = sample.features[0];
    EXPECT_GT(share, 0);
    EXPECT_THAT(sample.targets,
                testing::Pointwise(testing::FloatNear(1e-5F), Floats{10 + 10 * share, -2 + 4 * share}));
}

TEST(FillBox, FillsEveryChannelOfTheBoxOnly) {
    Floats numbers(12, 0);
    fill_box({numbers.data(), 2, 3, 2}, {0, 1, 1, 3}, std::vector<double>{7, 8});
    EXPECT_THAT(numbers, ElementsAre(0, 0, 7, 8, 7, 8, 0, 0, 0, 0, 0, 0));
}

TEST(Cutout, IsASquareOfHalfTheSideClippedAtTheBorder) {
    std::vector<int> areas;
    for (uint64_t i = 0; i < 500; ++i) {
        AugmentedSample sample = two_images({8, 10, 1});
        sample.normalization = {{-5}, {1}};
        sample.apply(Cutout{}, i);
        const auto cut = static_cast<int>(std::ranges::count(sample.features, -5.0F));
        EXPECT_EQ(cut + std::ranges::count(sample.features, 1.0F), 80);
        areas.push_back(cut);
        EXPECT_THAT(sample.targets, ElementsAre(1, 0, 0));
    }
    // 4 x 4 in the middle, 2 x 2 at the corner of pixel (0, 0).
    EXPECT_EQ(*std::ranges::max_element(areas), 16);
    EXPECT_EQ(*std::ranges::min_element(areas), 4);
    Cutout small;
    small.size = 1;
    AugmentedSample sample = two_images({8, 10, 1});
    sample.normalization = {{-5}, {1}};
    sample.apply(small, 0);
    EXPECT_EQ(std::ranges::count(sample.features, -5.0F), 1);
}

TEST(PasteBox, ReturnsTheShareThatIsLeft) {
    Floats numbers(12, 0);
    const Floats other = ramp(12);
    EXPECT_DOUBLE_EQ(paste_box({numbers.data(), 3, 4, 1}, other.data(), {1, 2, 3, 4}), 1 - 4.0 / 12);
    EXPECT_THAT(numbers, ElementsAre(0, 0, 0, 0, 0, 0, 7, 8, 0, 0, 11, 12));
}

TEST(Cutmix, TargetsAreMixedByTheAreaOfTheClippedBox) {
    int clipped_all = 0, whole = 0;
    for (uint64_t i = 0; i < 500; ++i) {
        AugmentedSample sample = two_images({6, 8, 2});
        sample.apply(Cutmix{}, i);
        const auto pasted = static_cast<double>(std::ranges::count(sample.features, 3.0F)) / 2;
        EXPECT_NEAR(sample.targets[0], 1 - pasted / 48, 1e-6);
        EXPECT_NEAR(sample.targets[2], pasted / 48, 1e-6);
        whole += pasted == 48;
        clipped_all += pasted > 0;
    }
    EXPECT_GT(clipped_all, 350);
    EXPECT_LT(whole, 50);
}

TEST(Cutmix, HappensWithItsProbability) {
    Cutmix never;
    never.probability = 0;
    for (uint64_t i = 0; i < 20; ++i) {
        AugmentedSample sample = two_images({6, 8, 1});
        sample.apply(never, i);
        EXPECT_EQ(sample.features, Floats(48, 1));
        EXPECT_THAT(sample.targets, ElementsAre(1, 0, 0));
    }
}

}  // namespace
}  // namespace ravine
