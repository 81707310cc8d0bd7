#include "ravine/exec/plan/program.hpp"

#include <algorithm>
#include <chrono>

#include "ravine/core/error.hpp"
#include "ravine/core/threads/threads.hpp"
#include "ravine/exec/plan/kernel.hpp"
#include "ravine/exec/plan/plan.hpp"

namespace ravine {

Program::Program(CompileOptions options, std::unique_ptr<const Plan> plan)
    : options_(options), plan_(std::move(plan)) {}

Program::~Program() = default;

std::shared_ptr<const Program> Program::compile(const Graph& graph, std::vector<Output> outputs,
                                                CompileOptions options) {
    require_supported(options.precision);
    auto plan = options.precision == Precision::f64 ? lower_to_reference(graph, std::move(outputs), options)
                                                    : lower_to_onednn(graph, std::move(outputs), options);
    return std::shared_ptr<const Program>(new Program(options, std::move(plan)));
}

int Program::storage(const std::string& name) const {
    const auto found = std::ranges::find(plan_->storages, name, &Storage::name);
    return found == plan_->storages.end() ? -1 : static_cast<int>(found - plan_->storages.begin());
}

int Program::scalar(const std::string& name) const {
    const auto found = std::ranges::find(plan_->scalars, name);
    return found == plan_->scalars.end() ? -1 : static_cast<int>(found - plan_->scalars.begin());
}

int64_t Program::storage_size(int storage) const {
    return plan_->storages.at(static_cast<size_t>(storage)).elements;
}

int Program::phase_count() const { return plan_->phases; }

int64_t Program::flops(int phase) const {
    int64_t total = 0;
    for (const auto& step : plan_->steps) total += step.phase == phase ? step.flops : 0;
    return total;
}

int64_t Program::arena_bytes() const { return plan_->arena_bytes + plan_->scratch_bytes; }

std::string Program::describe() const {
    std::string text;
    for (const auto& step : plan_->steps) text += fmt::format("{} {}\n", step.phase, step.kernel->describe());
    return text;
}

std::vector<KernelInfo> Program::kernels() const {
    std::vector<KernelInfo> infos;
    for (const auto& step : plan_->steps) {
        KernelInfo& info = infos.emplace_back(KernelInfo{
            .text = step.kernel->describe(), .label = step.label, .phase = step.phase, .flops = step.flops});
        for (const auto* buffers : {&step.reads, &step.writes})
            for (const int buffer : *buffers)
                info.bytes += plan_->buffers[static_cast<size_t>(buffer)].bytes();
    }
    return infos;
}

Workspace::Workspace(std::shared_ptr<const Program> program)
    : program_(std::move(program)),
      owned_(program_->plan().storages.size()),
      storages_(program_->plan().storages.size(), nullptr),
      buffers_(program_->plan().buffers.size(), nullptr),
      scalars_(program_->plan().scalars.size(), 0) {
    const auto bytes = static_cast<int64_t>(element_size(program_->precision()));
    arena_ = Vector((program_->arena_bytes() + bytes - 1) / bytes, program_->precision());
    for (const auto& step : program_->plan().steps) states_.push_back(step.kernel->make_state());
}

Workspace::~Workspace() = default;

void Workspace::bind(int storage, void* data) {
    auto& place = storages_.at(static_cast<size_t>(storage));
    if (place == data) return;
    place = data;
    resolved_ = false;
}

void Workspace::bind(int storage, Vector& vector) {
    const Precision stored = storage_precision(program_->precision());
    require(vector.precision() == stored && vector.size() >= program_->storage_size(storage),
            "storage '{}' needs {} elements of {}, found {} of {}",
            program_->plan().storages[static_cast<size_t>(storage)].name, program_->storage_size(storage),
            to_string(stored), vector.size(), to_string(vector.precision()));
    bind(storage, vector.data());
}

void Workspace::bind(int storage, const Vector& vector) {
    require(!program_->plan().storages.at(static_cast<size_t>(storage)).is_written,
            "storage '{}' is an output and is bound to a constant vector",
            program_->plan().storages.at(static_cast<size_t>(storage)).name);
    bind(storage, const_cast<Vector&>(vector));
}

void Workspace::resolve() {
    const Plan& plan = program_->plan();
    for (size_t i = 0; i < storages_.size(); ++i) {
        if (storages_[i]) continue;
        owned_[i] = Vector(plan.storages[i].elements, program_->precision());
        storages_[i] = owned_[i].data();
    }
    for (size_t i = 0; i < buffers_.size(); ++i) {
        const Buffer& buffer = plan.buffers[i];
        auto* base = static_cast<std::byte*>(
            buffer.storage < 0 ? arena_.data() : storages_[static_cast<size_t>(buffer.storage)]);
        buffers_[i] = base + buffer.offset;
    }
    ++bindings_;
    resolved_ = true;
}

void* Workspace::data(int storage) const {
    if (!resolved_) const_cast<Workspace*>(this)->resolve();
    return storages_.at(static_cast<size_t>(storage));
}

double Workspace::value(int storage, int64_t index) const {
    require(index >= 0 && index < program_->storage_size(storage), "element {} of a storage of {}", index,
            program_->storage_size(storage));
    const void* memory = data(storage);
    return program_->precision() == Precision::f64 ? static_cast<const double*>(memory)[index]
                                                   : static_cast<const float*>(memory)[index];
}

void Workspace::set_scalar(int scalar, double value) { scalars_.at(static_cast<size_t>(scalar)) = value; }

void Workspace::run(int phase) {
    if (!resolved_) resolve();
    const Plan& plan = program_->plan();
    require(phase >= 0 && phase < plan.phases, "phase {} of a program with {} phases", phase, plan.phases);
    const FlushSubnormals flush(program_->precision() != Precision::f64);
    const Context context{.buffers = buffers_.data(),
                          .scalars = scalars_.data(),
                          .random = &random,
                          .scratch = static_cast<std::byte*>(arena_.data()) + plan.arena_bytes,
                          .threads = program_->threads(),
                          .bindings = bindings_};
    require(kernel_seconds.empty() || kernel_seconds.size() == plan.steps.size(),
            "times of {} kernels for a program of {}", kernel_seconds.size(), plan.steps.size());
    using Clock = std::chrono::steady_clock;
    for (size_t i = 0; i < plan.steps.size(); ++i) {
        if (plan.steps[i].phase != phase) continue;
        const auto start = kernel_seconds.empty() ? Clock::time_point() : Clock::now();
        plan.steps[i].kernel->run(context, states_[i].get());
        if (!kernel_seconds.empty())
            kernel_seconds[i] += std::chrono::duration<double>(Clock::now() - start).count();
    }
}

}  // namespace ravine
