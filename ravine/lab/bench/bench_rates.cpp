#include "ravine/lab/bench/bench_rates.hpp"

#include <algorithm>
#include <limits>

#include "ravine/core/threads/clock.hpp"
#include "ravine/core/threads/threads.hpp"
#include "ravine/lab/statistics/statistics.hpp"

namespace ravine {
namespace {

struct NamedRate {
    const char *name, *rate;
};

/// With a share this small the weights stay where they are, and no step differs from another.
constexpr NamedRate learned_rates[] = {
    {"first-order", "first-order:alpha=1e-30"},
    {"first-order, exact f'", "first-order:alpha=1e-30,derivative=exact"},
    {"five-losses", "five-losses:epsilon=1e-2,near_zero=1e30,delta=1e30"},
    {"exact-newton, Gauss-Newton at zero",
     "exact-newton:at=zero,curvature=gauss-newton,share=1e-9,memory=0,slope=own,noise=0"},
    {"exact-newton, exact at zero",
     "exact-newton:at=zero,curvature=exact,share=1e-9,memory=0,slope=own,noise=0"},
    {"exact-newton, exact at current",
     "exact-newton:at=current,curvature=exact,share=1e-9,memory=0,slope=own,noise=0"}};

/// The median of the milliseconds of what takes so many seconds, and of three times at least.
template <class Action>
double median_milliseconds(double seconds, Action action) {
    std::vector<double> times;
    for (const auto start = Clock::now(); times.size() < 3 || seconds_since(start) < seconds;) {
        const auto begin = Clock::now();
        action();
        times.push_back(1e3 * seconds_since(begin));
    }
    return quantile(times, 0.5);
}

/// Curvature products at the point of a gradient, and that gradient.
class Products {
public:
    Products(const StepWorkload& workload, CompileOptions options, Ahead what)
        : run_(workload, options),
          sample_(run_.objective().sample()),
          what_(what),
          gradient_(run_.parameters().values().size(), options.precision),
          product_(gradient_.size(), options.precision) {
        run_.objective().expect(what);
        evaluate();
        multiply();
    }
    void evaluate() {
        sample_.touch();  // another one, of the same numbers
        run_.objective().on(sample_);
        run_.objective().value_and_gradient(run_.parameters(), gradient_);
    }
    void multiply() {
        if (what_ == Ahead::hessian_vector)
            run_.objective().hessian_vector(run_.parameters(), gradient_, product_);
        else
            run_.objective().gauss_newton_vector(run_.parameters(), gradient_, product_);
    }

private:
    WorkloadRun run_;
    Sample sample_;
    Ahead what_;
    Vector gradient_, product_;
};

}  // namespace

std::vector<RateCost> rate_costs(StepWorkload workload, CompileOptions options, int64_t rounds,
                                 double seconds) {
    const FlushSubnormals flush;  // as in training
    workload.optimizer = Spec::parse("sgd:learning_rate=1e-9");
    std::vector<RateCost> costs;
    const auto note = [](RateCost& cost, double unit, double found) {
        cost.ratios.push_back(found / unit);
        cost.milliseconds = std::min(cost.milliseconds, found);
    };
    constexpr double never = std::numeric_limits<double>::infinity();
    costs.push_back({.name = "plain", .unit = "step", .ratios = {}, .milliseconds = never});
    for (const auto& [name, rate] : learned_rates) {
        workload.rate = {"constant", {}};
        WorkloadRun plain(workload, options);
        workload.rate = Spec::parse(rate);
        WorkloadRun learned(workload, options);  // one at a time: their programs take much memory
        RateCost cost{.name = name, .unit = "step", .ratios = {}, .milliseconds = never};
        for (int i = 0; i < 2; ++i) plain.step(), learned.step();
        for (int64_t round = 0; round < rounds; ++round) {
            const double unit = median_milliseconds(seconds, [&] { plain.step(); });
            note(costs.front(), unit, unit);
            note(cost, unit, median_milliseconds(seconds, [&] { learned.step(); }));
        }
        costs.push_back(std::move(cost));
    }
    workload.rate = {"constant", {}};
    for (const auto& [what, name] : {std::pair{Ahead::hessian_vector, "Hessian-vector product"},
                                     std::pair{Ahead::gauss_newton_vector, "Gauss-Newton product"}}) {
        Products products(workload, options, what);
        RateCost cost{.name = name, .unit = "gradient", .ratios = {}, .milliseconds = never};
        for (int64_t round = 0; round < rounds; ++round) {
            const double unit = median_milliseconds(seconds, [&] { products.evaluate(); });
            note(cost, unit, median_milliseconds(seconds, [&] { products.multiply(); }));
        }
        costs.push_back(std::move(cost));
    }
    return costs;
}

}  // namespace ravine
