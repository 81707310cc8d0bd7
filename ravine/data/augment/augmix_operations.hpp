#pragma once

#include <span>

#include "ravine/core/values/random.hpp"
#include "ravine/data/augment/image.hpp"

namespace ravine {

// The operations of AugMix on images of numbers in [0, 1], as in its authors' augmentations.py, which takes
// them from Pillow. None of the corruptions of ImageNet-C and CIFAR-10-C (contrast, brightness, colour,
// sharpness among them) is one of them: those are what a model is tested on.

/// Stretches each channel to [0, 1]; one that is constant stays.
void autocontrast(const ImageView& image);
/// Makes the 256 grey levels of each channel about equally frequent (Pillow's rounding).
void equalize(const ImageView& image);
/// Keeps the `bits` highest bits of each number's byte.
void posterize(const ImageView& image, int64_t bits);
/// x -> 1 - x where the byte of x is at least `threshold`.
void solarize(const ImageView& image, int64_t threshold);

/// A random one of nine operations (the four above, rotation, shear and shift along both axes), with a
/// strength of at most `severity` tenths of its range. `scratch` holds as many numbers as the image.
void random_operation(const ImageView& image, double severity, RandomSequence& random, float* scratch);

}  // namespace ravine
