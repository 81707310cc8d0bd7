#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ravine/core/settings/spec.hpp"
#include "ravine/core/values/shape.hpp"
#include "ravine/data/dataset.hpp"
#include "ravine/nn/network.hpp"
#include "ravine/optim/objective/graph_objective.hpp"
#include "ravine/optim/rules/first_order.hpp"

namespace ravine {

/// One training step that is measured: a model, its optimizer, and a batch of one shape. The data are random
/// and the same in every step.
struct StepWorkload {
    std::string name;
    Spec model;
    Shape feature_shape;
    int64_t classes;  ///< or labels, or numbers to predict
    int64_t batch;
    Spec optimizer;
    Task task = Task::classification;
    std::optional<ModelDescription> description{};  ///< the model, instead of one with a name
    Spec rate{"constant", {}};                      ///< what decides the rate
};

/// The workloads by name; bench/peers holds the same ones for other libraries.
const std::vector<StepWorkload>& step_workloads();

/// The workload of that name. Throws RequestError with the nearest name.
const StepWorkload& find_step_workload(const std::string& name);

/// A workload in a person's words; what is empty or 0 has a default.
struct CustomWorkload {
    std::string model;  ///< the name of a workload, a model, "cnn:channels=16-32", or a file .toml with one
    std::string dataset{};  ///< gives shape, classes and task
    std::string data_dir{};
    std::string shape{};      ///< of an example, "32x32x3"
    int64_t classes = 0;      ///< 10
    int64_t batch = 0;        ///< that of the workload, or 32
    std::string optimizer{};  ///< that of the workload, or adam
};

/// Throws RequestError for a name that is neither workload nor model, a model without a shape or with two, or
/// a bad shape; and as read_description() and load_parts() do.
StepWorkload make_workload(const CustomWorkload& wanted);

/// Examples for `batches` different batches of a workload on classes: bytes at random, of random classes.
Dataset made_batches(const StepWorkload& workload, int64_t batches);

/// Floating-point operations of the matrix products and convolutions in the forward and backward pass of one
/// step, 2 for each multiplication with its addition (flops_of): what is usually called the FLOPs of a step.
/// Elementwise work, normalisation, pooling and the update are left out. Throws RequestError as Network does.
int64_t step_flops(const StepWorkload& workload);

/// A workload made ready to run.
class WorkloadRun {
public:
    /// Throws RequestError for unknown names or bad settings.
    WorkloadRun(const StepWorkload& workload, CompileOptions options);
    WorkloadRun(const WorkloadRun&) = delete;  // the objective refers to members
    WorkloadRun& operator=(const WorkloadRun&) = delete;

    /// Forward, backward and update.
    void step() { optimizer_.step(objective_, parameters_); }

    GraphObjective& objective() { return objective_; }
    FirstOrder& optimizer() { return optimizer_; }
    const Parameters& parameters() const { return parameters_; }

private:
    Network network_;
    Parameters parameters_;
    Vector buffers_, features_, targets_, weights_;
    GraphObjective objective_;
    FirstOrder optimizer_;
};

}  // namespace ravine
