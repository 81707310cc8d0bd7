#include "ravine/optim/rates/rate_policy.hpp"

namespace ravine {

std::string in_words(const std::vector<RateCount>& counts) {
    std::string words;
    for (const auto& [name, what, count] : counts) {
        if (count == 0) continue;
        const std::string often = count == 1 ? "once" : std::to_string(count) + " times";
        words += (words.empty() ? "" : "; ") + often + " " + what;
    }
    return words;
}

}  // namespace ravine
