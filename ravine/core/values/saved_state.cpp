#include "ravine/core/values/saved_state.hpp"

#include <algorithm>

namespace ravine {

void SavedState::append(const std::string& prefix, const SavedState& part) {
    for (const auto& [name, shape, values] : part.tensors) tensors.push_back({prefix + name, shape, values});
    for (const auto& [name, value] : part.numbers) numbers.push_back({prefix + name, value});
    for (const auto& [name, value] : part.counters) counters.push_back({prefix + name, value});
}

Vector* SavedState::find(const std::string& name) const {
    const auto found = std::ranges::find(tensors, name, &Tensor::name);
    return found == tensors.end() ? nullptr : found->values;
}

}  // namespace ravine
