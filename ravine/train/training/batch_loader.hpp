#pragma once

#include <array>
#include <exception>
#include <memory>
#include <span>
#include <vector>

#include "ravine/core/values/vector.hpp"
#include "ravine/data/augment/augmenter.hpp"
#include "ravine/data/dataset.hpp"
#include "ravine/data/normalization.hpp"
#include "ravine/optim/objective/sample.hpp"
#include "ravine/train/training/background.hpp"

namespace ravine {

/// The names of what a sample holds of its data.
namespace sample_names {
inline const SampleName features("features"), targets("targets"), example_weights("example_weights"),
    start_targets("start_targets");  ///< where evolving targets begin
}  // namespace sample_names

/// Makes samples from a data set: normalised features, targets, example weights; augmented where a chain of
/// augmentations says so. What a batch holds depends on its examples and the step alone.
///
/// Where a batch is large enough to be worth it and the steps leave a processor idle, the next one can be
/// prepared by a thread of the loader's own while the present one is used; the tensors then change their
/// places from batch to batch. Where the steps occupy all processors a further thread would only interrupt
/// them: there load() shares the work among their threads.
class BatchLoader {
public:
    /// For batches of at most `largest` examples. Data set and normalisations must outlive the loader. `seed`
    /// is that of augmentations and random layers, `threads` what a step runs on. Throws RequestError where
    /// the augmentations make no sense for the data.
    BatchLoader(const Dataset& data, const Normalization& features, const Normalization& targets,
                int64_t largest, Precision precision,
                const std::shared_ptr<const AugmentationChain>& augmentation = nullptr, uint64_t seed = 0,
                int threads = 1);

    /// Fills the first rows with these examples, as update `step` sees them; weights are 1. With several
    /// views of each example the rows of the second view come behind all of the first. Allocates nothing.
    void load(std::span<const int64_t> examples, int64_t step = 0);
    /// Begins to prepare the batch that load() will be asked for next, if that is worth a thread.
    void prepare_next(std::span<const int64_t> examples, int64_t step);
    /// Whether it would: otherwise nobody need know the next batch ahead.
    bool prepares() const { return next_task_ != nullptr; }

    /// Gives the loaded batch to a sample: its tensors, its number of examples, and what keys its random
    /// layers. They are valid until the next load(). Allocates nothing where the sample had a batch before.
    void give_to(Sample& sample) const;

    /// Rows of the features for each row of the targets.
    int64_t views() const { return augmenters_.empty() ? 1 : augmenters_.front().views(); }
    const Vector& features() const { return current().features; }
    const Vector& targets() const { return current().targets; }
    const Vector& example_weights() const { return weights_; }
    /// The same to write to, after load(): 1 unless someone does.
    Vector& example_weights() { return weights_; }
    /// Where evolving targets begin, a number a column; zeros unless set.
    const Vector& start_targets() const { return start_; }
    void set_start_targets(std::span<const double> start);
    /// What keys the random layers: an index for each row of the features that was loaded, different for the
    /// views of one example.
    std::span<const int64_t> row_keys() const;

private:
    struct Batch {
        Vector features, targets;
        std::vector<int64_t> keys;  // of `largest` examples; the first ones are the examples
        int64_t size = 0, step = -1;
    };
    Batch& current() { return batches_[front_]; }
    const Batch& current() const { return batches_[front_]; }
    void fill(Batch& batch);
    /// The rows of the examples [begin, end) of a batch, one of its parts.
    template <class T>
    void fill_rows(Batch& batch, int64_t part, int64_t begin, int64_t end);
    template <class T>
    void fill_augmented(Batch& batch, int64_t part, int64_t begin, int64_t end);
    void note(Batch& batch, std::span<const int64_t> examples, int64_t step) const;
    static bool holds(const Batch& batch, std::span<const int64_t> examples, int64_t step);

    const Dataset& data_;
    const Normalization& feature_normalization_;
    const Normalization& target_normalization_;
    std::vector<Augmenter> augmenters_;                 // of each part, or none
    std::vector<double> means_, factors_;               // of each feature of an example
    std::vector<float> single_means_, single_factors_;  // the same for f32
    std::vector<std::exception_ptr> thrown_;            // by each of the parts of a batch
    std::array<Batch, 2> batches_;
    size_t front_ = 0;
    Vector weights_, start_;
    bool next_is_due_ = false;
    uint64_t seed_;
    std::unique_ptr<BackgroundTask> next_task_;  // last: it must end before what it writes to
};

}  // namespace ravine
