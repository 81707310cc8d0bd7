#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ravine/core/values/precision.hpp"
#include "ravine/exec/plan/kernel.hpp"
#include "ravine/graph/graph.hpp"

namespace ravine {

/// A kernel made of a function of the context: for operations that need no state.
template <class F>
class FunctionKernel : public Kernel {
public:
    FunctionKernel(std::string text, F function) : text_(std::move(text)), function_(std::move(function)) {}
    void run(const Context& context, KernelState*) const override { function_(context); }
    std::string describe() const override { return text_; }

private:
    std::string text_;
    F function_;
};

template <class F>
std::unique_ptr<Kernel> make_kernel(std::string text, F function) {
    return std::make_unique<FunctionKernel<F>>(std::move(text), std::move(function));
}

/// What a plain kernel is made from: a node, the shapes of its arguments and the buffers of all.
struct PlainRequest {
    const Node& node;
    std::vector<Shape> shapes;
    std::vector<int> arguments;
    int result;
};

/// Plain loops for the operations that neither a library nor fusion serves: movement, pooling, rows, random
/// numbers. Both executors use them, in their own precision. Nothing for any other operation, and bfloat16
/// only for movement.
std::unique_ptr<Kernel> make_plain(const PlainRequest& request, Element element);

/// Copies `elements` elements of one buffer to another.
std::unique_ptr<Kernel> make_copy(int source, int target, int64_t elements, Precision precision);

// By family; T is float or double, or Bfloat16 for movement.
template <class T>
std::unique_ptr<Kernel> make_movement(const PlainRequest& request);
template <class T>
std::unique_ptr<Kernel> make_pooling(const PlainRequest& request);
template <class T>
std::unique_ptr<Kernel> make_row(const PlainRequest& request);
template <class T>
std::unique_ptr<Kernel> make_random(const PlainRequest& request);

}  // namespace ravine
