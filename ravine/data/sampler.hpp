#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace ravine {

/// In which order the examples of an epoch are visited.
enum class Sampling {
    shuffled,    ///< a fresh permutation every epoch
    sequential,  ///< 0, 1, 2, ...
    once,        ///< one permutation, the same in every epoch
    iid          ///< drawn independently and uniformly, with replacement
};

/// The samplings and their names, for settings (`choice`) and options.
const std::vector<std::pair<std::string, Sampling>>& sampling_names();
std::string to_string(Sampling sampling);
/// Throws RequestError with the nearest name.
Sampling parse_sampling(const std::string& text);

/// Fills `order` with the examples of epoch `epoch`, numbers in 0 ... order.size()-1. A pure function of
/// (sampling, seed, epoch, order.size()), so that a resumed run goes on alike. Allocates nothing.
void epoch_order(Sampling sampling, uint64_t seed, int64_t epoch, std::span<int64_t> order);

}  // namespace ravine
