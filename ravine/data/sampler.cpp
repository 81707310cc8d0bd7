#include "ravine/data/sampler.hpp"

#include <numeric>

#include "ravine/core/error.hpp"
#include "ravine/core/settings/spec.hpp"
#include "ravine/core/values/random.hpp"

namespace ravine {
namespace {

/// Fisher and Yates, in place.
void shuffle(std::span<int64_t> order, const RandomKey& key) {
    RandomSequence random(key);
    for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
}

}  // namespace

const std::vector<std::pair<std::string, Sampling>>& sampling_names() {
    static const std::vector<std::pair<std::string, Sampling>> names = {{"shuffled", Sampling::shuffled},
                                                                        {"sequential", Sampling::sequential},
                                                                        {"once", Sampling::once},
                                                                        {"iid", Sampling::iid}};
    return names;
}

std::string to_string(Sampling sampling) {
    for (const auto& [name, value] : sampling_names())
        if (value == sampling) return name;
    require(false, "a sampling without a name");
    return {};
}

Sampling parse_sampling(const std::string& text) {
    std::vector<std::string> names;
    for (const auto& [name, value] : sampling_names()) {
        if (name == text) return value;
        names.push_back(name);
    }
    fail_request("unknown sampling '{}': expected shuffled, sequential, once or iid{}", text,
                 suggestion(text, names));
}

void epoch_order(Sampling sampling, uint64_t seed, int64_t epoch, std::span<int64_t> order) {
    std::iota(order.begin(), order.end(), int64_t{0});
    switch (sampling) {
        case Sampling::sequential:
            return;
        case Sampling::once:
            return shuffle(order, {.seed = seed, .purpose = Purpose::shuffle, .stream = 1});
        case Sampling::shuffled:
            return shuffle(order,
                           {.seed = seed, .purpose = Purpose::shuffle, .step = static_cast<uint64_t>(epoch)});
        case Sampling::iid: {
            RandomSequence random(
                {.seed = seed, .purpose = Purpose::sampling, .step = static_cast<uint64_t>(epoch)});
            for (auto& example : order) example = static_cast<int64_t>(random.below(order.size()));
        }
    }
}

}  // namespace ravine
