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
#include "ravine/optim/objective/sample.hpp"

namespace ravine {

/// The objective of a graph. Programs are compiled when they are first needed: forward and backward as two
/// phases, the curvature products each on their own. All of them see the same sample. Of what is frozen no
/// derivative is computed: gradients and products are 0 there, and what a direction has there is not read.
class GraphObjective : public Objective {
public:
    /// `build` appends the loss to an empty graph whose parameters are slices of the vector "parameters". The
    /// layout says what is trained; null: everything.
    GraphObjective(std::function<LossGraph(Graph&)> build, CompileOptions options,
                   std::shared_ptr<const ParameterLayout> layout = nullptr);

    /// Evaluations from now on are on this sample; of a graph without inputs and scalars none need be said.
    /// What is kept of a forward pass holds for the same parameters and the same version of the sample.
    /// Allocates nothing once a sample of as many names was seen. An evaluation throws std::logic_error where
    /// the sample lacks what the graph reads.
    void on(const Sample& sample) { sample_ = sample; }
    const Sample& sample() const { return sample_; }

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

    /// Whether main_ holds the forward phase at these parameters on the present sample.
    bool is_forward_at(const Parameters& at) const {
        return forward_version_ == at.version() && forward_sample_ == sample_.version();
    }
    std::vector<Value> trained(const std::vector<Value>& parameters) const;
    std::vector<Value> with_zeros(const std::vector<Value>& parameters,
                                  const std::vector<Value>& of_trained) const;
    void move(const Parameters& from, const Vector& direction, double step);
    void run_forward(const Parameters& at);
    /// The program of a product, on the present sample.
    Workspace& product(Product kind);
    std::unique_ptr<SampleWorkspace> compile(Product kind);
    void multiply(Product kind, const Parameters& at, const Vector& v, Vector& result);

    std::function<LossGraph(Graph&)> build_;
    CompileOptions options_;
    std::shared_ptr<const ParameterLayout> layout_;  // null: all is trained
    int64_t dimension_ = 0;
    Sample sample_;
    std::unique_ptr<SampleWorkspace> main_;
    std::map<Product, std::unique_ptr<SampleWorkspace>> products_;
    std::optional<Parameters> probe_;  // theta + step * direction
    uint64_t forward_version_ = 0;     // of the parameters that the loss and taps in main_ belong to
    uint64_t forward_sample_ = 0;      // version of the sample that they belong to
    bool resumable_ = false;           // what the forward phase left for the backward phase is still there
    int parameters_ = -1, loss_ = -1, gradient_ = -1, new_buffers_ = -1;  // storages of main_
    Vector settled_buffers_;
};

}  // namespace ravine
