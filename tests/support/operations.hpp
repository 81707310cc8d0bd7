#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "ravine/graph/ops.hpp"

namespace ravine::test {

/// One operation applied to some arguments: what every derivative rule and every kernel is tested on.
struct OperationCase {
    Op op;
    std::string name;
    std::vector<Shape> arguments;
    std::function<Value(std::span<const Value>)> build;
    bool positive = false;  ///< the operation wants positive arguments
};

/// Cases for all operations, over ordinary and awkward shapes.
std::vector<OperationCase> operation_cases();

/// Numbers for an argument of a case, away from 0, where some operations have a kink.
std::vector<double> argument_numbers(const OperationCase& operation, size_t argument, uint64_t seed);

}  // namespace ravine::test
