#include "ravine/lab/inspect/fixed_sample.hpp"

#include <algorithm>

namespace ravine {
namespace {

std::vector<int64_t> draw(const Run& run, int64_t count) {
    std::vector<int64_t> examples(static_cast<size_t>(run.parts().training.size()));
    epoch_order(Sampling::shuffled, static_cast<uint64_t>(run.experiment().seed), 0, examples);
    examples.resize(std::min(examples.size(), static_cast<size_t>(count)));
    return examples;
}

}  // namespace

FixedSample::FixedSample(const Run& run, int64_t count)
    : examples_(draw(run, count)),
      seed_(static_cast<uint64_t>(run.experiment().seed)),
      loader_(run.parts().training, run.parts().schema.normalization, run.parts().schema.target_normalization,
              size(), run.compile_options().precision, run.train_options().augmentation, seed_) {
    loader_.load(examples_);
    sample_ = batch_sample(run.network(), loader_, run.buffers());
}

Sample FixedSample::at_step(int64_t step) const {
    Sample sample = sample_;
    sample.set_random({seed_, static_cast<uint64_t>(step), loader_.row_keys()});
    return sample;
}

}  // namespace ravine
