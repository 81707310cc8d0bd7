#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <new>

#include "ravine/graph/ops.hpp"
#include "ravine/optim/functions/functions.hpp"
#include "ravine/optim/objective/summed_objective.hpp"
#include "ravine/optim/rates/schedules.hpp"
#include "tests/optim/curved_net.hpp"

// Counts what the whole test program allocates; the sanitizers bring their own operators.
#if !defined(__SANITIZE_ADDRESS__)

namespace {
std::atomic<int64_t> allocations{0};
}

void* operator new(size_t size) {
    ++allocations;
    if (void* memory = std::malloc(size > 0 ? size : 1)) return memory;
    throw std::bad_alloc();
}
void* operator new(size_t size, std::align_val_t alignment) {
    ++allocations;
    const auto align = static_cast<size_t>(alignment);
    if (void* memory = std::aligned_alloc(align, (size + align - 1) / align * align)) return memory;
    throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { std::free(memory); }

namespace ravine {
namespace {

using namespace test;

TEST(Allocation, NoneInAStepAfterTheFirst) {
    std::vector<Spec> specs;
    for (const auto& entry : update_rules().entries()) specs.push_back({entry.name, {}});
    specs.push_back(Spec::parse("nesterov:form=lookahead,momentum_schedule=sutskever"));
    for (const auto& spec : specs) {
        for (const auto kind : {Clipping::Kind::none, Clipping::Kind::norm, Clipping::Kind::tensor_norm}) {
            for (const auto precision : {Precision::f32, Precision::f64}) {
                const Function function = functions().make(Spec::parse("rosenbrock:dimension=7"));
                const auto layout = two_tensors();
                GraphObjective objective = function.objective({.precision = precision});
                Parameters x = parameters_at(layout, start(), precision);
                FirstOrder optimizer({.rule = update_rules().make(spec),
                                      .schedule = after_warmup(3, CosineSchedule{}),
                                      .run_length = {.total = 20},
                                      .clipping = {kind, 0.01},
                                      .weight_decay = 0.1},
                                     layout, {.precision = precision});
                optimizer.step(objective, x);
                const int64_t before = allocations;
                for (int i = 0; i < 10; ++i) optimizer.step(objective, x);
                EXPECT_EQ(allocations, before) << spec.text();
            }
        }
    }
}

TEST(Allocation, NoneWhereTheRateIsLearned) {
    for (const char* rate :
         {"first-order", "first-order:derivative=exact", "first-order:derivative=differences", "five-losses",
          "exact-newton:at=zero,curvature=exact,memory=0,slope=own,noise=0",
          "exact-newton:at=zero,curvature=gauss-newton,memory=0.5,slope=own,noise=1",
          "exact-newton:at=current,curvature=exact,memory=0,slope=own,noise=0",
          "exact-newton:at=zero,curvature=exact,slope=independent,memory=0.5"})
        for (const char* rule : {"sgd", "adam", "nesterov:form=lookahead", "nesterov:form=rewritten"})
            for (const auto kind : {Clipping::Kind::none, Clipping::Kind::norm, Clipping::Kind::tensor_norm})
                for (const auto precision : {Precision::f64}) {  // oneDNN allocates within its calls
                    SCOPED_TRACE(std::string(rate) + " " + rule);
                    CurvedNet net(precision);
                    FirstOrder optimizer({.rule = update_rules().make(Spec::parse(rule)),
                                          .rate = rate_policies().make(Spec::parse(rate)),
                                          .clipping = {kind, 0.01},
                                          .weight_decay = 0.1},
                                         net.layout, {.precision = precision});
                    optimizer.step(*net.objective, net.at);
                    optimizer.step(*net.objective, net.at);
                    const int64_t before = allocations;
                    for (int i = 0; i < 5; ++i) optimizer.step(*net.objective, net.at);
                    EXPECT_EQ(allocations, before);
                }
}

TEST(Allocation, NoneInWhatGoesOnFromAGradient) {
    for (const Ahead what :
         {Ahead::hessian_vector, Ahead::gauss_newton_vector, Ahead::exact_along, Ahead::exact_descent}) {
        CurvedNet net(Precision::f64);
        net.objective->expect(what);
        Vector gradient(32, Precision::f64), product(32, Precision::f64);
        const Vector v = net.direction(0.9);
        const auto ask = [&] {
            net.objective->value_and_gradient(net.at, gradient);
            if (what == Ahead::hessian_vector) net.objective->hessian_vector(net.at, v, product);
            if (what == Ahead::gauss_newton_vector) net.objective->gauss_newton_vector(net.at, v, product);
            if (what == Ahead::exact_along) net.objective->along(net.at, v, 0, Curvature::exact);
            if (what == Ahead::exact_descent) net.objective->along_descent(net.at, Curvature::exact);
        };
        ask();
        const int64_t before = allocations;
        ask();
        net.objective->expect(what);  // said again, as each step does
        ask();
        EXPECT_EQ(allocations, before);
    }
}

TEST(Allocation, NoneWhereSamplesTakeTurns) {
    for (const auto precision : {Precision::f32, Precision::f64}) {
        GraphObjective objective(
            [](Graph& graph) {
                const Value theta = graph.parameter("parameters", 0, {3});
                const Value loss = graph.scalar("w") * sum(square(theta - graph.input("targets", {3})));
                return LossGraph{.loss = loss, .parameters = {theta}};
            },
            {.precision = precision});
        const Vector y(3, precision, 1), z(3, precision, 2);
        Vector gradient(3, precision), product(3, precision);
        const Parameters at(ParameterLayout::single(3), precision);
        Sample a, b;
        a.set("targets", y);
        a.set("w", 1);
        b.set("w", 2);  // in another order
        b.set("targets", z);
        const SampleName w("w"), targets("targets");
        const auto evaluate = [&](const Sample& sample) {
            objective.on(sample);
            objective.hessian_vector(at, y, product);
            return objective.value_and_gradient(at, gradient);
        };
        evaluate(a);
        int64_t before = allocations;
        EXPECT_EQ(evaluate(b), 24);
        b.set(w, 3);
        b.set(targets, y);
        EXPECT_EQ(evaluate(b), 9);
        EXPECT_EQ(evaluate(a), 3);
        EXPECT_EQ(allocations, before) << to_string(precision);
    }
}

TEST(Allocation, NoneInWhatAMethodAsksAfterTheFirstTime) {
    for (const auto precision : {Precision::f32, Precision::f64}) {
        const Function function = functions().make(Spec::parse("rosenbrock:dimension=7"));
        GraphObjective chunk = function.objective({.precision = precision});
        SummedObjective summed({1, 2}, [&](int64_t) -> Objective& { return chunk; }, 7,
                               {.precision = precision});
        const Parameters x = parameters_at(two_tensors(), start(), precision);
        const Vector direction(7, precision, 0.5);
        Vector result(7, precision);
        const std::array<double, 3> steps{0, 1, 2};
        std::array<double, 3> values{};
        const auto ask = [&](Objective& objective) {
            objective.value_and_gradient(x, result);
            objective.hessian_vector(x, direction, result);
            objective.along(x, direction, 1);
            objective.values_along(x, direction, steps, values);
        };
        for (Objective* objective : {static_cast<Objective*>(&chunk), static_cast<Objective*>(&summed)}) {
            ask(*objective);
            const int64_t before = allocations;
            ask(*objective);
            EXPECT_EQ(allocations, before);
        }
    }
}

}  // namespace
}  // namespace ravine

#endif
