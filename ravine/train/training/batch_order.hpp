#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "ravine/data/sampler.hpp"
#include "ravine/train/curriculum/curriculum_plan.hpp"

namespace ravine {

/// How long an epoch is.
enum class EpochLength {
    one_pass,  ///< over the examples
    endless,   ///< pass after pass, until something else ends the run: its length is not known
};

/// Which examples each batch of a run has: those of a pass in the order of the sampling and of a curriculum,
/// a batch at a time. Who asks for the batch behind the last of a pass gets the first of the next: batches
/// can be prepared ahead all the time. Allocates nothing after its construction.
class BatchOrder {
public:
    struct Settings {
        Sampling sampling = Sampling::shuffled;
        uint64_t seed = 0;
        int64_t batch = 32;
        int64_t examples = 0;                  ///< of a pass
        CurriculumPlan* curriculum = nullptr;  ///< which outlives the order; null: none
        EpochLength epoch_length = EpochLength::one_pass;
    };

    explicit BatchOrder(const Settings& settings);

    /// Of an epoch; nothing where it has no end.
    std::optional<int64_t> batches() const;
    /// From now on the batches of this epoch; the curriculum weighs for it.
    void begin(int64_t epoch);
    /// The examples of batch `index` of the epoch; the last of a pass may have fewer. Valid until a batch of
    /// another pass is asked for.
    std::span<const int64_t> batch(int64_t index);
    /// The batch behind batch `index`, which was asked for last, of this pass or the next. Valid as long.
    std::span<const int64_t> after(int64_t index);
    /// Examples in the first `batches` batches of the epoch.
    int64_t examples_in(int64_t batches) const;

private:
    /// Where a batch of the epoch is: the pass, and the batch in it.
    struct Place {
        int64_t pass, index;
    };
    Place find(int64_t index) const;
    int64_t batches_of_pass() const;
    void turn_to(int64_t pass);
    void arrange(int64_t pass, std::vector<int64_t>& order) const;
    std::span<const int64_t> cut(const std::vector<int64_t>& order, int64_t index) const;

    Settings settings_;
    std::vector<int64_t> order_, next_order_;
    int64_t epoch_ = 0;
    int64_t pass_ = -1, next_pass_ = -1;  // which they are of
};

}  // namespace ravine
