#include "ravine/optim/objective/sample.hpp"

#include <algorithm>
#include <atomic>
#include <deque>
#include <mutex>

#include "ravine/core/error.hpp"

namespace ravine {
namespace {

/// All names; a deque, whose elements stay where they are.
struct SampleNames {
    std::mutex mutex;
    std::deque<std::string> texts;
};

SampleNames& all_sample_names() {
    static SampleNames names;
    return names;
}

int number_of(const std::string& text) {
    auto& [mutex, texts] = all_sample_names();
    const std::lock_guard lock(mutex);
    const auto found = std::ranges::find(texts, text);
    const auto number = static_cast<int>(found - texts.begin());
    if (found == texts.end()) texts.push_back(text);
    return number;
}

/// Versions are unique over all samples of the process.
uint64_t next_sample_version() {
    static std::atomic<uint64_t> counter{0};
    return ++counter;
}

void fail_missing(const char* what, SampleName name) {
    require(false, "a sample without the {} '{}'", what, name.text());
}

/// The value of a name among pairs; nullptr where it is not there.
auto* find_value(auto& pairs, SampleName name) {
    const auto found = std::ranges::find_if(pairs, [&](const auto& pair) { return pair.first == name; });
    return found == pairs.end() ? nullptr : &found->second;
}

}  // namespace

SampleName::SampleName(const std::string& text) : number_(number_of(text)) {}

const std::string& SampleName::text() const {
    auto& [mutex, texts] = all_sample_names();
    const std::lock_guard lock(mutex);
    return texts[static_cast<size_t>(number_)];
}

Sample::Sample(int64_t examples) : examples_(examples), version_(next_sample_version()) {}

void Sample::set_examples(int64_t examples) {
    examples_ = examples;
    touch();
}

void Sample::set(SampleName name, const Vector& tensor) {
    if (auto* known = find_value(tensors_, name))
        *known = &tensor;
    else
        tensors_.emplace_back(name, &tensor);
    touch();
}

void Sample::set(SampleName name, double scalar) {
    if (auto* known = find_value(scalars_, name)) {
        if (*known == scalar) return;
        *known = scalar;
    } else {
        scalars_.emplace_back(name, scalar);
    }
    touch();
}

void Sample::set_random(const RandomContext& random) {
    random_ = random;
    touch();
}

void Sample::touch() { version_ = next_sample_version(); }

const Vector* Sample::tensor(SampleName name) const {
    const auto* found = find_value(tensors_, name);
    return found ? *found : nullptr;
}

const double* Sample::scalar(SampleName name) const { return find_value(scalars_, name); }

SampleWorkspace::SampleWorkspace(const Graph& graph, std::vector<Output> outputs, CompileOptions options)
    : Workspace(Program::compile(graph, std::move(outputs), options)) {
    const auto note = [](std::vector<Read>& reads, const Node& node, int handle) {
        const SampleName name(node.attributes.name);
        const bool is_new = std::ranges::find(reads, handle, &Read::handle) == reads.end();
        if (handle >= 0 && is_new) reads.push_back({name, handle, node.op != Op::parameter});
    };
    for (const Node& node : graph.nodes()) {
        if (is_stored_leaf(node.op)) note(tensors_, node, program().storage(node.attributes.name));
        if (node.op == Op::scalar) note(scalars_, node, program().scalar(node.attributes.name));
    }
}

void SampleWorkspace::on(const Sample& sample) {
    if (sample.version() == version_) return;
    version_ = 0;  // until all of it is bound
    for (auto& read : tensors_) {
        const Vector* tensor = sample.tensor(read.name);
        if (!tensor && !read.is_needed) continue;
        if (!tensor) fail_missing("tensor", read.name);
        bind(read.handle, *tensor);
        read.is_needed = true;  // nothing of an earlier sample is left where a later one has none
    }
    set_scalars(sample);
    random = sample.random();
    version_ = sample.version();
}

void SampleWorkspace::on(const Sample& sample, int64_t example) {
    version_ = 0;
    for (auto& read : tensors_) {
        const Vector* tensor = sample.tensor(read.name);
        if (!tensor && !read.is_needed) continue;
        if (!tensor) fail_missing("tensor", read.name);
        const int64_t size = program().storage_size(read.handle),
                      offset = tensor->size() > size ? example * size : 0;
        require(offset + size <= tensor->size(), "row {} of {} elements of '{}', which has {}", example, size,
                read.name.text(), tensor->size());
        // The program reads it only, as the other on() asks for.
        auto* const data = static_cast<std::byte*>(const_cast<Vector&>(*tensor).data());
        bind(read.handle, data + static_cast<size_t>(offset) * element_size(tensor->precision()));
        read.is_needed = true;
    }
    set_scalars(sample);
    random = sample.random();
    example_ = random.examples.empty() ? example : random.examples[static_cast<size_t>(example)];
    random.examples = {&example_, 1};
}

void SampleWorkspace::set_scalars(const Sample& sample) {
    for (const auto& read : scalars_) {
        const double* scalar = sample.scalar(read.name);
        if (!scalar) fail_missing("number", read.name);
        set_scalar(read.handle, *scalar);
    }
}

}  // namespace ravine
