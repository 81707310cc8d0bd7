#include "ravine/core/values/random.hpp"

#include <Random123/philox.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <utility>

#include "ravine/core/error.hpp"

namespace ravine {

namespace {

// Philox takes 128 bits of counter and 64 of key. Seed and purpose-stream are mixed into the key by one more
// Philox call, so that the whole counter is left for (block, item, step).
r123::Philox4x32::ctr_type mixed_key(const RandomKey& key, uint64_t item) {
    return r123::Philox4x32()({static_cast<uint32_t>(key.purpose), key.stream,
                               static_cast<uint32_t>(item >> 32), static_cast<uint32_t>(key.step >> 32)},
                              {static_cast<uint32_t>(key.seed), static_cast<uint32_t>(key.seed >> 32)});
}

r123::Philox4x32::ctr_type block_of(const r123::Philox4x32::ctr_type& mixed, const RandomKey& key,
                                    uint64_t item, uint64_t block) {
    return r123::Philox4x32()({static_cast<uint32_t>(block), static_cast<uint32_t>(block >> 32),
                               static_cast<uint32_t>(item), static_cast<uint32_t>(key.step)},
                              {mixed[0], mixed[1]});
}

}  // namespace

std::array<uint32_t, 4> random_words(const RandomKey& key, uint64_t item, uint64_t block) {
    const auto words = block_of(mixed_key(key, item), key, item, block);
    return {words[0], words[1], words[2], words[3]};
}

void random_words(const RandomKey& key, uint64_t item, uint64_t first_block, std::span<uint32_t> words) {
    const auto mixed = mixed_key(key, item);
    for (size_t i = 0; i < words.size(); i += 4) {
        const auto block = block_of(mixed, key, item, first_block + i / 4);
        for (size_t j = i; j < std::min(i + 4, words.size()); ++j) words[j] = block[j - i];
    }
}

double to_uniform(uint32_t word) { return word * 0x1p-32; }

uint32_t RandomSequence::word() {
    if (used_ == 4) {
        words_ = random_words(key_, item_, block_++);
        used_ = 0;
    }
    return words_[static_cast<size_t>(used_++)];
}

double RandomSequence::uniform() {
    const uint64_t high = word();
    const uint64_t low = word();
    return static_cast<double>((high << 32 | low) >> 11) * 0x1p-53;
}

double RandomSequence::normal() {
    const double u = 1 - uniform();  // in (0, 1]: the logarithm is finite
    const double v = uniform();
    return std::sqrt(-2 * std::log(u)) * std::cos(2 * std::numbers::pi * v);
}

uint64_t RandomSequence::below(uint64_t bound) {
    require(bound > 0, "a random integer below 0");
    const uint64_t limit = bound * (UINT64_MAX / bound);  // the largest multiple: rejection removes the bias
    while (true) {
        const uint64_t high = word();
        const uint64_t value = high << 32 | word();
        if (value < limit) return value % bound;
    }
}

std::vector<int64_t> random_permutation(int64_t n, const RandomKey& key) {
    std::vector<int64_t> order(static_cast<size_t>(n));
    std::iota(order.begin(), order.end(), int64_t{0});
    RandomSequence random(key);
    for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
    return order;
}

}  // namespace ravine
