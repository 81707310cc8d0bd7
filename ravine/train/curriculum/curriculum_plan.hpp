#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ravine/core/values/vector.hpp"
#include "ravine/train/curriculum/curriculum.hpp"

namespace ravine {

/// The place of each example among all of them by difficulty: 0 for the easiest. Equals keep their order, and
/// what is not finite is hardest.
std::vector<int64_t> ranks_of(std::span<const double> difficulties);

/// A curriculum made for a run: which examples an epoch holds, and how much they weigh.
class CurriculumPlan {
public:
    /// `difficulties` of the n examples of the training part, of a run of `epochs` epochs; `seed` is that of
    /// the draws.
    CurriculumPlan(Curriculum curriculum, std::span<const double> difficulties, uint64_t seed,
                   int64_t epochs);

    /// Turns the order of a plain epoch into that of the curriculum, of the same length. Easy examples come
    /// in the order of the plain epoch, again and again from its beginning; so do those that a stochastic
    /// curriculum draws from all. A pure function of the seed, the epoch and the order, whichever epoch is
    /// under way. Allocates nothing.
    void arrange(int64_t epoch, std::span<int64_t> order);

    /// Prepares the weights of an epoch. Allocates nothing.
    void begin_epoch(int64_t epoch);
    /// The weight of an example in the epoch that has begun. The mean over the training part is 1.
    double weight(int64_t example) const { return weights_[static_cast<size_t>(example)]; }
    /// Writes the weights of these examples in front of `weights`. Allocates nothing.
    void weigh(std::span<const int64_t> examples, Vector& weights) const;

private:
    bool is_easy(int64_t example, int64_t easy) const { return ranks_[static_cast<size_t>(example)] < easy; }
    void draw(const Pace& pace, int64_t epoch, std::span<int64_t> order);
    void weigh_all(double easy);

    Curriculum curriculum_;
    uint64_t seed_;
    int64_t epochs_;
    std::vector<int64_t> ranks_;
    std::vector<int64_t> plain_, easy_;  // scratch of draw()
    std::vector<double> weights_;
};

}  // namespace ravine
