#include "ravine/core/printable.hpp"

namespace ravine {

std::string printable(std::string text) {
    for (auto& c : text)
        if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = ' ';
    return text;
}

}  // namespace ravine
