#include "ravine/train/curriculum/curriculum_plan.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "ravine/core/error.hpp"
#include "ravine/core/values/random.hpp"

namespace ravine {

std::vector<int64_t> ranks_of(std::span<const double> difficulties) {
    const auto key = [&](int64_t example) {
        const double d = difficulties[static_cast<size_t>(example)];
        return std::isfinite(d) ? d : std::numeric_limits<double>::infinity();
    };
    std::vector<int64_t> by_difficulty(difficulties.size()), ranks(difficulties.size());
    std::iota(by_difficulty.begin(), by_difficulty.end(), int64_t{0});
    std::ranges::stable_sort(by_difficulty, {}, key);
    for (size_t rank = 0; rank < ranks.size(); ++rank)
        ranks[static_cast<size_t>(by_difficulty[rank])] = static_cast<int64_t>(rank);
    return ranks;
}

CurriculumPlan::CurriculumPlan(Curriculum curriculum, std::span<const double> difficulties, uint64_t seed,
                               int64_t epochs)
    : curriculum_(curriculum),
      seed_(seed),
      epochs_(epochs),
      ranks_(ranks_of(difficulties)),
      plain_(difficulties.size()),
      easy_(difficulties.size()),
      weights_(difficulties.size(), 1) {}

void CurriculumPlan::begin_epoch(int64_t epoch) {
    if (curriculum_.kind == Curriculum::Kind::weighted) weigh_all(pace_of(curriculum_, epoch, epochs_).easy);
}

void CurriculumPlan::arrange(int64_t epoch, std::span<int64_t> order) {
    require(order.size() == ranks_.size(), "an order of {} examples and {} difficulties", order.size(),
            ranks_.size());
    const Pace pace = pace_of(curriculum_, epoch, epochs_);
    const bool draws = curriculum_.exists() && curriculum_.kind != Curriculum::Kind::weighted;
    if (draws && pace.easy < 1) draw(pace, epoch, order);
}

void CurriculumPlan::draw(const Pace& pace, int64_t epoch, std::span<int64_t> order) {
    const double all = static_cast<double>(order.size());
    const int64_t easy = std::max<int64_t>(1, std::llround(pace.easy * all));
    std::ranges::copy(order, plain_.begin());
    const auto end =
        std::ranges::copy_if(plain_, easy_.begin(), [&](int64_t i) { return is_easy(i, easy); }).out;
    const auto count = static_cast<size_t>(end - easy_.begin());
    const double mix = curriculum_.kind == Curriculum::Kind::stochastic ? pace.mix : 1;
    RandomSequence random(
        {.seed = seed_, .purpose = Purpose::curriculum, .step = static_cast<uint64_t>(epoch)});
    size_t from_easy = 0, from_all = 0;
    for (auto& example : order)
        example = random.uniform() < mix ? easy_[from_easy++ % count] : plain_[from_all++];
}

void CurriculumPlan::weigh_all(double easy) {
    const auto count = static_cast<double>(ranks_.size());
    double total = 0;
    for (size_t i = 0; i < ranks_.size(); ++i) {
        const double r = (static_cast<double>(ranks_[i]) + 0.5) / count;
        weights_[i] = r < easy ? 1 : std::pow(easy, (r - easy) / (1 - easy));
        total += weights_[i];
    }
    for (auto& weight : weights_) weight *= count / total;
}

void CurriculumPlan::weigh(std::span<const int64_t> examples, Vector& weights) const {
    for (size_t i = 0; i < examples.size(); ++i) weights.set(static_cast<int64_t>(i), weight(examples[i]));
}

}  // namespace ravine
