#include "ravine/train/training/evaluator.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "ravine/core/values/undefined.hpp"
#include "ravine/data/batch.hpp"
#include "ravine/train/training/batch_sample.hpp"

namespace ravine {
namespace {

constexpr int64_t evaluation_batch = 256;

}  // namespace

int64_t predicted_class(std::span<const double> outputs, Prediction prediction) {
    if (outputs.size() == 1) return predicted_label(outputs[0], prediction) ? 1 : 0;
    return std::ranges::max_element(outputs) - outputs.begin();
}

bool predicted_label(double output, Prediction prediction) {
    return output > (prediction == Prediction::values ? 0.5 : 0);
}

std::vector<double> probabilities(std::span<const double> outputs, Prediction prediction) {
    std::vector<double> result(outputs.begin(), outputs.end());
    if (prediction == Prediction::softmax) {
        const double largest = std::ranges::max(result);
        for (auto& p : result) p = std::exp(p - largest);
        const double total = std::accumulate(result.begin(), result.end(), 0.0);
        for (auto& p : result) p /= total;
    } else if (prediction == Prediction::sigmoid) {
        result = label_probabilities(outputs, prediction);
        if (result.size() == 1) result = {1 - result[0], result[0]};
    } else {
        result.clear();
    }
    return result;
}

std::vector<double> label_probabilities(std::span<const double> outputs, Prediction prediction) {
    if (prediction != Prediction::sigmoid) return {};
    std::vector<double> result;
    for (const double z : outputs) result.push_back(1 / (1 + std::exp(-z)));
    return result;
}

double root_mean_squared_error(std::span<const double> outputs, const Dataset& data,
                               const Normalization& targets) {
    double total = 0;
    for (size_t i = 0; i < outputs.size(); ++i) {
        const auto example = static_cast<int64_t>(i) / data.output_count;
        const auto output = static_cast<int64_t>(i) % data.output_count;
        const double error = targets.undo(outputs[i], output) - data.value(example, output);
        total += error * error;
    }
    return std::sqrt(total / static_cast<double>(outputs.size()));
}

SampleWorkspace& Evaluator::workspace(int64_t batch) {
    auto& workspace = workspaces_[batch];
    if (!workspace) {
        Graph graph;
        const auto [outputs, losses] = network_.evaluation_graph(graph, batch);
        // Two phases: without targets only the outputs are wanted.
        workspace = std::make_unique<SampleWorkspace>(
            graph, std::vector<Output>{{outputs, "outputs", 0, 0}, {losses, "losses", 0, 1}}, options_);
    }
    return *workspace;
}

template <class Visit>
void Evaluator::run(const Dataset& data, const Normalization& features, const Normalization* targets,
                    const Parameters& parameters, const Vector& buffers, Visit visit) {
    const int64_t most = std::min(evaluation_batch, data.size());
    Vector x(most * element_count(data.feature_shape), options_.precision),
        y(most * network_.options().target_count, options_.precision);
    Sample sample;
    sample.set(sample_names::buffers, buffers);
    std::vector<int64_t> examples;
    for (int64_t begin = 0; begin < data.size(); begin += evaluation_batch) {
        const int64_t batch = std::min(evaluation_batch, data.size() - begin);
        SampleWorkspace& work = workspace(batch);
        if (const int handle = work.program().storage("parameters"); handle >= 0)
            work.bind(handle, parameters.values());
        examples.resize(static_cast<size_t>(batch));
        std::iota(examples.begin(), examples.end(), begin);
        const auto fill = [&]<class T>(T*) {
            gather_features(data, features, examples, static_cast<T*>(x.data()));
            if (targets) gather_targets(data, *targets, examples, static_cast<T*>(y.data()));
        };
        options_.precision == Precision::f64 ? fill(static_cast<double*>(nullptr))
                                             : fill(static_cast<float*>(nullptr));
        sample.set_examples(batch);
        sample.set(sample_names::features, x);
        sample.set(sample_names::targets, y);
        work.on(sample);
        work.run(0);
        if (targets) work.run(1);
        ++forward_passes_;
        visit(work, begin, batch);
    }
}

Scores Evaluator::evaluate(const Dataset& data, const Normalization& features, const Normalization& targets,
                           const Parameters& parameters, const Vector& buffers) {
    if (data.size() == 0) return {undefined, undefined};
    const int64_t columns = network_.output_count();
    double loss = 0;
    int64_t right = 0;
    const bool has_accuracy = !predicts_numbers(data.task);
    std::vector<double> row(static_cast<size_t>(columns));
    run(data, features, &targets, parameters, buffers, [&](Workspace& work, int64_t begin, int64_t batch) {
        const int outputs = work.program().storage("outputs"), losses = work.program().storage("losses");
        for (int64_t i = 0; i < batch; ++i) {
            loss += work.value(losses, i);
            if (!has_accuracy) continue;
            for (int64_t j = 0; j < columns; ++j)
                row[static_cast<size_t>(j)] = work.value(outputs, i * columns + j);
            right += count_right(row, data, begin + i);
        }
    });
    const auto count = static_cast<double>(data.size());
    const double judged = data.task == Task::multi_label ? count * static_cast<double>(columns) : count;
    return {loss / count, has_accuracy ? static_cast<double>(right) / judged : undefined};
}

int64_t Evaluator::count_right(std::span<const double> outputs, const Dataset& data, int64_t example) const {
    const Prediction prediction = network_.loss().prediction;
    if (data.task == Task::classification)
        return predicted_class(outputs, prediction) == data.labels[static_cast<size_t>(example)] ? 1 : 0;
    int64_t right = 0;
    for (size_t j = 0; j < outputs.size(); ++j)
        right +=
            predicted_label(outputs[j], prediction) == (data.value(example, static_cast<int64_t>(j)) == 1);
    return right;
}

std::vector<double> Evaluator::outputs(const Dataset& data, const Normalization& features,
                                       const Parameters& parameters, const Vector& buffers) {
    const int64_t columns = network_.output_count();
    std::vector<double> result;
    result.reserve(static_cast<size_t>(data.size() * columns));
    run(data, features, nullptr, parameters, buffers, [&](Workspace& work, int64_t, int64_t batch) {
        const int outputs = work.program().storage("outputs");
        for (int64_t i = 0; i < batch * columns; ++i) result.push_back(work.value(outputs, i));
    });
    return result;
}

std::vector<double> Evaluator::losses(const Dataset& data, const Normalization& features,
                                      const Normalization& targets, const Parameters& parameters,
                                      const Vector& buffers) {
    std::vector<double> result;
    result.reserve(static_cast<size_t>(data.size()));
    run(data, features, &targets, parameters, buffers, [&](Workspace& work, int64_t, int64_t batch) {
        const int losses = work.program().storage("losses");
        for (int64_t i = 0; i < batch; ++i) result.push_back(work.value(losses, i));
    });
    return result;
}

}  // namespace ravine
