#include "ravine/data/augment/augmix.hpp"

#include <algorithm>
#include <array>

#include "ravine/core/error.hpp"
#include "ravine/data/augment/augmix_operations.hpp"
#include "ravine/data/augment/draws.hpp"

namespace ravine {

void Augmix::check(const Dataset& training) const {
    require_images("augmix", training);
    if (!std::holds_alternative<Rows<float>>(training.features)) return;
    const auto& rows = std::get<Rows<float>>(training.features);
    const int64_t size = element_count(training.feature_shape);
    for (int64_t i = 0; i < training.size(); ++i)
        for (int64_t k = 0; k < size; ++k)
            if (const float x = rows.row(i, size)[k]; !(x >= 0 && x <= 1))
                fail_request("augmentation 'augmix' is for images of numbers in [0, 1]; '{}' has {:.6g}",
                             training.name, x);
}

void Augmix::apply(const AugmentedExample& example) const {
    const ImageView image = example.image();
    const auto size = static_cast<size_t>(image.size());
    float* const chain = example.scratch.data();
    float* const mixture = chain + size;
    float* const free = mixture + size;
    std::array<double, most_chains> drawn;
    const auto shares = std::span(drawn).first(static_cast<size_t>(width));
    draw_dirichlet(alpha, example.random, shares);
    const auto m = static_cast<float>(draw_beta(alpha, alpha, example.random));
    std::fill_n(mixture, size, 0.0F);
    for (const double share : shares) {
        std::copy_n(image.data, size, chain);
        const ImageView copy{chain, image.height, image.width, image.channels};
        const int64_t operations =
            depth > 0 ? depth : 1 + static_cast<int64_t>(example.random.below(uint64_t{3}));
        for (int64_t i = 0; i < operations; ++i) random_operation(copy, severity, example.random, free);
        const auto part = static_cast<float>(share);
        for (size_t i = 0; i < size; ++i) mixture[i] += part * chain[i];
    }
    for (size_t i = 0; i < size; ++i) image.data[i] += m * (mixture[i] - image.data[i]);
}

}  // namespace ravine
