// One update of N parameters by each rule, beside a plain pass over the same bytes: how far from memory
// bandwidth the update is. Adam should take at most 1.3 times its plain pass at 11 million parameters:
//
//     bench_update --benchmark_filter='adam|plain'
//     bench_update 1000000 2        N and the threads

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "ravine/optim/rules/first_order.hpp"

namespace {

using namespace ravine;

/// An objective that costs nothing: the gradient was there before.
class GivenGradient : public Objective {
public:
    explicit GivenGradient(int64_t dimension) : dimension_(dimension) {}

    int64_t dimension() const override { return dimension_; }
    Precision precision() const override { return Precision::f32; }
    double value(const Parameters&) override { return 0; }
    double value_and_gradient(const Parameters&, Vector& gradient) override {
        if (!filled_)
            for (int64_t i = 0; i < dimension_; ++i)
                gradient.set(i, 1e-3 * static_cast<double>(i % 1000 - 500));
        filled_ = true;
        return 0;
    }
    void hessian_vector(const Parameters&, const Vector&, Vector&) override {}
    void gauss_newton_vector(const Parameters&, const Vector&, Vector&) override {}
    Along along(const Parameters&, const Vector&, double, Curvature = Curvature::both) override { return {}; }
    void values_along(const Parameters&, const Vector&, std::span<const double>, std::span<double>) override {
    }

private:
    int64_t dimension_;
    bool filled_ = false;
};

/// Vectors that one update reads and writes: theta and every state; the gradient is only read.
struct Traffic {
    int64_t written;
};

void set_bytes(benchmark::State& state, int64_t n, Traffic traffic) {
    state.SetBytesProcessed(state.iterations() * n * 4 * (2 * traffic.written + 1));
}

void update(benchmark::State& state, const Spec& spec, int64_t n, int threads) {
    const auto layout = ParameterLayout::single(n);
    FirstOrder optimizer({.rule = update_rules().make(spec)}, layout, {.threads = threads});
    GivenGradient objective(n);
    Parameters parameters(layout, Precision::f32);
    optimizer.step(objective, parameters);
    for (auto _ : state) optimizer.step(objective, parameters);
    set_bytes(state, n, {1 + static_cast<int64_t>(optimizer.state().tensors.size())});
}

/// Reads one vector and adds it to `written` others.
void plain_pass(benchmark::State& state, int64_t written, int64_t n, int threads) {
    const Vector gradient(n, Precision::f32, 1e-9);
    std::vector<Vector> vectors(static_cast<size_t>(written), Vector(n, Precision::f32));
    const float* g = gradient.as<float>().data();
    float* v[4] = {};
    for (size_t k = 0; k < vectors.size(); ++k) v[k] = vectors[k].as<float>().data();
    for (auto _ : state) {
#pragma omp parallel num_threads(threads)
        {
            constexpr int64_t block = 512;
#pragma omp for schedule(static)
            for (int64_t begin = 0; begin < n; begin += block) {
                const int64_t end = std::min(begin + block, n);
                for (int64_t k = 0; k < written; ++k)
                    for (int64_t i = begin; i < end; ++i) v[k][i] += g[i];
            }
        }
        benchmark::ClobberMemory();
    }
    set_bytes(state, n, {written});
}

}  // namespace

int main(int argc, char** argv) {
    benchmark::Initialize(&argc, argv);
    const int64_t n = argc > 1 ? std::atoll(argv[1]) : 11'000'000;
    const int threads = argc > 2 ? std::atoi(argv[2]) : 1;
    if (n < 1 || threads < 1) {
        std::fprintf(stderr, "usage: bench_update [N] [THREADS]\n");
        return 2;
    }
    const auto add = [&](const std::string& name, auto run) {
        benchmark::RegisterBenchmark(name.c_str(), run)->Unit(benchmark::kMillisecond)->UseRealTime();
    };
    for (int64_t written = 1; written <= 3; ++written)
        add("plain/" + std::to_string(written) + "-written",
            [=](benchmark::State& state) { plain_pass(state, written, n, threads); });
    std::vector<Spec> specs;
    for (const auto& entry : update_rules().entries()) specs.push_back({entry.name, {}});
    for (const auto& spec : specs)
        add(spec.text(), [=](benchmark::State& state) { update(state, spec, n, threads); });
    benchmark::RunSpecifiedBenchmarks();
}
