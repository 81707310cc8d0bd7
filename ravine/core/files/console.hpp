#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <utility>

namespace ravine {

/// Prints for a person who may look or not, at once. Where that fails (a closed terminal, a full disk behind
/// standard error) nothing happens: no work is lost because nobody heard of it. fmt::print would throw.
template <class... Args>
void tell(std::FILE* out, fmt::format_string<Args...> format, Args&&... args) {
    const std::string text = fmt::format(format, std::forward<Args>(args)...);
    std::fwrite(text.data(), 1, text.size(), out);
    std::fflush(out);
}

}  // namespace ravine
