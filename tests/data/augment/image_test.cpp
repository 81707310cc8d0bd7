#include "ravine/data/augment/image.hpp"

#include "tests/data/augment/support.hpp"

namespace ravine {
namespace {

using test::Floats;
using test::ramp;
using testing::ElementsAre;
using testing::Pointwise;

auto image_near(const Floats& expected) { return Pointwise(testing::FloatNear(1e-6F), expected); }

TEST(Mirror, ExchangesLeftAndRight) {
    Floats numbers = ramp(6);
    mirror({numbers.data(), 2, 3, 1});
    EXPECT_THAT(numbers, ElementsAre(3, 2, 1, 6, 5, 4));
    numbers = ramp(8);  // the channels of a pixel stay together
    mirror({numbers.data(), 1, 4, 2});
    EXPECT_THAT(numbers, ElementsAre(7, 8, 5, 6, 3, 4, 1, 2));
}

TEST(Shift, MovesBothWaysAndZerosComeIn) {
    const auto shifted = [](int64_t down, int64_t right) {
        Floats numbers = ramp(9);
        shift({numbers.data(), 3, 3, 1}, down, right);
        return numbers;
    };
    EXPECT_THAT(shifted(1, -1), ElementsAre(0, 0, 0, 2, 3, 0, 5, 6, 0));
    EXPECT_THAT(shifted(-2, 1), ElementsAre(0, 7, 8, 0, 0, 0, 0, 0, 0));
    EXPECT_THAT(shifted(0, 2), ElementsAre(0, 0, 1, 0, 0, 4, 0, 0, 7));
    EXPECT_EQ(shifted(0, 0), ramp(9));
    for (const auto& [down, right] : {std::pair{3, 0}, {0, -3}, {-7, 1}, {1, 9}})
        EXPECT_EQ(shifted(down, right), Floats(9, 0)) << down << " " << right;
    Floats pixels = ramp(6);
    shift({pixels.data(), 1, 3, 2}, 0, 1);
    EXPECT_THAT(pixels, ElementsAre(0, 0, 1, 2, 3, 4));
}

TEST(Warp, QuarterTurnsAgainstTheClockAreExact) {
    Floats numbers = ramp(4), scratch(9);
    const auto turn = [&](const ImageView& image, double degrees) {
        warp(image, Affine::rotation(degrees), scratch.data());
    };
    turn({numbers.data(), 2, 2, 1}, 90);
    EXPECT_THAT(numbers, image_near({2, 4, 1, 3}));
    numbers = ramp(9);
    turn({numbers.data(), 3, 3, 1}, 90);
    EXPECT_THAT(numbers, image_near({3, 6, 9, 2, 5, 8, 1, 4, 7}));
    turn({numbers.data(), 3, 3, 1}, 180);
    turn({numbers.data(), 3, 3, 1}, 90);
    EXPECT_THAT(numbers, image_near(ramp(9)));
}

TEST(Warp, ZoomsAboutTheCentreLinearly) {
    Floats numbers, scratch(4);
    const auto zoomed = [&](double factor) {
        numbers = ramp(4);
        warp({numbers.data(), 1, 4, 1}, Affine::zoom(factor), scratch.data());
        return numbers;
    };
    // Pixel x reads 1.5 + (x - 1.5) / factor of the ramp 1 + x.
    EXPECT_THAT(zoomed(2), image_near({1.75F, 2.25F, 2.75F, 3.25F}));
    EXPECT_THAT(zoomed(0.5), image_near({0, 1.5F, 3.5F, 0}));
    EXPECT_THAT(zoomed(1), image_near(ramp(4)));
}

TEST(Warp, WhatLiesOutsideIsZeroAndNothingIsReadFromThere) {
    const auto moved = [](double pixels) {
        Floats numbers = ramp(4), scratch(4);
        warp({numbers.data(), 1, 4, 1}, {.x0 = pixels}, scratch.data());
        return numbers;
    };
    EXPECT_THAT(moved(0.5),
                image_near({1.5F, 2.5F, 3.5F, 0}));  // half a pixel beyond the last centre: outside
    EXPECT_THAT(moved(-0.5), image_near({1, 1.5F, 2.5F, 3.5F}));  // half a pixel before the first one: inside
    EXPECT_EQ(moved(1e30), Floats(4, 0));
}

TEST(BoxAround, IsClippedAtTheBorders) {
    const ImageView image{nullptr, 8, 10, 3};
    EXPECT_EQ(box_around(4, 5, 4, 2, image), (Box{2, 4, 6, 6}));
    EXPECT_EQ(box_around(0, 9, 4, 4, image), (Box{0, 7, 2, 10}));
    EXPECT_EQ(box_around(7, 0, 3, 3, image), (Box{6, 0, 8, 2}));
    EXPECT_EQ(box_around(3, 3, 100, 100, image), (Box{0, 0, 8, 10}));
    EXPECT_EQ(box_around(3, 3, 0, 5, image).area(), 0);
}

}  // namespace
}  // namespace ravine
