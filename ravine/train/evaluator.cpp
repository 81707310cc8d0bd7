#include "ravine/train/evaluator.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "ravine/data/batch.hpp"

namespace ravine {
namespace {

constexpr int64_t evaluation_batch = 256;

}  // namespace

int64_t predicted_class(std::span<const double> outputs, Prediction prediction) {
    if (outputs.size() == 1) return outputs[0] > (prediction == Prediction::values ? 0.5 : 0);
    return std::ranges::max_element(outputs) - outputs.begin();
}

std::vector<double> probabilities(std::span<const double> outputs, Prediction prediction) {
    std::vector<double> result(outputs.begin(), outputs.end());
    if (prediction == Prediction::softmax) {
        const double largest = std::ranges::max(result);
        for (auto& p : result) p = std::exp(p - largest);
        const double total = std::accumulate(result.begin(), result.end(), 0.0);
        for (auto& p : result) p /= total;
    } else if (prediction == Prediction::sigmoid) {
        for (auto& p : result) p = 1 / (1 + std::exp(-p));
        if (result.size() == 1) result = {1 - result[0], result[0]};
    } else {
        result.clear();
    }
    return result;
}

double root_mean_squared_error(std::span<const double> outputs, const Dataset& data,
                               const Normalization& targets) {
    double total = 0;
    for (size_t i = 0; i < outputs.size(); ++i) {
        const double predicted = targets.undo(outputs[i], static_cast<int64_t>(i) % data.output_count);
        const double error = predicted - static_cast<double>(data.values[i]);
        total += error * error;
    }
    return std::sqrt(total / static_cast<double>(outputs.size()));
}

Workspace& Evaluator::workspace(int64_t batch) {
    auto& workspace = workspaces_[batch];
    if (!workspace) {
        Graph graph;
        const auto [outputs, losses] = network_.evaluation_graph(graph, batch);
        // Two phases: without targets only the outputs are wanted.
        workspace = std::make_unique<Workspace>(
            Program::compile(graph, {{outputs, "outputs", 0, 0}, {losses, "losses", 0, 1}}, options_));
    }
    return *workspace;
}

template <class Visit>
void Evaluator::run(const Dataset& data, const Normalization& features, const Normalization* targets,
                    const Parameters& parameters, const Vector& buffers, Visit visit) {
    std::vector<int64_t> examples;
    for (int64_t begin = 0; begin < data.size(); begin += evaluation_batch) {
        const int64_t batch = std::min(evaluation_batch, data.size() - begin);
        Workspace& work = workspace(batch);
        const Program& program = work.program();
        const auto with = [&](const char* name, auto use) {
            if (const int handle = program.storage(name); handle >= 0) use(handle);
        };
        with("parameters", [&](int h) { work.bind(h, parameters.values()); });
        with("buffers", [&](int h) { work.bind(h, buffers); });
        examples.resize(static_cast<size_t>(batch));
        std::iota(examples.begin(), examples.end(), begin);
        const auto fill = [&]<class T>(T*) {
            with("features",
                 [&](int h) { gather_features(data, features, examples, static_cast<T*>(work.data(h))); });
            if (!targets) return;
            with("targets",
                 [&](int h) { gather_targets(data, *targets, examples, static_cast<T*>(work.data(h))); });
        };
        options_.precision == Precision::f64 ? fill(static_cast<double*>(nullptr))
                                             : fill(static_cast<float*>(nullptr));
        work.run(0);
        if (targets) work.run(1);
        ++forward_passes_;
        visit(work, begin, batch);
    }
}

Scores Evaluator::evaluate(const Dataset& data, const Normalization& features, const Normalization& targets,
                           const Parameters& parameters, const Vector& buffers) {
    constexpr double undefined = std::numeric_limits<double>::quiet_NaN();
    if (data.size() == 0) return {undefined, undefined};
    const int64_t columns = network_.output_count();
    double loss = 0;
    int64_t right = 0;
    std::vector<double> row(static_cast<size_t>(columns));
    run(data, features, &targets, parameters, buffers, [&](Workspace& work, int64_t begin, int64_t batch) {
        const int outputs = work.program().storage("outputs"), losses = work.program().storage("losses");
        for (int64_t i = 0; i < batch; ++i) {
            loss += work.value(losses, i);
            if (data.task != Task::classification) continue;
            for (int64_t j = 0; j < columns; ++j)
                row[static_cast<size_t>(j)] = work.value(outputs, i * columns + j);
            right += predicted_class(row, network_.loss().prediction) ==
                     data.labels[static_cast<size_t>(begin + i)];
        }
    });
    const auto count = static_cast<double>(data.size());
    return {loss / count, data.task == Task::classification ? static_cast<double>(right) / count : undefined};
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
