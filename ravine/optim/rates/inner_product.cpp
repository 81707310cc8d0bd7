#include "ravine/optim/rates/inner_product.hpp"

#include "ravine/graph/ops.hpp"

namespace ravine {

InnerProduct::InnerProduct(int64_t size, CompileOptions compile) {
    Graph graph;
    const Value a = graph.input("a", {size}), b = graph.input("b", {size});
    workspace_ = std::make_unique<Workspace>(Program::compile(
        graph, {{sum(a * b), "product"}}, {storage_precision(compile.precision), compile.threads}));
    const Program& program = workspace_->program();
    a_ = program.storage("a");
    b_ = program.storage("b");
    product_ = program.storage("product");
}

double InnerProduct::operator()(const Vector& a, const Vector& b) {
    workspace_->bind(a_, a);
    workspace_->bind(b_, b);
    workspace_->run();
    return workspace_->value(product_);
}

}  // namespace ravine
