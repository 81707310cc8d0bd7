#include <algorithm>
#include <limits>

#include "ravine/core/error.hpp"
#include "ravine/exec/plain/plain.hpp"
#include "ravine/exec/plan/plan.hpp"
#include "ravine/graph/flops.hpp"

namespace ravine {
Lowering::Lowering(const Graph& graph, std::vector<Output> outputs, CompileOptions options)
    : graph_(graph),
      options_(options),
      stored_(options.precision == Precision::f64 ? Element::f64 : Element::f32),
      outputs_(std::move(outputs)),
      plan_(std::make_unique<Plan>()) {
    require(options.threads >= 1, "a program for {} threads", options.threads);
    for (const auto& output : outputs_)
        require(output.value.graph == &graph && output.offset >= 0 && output.phase >= 0,
                "output '{}': a value of another graph, offset {} or phase {}", output.storage, output.offset,
                output.phase);
    find_needed();
}

int Lowering::resolve(int id) const {
    while (passes_on(graph_.node(id).op)) id = graph_.node(id).arguments[0];
    return id;
}

int Lowering::source_of_views(int id) const {
    id = resolve(id);
    while (graph_.node(id).op == Op::reshape) id = resolve(graph_.node(id).arguments[0]);
    return id;
}

std::span<const int> Lowering::read_arguments(const Node& node) {
    const std::span arguments(node.arguments);
    return passes_on(node.op) ? arguments.first(1) : arguments;
}

void Lowering::find_needed() {
    const size_t count = graph_.nodes().size();
    constexpr int never = std::numeric_limits<int>::max();
    phase_.assign(count, never);
    is_output_.assign(count, 0);
    for (const auto& output : outputs_) {
        auto& phase = phase_[static_cast<size_t>(resolve(output.value.id))];
        phase = std::min(phase, output.phase);
        plan_->phases = std::max(plan_->phases, output.phase + 1);
        is_output_[static_cast<size_t>(source_of_views(output.value.id))] = 1;
    }
    for (size_t id = count; id-- > 0;) {
        if (phase_[id] == never) continue;
        needed_.push_back(static_cast<int>(id));
        for (const int argument : read_arguments(graph_.node(static_cast<int>(id)))) {
            auto& phase = phase_[static_cast<size_t>(resolve(argument))];
            phase = std::min(phase, phase_[id]);
        }
    }
    std::ranges::reverse(needed_);
    // Storages first: whether an output replaces an input must be known before the first buffer is placed.
    for (const int id : needed_) {
        const Node& node = graph_.node(id);
        if (!is_stored_leaf(node.op)) continue;
        auto& storage = plan_->storages[static_cast<size_t>(this->storage(node.attributes.name))];
        const int64_t offset = node.op == Op::parameter ? node.attributes.integers[0] : 0;
        storage.elements = std::max(storage.elements, offset + element_count(node.shape));
        storage.is_read = true;
    }
    for (const auto& output : outputs_) {
        auto& storage = plan_->storages[static_cast<size_t>(this->storage(output.storage))];
        storage.elements = std::max(storage.elements, output.offset + element_count(output.value.shape()));
        storage.is_written = true;
    }
}

void Lowering::place_outputs() {
    outputs_placed_ = true;
    for (const auto& output : outputs_) {
        const int id = source_of_views(output.value.id);
        const int target = storage(output.storage);
        const bool replaces = plan_->storages[static_cast<size_t>(target)].is_read && !in_place_[target];
        if (is_stored_leaf(graph_.node(id).op) || placed_.contains(id) || replaces)
            copies_.push_back(output);
        else
            placed_[id] = {target, output.offset};
    }
}

int Lowering::buffer(int id) {
    if (!outputs_placed_) place_outputs();
    id = resolve(id);
    if (const auto known = buffer_of_.find(id); known != buffer_of_.end()) return known->second;
    const Node& node = graph_.node(id);
    if (node.op == Op::reshape) return buffer_of_[id] = buffer(node.arguments[0]);
    Buffer buffer{.elements = element_count(node.shape), .element = stored_};
    if (node.op == Op::input) {
        buffer.storage = storage(node.attributes.name);
    } else if (node.op == Op::parameter) {
        buffer.storage = storage(node.attributes.name);
        buffer.offset = node.attributes.integers[0] * size_of(stored_);
    } else if (const auto placed = placed_.find(id); placed != placed_.end()) {
        buffer.storage = placed->second.first;
        buffer.offset = placed->second.second * size_of(stored_);
    } else if (!is_bfloat16_.empty() && is_bfloat16_[static_cast<size_t>(id)]) {
        buffer.element = Element::bf16;
    }
    plan_->buffers.push_back(buffer);
    return buffer_of_[id] = static_cast<int>(plan_->buffers.size()) - 1;
}

int Lowering::extra_buffer(int64_t elements, Element element) {
    plan_->buffers.push_back({.elements = elements, .element = element});
    return static_cast<int>(plan_->buffers.size()) - 1;
}

bool Lowering::same_place(int a, int b) const {
    const Buffer &x = plan_->buffers.at(static_cast<size_t>(a)),
                 &y = plan_->buffers.at(static_cast<size_t>(b));
    return x.storage >= 0 && x.storage == y.storage && x.offset == y.offset;
}

int Lowering::storage(const std::string& name) {
    const auto found = std::ranges::find(plan_->storages, name, &Storage::name);
    if (found != plan_->storages.end()) return static_cast<int>(found - plan_->storages.begin());
    plan_->storages.push_back({.name = name});
    return static_cast<int>(plan_->storages.size()) - 1;
}

int Lowering::scalar(const std::string& name) {
    const auto found = std::ranges::find(plan_->scalars, name);
    if (found != plan_->scalars.end()) return static_cast<int>(found - plan_->scalars.begin());
    plan_->scalars.push_back(name);
    return static_cast<int>(plan_->scalars.size()) - 1;
}

void Lowering::add(std::unique_ptr<Kernel> kernel, const std::vector<int>& nodes, std::vector<int> reads,
                   std::vector<int> writes, int phase) {
    plan_->scratch_bytes = std::max(plan_->scratch_bytes, kernel->scratch_bytes());
    Step step{std::move(kernel), std::move(reads), std::move(writes), phase};
    for (const int id : nodes) step.flops += flops_of(graph_, id);
    if (!nodes.empty()) step.label = graph_.node(nodes[0]).label;
    plan_->steps.push_back(std::move(step));
}

std::unique_ptr<const Plan> Lowering::finish() {
    if (!outputs_placed_) place_outputs();
    // All outputs of a phase appear at once: an old value whose storage is itself replaced is saved before
    // the first replacement.
    const auto copy = [&](int source, int target, int64_t elements, int phase) {
        add(make_copy(source, target, elements, options_.precision), {}, {source}, {target}, phase);
    };
    std::vector<int> sources;
    for (const auto& output : copies_) {
        const Node& node = graph_.node(source_of_views(output.value.id));
        int source = buffer(output.value.id);
        if (is_stored_leaf(node.op) &&
            std::ranges::find(outputs_, node.attributes.name, &Output::storage) != outputs_.end()) {
            const int64_t elements = element_count(node.shape);
            const int saved = extra_buffer(elements, stored_);
            copy(source, saved, elements, output.phase);
            source = saved;
        }
        sources.push_back(source);
    }
    for (size_t i = 0; i < copies_.size(); ++i) {
        const auto& output = copies_[i];
        const int64_t elements = element_count(output.value.shape());
        plan_->buffers.push_back(
            {elements, storage(output.storage), output.offset * size_of(stored_), stored_});
        copy(sources[i], static_cast<int>(plan_->buffers.size()) - 1, elements, output.phase);
    }
    std::ranges::stable_sort(plan_->steps, {}, &Step::phase);
    plan_->arena_bytes = plan_memory(*plan_);
    return std::move(plan_);
}

int64_t plan_memory(Plan& plan) {
    struct Life {
        int buffer, first, last;
    };
    std::vector<Life> lives;
    std::vector<int> life_of(plan.buffers.size(), -1);
    for (size_t step = 0; step < plan.steps.size(); ++step) {
        const auto touch = [&](int buffer) {
            if (plan.buffers[static_cast<size_t>(buffer)].storage >= 0) return;
            int& life = life_of[static_cast<size_t>(buffer)];
            if (life < 0) {
                life = static_cast<int>(lives.size());
                lives.push_back({buffer, static_cast<int>(step), static_cast<int>(step)});
            }
            lives[static_cast<size_t>(life)].last = static_cast<int>(step);
        };
        std::ranges::for_each(plan.steps[step].reads, touch);
        std::ranges::for_each(plan.steps[step].writes, touch);
    }
    // Phases behind the second may run again: what they read of earlier ones stays.
    const int last_step = static_cast<int>(plan.steps.size()) - 1;
    for (auto& life : lives) {
        const int from = plan.steps[static_cast<size_t>(life.first)].phase,
                  to = plan.steps[static_cast<size_t>(life.last)].phase;
        if (to > 1 && from < to) life.last = last_step;
    }
    const auto size_of = [&](const Life& life) {
        return plan.buffers[static_cast<size_t>(life.buffer)].bytes();
    };
    std::ranges::stable_sort(lives, std::ranges::greater(), size_of);

    constexpr int64_t alignment = 64;  // a cache line
    int64_t total = 0;
    for (size_t i = 0; i < lives.size(); ++i) {
        std::vector<std::pair<int64_t, int64_t>> taken;  // [begin, end) of neighbours alive at the same time
        for (size_t j = 0; j < i; ++j) {
            if (lives[j].last < lives[i].first || lives[i].last < lives[j].first) continue;
            const int64_t begin = plan.buffers[static_cast<size_t>(lives[j].buffer)].offset;
            taken.emplace_back(begin, begin + size_of(lives[j]));
        }
        std::ranges::sort(taken);
        int64_t offset = 0;
        for (const auto& [begin, end] : taken) {
            if (offset + size_of(lives[i]) <= begin) break;
            offset = std::max(offset, (end + alignment - 1) / alignment * alignment);
        }
        plan.buffers[static_cast<size_t>(lives[i].buffer)].offset = offset;
        total = std::max(total, offset + size_of(lives[i]));
    }
    return (total + alignment - 1) / alignment * alignment;
}

}  // namespace ravine
