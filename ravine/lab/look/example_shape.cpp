#include "ravine/lab/look/example_shape.hpp"

#include <algorithm>

#include "ravine/core/error.hpp"
#include "ravine/core/settings/settings.hpp"

namespace ravine {

Shape parse_example_shape(const std::string& text) {
    Shape shape;
    for (size_t begin = 0; begin <= text.size();) {
        const size_t end = std::min(text.find('x', begin), text.size());
        shape.push_back(parse_integer("--shape", text.substr(begin, end - begin), Range{1, 1e6}));
        begin = end + 1;
    }
    if (shape.size() != 1 && shape.size() != 3)
        fail_request("--shape: expected COLUMNS or HEIGHTxWIDTHxCHANNELS, found '{}'", text);
    return shape;
}

}  // namespace ravine
