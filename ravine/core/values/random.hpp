#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace ravine {

/// What random numbers are drawn for; part of their key, so that no two uses share numbers.
enum class Purpose : uint32_t {
    initialization = 1,
    data,
    split,
    shuffle,
    sampling,
    layer,
    test,
    augmentation,
    curriculum,
    validation_batches
};

/// Counter-based random numbers (Philox 4x32-10; Salmon, Moraes, Dror and Shaw 2011): a number is a pure
/// function of (seed, purpose, stream, step, item, position). Threads, batch position and resumption cannot
/// change it.
struct RandomKey {
    uint64_t seed = 0;
    Purpose purpose = Purpose::test;
    uint32_t stream = 0;  ///< which layer, tensor or data set part
    uint64_t step = 0;    ///< which update or epoch
};

/// Four random 32-bit words for block `block` of item `item` under `key`.
std::array<uint32_t, 4> random_words(const RandomKey& key, uint64_t item, uint64_t block);

/// Fills `words` with the blocks `first_block`, `first_block` + 1, ... of item `item`: many numbers at once.
void random_words(const RandomKey& key, uint64_t item, uint64_t first_block, std::span<uint32_t> words);

/// A uniform number in [0, 1) with 32 random bits from a word; exact in double, rounded down in float by
/// callers.
double to_uniform(uint32_t word);

/// Draws one number after another from a key: for set-up work (initial weights, made data, shuffles), where
/// the sequence is drawn by one thread. Inside a program use the random operations of the graph instead.
class RandomSequence {
public:
    explicit RandomSequence(const RandomKey& key, uint64_t item = 0) : key_(key), item_(item) {}

    uint32_t word();
    /// Uniform in [0, 1), 53 bits.
    double uniform();
    double uniform(double low, double high) { return low + (high - low) * uniform(); }
    /// Standard normal (Box and Muller 1958).
    double normal();
    /// Uniform in {0, ..., bound - 1} without bias; bound > 0.
    uint64_t below(uint64_t bound);

private:
    RandomKey key_;
    uint64_t item_;
    uint64_t block_ = 0;
    std::array<uint32_t, 4> words_{};
    int used_ = 4;
};

/// A uniformly random permutation of 0 ... n-1 (Fisher and Yates).
std::vector<int64_t> random_permutation(int64_t n, const RandomKey& key);

}  // namespace ravine
