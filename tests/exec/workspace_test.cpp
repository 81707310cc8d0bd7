#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <span>
#include <thread>

#include "ravine/core/threads/threads.hpp"
#include "ravine/graph/derivatives.hpp"
#include "ravine/graph/ops.hpp"
#include "tests/support/random_graph.hpp"

namespace ravine::test {
namespace {

constexpr std::array both_executors{Evaluator::in_double, Evaluator::in_float};

TEST(Phases, OneAfterTheOtherGiveWhatOneRunGives) {
    for (const auto& options : both_executors)
        for (uint64_t seed = 0; seed < 20; ++seed) {
            const RandomGraph random({9, 7}, 25, 9000 + seed);
            const std::vector<int> together(random.outputs.size(), 0);
            EXPECT_EQ(Evaluator(random.graph, random.outputs, options, random.phases)(random.feed),
                      Evaluator(random.graph, random.outputs, options, together)(random.feed));
        }
}

TEST(Phases, AreThoseOfTheEarliestUse) {
    Graph g;
    const Value x = g.input("x", {2}), y = square(x);
    const auto program =
        Program::compile(g, {{exp(y), "late", 0, 1}, {sum(y), "early"}}, {Precision::f32, 1});
    ASSERT_EQ(program->phase_count(), 2);
    Workspace workspace(program);
    Vector numbers(std::vector<double>{1, 2}, Precision::f32);
    workspace.bind(program->storage("x"), numbers);
    workspace.run(0);
    EXPECT_EQ(workspace.value(program->storage("early")), 5);
    EXPECT_EQ(workspace.value(program->storage("late"), 0), 0) << "belongs to the next phase";
    numbers.fill(0);  // what phase 1 needs of phase 0 is kept, not computed again
    workspace.run(1);
    EXPECT_FLOAT_EQ(static_cast<float>(workspace.value(program->storage("late"), 1)), std::exp(4.0f));
    EXPECT_THROW(workspace.run(2), std::logic_error);
    EXPECT_THROW(workspace.run(-1), std::logic_error);
}

TEST(Programs, SayWhatTheirKernelsDo) {
    Graph g;
    g.label = "hidden";
    const Value y = matmul(g.input("x", {4, 5}), g.parameter("w", 0, {5, 3}));
    g.label = "loss";
    const auto program = Program::compile(g, {{y, "y"}, {sum(exp(y)), "loss", 0, 1}}, {Precision::f32, 1});
    const auto kernels = program->kernels();
    ASSERT_EQ(kernels.size(), 2u);
    EXPECT_EQ(kernels[0].label, "hidden");
    EXPECT_EQ(kernels[0].phase, 0);
    EXPECT_EQ(kernels[0].flops, 2 * 4 * 5 * 3);
    EXPECT_EQ(kernels[0].bytes, 4 * (4 * 5 + 5 * 3 + 4 * 3));
    EXPECT_EQ(kernels[1].label, "loss");
    EXPECT_EQ(kernels[1].phase, 1);
    EXPECT_EQ(kernels[1].flops, 12 + 12);
    EXPECT_EQ(kernels[1].bytes, 4 * (12 + 1));

    Workspace workspace(program);
    std::vector<double> seconds(2, 0);
    workspace.kernel_seconds = seconds;
    workspace.run(0);
    EXPECT_GT(seconds[0], 0);
    EXPECT_EQ(seconds[1], 0) << "belongs to the next phase";
    workspace.kernel_seconds = std::span(seconds).first(1);
    EXPECT_THROW(workspace.run(1), std::logic_error);
}

TEST(Storages, AreFoundByName) {
    Graph g;
    const Value p = g.parameter("p", 3, {2, 2}), x = g.input("x", {2, 2});
    const auto program = Program::compile(g, {{p * x * g.scalar("s"), "y", 5}}, {Precision::f64, 1});
    EXPECT_EQ(program->storage_size(program->storage("p")), 7);
    EXPECT_EQ(program->storage_size(program->storage("x")), 4);
    EXPECT_EQ(program->storage_size(program->storage("y")), 9);
    EXPECT_EQ(program->storage("z"), -1);
    EXPECT_EQ(program->scalar("t"), -1);
    EXPECT_GE(program->scalar("s"), 0);
}

TEST(Storages, ThatDoNotFitAreRefused) {
    Graph g;
    const Value p = g.parameter("p", 0, {4});
    const auto program = Program::compile(g, {{p * 2.0, "y"}}, {Precision::f32, 1});
    Workspace workspace(program);
    Vector fits(4, Precision::f32), small(3, Precision::f32), doubles(4, Precision::f64);
    const Vector constant(4, Precision::f32);
    const int read = program->storage("p"), written = program->storage("y");
    EXPECT_NO_THROW(workspace.bind(read, constant));
    EXPECT_NO_THROW(workspace.bind(written, fits));
    EXPECT_THROW(workspace.bind(read, small), std::logic_error);
    EXPECT_THROW(workspace.bind(read, doubles), std::logic_error);
    EXPECT_THROW(workspace.bind(written, constant), std::logic_error);
    EXPECT_THROW(workspace.value(written, 4), std::logic_error);
    EXPECT_THROW(workspace.bind(-1, fits), std::exception);
    EXPECT_THROW(Program::compile(g, {{p, "y"}}, {Precision::f32, 0}), std::logic_error);
    EXPECT_THROW(Program::compile(g, {{p, "y", -1}}, {Precision::f32, 1}), std::logic_error);
    EXPECT_THROW(Program::compile(g, {{p, "y", 0, -1}}, {Precision::f32, 1}), std::logic_error);
    EXPECT_THROW(Program::compile(Graph(), {{p, "y"}}, {Precision::f32, 1}), std::logic_error);
}

TEST(Storages, MayBeBoundAgainBetweenRuns) {
    for (const auto& options : both_executors) {
        Graph g;
        const Value y = matmul(g.input("x", {1, 2}), g.parameter("w", 0, {2, 1})) + 1.0;
        const auto program = Program::compile(g, {{y, "y"}}, options);
        Workspace workspace(program);
        const Vector ones(2, options.precision, 1), twos(2, options.precision, 2), w(2, options.precision, 3);
        workspace.bind(program->storage("w"), w);
        workspace.bind(program->storage("x"), ones);
        workspace.run();
        EXPECT_EQ(workspace.value(program->storage("y")), 7);
        workspace.bind(program->storage("x"), twos);
        workspace.run();
        EXPECT_EQ(workspace.value(program->storage("y")), 13);
        Vector y_elsewhere(1, options.precision);
        workspace.bind(program->storage("y"), y_elsewhere);
        workspace.run();
        EXPECT_EQ(y_elsewhere.at(0), 13);
        // Memory of the workspace's own, where nobody binds any.
        Workspace other(program);
        const auto fill = [&](const char* name, double value) {
            const int storage = program->storage(name);
            for (int64_t i = 0; i < program->storage_size(storage); ++i)
                if (options.precision == Precision::f64)
                    static_cast<double*>(other.data(storage))[i] = value;
                else
                    static_cast<float*>(other.data(storage))[i] = static_cast<float>(value);
        };
        fill("x", 1), fill("w", 5);
        other.run();
        EXPECT_EQ(other.value(program->storage("y")), 11);
        EXPECT_EQ(y_elsewhere.at(0), 13);
    }
}

TEST(Programs, OutliveTheirGraph) {
    std::shared_ptr<const Program> program;
    {
        Graph g;
        const Value x = g.input("x", {2, 2});
        program = Program::compile(g, {{relu(matmul(x, x)) + g.scalar("s"), "y"}}, {Precision::f32, 1});
    }
    Workspace workspace(program);
    const Vector x(4, Precision::f32, 1);
    workspace.bind(program->storage("x"), x);
    workspace.set_scalar(program->scalar("s"), 2);
    workspace.run();
    EXPECT_EQ(workspace.value(program->storage("y")), 4);
}

// Two trials share a program, each with a workspace and a thread of its own.
TEST(Programs, RunInTwoThreadsAsInOne) {
    Graph g;
    const Value x = g.input("x", {8, 12, 12, 3}), kernel = g.parameter("p", 0, {5, 3, 3, 3}),
                bias = g.parameter("p", 135, {5}), w = g.parameter("p", 140, {180, 4});
    const Value pooled = max_pool(relu(conv2d(x, kernel, {1, 1}) + bias));
    const Value logits = matmul(reshape(pooled, {8, 180}), w);
    const Value noise = random_normal(g, {8, 4}, 1);
    const Value loss = mean(softmax_cross_entropy(logits + 0.1 * noise, softmax(noise)));
    const std::vector<Value> parameters{kernel, bias, w};
    const auto gradients = gradient(loss, parameters);
    for (const auto& options : both_executors) {
        const auto program = Program::compile(g,
                                              {{loss, "loss"},
                                               {gradients[0], "g", 0, 1},
                                               {gradients[1], "g", 135, 1},
                                               {gradients[2], "g", 140, 1}},
                                              options);
        const Vector images(random_numbers(8 * 12 * 12 * 3, 1), options.precision);
        const auto trial = [&](uint64_t seed) {
            Workspace workspace(program);
            const Vector p(random_numbers(860, seed, -0.3, 0.3), options.precision);
            workspace.bind(program->storage("x"), images);
            workspace.bind(program->storage("p"), p);
            Numbers results;
            for (uint64_t step = 0; step < 20; ++step) {
                workspace.random.step = step;
                workspace.run(0);
                workspace.run(1);
                results.push_back(workspace.value(program->storage("loss")));
            }
            for (int64_t i = 0; i < 860; ++i) results.push_back(workspace.value(program->storage("g"), i));
            return results;
        };
        const Numbers first = trial(1), second = trial(2);
        Numbers first_again, second_again;
        std::thread other([&] { first_again = trial(1); });
        second_again = trial(2);
        other.join();
        EXPECT_EQ(first, first_again);
        EXPECT_EQ(second, second_again);
        EXPECT_NE(first, second);
    }
}

// Subnormal numbers: floats are flushed to zero, doubles are not, and the caller's mode is left as it was.
TEST(Subnormals, AreFlushedInFloatOnly) {
    for (const bool caller_flushes : {false, true}) {
        const FlushSubnormals mode(caller_flushes);
        for (const auto& options : both_executors) {
            const bool is_float = options.precision == Precision::f32;
            const double smallest = is_float ? static_cast<double>(std::numeric_limits<float>::min())
                                             : std::numeric_limits<double>::min();
            Graph g;
            const int64_t n = 40000;
            const Value x = g.input("x", {n}), image = reshape(x, {40, 10, 10, 10});
            const auto program = Program::compile(
                g, {{x * 0.5, "half"}, {average_pool(image, {2, 2, 0}), "pooled"}}, {options.precision, 2});
            Workspace workspace(program);
            Vector numbers(n, options.precision);
            numbers.set(0, smallest);
            numbers.set(n - 1, smallest);
            workspace.bind(program->storage("x"), numbers);
            workspace.run();
            EXPECT_EQ(FlushSubnormals::here(), caller_flushes);
            const FlushSubnormals look(false);
            for (const int64_t i : {int64_t{0}, n - 1})
                EXPECT_EQ(workspace.value(program->storage("half"), i), is_float ? 0 : smallest / 2) << i;
            for (const int64_t i : {int64_t{0}, n / 4 - 1})
                EXPECT_EQ(workspace.value(program->storage("pooled"), i), is_float ? 0 : smallest / 4) << i;
        }
    }
}

}  // namespace
}  // namespace ravine::test
