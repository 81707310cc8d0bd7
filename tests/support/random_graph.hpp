#pragma once

#include <vector>

#include "ravine/graph/ops.hpp"
#include "tests/support/evaluate.hpp"

namespace ravine::test {

/// A random graph of elementwise operations, broadcasts of all kinds, reductions, views and products around
/// one space, with some of its values as outputs. All values stay near 1, and jumps happen only at inputs, so
/// that a result in float is near the one in double.
struct RandomGraph {
    RandomGraph(Shape space, int operations, uint64_t seed);

    Graph graph;
    std::vector<Value> outputs;
    std::vector<int> phases;  ///< of the outputs
    Feed feed;
};

/// Shapes of one, two and four axes with `count` elements, and others where that is not possible.
std::vector<Shape> spaces_of(int64_t count);

}  // namespace ravine::test
