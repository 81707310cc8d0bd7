#include "ravine/optim/objective/graph_objective.hpp"

#include <cstring>

#include "ravine/core/error.hpp"
#include "ravine/core/threads/clock.hpp"
#include "ravine/graph/derivatives.hpp"
#include "ravine/graph/ops.hpp"

namespace ravine {
namespace {

int64_t total_size(const std::vector<Value>& parameters) {
    int64_t size = 0;
    for (const auto p : parameters) size += element_count(p.shape());
    return size;
}

/// One output for each parameter, into one storage with the layout of the parameters.
void append_flat(std::vector<Output>& outputs, const std::string& storage, const std::vector<Value>& parts,
                 int phase) {
    int64_t offset = 0;
    for (const auto part : parts) {
        outputs.push_back({part, storage, offset, phase});
        offset += element_count(part.shape());
    }
}

/// The parameters' counterparts in another flat vector.
std::vector<Value> counterparts(Graph& graph, const std::vector<Value>& parameters,
                                const std::string& vector) {
    std::vector<Value> result;
    int64_t offset = 0;
    for (const auto p : parameters) {
        result.push_back(graph.parameter(vector, offset, p.shape()));
        offset += element_count(p.shape());
    }
    return result;
}

/// result <- x + step * direction, from element `begin` to `end`.
template <class T>
void step_along(const Vector& x, const Vector& direction, double step, Vector& result, int64_t begin,
                int64_t end) {
    const auto from = x.as<T>(), d = direction.as<T>();
    const auto to = result.as<T>();
    for (auto i = static_cast<size_t>(begin); i < static_cast<size_t>(end); ++i)
        to[i] = from[i] + static_cast<T>(step) * d[i];
}

}  // namespace

GraphObjective::GraphObjective(std::function<LossGraph(Graph&)> build, CompileOptions options,
                               std::shared_ptr<const ParameterLayout> layout)
    : build_(std::move(build)), options_(options), layout_(std::move(layout)) {
    Graph graph;
    const LossGraph built = build_(graph);
    dimension_ = total_size(built.parameters);
    std::vector<Output> outputs{{built.loss, "loss"}};
    for (const auto& [name, value] : built.taps) outputs.push_back({value, name});
    for (const auto& update : built.buffer_updates)
        outputs.push_back({update.next, "new_buffers", update.offset});
    append_flat(outputs, "gradient",
                with_zeros(built.parameters, gradient(built.loss, trained(built.parameters))), 1);
    main_ = std::make_unique<SampleWorkspace>(graph, std::move(outputs), options_);
    const Program& program = main_->program();
    parameters_ = program.storage("parameters");
    loss_ = program.storage("loss");
    gradient_ = program.storage("gradient");
    new_buffers_ = program.storage("new_buffers");
    if (new_buffers_ >= 0) settled_buffers_ = Vector(program.storage_size(new_buffers_), options_.precision);
}

/// Of values for all tensors those of the trained ones.
std::vector<Value> GraphObjective::trained(const std::vector<Value>& parameters) const {
    if (!layout_) return parameters;
    require(layout_->slices.size() == parameters.size(), "a layout of {} tensors for {}",
            layout_->slices.size(), parameters.size());
    std::vector<Value> result;
    for (size_t i = 0; i < parameters.size(); ++i)
        if (layout_->slices[i].trainable) result.push_back(parameters[i]);
    return result;
}

/// Values for the trained tensors, with zeros for the others between them.
std::vector<Value> GraphObjective::with_zeros(const std::vector<Value>& parameters,
                                              const std::vector<Value>& of_trained) const {
    if (!layout_) return of_trained;
    std::vector<Value> result;
    auto next = of_trained.begin();
    for (size_t i = 0; i < parameters.size(); ++i)
        result.push_back(layout_->slices[i].trainable ? *next++ : constant_like(parameters[i], 0));
    return result;
}

void GraphObjective::run_forward(const Parameters& at) {
    forward_version_ = 0;  // should the sample lack something
    main_->on(sample_);
    if (parameters_ >= 0) main_->bind(parameters_, at.values());
    const auto begin = Clock::now();
    main_->run(0);
    ++work_.forward_passes;
    work_.forward_seconds += seconds_since(begin);
    forward_version_ = at.version();
    forward_sample_ = sample_.version();
    resumable_ = true;
}

double GraphObjective::value(const Parameters& at) {
    if (!is_forward_at(at)) run_forward(at);
    return main_->value(loss_);
}

double GraphObjective::value_and_gradient(const Parameters& at, Vector& gradient) {
    if (!is_forward_at(at) || !resumable_) run_forward(at);
    main_->bind(gradient_, gradient);
    const auto begin = Clock::now();
    main_->run(1);
    ++work_.backward_passes;
    work_.backward_seconds += seconds_since(begin);
    resumable_ = false;  // the backward phase reuses the memory of what it has read
    return main_->value(loss_);
}

void GraphObjective::settle() {
    if (new_buffers_ >= 0)
        std::memcpy(settled_buffers_.data(), main_->data(new_buffers_), settled_buffers_.byte_count());
}

Workspace& GraphObjective::product(Product kind) {
    auto& workspace = products_[kind];
    if (!workspace) workspace = compile(kind);
    workspace->on(sample_);
    return *workspace;
}

std::unique_ptr<SampleWorkspace> GraphObjective::compile(Product kind) {
    Graph graph;
    const LossGraph built = build_(graph);
    const auto parameters = trained(built.parameters),
               direction = trained(counterparts(graph, built.parameters, "direction"));
    const auto append_product = [&](std::vector<Output>& outputs, const std::vector<Value>& product) {
        append_flat(outputs, "product", with_zeros(built.parameters, product), 0);
    };
    std::vector<Output> outputs;
    if (kind == Product::hessian) {
        append_product(outputs, ravine::hessian_vector(built.loss, parameters, direction));
    } else if (kind == Product::gauss_newton) {
        if (!built.outputs) fail_request("this objective has no outputs: it has no Gauss-Newton matrix");
        append_product(outputs,
                       ravine::gauss_newton_vector(built.loss, *built.outputs, parameters, direction));
    } else {
        const auto [slope, curvature] = ravine::along(built.loss, parameters, direction);
        outputs = {{built.loss, "loss"}, {slope, "slope"}, {curvature, "curvature"}};
    }
    // Curvature is computed in what the parameters are stored in.
    const CompileOptions options{storage_precision(options_.precision), options_.threads};
    return std::make_unique<SampleWorkspace>(graph, std::move(outputs), options);
}

void GraphObjective::multiply(Product kind, const Parameters& at, const Vector& v, Vector& result) {
    Workspace& workspace = product(kind);
    const auto bind = [&](const char* name, auto& vector) {
        if (const int handle = workspace.program().storage(name); handle >= 0) workspace.bind(handle, vector);
    };
    bind("parameters", at.values());
    bind("direction", v);
    bind("product", result);
    workspace.run();
    // Tangents forward and backward: two passes each way.
    work_.forward_passes += 2;
    work_.backward_passes += 2;
}

void GraphObjective::hessian_vector(const Parameters& at, const Vector& v, Vector& result) {
    multiply(Product::hessian, at, v, result);
}

void GraphObjective::gauss_newton_vector(const Parameters& at, const Vector& v, Vector& result) {
    multiply(Product::gauss_newton, at, v, result);
}

/// The probe at theta + step * direction.
void GraphObjective::move(const Parameters& from, const Vector& direction, double step) {
    if (!probe_) probe_.emplace(from.shared_layout(), options_.precision);
    Vector& point = *probe_->write();
    const auto part = [&](int64_t begin, int64_t end) {
        if (options_.precision == Precision::f64)
            step_along<double>(from.values(), direction, step, point, begin, end);
        else
            step_along<float>(from.values(), direction, step, point, begin, end);
    };
    if (!layout_) return part(0, dimension_);
    point.assign(from.values());
    for (const auto& slice : layout_->slices)
        if (slice.trainable) part(slice.offset, slice.offset + slice.size());
}

Along GraphObjective::along(const Parameters& at, const Vector& direction, double step) {
    Workspace& workspace = product(Product::along);
    const Program& program = workspace.program();
    move(at, direction, step);
    const Vector& point = probe_->values();
    if (const int handle = program.storage("parameters"); handle >= 0) workspace.bind(handle, point);
    if (const int handle = program.storage("direction"); handle >= 0) workspace.bind(handle, direction);
    workspace.run();
    work_.forward_passes += 3;  // value, tangent and second tangent
    return {workspace.value(program.storage("loss")), workspace.value(program.storage("slope")),
            workspace.value(program.storage("curvature"))};
}

const void* GraphObjective::tap(const std::string& name) const {
    const int handle = main_->program().storage(name);
    require(handle >= 0, "no tap '{}'", name);
    return main_->data(handle);
}

double GraphObjective::tap_value(const std::string& name) const {
    const int handle = main_->program().storage(name);
    require(handle >= 0, "no tap '{}'", name);
    return main_->value(handle);
}

}  // namespace ravine
