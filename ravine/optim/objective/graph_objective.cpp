#include "ravine/optim/objective/graph_objective.hpp"

#include <algorithm>
#include <cstring>

#include "ravine/core/error.hpp"
#include "ravine/core/threads/clock.hpp"
#include "ravine/graph/derivatives.hpp"
#include "ravine/graph/ops.hpp"
#include "ravine/graph/reassociate.hpp"
#include "ravine/graph/values_along.hpp"

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

/// The phase behind forward and backward.
constexpr int ahead_phase = 2;

/// The slope and second derivatives of a loss along directions of its trained parameters.
std::vector<Output> along_outputs(const LossGraph& built, const std::vector<Value>& parameters,
                                  const std::vector<Value>& direction, Curvature wanted, int phase) {
    std::vector<Output> outputs{{jvp({&built.loss, 1}, parameters, direction)[0], "slope", 0, phase}};
    if (wanted == Curvature::exact || wanted == Curvature::both)
        outputs.push_back({curvature_along(built.loss, parameters, direction), "curvature", 0, phase});
    if ((wanted == Curvature::gauss_newton || wanted == Curvature::both) && built.outputs)
        outputs.push_back({gauss_newton_along(built.loss, *built.outputs, parameters, direction),
                           "gauss_newton", 0, phase});
    return outputs;
}

/// Copies the numbers of a slice.
void copy_slice(const Vector& from, const Slice& slice, Vector& to) {
    const size_t size = element_size(from.precision());
    const auto offset = static_cast<size_t>(slice.offset) * size;
    std::memcpy(static_cast<std::byte*>(to.data()) + offset,
                static_cast<const std::byte*>(from.data()) + offset,
                static_cast<size_t>(slice.size()) * size);
}

}  // namespace

GraphObjective::GraphObjective(std::function<LossGraph(Graph&)> build, CompileOptions options,
                               std::shared_ptr<const ParameterLayout> layout,
                               std::function<LossGraph(Graph&)> build_one)
    : build_(std::move(build)),
      build_one_(std::move(build_one)),
      options_(options),
      layout_(std::move(layout)) {
    compile_main();
}

void GraphObjective::compile_main() {
    Graph graph;
    const LossGraph built = build_(graph);
    dimension_ = total_size(built.parameters);
    if (built.losses) losses_ = element_count(built.losses->shape());
    std::vector<Output> outputs{{built.loss, "loss"}};
    for (const auto& [name, value] : built.taps) outputs.push_back({value, name});
    for (const auto& update : built.buffer_updates)
        outputs.push_back({update.next, "new_buffers", update.offset});
    const auto slopes = gradient(built.loss, trained(built.parameters));
    append_flat(outputs, "gradient", with_zeros(built.parameters, slopes), 1);
    for (auto& output : ahead_outputs(built, slopes)) outputs.push_back(std::move(output));
    main_ = std::make_unique<SampleWorkspace>(graph, std::move(outputs), options_);
    const Program& program = main_->program();
    parameters_ = program.storage("parameters");
    loss_ = program.storage("loss");
    gradient_ = program.storage("gradient");
    steps_ = program.storage("steps");
    values_ = program.storage("values");
    direction_ = program.storage("direction");
    product_ = program.storage("product");
    slope_ = program.storage("slope");
    curvature_ = program.storage("curvature");
    gauss_newton_ = program.storage("gauss_newton");
    backward_equivalents_ = equivalents_of(program, 1);
    ahead_equivalents_ = program.phase_count() > ahead_phase ? equivalents_of(program, ahead_phase) : 0;
    new_buffers_ = program.storage("new_buffers");
    if (new_buffers_ >= 0 && settled_buffers_.size() == 0)
        settled_buffers_ = Vector(program.storage_size(new_buffers_), options_.precision);
    forward_version_ = linear_version_ = 0;
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

void GraphObjective::append_product(std::vector<Output>& outputs, const std::vector<Value>& parameters,
                                    const std::vector<Value>& of_trained) const {
    append_flat(outputs, "product", with_zeros(parameters, of_trained), 0);
}

std::vector<Output> GraphObjective::ahead_outputs(const LossGraph& built,
                                                  const std::vector<Value>& gradient) const {
    if (ahead_ == Ahead::nothing) return {};
    Graph& graph = *built.loss.graph;
    const auto parameters = trained(built.parameters);
    const auto given = [&] { return trained(counterparts(graph, built.parameters, "direction")); };
    const auto product = [&](const std::vector<Value>& of_trained) {
        std::vector<Output> outputs;
        append_flat(outputs, "product", with_zeros(built.parameters, of_trained), ahead_phase);
        return outputs;
    };
    const bool is_exact = ahead_ == Ahead::exact_along || ahead_ == Ahead::exact_descent;
    const Curvature wanted = is_exact ? Curvature::exact : Curvature::gauss_newton;
    switch (ahead_) {
        case Ahead::hessian_vector:
            return product(ravine::hessian_vector(built.loss, parameters, given()));
        case Ahead::gauss_newton_vector:
            return product(ravine::gauss_newton_vector(built.loss, *built.outputs, parameters, given()));
        case Ahead::gauss_newton_along:
        case Ahead::exact_along:
            return along_outputs(built, parameters, given(), wanted, ahead_phase);
        case Ahead::five_values: {
            std::vector<Value> steps;
            for (int i = 0; i < 5; ++i) steps.push_back(graph.parameter("steps", i, {}));
            std::vector<Output> outputs;
            append_flat(outputs, "values", ravine::values_along(built.loss, parameters, given(), steps),
                        ahead_phase);
            return outputs;
        }
        default:
            break;
    }
    // Along plus the gradient: minus has the same second derivatives, and the other slope.
    std::vector<Value> ascent;
    for (size_t i = 0; i < built.parameters.size(); ++i) {
        if (layout_ && !layout_->slices[i].trainable) continue;
        const double rate = layout_ ? layout_->slices[i].rate : 1;
        ascent.push_back(rate * gradient[ascent.size()]);
    }
    auto outputs = along_outputs(built, parameters, ascent, wanted, ahead_phase);
    std::vector<Value> values;
    for (const auto& output : outputs) values.push_back(output.value);
    values = reassociate(values);
    for (size_t i = 0; i < values.size(); ++i) outputs[i].value = values[i];
    return outputs;
}

void GraphObjective::run_forward(const Parameters& at) {
    forward_version_ = linear_version_ = 0;  // should the sample lack something
    main_->on(sample_);
    if (parameters_ >= 0) main_->bind(parameters_, at.values());
    const auto begin = Clock::now();
    main_->run(0);
    ++work_.forward_passes;
    work_.equivalents += 1;
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
    work_.equivalents += backward_equivalents_;
    work_.backward_seconds += seconds_since(begin);
    resumable_ = false;  // the backward phase reuses the memory of what it has read
    if (ahead_ != Ahead::nothing) linear_version_ = at.version(), linear_sample_ = sample_.version();
    return main_->value(loss_);
}

void GraphObjective::settle() {
    if (new_buffers_ >= 0)
        std::memcpy(settled_buffers_.data(), main_->data(new_buffers_), settled_buffers_.byte_count());
}

double GraphObjective::equivalents_of(const Program& program, int phase) const {
    const auto forward = static_cast<double>(std::max<int64_t>(main_->program().flops(0), 1));
    return static_cast<double>(program.flops(phase)) / forward;
}

GraphObjective::Derived& GraphObjective::derived(Kind kind) {
    auto& known = derived_[static_cast<size_t>(kind)];
    if (known) return *known;
    Graph graph;
    const LossGraph built = build_(graph);
    const auto parameters = trained(built.parameters),
               direction = trained(counterparts(graph, built.parameters, "direction"));
    std::vector<Output> outputs;
    const auto add_product = [&](const std::vector<Value>& product) {
        append_product(outputs, built.parameters, product);
    };
    switch (kind) {
        case Kind::hessian:
            add_product(ravine::hessian_vector(built.loss, parameters, direction));
            break;
        case Kind::gauss_newton:
            if (!built.outputs) fail_request("this objective has no outputs: it has no Gauss-Newton matrix");
            add_product(ravine::gauss_newton_vector(built.loss, *built.outputs, parameters, direction));
            break;
        case Kind::along_none:
        case Kind::along_gauss_newton:
        case Kind::along_exact:
        case Kind::along_both: {
            const auto wanted =
                static_cast<Curvature>(static_cast<int>(kind) - static_cast<int>(Kind::along_none));
            outputs = along_outputs(built, parameters, direction, wanted, 0);
            outputs.push_back({built.loss, "loss"});
            break;
        }
        case Kind::value:
            outputs = {{built.loss, "loss"}};
            break;
        case Kind::taps:
            outputs = tap_outputs(built);
            break;
        case Kind::example: {
            if (!built.losses)
                fail_request("this objective is no mean over examples: they have no gradients");
            // The direction here is one in the space of the examples.
            const Value chosen = graph.parameter("direction", 0, built.losses->shape());
            add_product(vjp({&*built.losses, 1}, {&chosen, 1}, parameters));
            chosen_ = Vector(losses_, options_.precision);
            break;
        }
    }
    known = make(graph, std::move(outputs));
    return *known;
}

GraphObjective::Derived::Derived(const Graph& graph, std::vector<Output> outputs, CompileOptions options)
    : workspace(std::make_unique<SampleWorkspace>(graph, std::move(outputs), options)) {
    const auto storage = [&](const char* name) { return workspace->program().storage(name); };
    parameters = storage("parameters");
    direction = storage("direction");
    product = storage("product");
    loss = storage("loss");
    slope = storage("slope");
    curvature = storage("curvature");
    gauss_newton = storage("gauss_newton");
}

GraphObjective::Derived GraphObjective::make(const Graph& graph, std::vector<Output> outputs) const {
    // Curvature is computed in what the parameters are stored in.
    Derived made(graph, std::move(outputs), {storage_precision(options_.precision), options_.threads});
    made.equivalents = equivalents_of(made.workspace->program(), 0);
    return made;
}

void GraphObjective::run(Derived& derived, const Vector& parameters, const Vector* direction) {
    derived.workspace->on(sample_);
    if (derived.parameters >= 0) derived.workspace->bind(derived.parameters, parameters);
    if (derived.direction >= 0 && direction) derived.workspace->bind(derived.direction, *direction);
    derived.workspace->run();
    work_.equivalents += derived.equivalents;
}

void GraphObjective::multiply(Kind kind, const Parameters& at, const Vector& v, Vector& result) {
    if (is_linear_at(at, kind == Kind::hessian ? Ahead::hessian_vector : Ahead::gauss_newton_vector)) {
        main_->bind(product_, result);
        run_ahead(&v);
        ++work_.backward_passes;
        return;
    }
    Derived& product = derived(kind);
    product.workspace->bind(product.product, result);
    run(product, at.values(), &v);
    // Tangents forward and backward: two passes each way.
    work_.forward_passes += 2;
    work_.backward_passes += 2;
}

void GraphObjective::hessian_vector(const Parameters& at, const Vector& v, Vector& result) {
    multiply(Kind::hessian, at, v, result);
}

void GraphObjective::gauss_newton_vector(const Parameters& at, const Vector& v, Vector& result) {
    multiply(Kind::gauss_newton, at, v, result);
}

const Vector& GraphObjective::moved(const Parameters& at, const Vector& direction, double step) {
    if (!mover_) {
        Graph graph;
        const Value x = graph.parameter("parameters", 0, {dimension_}),
                    d = graph.parameter("direction", 0, {dimension_});
        mover_ = std::make_unique<Workspace>(
            Program::compile(graph, {{x + graph.scalar("step") * d, "moved"}},
                             {storage_precision(options_.precision), options_.threads}));
        moved_ = Vector(dimension_, options_.precision);
        const Program& program = mover_->program();
        mover_->bind(program.storage("moved"), moved_);
        move_from_ = program.storage("parameters");
        move_by_ = program.storage("direction");
        move_step_ = program.scalar("step");
    }
    mover_->bind(move_from_, at.values());
    mover_->bind(move_by_, direction);
    mover_->set_scalar(move_step_, step);
    mover_->run();
    if (layout_)
        for (const auto& slice : layout_->slices)
            if (!slice.trainable) copy_slice(at.values(), slice, moved_);
    return moved_;
}

Along GraphObjective::along(const Parameters& at, const Vector& direction, double step, Curvature wanted) {
    const bool may_go_on =
        step == 0 && ((wanted == Curvature::gauss_newton && is_linear_at(at, Ahead::gauss_newton_along)) ||
                      (wanted == Curvature::exact && is_linear_at(at, Ahead::exact_along)));
    if (may_go_on) {
        run_ahead(&direction);
        return ahead_along();
    }
    const auto kind = static_cast<Kind>(static_cast<int>(Kind::along_none) + static_cast<int>(wanted));
    Derived& program = derived(kind);
    run(program, step == 0 ? at.values() : moved(at, direction, step), &direction);
    work_.forward_passes += 2;  // value and tangent
    if (program.curvature >= 0) ++work_.backward_passes;
    Along result{.value = program.number(program.loss), .slope = program.number(program.slope)};
    if (program.curvature >= 0) result.curvature = program.number(program.curvature);
    if (program.gauss_newton >= 0) result.gauss_newton = program.number(program.gauss_newton);
    return result;
}

bool GraphObjective::expect(Ahead what) {
    if (options_.precision == Precision::bf16) return false;
    if (what == ahead_) return true;
    ahead_ = what;
    compile_main();
    return true;
}

void GraphObjective::run_ahead(const Vector* direction) {
    if (direction_ >= 0 && direction) main_->bind(direction_, *direction);
    main_->run(ahead_phase);
    ++work_.forward_passes;  // a tangent
    work_.equivalents += ahead_equivalents_;
}

Along GraphObjective::ahead_along() const {
    Along result{.value = main_->value(loss_), .slope = main_->value(slope_)};
    if (curvature_ >= 0) result.curvature = main_->value(curvature_);
    if (gauss_newton_ >= 0) result.gauss_newton = main_->value(gauss_newton_);
    return result;
}

Along GraphObjective::along_descent(const Parameters& at, Curvature wanted) {
    require(is_linear_at(at, wanted == Curvature::exact ? Ahead::exact_descent : Ahead::gauss_newton_descent),
            "along_descent: not expected, or another point than the last gradient's");
    run_ahead(nullptr);
    Along result = ahead_along();
    result.slope = -result.slope;
    return result;
}

void GraphObjective::values_along(const Parameters& at, const Vector& direction,
                                  std::span<const double> steps, std::span<double> values) {
    require(steps.size() == values.size(), "values_along: {} steps, {} values", steps.size(), values.size());
    if (steps.size() == 5 && is_linear_at(at, Ahead::five_values)) {
        if (ahead_steps_.size() == 0) ahead_steps_ = Vector(5, options_.precision);
        for (int i = 0; i < 5; ++i) ahead_steps_.set(i, steps[static_cast<size_t>(i)]);
        main_->bind(steps_, ahead_steps_);
        run_ahead(&direction);
        work_.forward_passes += 4;
        for (int i = 0; i < 5; ++i) values[static_cast<size_t>(i)] = main_->value(values_, i);
        return;
    }
    Derived& program = derived(Kind::value);
    for (size_t i = 0; i < steps.size(); ++i) {
        run(program, moved(at, direction, steps[i]), &direction);
        ++work_.forward_passes;
        values[i] = program.number(program.loss);
    }
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
