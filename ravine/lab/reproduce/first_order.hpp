#pragma once

#include <vector>

#include "ravine/lab/reproduce/claim.hpp"

namespace ravine {

/// What `ravine reproduce first-order` may be asked to do otherwise.
struct FirstOrderStudyOptions {
    int64_t seeds = 10;
    int64_t budget = 9;  ///< rates tried for each method, from 1e-5 to 0.1
    int64_t tuning_seeds = 2;
    int64_t jobs = 0;
    std::string tuned_for = "validation_accuracy";  ///< or "train_loss"
    std::string data_dir = {};
    enum class Extent { full, quick } extent = Extent::full;
};

/// The study of first-order methods (paper D, "first-order methods study", sections 5.1, 6 and 7): a
/// 3072-500-500-500-10 net with ReLU on 4,000 images of CIFAR-10, batches of 100, 10 epochs, 400 updates;
/// SGD, SGD-M, SGD-NM, RMSprop and Adam; and in the same frame Adagrad, Adadelta, NAdam and RMSprop with
/// Nesterov momentum. What the paper leaves open is chosen here: rates tuned for each method on one grid,
/// constant over a run; mu = 0.9; RMSprop's decay 0.99; He normal weights, Glorot uniform in the last layer;
/// channels normalised; 1,000 images for validation. The quick study, for a look, has 3 methods' worth of
/// time: 2 seeds, 3 rates, 2 epochs.
StudyPlan first_order_plan(const FirstOrderStudyOptions& options);

/// The paper's claims (section 7) beside what was measured. `result` must be complete.
std::vector<Claim> first_order_claims(const StudyResult& result);

}  // namespace ravine
