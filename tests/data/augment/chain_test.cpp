#include <numeric>

#include "ravine/data/augment/augmenter.hpp"
#include "ravine/data/sources/catalog.hpp"
#include "tests/data/augment/support.hpp"

namespace ravine {
namespace {

using namespace test;
using testing::ElementsAre;

Floats copy(std::span<const float> numbers) { return {numbers.begin(), numbers.end()}; }

TEST(AugmentationChain, NamesAreJoinedByPlusSigns) {
    const auto specs = parse_augmentation("crop:padding=2+flip+noise:deviation=1e+1+mixup:alpha=0.4");
    std::vector<std::string> texts;
    for (const auto& spec : specs) texts.push_back(spec.text());
    EXPECT_THAT(texts, ElementsAre("crop:padding=2", "flip", "noise:deviation=1e+1", "mixup:alpha=0.4"));
    EXPECT_TRUE(parse_augmentation("none").empty());
    EXPECT_TRUE(parse_augmentation("").empty());
    EXPECT_EQ(make_augmentation("none"), nullptr);
    EXPECT_EQ(make_augmentation("crop+flip+cutout")->steps.size(), 3U);
}

TEST(AugmentationChain, BadRequestsAreRefused) {
    for (const auto& [text, part] :
         std::vector<std::pair<std::string, std::string>>{{"crop+", "joined by '+'"},
                                                          {"+flip", "joined by '+'"},
                                                          {"crop+none", "'none' stands alone"},
                                                          {"crp", "did you mean 'crop'"},
                                                          {"crop:pading=1", "did you mean 'padding'"},
                                                          {"crop:padding=0", "crop:padding"},
                                                          {"mixup:alpha=0", "above 0"},
                                                          {"flip:probability=1.5", "in [0, 1]"},
                                                          {"augmix:width=0", "augmix:width"},
                                                          {"augmix+augmix", "two consistency losses"}})
        expect_error(2, [&] { make_augmentation(text); }, {part});
}

TEST(AugmentationChain, WhatIsForImagesIsRefusedForTables) {
    const Parts spiral = load_parts({.dataset = "spiral:examples=30"});
    for (const auto& entry : augmentations().entries()) {
        const auto chain = make_augmentation(entry.name);
        if (entry.name == "noise" || entry.name == "mixup")
            EXPECT_NO_THROW(chain->check(spiral.training)) << entry.name;
        else
            expect_error(2, [&] { chain->check(spiral.training); },
                         {"augmentation '" + entry.name + "' is for images", "[2]"});
        EXPECT_NO_THROW(chain->check(byte_images({4, 4, 3}, 2))) << entry.name;
    }
}

struct Drawn {
    Floats features, targets;
    bool operator==(const Drawn&) const = default;
};

class Draws {
public:
    Draws(const std::string& chain, const Dataset& data, uint64_t seed = 1)
        : normalization_(Normalization::fit(data)),
          targets_(Normalization::identity(data.output_count)),
          augmenter(make_augmentation(chain), data, normalization_, targets_, seed) {}
    Drawn at(int64_t example, int64_t step, int64_t view = 0) {
        augmenter.augment(example, step);
        return {copy(augmenter.features(view)), copy(augmenter.targets())};
    }

private:
    Normalization normalization_, targets_;

public:
    Augmenter augmenter;
};

TEST(Augmenter, DrawsDependOnSeedStepAndExampleAlone) {
    const Dataset data = byte_images({8, 8, 3}, 20);
    for (const auto& entry : augmentations().entries()) {
        SCOPED_TRACE(entry.name);
        const int64_t view = entry.name == "augmix" ? 2 : 0;
        Draws one(entry.name, data), other(entry.name, data), seeded(entry.name, data, 2);
        int seeds = 0, steps = 0;
        std::vector<Drawn> drawn;
        for (int64_t i = 0; i < 20; ++i) drawn.push_back(one.at(i, 5, view));
        for (int64_t i = 20; i-- > 0;) {
            const Drawn& expected = drawn[static_cast<size_t>(i)];
            EXPECT_EQ(other.at(i, 5, view), expected) << i;
            steps += !(other.at(i, 6, view) == expected);
            seeds += !(seeded.at(i, 5, view) == expected);
        }
        EXPECT_GT(steps, 5);
        EXPECT_GT(seeds, 5);
    }
}

TEST(Augmenter, WithoutEffectAnExampleIsAsLoaded) {
    const Dataset data = byte_images({2, 3, 1}, 4);
    Draws draws("flip:probability=0", data);
    const Drawn drawn = draws.at(2, 0);
    for (int64_t k = 0; k < 6; ++k)
        EXPECT_FLOAT_EQ(drawn.features[static_cast<size_t>(k)], static_cast<float>(data.feature(2, k)));
    EXPECT_THAT(drawn.targets, ElementsAre(0, 0, 1));
    EXPECT_EQ(draws.augmenter.views(), 1);
}

TEST(Augmenter, StepsAreAppliedInTheirOrder) {
    // The noise covers what is cut out, or is cut out with it.
    const Dataset data = byte_images({8, 8, 1}, 4);
    const auto mean = static_cast<float>(Normalization::fit(data).mean[0]);
    Draws last("noise+cutout:size=4", data), first("cutout:size=4+noise", data);
    EXPECT_GE(std::ranges::count(last.at(0, 0).features, mean), 4);
    EXPECT_EQ(std::ranges::count(first.at(0, 0).features, mean), 0);
}

TEST(Augmenter, TheOtherExampleComesTheSameWay) {
    // An image that has not been moved has no zeros, so zeros in a mixture show that both were.
    Dataset data = byte_images({4, 4, 1}, 50, 2);
    data.features = Floats(50 * 16, 0.5F);
    Draws draws("translate:share=1+mixup", data);
    int mixed = 0;
    for (int64_t i = 0; i < 50; ++i) {
        const Drawn drawn = draws.at(i, 0);
        EXPECT_NEAR(drawn.targets[0] + drawn.targets[1], 1, 1e-6);
        mixed += drawn.targets[0] > 0.01F && drawn.targets[0] < 0.99F;
    }
    EXPECT_NEAR(mixed, 25, 15);  // half of the partners are of the other class
    int zeros = 0;
    for (int64_t i = 0; i < 50; ++i) zeros += std::ranges::count(draws.at(i, 0).features, 0.0F) > 0;
    EXPECT_GT(zeros, 5);
}

TEST(Augmenter, ViewsShareWhatIsNotAugmix) {
    const Dataset data = byte_images({8, 8, 3}, 10);
    Draws plain("crop+flip", data), views("crop+flip+augmix", data), alone("crop+flip+augmix:weight=0", data);
    EXPECT_EQ(views.augmenter.views(), 3);
    EXPECT_EQ(alone.augmenter.views(), 1);
    for (int64_t i = 0; i < 10; ++i) {
        EXPECT_EQ(views.at(i, 3, 0), plain.at(i, 3));
        EXPECT_NE(views.at(i, 3, 1).features, views.at(i, 3, 0).features);
        EXPECT_NE(views.at(i, 3, 1).features, views.at(i, 3, 2).features);
        EXPECT_NE(alone.at(i, 3).features, plain.at(i, 3).features);
    }
}

TEST(Augmenter, OfTwoMixesBothAreDrawn) {
    const Dataset data = byte_images({4, 4, 1}, 30, 30);  // every example a class of its own
    Draws draws("mixup+cutmix", data);
    size_t most = 0;
    for (int64_t i = 0; i < 30; ++i) {
        const Drawn drawn = draws.at(i, 0);
        EXPECT_NEAR(std::accumulate(drawn.targets.begin(), drawn.targets.end(), 0.0F), 1, 1e-5);
        most = std::max(
            most, static_cast<size_t>(std::ranges::count_if(drawn.targets, [](float t) { return t > 0; })));
    }
    EXPECT_EQ(most, 4U);  // two mixtures of two
}

}  // namespace
}  // namespace ravine
