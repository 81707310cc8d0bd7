#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ravine/exec/plan/program.hpp"
#include "ravine/graph/loss_graph.hpp"
#include "ravine/optim/objective/objective.hpp"

namespace ravine {

/// The objective of a graph. Programs are compiled when they are first needed: forward and backward as two
/// phases, the curvature products each on their own. Inputs and run-time scalars are set by name and reach
/// all of them.
class GraphObjective : public Objective {
public:
    /// `build` appends the loss to an empty graph whose parameters are slices of the vector "parameters".
    GraphObjective(std::function<LossGraph(Graph&)> build, CompileOptions options);

    /// Uses the caller's memory for an input. A new sample in the same memory is announced by new_sample().
    void bind(const std::string& input, const Vector& memory);
    void set_scalar(const std::string& name, double value);
    void set_random(const RandomContext& random);
    /// The contents of the inputs have changed: nothing computed before is valid.
    void new_sample() { forward_version_ = 0; }

    int64_t dimension() const override { return dimension_; }
    Precision precision() const override { return options_.precision; }
    double value(const Parameters& at) override;
    double value_and_gradient(const Parameters& at, Vector& gradient) override;
    void hessian_vector(const Parameters& at, const Vector& v, Vector& result) override;
    void gauss_newton_vector(const Parameters& at, const Vector& v, Vector& result) override;
    Along along(const Parameters& at, const Vector& direction, double step) override;

    void settle() override;
    /// The running statistics of what was settled last; zeros before, and empty where there are none.
    const Vector& settled_buffers() const { return settled_buffers_; }

    /// The memory of a tap after a forward phase.
    const void* tap(const std::string& name) const;
    /// A tap that is one number.
    double tap_value(const std::string& name) const;
    /// Forward and backward: what `-v` describes.
    const Program& program() const { return main_->program(); }
    /// What runs it, for profiles.
    Workspace& workspace() { return *main_; }

private:
    enum class Product { hessian, gauss_newton, along };

    std::unique_ptr<Workspace> compile(const Graph& graph, std::vector<Output> outputs,
                                       CompileOptions options);
    void run_forward(const Parameters& at);
    Workspace& product(Product kind);
    void multiply(Product kind, const Parameters& at, const Vector& v, Vector& result);
    void apply_settings(Workspace& workspace) const;
    template <class F>
    void for_all(F f);

    std::function<LossGraph(Graph&)> build_;
    CompileOptions options_;
    int64_t dimension_ = 0;
    std::unique_ptr<Workspace> main_;
    std::map<Product, std::unique_ptr<Workspace>> products_;
    std::optional<Parameters> probe_;  // theta + step * direction
    uint64_t forward_version_ = 0;     // of the parameters that the loss and taps in main_ belong to
    bool resumable_ = false;           // what the forward phase left for the backward phase is still there
    int parameters_ = -1, loss_ = -1, gradient_ = -1, new_buffers_ = -1;  // storages of main_
    Vector settled_buffers_;
    // What products compiled later must be given.
    std::map<std::string, const Vector*> bound_;
    std::map<std::string, double> scalars_;
    RandomContext random_;
};

}  // namespace ravine
