#pragma once

#include <array>
#include <functional>
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
/// phases, curvature products and what is asked for along directions each on their own, in the precision of
/// the parameters. All of them see the same sample. Of what is frozen no derivative is computed: gradients
/// and products are 0 there, and what a direction has there is not read.
///
/// Usage:
///
///     GraphObjective objective(
///         [](Graph& graph) {
///             const Value x = graph.parameter("parameters", 0, {3});
///             return LossGraph{.loss = sum(square(x)), .parameters = {x}};
///         },
///         {.precision = Precision::f64});
///     Vector gradient(3, Precision::f64), product(3, Precision::f64);
///     const double loss = objective.value_and_gradient(at, gradient);
///     objective.hessian_vector(at, gradient, product);
class GraphObjective : public Objective {
public:
    /// `build` appends the loss to an empty graph whose parameters are slices of the vector "parameters". The
    /// layout says what is trained; null: everything. `build_one` appends the same for a single example,
    /// where no example sees the others; empty: they do, or nobody knows.
    GraphObjective(std::function<LossGraph(Graph&)> build, CompileOptions options,
                   std::shared_ptr<const ParameterLayout> layout = nullptr,
                   std::function<LossGraph(Graph&)> build_one = {});

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
    Along along(const Parameters& at, const Vector& direction, double step,
                Curvature wanted = Curvature::both) override;
    void values_along(const Parameters& at, const Vector& direction, std::span<const double> steps,
                      std::span<double> values) override;

    const Taps& taps(const Parameters& at, Vector& gradient) override;
    /// F, its gradient, and its derivative by an input of the graph into `by_input`. Throws RequestError
    /// where the graph has no such input.
    double value_and_gradients(const Parameters& at, Vector& gradient, SampleName input, Vector& by_input);
    /// The gradient of the loss of example `first` + i, without its weight and penalties, into rows[i]. Where
    /// no example sees the others that is a pass over the example alone, so that those of a sample cost one
    /// pass over it; otherwise it is a pass over the sample for each row, of the loss of one example by all
    /// that it depends on, as the statistics of a batch. Throws RequestError where the function is no mean
    /// over examples.
    void example_gradients(const Parameters& at, int64_t first, std::span<Vector> rows);

    /// Compiles forward and backward once more, with a phase that goes on from there. False for bf16, whose
    /// passes are too coarse for second derivatives.
    bool expect(Ahead what) override;
    Along along_descent(const Parameters& at, Curvature wanted) override;

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
    /// What else is derived from the loss, each a program of its own.
    enum class Kind {
        hessian,
        gauss_newton,
        along_none,  // and the others in the order of Curvature
        along_gauss_newton,
        along_exact,
        along_both,
        value,
        taps,
        example
    };
    static constexpr size_t kind_count = 9;

    /// Such a program with its storages; -1 where it has none.
    struct Derived {
        Derived(const Graph& graph, std::vector<Output> outputs, CompileOptions options);

        std::unique_ptr<SampleWorkspace> workspace;
        int parameters, direction, product, loss, slope, curvature, gauss_newton;
        double equivalents = 0;  ///< of a run

        double number(int storage) const { return workspace->value(storage); }
    };

    /// Whether main_ holds the forward phase at these parameters on the present sample.
    bool is_forward_at(const Parameters& at) const {
        return forward_version_ == at.version() && forward_sample_ == sample_.version();
    }
    /// Whether main_ holds what the last gradient left behind at these parameters, for this.
    bool is_linear_at(const Parameters& at, Ahead what) const {
        return ahead_ == what && linear_version_ == at.version() && linear_sample_ == sample_.version();
    }
    /// Forward and backward, and what goes on from there.
    void compile_main();
    std::vector<Output> ahead_outputs(const LossGraph& built, const std::vector<Value>& gradient) const;
    /// Runs what goes on from a gradient.
    void run_ahead(const Vector* direction);
    Along ahead_along() const;
    std::vector<Value> trained(const std::vector<Value>& parameters) const;
    std::vector<Value> with_zeros(const std::vector<Value>& parameters,
                                  const std::vector<Value>& of_trained) const;
    /// One output "product" for each parameter, of values for the trained ones.
    void append_product(std::vector<Output>& outputs, const std::vector<Value>& parameters,
                        const std::vector<Value>& of_trained) const;
    void run_forward(const Parameters& at);
    Derived& derived(Kind kind);
    Derived& by_input(SampleName input);
    Derived& alone();
    Derived make(const Graph& graph, std::vector<Output> outputs) const;
    std::vector<Output> tap_outputs(const LossGraph& built);
    void multiply(Kind kind, const Parameters& at, const Vector& v, Vector& result);
    /// theta + step * direction; the next call may use the memory again.
    const Vector& moved(const Parameters& at, const Vector& direction, double step);
    /// Runs a program at some parameters along a direction.
    void run(Derived& derived, const Vector& parameters, const Vector* direction = nullptr);
    double equivalents_of(const Program& program, int phase) const;

    std::function<LossGraph(Graph&)> build_, build_one_;
    CompileOptions options_;
    std::shared_ptr<const ParameterLayout> layout_;  // null: all is trained
    int64_t dimension_ = 0;
    Sample sample_;
    std::unique_ptr<SampleWorkspace> main_;
    std::array<std::optional<Derived>, kind_count> derived_;  // by kind
    std::vector<std::pair<SampleName, Derived>> by_input_;
    Taps taps_;
    int64_t losses_ = 0;            // of so many examples the function is a mean
    std::optional<Derived> alone_;  // the gradient of one example without the others
    Vector chosen_;                 // 1 for the example whose gradient is wanted, else 0
    // What computes theta + step * direction.
    std::unique_ptr<Workspace> mover_;
    Vector moved_;
    int move_from_ = -1, move_by_ = -1, move_step_ = -1;
    double backward_equivalents_ = 0;  // of the backward phase
    uint64_t forward_version_ = 0;     // of the parameters that the loss and taps in main_ belong to
    uint64_t forward_sample_ = 0;      // version of the sample that they belong to
    bool resumable_ = false;           // what the forward phase left for the backward phase is still there
    int parameters_ = -1, loss_ = -1, gradient_ = -1, new_buffers_ = -1;  // storages of main_
    Ahead ahead_ = Ahead::nothing;
    uint64_t linear_version_ = 0, linear_sample_ = 0;  // that the last gradient left something behind at
    int steps_ = -1, values_ = -1, direction_ = -1, product_ = -1, slope_ = -1, curvature_ = -1,
        gauss_newton_ = -1;  // of main_
    double ahead_equivalents_ = 0;
    Vector ahead_steps_;
    Vector settled_buffers_;
};

}  // namespace ravine
