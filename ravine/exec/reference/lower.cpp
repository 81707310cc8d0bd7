#include "ravine/core/error.hpp"
#include "ravine/exec/plain/plain.hpp"
#include "ravine/exec/plan/plan.hpp"
#include "ravine/exec/reference/reference.hpp"

namespace ravine {

// One kernel a node, in double, in the order of the graph. The oracle for the other executor; the tests hold
// its products against plain loops (tests/support/naive_product.hpp).
std::unique_ptr<const Plan> lower_to_reference(const Graph& graph, std::vector<Output> outputs,
                                               CompileOptions options) {
    Lowering lowering(graph, std::move(outputs), options);
    for (const int id : lowering.needed()) {
        const Node& node = graph.node(id);
        if (node.op == Op::input || node.op == Op::parameter || node.op == Op::reshape) continue;
        if (lowering.resolve(id) != id) continue;
        PlainRequest request{node, {}, {}, lowering.buffer(id)};
        for (const int argument : node.arguments) {
            request.shapes.push_back(graph.node(argument).shape);
            request.arguments.push_back(lowering.buffer(argument));
        }
        std::unique_ptr<Kernel> kernel;
        if (node.op == Op::scalar)
            kernel = make_reference_scalar(request, lowering.scalar(node.attributes.name));
        else if (node.op == Op::constant || is_elementwise(node.op))
            kernel = make_reference_elementwise(request);
        else if (node.op >= Op::broadcast && node.op <= Op::max_to)
            kernel = make_reference_broadcasting(request);
        else if (node.op >= Op::matmul && node.op <= Op::conv2d_weight_gradient)
            kernel = make_reference_product(request, options.threads);
        else
            kernel = make_plain(request, Element::f64);
        require(kernel != nullptr, "the reference executor has no {}", name_of(node.op));
        lowering.add(std::move(kernel), {id}, request.arguments, {request.result}, lowering.phase_of(id));
    }
    return lowering.finish();
}

}  // namespace ravine
