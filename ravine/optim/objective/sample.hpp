#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "ravine/core/values/vector.hpp"
#include "ravine/exec/plan/program.hpp"

namespace ravine {

/// The name of something that a sample holds. All names of a process are numbered as they are first made from
/// text, so that a step, which uses names made before, compares numbers.
class SampleName {
public:
    SampleName(const std::string& text);  // NOLINT: "features" is a name
    SampleName(const char* text) : SampleName(std::string(text)) {}

    const std::string& text() const;
    bool operator==(const SampleName&) const = default;

private:
    int number_;
};

/// What an evaluation sees besides the parameters: named tensors (features, targets, ...), run-time scalars
/// (a penalty, a temperature, ...) and what keys the random layers. Usage:
///
///     Sample batch(32);
///     batch.set("features", features);
///     batch.set("l2", 0.01);
///     objective.on(batch);
///
/// It refers to the memory of its tensors, which must outlive its use. A copy is cheap, and is the same
/// sample until one of the two is changed: a validation batch has other tensors, and the same batch with
/// other dropout masks is a copy with another random key. Once its names are set, setting allocates nothing.
class Sample {
public:
    explicit Sample(int64_t examples = 1);

    /// How many examples it has.
    int64_t examples() const { return examples_; }
    void set_examples(int64_t examples);

    /// The tensor of that name; said again where its contents have changed.
    void set(SampleName name, const Vector& tensor);
    void set(SampleName name, const Vector&& tensor) = delete;
    void set(SampleName name, double scalar);
    void set_random(const RandomContext& random);
    /// The contents of tensors have changed in their places.
    void touch();

    /// nullptr where it has none of that name.
    const Vector* tensor(SampleName name) const;
    const double* scalar(SampleName name) const;
    const RandomContext& random() const { return random_; }

    /// Different for samples that may differ, in the whole process: what was computed for a version holds for
    /// that version alone.
    uint64_t version() const { return version_; }

private:
    int64_t examples_;
    std::vector<std::pair<SampleName, const Vector*>> tensors_;
    std::vector<std::pair<SampleName, double>> scalars_;
    RandomContext random_;
    uint64_t version_;
};

/// The memory of a program that reads a sample.
class SampleWorkspace : public Workspace {
public:
    /// Compiles the program: see Program::compile.
    SampleWorkspace(const Graph& graph, std::vector<Output> outputs, CompileOptions options);

    /// Runs from now on are on this sample; names that the program does not use are ignored. Allocates and
    /// looks up nothing. Throws std::logic_error where the sample lacks an input or a scalar of the program.
    void on(const Sample& sample);
    /// The same for a program of a single example, on that one of the sample: of a tensor with more elements
    /// than the program reads it sees the example's row, and random layers draw as they do in the sample.
    void on(const Sample& sample, int64_t example);

private:
    void set_scalars(const Sample& sample);

    struct Read {
        SampleName name;
        int handle;
        bool is_needed;  // else a vector, which may be the caller's to bind
    };
    std::vector<Read> tensors_, scalars_;
    uint64_t version_ = 0;
    int64_t example_ = 0;  // that it is on, where it is on one
};

}  // namespace ravine
