#include "ravine/optim/rate_and_momentum.hpp"

#include <algorithm>
#include <cmath>

#include "ravine/core/error.hpp"
#include "ravine/graph/ops.hpp"
#include "ravine/optim/rates/inner_product.hpp"

namespace ravine {
namespace {

class RateAndMomentumOptimizer : public Optimizer {
public:
    RateAndMomentumOptimizer(const RateAndMomentum& settings, const OptimizerParts& parts,
                             const ParameterLayout& layout, CompileOptions compile)
        : settings_(settings),
          schedule_(parts.schedule),
          run_length_(parts.run_length),
          limit_(parts.clipping.kind == Clipping::Kind::norm ? parts.clipping.limit : 0),
          rate_(settings.learning_rate),
          gradient_(layout.size, compile.precision),
          last_step_(layout.size, compile.precision),
          by_gradient_(layout.size, compile.precision),
          by_last_(layout.size, compile.precision),
          inner_(layout.size, compile) {
        if (schedule_) schedule_(0, run_length_);  // refused now rather than in the first step
        Graph graph;
        const auto vector = [&](const char* name) { return graph.input(name, {layout.size}); };
        const Value step = graph.scalar("mu") * vector("step") - graph.scalar("eta") * vector("gradient");
        const CompileOptions stored{storage_precision(compile.precision), compile.threads};
        update_ = std::make_unique<Workspace>(
            Program::compile(graph, {{vector("theta") + step, "theta"}, {step, "step"}}, stored));
        const Program& program = update_->program();
        theta_ = program.storage("theta");
        eta_ = program.scalar("eta");
        mu_ = program.scalar("mu");
        update_->bind(program.storage("step"), last_step_);
        update_->bind(program.storage("gradient"), gradient_);
    }

    StepReport step(Objective& objective, Parameters& parameters) override {
        const Work earlier = objective.work();
        objective.expect(Ahead::gauss_newton_vector);
        StepReport report;
        report.loss = objective.value_and_gradient(parameters, gradient_);
        objective.settle();
        const double gg = inner_(gradient_, gradient_);
        report.gradient_norm = std::sqrt(gg);
        report.work = objective.work() - earlier;
        if (!std::isfinite(report.loss) || !std::isfinite(gg)) return report;
        double eta = rate_, mu = 0;
        find(objective, parameters, gg, eta, mu);
        rate_ = eta;
        const double scale = this->scale(gg, eta, mu);
        const auto theta = parameters.write();
        update_->bind(theta_, *theta);
        update_->set_scalar(eta_, scale * eta);
        update_->set_scalar(mu_, scale * mu);
        update_->run();
        report.learning_rate = scale * eta;
        report.work = objective.work() - earlier;
        report.outcome = StepOutcome::updated;
        ++steps_;
        return report;
    }

    std::vector<RateCount> rate_counts() const override {
        return {{"kept", "no minimiser lay ahead, and the rate stayed", kept_}};
    }
    int64_t steps() const override { return steps_; }
    SavedState state() override {
        return {.tensors = {{"step", {last_step_.size()}, &last_step_}},
                .numbers = {{"rate", &rate_}},
                .counters = {{"steps", &steps_}, {"kept", &kept_}}};
    }

private:
    /// The minimiser over both, or along the gradient alone; the rate as it was where there is none.
    void find(Objective& objective, const Parameters& at, double gg, double& eta, double& mu) {
        objective.gauss_newton_vector(at, gradient_, by_gradient_);
        const double a = inner_(gradient_, by_gradient_);
        if (!(a > 0) || !std::isfinite(gg / a)) {
            ++kept_;
            return;
        }
        eta = gg / a;
        if (steps_ == 0) return;
        objective.gauss_newton_vector(at, last_step_, by_last_);
        const double b = inner_(last_step_, by_gradient_), c = inner_(last_step_, by_last_),
                     gv = inner_(gradient_, last_step_);
        // [a -b; -b c] [eta; mu] = [gg; -gv]. The determinant of what is nearly one direction is rounding.
        const double determinant = a * c - b * b;
        const double rounding = gradient_.precision() == Precision::f64 ? 1e-12 : 1e-5;
        if (!(determinant > rounding * a * c)) return;
        const double with_momentum = (c * gg - b * gv) / determinant;
        if (!(with_momentum > 0)) return;
        eta = with_momentum;
        mu = (b * gg - a * gv) / determinant;
    }

    /// What the step is multiplied by: the share, the schedule, and what keeps it within the limit.
    double scale(double gg, double eta, double mu) {
        const double wanted = settings_.share * (schedule_ ? schedule_(steps_, run_length_) : 1);
        if (limit_ == 0) return wanted;
        const double square = eta * eta * gg - 2 * eta * mu * inner_(gradient_, last_step_) +
                              mu * mu * inner_(last_step_, last_step_);
        const double length = wanted * std::sqrt(std::max(0.0, square));
        return length > limit_ ? wanted * limit_ / length : wanted;
    }

    RateAndMomentum settings_;
    Schedule schedule_;
    RunLength run_length_;
    double limit_;  // of the step's length; 0: none
    double rate_;
    Vector gradient_, last_step_, by_gradient_, by_last_;
    InnerProduct inner_;
    std::unique_ptr<Workspace> update_;
    int theta_, eta_, mu_;
    int64_t steps_ = 0, kept_ = 0;
};

}  // namespace

std::unique_ptr<Optimizer> make_rate_and_momentum(const RateAndMomentum& settings,
                                                  const OptimizerParts& parts,
                                                  std::shared_ptr<const ParameterLayout> layout,
                                                  CompileOptions compile) {
    if (parts.rate)
        fail_request("optimizer 'rate-and-momentum' finds its rate itself; expected --rate constant");
    if (parts.weight_decay != 0)
        fail_request(
            "optimizer 'rate-and-momentum' minimises the loss itself, which decoupled decay is no part of; "
            "expected --weight-decay 0, or --l2");
    if (parts.clipping.kind == Clipping::Kind::value || parts.clipping.kind == Clipping::Kind::tensor_norm)
        fail_request(
            "optimizer 'rate-and-momentum': a norm of the whole step can be bounded; expected --clip norm");
    if (std::ranges::any_of(layout->slices,
                            [](const auto& slice) { return slice.trainable && slice.rate != 1; }))
        fail_request("optimizer 'rate-and-momentum' has one rate for all; expected no --rate-of");
    return std::make_unique<RateAndMomentumOptimizer>(settings, parts, *layout, compile);
}

}  // namespace ravine
