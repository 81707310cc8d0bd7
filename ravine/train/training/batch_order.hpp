#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ravine/data/sampler.hpp"
#include "ravine/train/curriculum/curriculum_plan.hpp"

namespace ravine {

/// Which examples each batch of a run has: those of an epoch in the order of the sampling and of a
/// curriculum, a batch at a time. Who asks for the batch behind the last of an epoch gets the first of the
/// next: batches can be prepared ahead all the time. Allocates nothing after its construction.
class BatchOrder {
public:
    struct Settings {
        Sampling sampling = Sampling::shuffled;
        uint64_t seed = 0;
        int64_t batch = 32;
        int64_t examples = 0;                  ///< of an epoch
        CurriculumPlan* curriculum = nullptr;  ///< which outlives the order; null: none
    };

    explicit BatchOrder(const Settings& settings);

    /// From now on the batches of this epoch; the curriculum weighs for it.
    void begin(int64_t epoch);
    /// The examples of batch `index` of the epoch; the last may have fewer. Valid until the next begin().
    std::span<const int64_t> batch(int64_t index) const { return cut(order_, index); }
    /// The batch behind batch `index`, of this epoch or the next. Valid until the next begin().
    std::span<const int64_t> after(int64_t index);
    /// Examples in the first `batches` batches of the epoch.
    int64_t examples_in(int64_t batches) const;

private:
    void arrange(int64_t epoch, std::vector<int64_t>& order) const;
    std::span<const int64_t> cut(const std::vector<int64_t>& order, int64_t index) const;

    Settings settings_;
    std::vector<int64_t> order_, next_order_;
    int64_t epoch_ = -1, next_epoch_ = -1;  // which they are of
};

}  // namespace ravine
