#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "ravine/exec/plan/plan.hpp"
#include "ravine/graph/derivatives.hpp"
#include "tests/support/random_graph.hpp"

// What fusion makes of a graph, against the reference executor, which computes one node after another.

namespace ravine::test {
namespace {

int64_t line_count(const Program& program) {
    const std::string text = program.describe();
    return std::count(text.begin(), text.end(), '\n');
}

void check_random_graph(const Shape& space, int operations, uint64_t seed) {
    SCOPED_TRACE("space " + to_string(space) + ", seed " + std::to_string(seed));
    const RandomGraph random(space, operations, seed);
    Evaluator reference(random.graph, random.outputs, Evaluator::in_double, random.phases);
    const auto expected = reference(random.feed);
    for (const int threads : {1, 2}) {
        Evaluator evaluator(random.graph, random.outputs, {Precision::f32, threads}, random.phases);
        const auto found = evaluator(random.feed);
        for (size_t i = 0; i < expected.size(); ++i)
            expect_near(found[i], expected[i], 1e-4, "output " + std::to_string(i));
        EXPECT_EQ(evaluator(random.feed), found) << "a second run is bit-identical";
    }
}

// A tile has 512 elements, or 256.
TEST(Fusion, OfRandomGraphsAgreesWithTheReference) {
    uint64_t seed = 0;
    for (const int64_t count : {1, 6, 60, 255, 257, 511, 512, 513, 1537})
        for (const auto& space : spaces_of(count))
            for (int i = 0; i < 4; ++i) {
                const int operations = 4 + static_cast<int>(seed % 5) * 8;
                check_random_graph(space, operations, ++seed);
                if (HasFatalFailure()) return;
            }
}

// Large enough for two threads in one kernel.
TEST(Fusion, OfLargeRandomGraphsAgreesWithTheReference) {
    uint64_t seed = 1000;
    for (const Shape& space : {Shape{32769}, Shape{331, 101}, Shape{101, 331}, Shape{2, 16500},
                               Shape{16500, 2}, Shape{5, 33, 25, 8}, Shape{40, 29, 29, 1}})
        for (int i = 0; i < 2; ++i) {
            check_random_graph(space, 16, ++seed);
            if (HasFatalFailure()) return;
        }
}

// More parts than threads, which any thread may take: what they add up does not depend on who did.
TEST(Fusion, KeepsSumsByPart) {
    Graph g;
    const Shape space{3000, 100};
    const Value x = g.input("x", space), y = g.input("y", space), z = x * y + x;
    const std::vector<Value> values{sum(z), sum(square(z)), sum_to(z, {100}), max_to(z, {100}),
                                    sum_to(z, {3000, 1})};
    const Feed feed =
        as_floats({.storages = {{"x", random_numbers(300000, 1)}, {"y", random_numbers(300000, 2)}}});
    const auto expected = evaluate(values, feed);
    for (const int threads : {1, 2, 3}) {
        Evaluator evaluator(g, values, {Precision::f32, threads});
        const auto found = evaluator(feed);
        for (size_t i = 0; i < values.size(); ++i)
            expect_near(found[i], expected[i], i < 2 ? 0.1 : 2e-3, std::to_string(i));
        for (int run = 0; run < 10; ++run) EXPECT_EQ(evaluator(feed), found);
    }
}

TEST(Fusion, MakesOneKernelOfAnElementwiseChain) {
    Graph g;
    const Value x = g.input("x", {4, 5}), y = tanh(exp(x) * 2.0 + g.scalar("s")) - g.input("row", {5});
    const auto program = Program::compile(g, {{y, "y"}, {sum(y), "sum"}}, {Precision::f32, 1});
    EXPECT_EQ(line_count(*program), 1) << program->describe();
}

// e reads r, which is the sum of d, which both read x: joining d and e would need r before it is there.
TEST(Fusion, DoesNotJoinAcrossAReduction) {
    Graph g;
    const Value x = g.input("x", {3, 4}), d = exp(x), r = sum_to(d, {3, 1}), e = d / r, s = sum(e * x);
    const Feed feed = as_floats({.storages = {{"x", random_numbers(12, 1)}}});
    const auto expected = evaluate({e, s}, feed), found = evaluate({e, s}, feed, Evaluator::in_float);
    expect_near(found[0], expected[0], 1e-6, "softmax by hand");
    expect_near(found[1], expected[1], 1e-6, "sum");
}

// A broadcast with memory of its own, over the very space of the reduction that it repeats.
TEST(Fusion, DoesNotJoinAReductionWithItsBroadcast) {
    Graph g;
    const Value x = g.input("x", {300, 4}), y = exp(x), r = sum_to(y, {4}), b = broadcast(r, {300, 4});
    const Feed feed = as_floats({.storages = {{"x", random_numbers(1200, 1)}}});
    const auto expected = evaluate({y, b}, feed), found = evaluate({y, b}, feed, Evaluator::in_float);
    expect_near(found[0], expected[0], 1e-6, "exp");
    expect_near(found[1], expected[1], 1e-5, "repeated sum");
}

// Rows longer than half a tile, as they are in a program whose tile is half as long.
TEST(Fusion, KeepsLongRowsWhole) {
    Graph g;
    const Shape rows{70, 300};
    const Value a = g.input("a", rows), b = g.input("b", rows), c = g.input("c", rows),
                scale = g.input("scale", {300}), shift = g.input("shift", {300});
    const Value y = (a * scale + b) * c + shift, z = exp(y) * b - a;
    const std::vector<Value> values{y, z, sum_to(y, {300}), sum_to(z * a, {300}), max_to(z, {300})};
    const Feed feed = as_floats({.storages = {{"a", random_numbers(21000, 1)},
                                              {"b", random_numbers(21000, 2)},
                                              {"c", random_numbers(21000, 3)},
                                              {"scale", random_numbers(300, 4)},
                                              {"shift", random_numbers(300, 5)}}});
    const auto expected = evaluate(values, feed);
    for (const int threads : {1, 2}) {
        const auto found = evaluate(values, feed, {Precision::f32, threads});
        for (size_t i = 0; i < values.size(); ++i)
            expect_near(found[i], expected[i], 1e-4, std::to_string(i));
    }
}

// Only loads with the period that fits the tile are laid out once.
TEST(Fusion, RepeatsRowsOfDifferentLengths) {
    const Feed feed = as_floats({.storages = {{"x", random_numbers(2100, 1)},
                                              {"a", random_numbers(7, 2)},
                                              {"b", random_numbers(21, 3)},
                                              {"c", random_numbers(700, 4)}}});
    Graph g;
    const Value x = g.input("x", {100, 3, 7}), a = g.input("a", {7}), b = g.input("b", {3, 7}),
                c = g.input("c", {100, 1, 7});
    const std::vector<Value> values{x * a + b, x * b + a, x + c * a * b};
    const auto expected = evaluate(values, feed), found = evaluate(values, feed, Evaluator::in_float);
    for (size_t i = 0; i < values.size(); ++i) expect_near(found[i], expected[i], 1e-6, std::to_string(i));
}

// Nor across another kernel: a -> product -> b, and a -> b directly.
TEST(Fusion, DoesNotJoinAroundAProduct) {
    Graph g;
    const Value x = g.input("x", {4, 4}), a = exp(x), p = matmul(a, a), b = p * a + x, c = sin(x) + b;
    const Feed feed = as_floats({.storages = {{"x", random_numbers(16, 1)}}});
    const auto expected = evaluate({a, b, c}, feed), found = evaluate({a, b, c}, feed, Evaluator::in_float);
    for (size_t i = 0; i < 3; ++i) expect_near(found[i], expected[i], 1e-6, std::to_string(i));
}

TEST(Fusion, SplitsChainsThatAreTooLongForOneKernel) {
    Graph g;
    Value y = g.input("x", {7});
    for (int i = 0; i < 200; ++i) y = sin(y) + g.input("x" + std::to_string(i % 30), {7}) * y;
    Feed feed{.storages = {{"x", random_numbers(7, 1)}}};
    for (int i = 0; i < 30; ++i) feed.storages["x" + std::to_string(i)] = random_numbers(7, 2, -0.3, 0.1);
    feed = as_floats(feed);
    expect_near(evaluate({y}, feed, Evaluator::in_float)[0], evaluate({y}, feed)[0], 1e-4, "chain");
}

// Constants, scalars and broadcasts have no memory of their own, unless someone needs it.

TEST(LazyValues, HaveMemoryWhereAProductReadsThem) {
    Graph g;
    const Value x = g.input("x", {3, 4}), row = g.input("row", {4});
    const Value constant = g.constant(2, {4, 2}), scalar = broadcast(g.scalar("s"), {4, 2}),
                repeated = broadcast(row, {3, 4});
    const std::vector<Value> values{matmul(x, constant), matmul(x, scalar), matmul(repeated, scalar),
                                    matmul(x, scalar) * 2.0 + sum(scalar)};
    const Feed feed = as_floats(
        {.storages = {{"x", random_numbers(12, 1)}, {"row", random_numbers(4, 2)}}, .scalars = {{"s", 3}}});
    const auto expected = evaluate(values, feed), found = evaluate(values, feed, Evaluator::in_float);
    for (size_t i = 0; i < values.size(); ++i) expect_near(found[i], expected[i], 1e-6, std::to_string(i));
}

TEST(LazyValues, HaveMemoryAsOutputs) {
    Graph g;
    const Value row = g.input("row", {3}), scalar = g.scalar("s");
    const std::vector<Value> values{g.constant(2, {3}),
                                    scalar,
                                    broadcast(scalar, {2, 1}),
                                    broadcast(row, {2, 3}),
                                    reshape(broadcast(row, {2, 3}), {6}),
                                    broadcast(row, {2, 3}) * 2.0};
    const Feed feed{.storages = {{"row", {1, 2, 3}}}, .scalars = {{"s", 7}}};
    for (const auto& options : {Evaluator::in_double, Evaluator::in_float})
        EXPECT_EQ(evaluate(values, feed, options),
                  (std::vector<Numbers>{
                      {2, 2, 2}, {7}, {7, 7}, {1, 2, 3, 1, 2, 3}, {1, 2, 3, 1, 2, 3}, {2, 4, 6, 2, 4, 6}}));
}

TEST(LazyValues, OfLazyValues) {
    Graph g;
    const Value row = g.input("row", {3}), scalar = g.scalar("s"), x = g.input("x", {2, 2, 3});
    const Value twice = broadcast(broadcast(row, {2, 3}), {2, 2, 3});
    const Value behind = broadcast(stop_gradient(broadcast(scalar, {2, 1})), {2, 3});
    const Feed feed{.storages = {{"row", {1, 2, 3}}, {"x", Numbers(12, 1.0)}}, .scalars = {{"s", 7}}};
    for (const auto& options : {Evaluator::in_double, Evaluator::in_float}) {
        const auto results = evaluate({twice + x, behind * row}, feed, options);
        EXPECT_EQ(results[0], (Numbers{2, 3, 4, 2, 3, 4, 2, 3, 4, 2, 3, 4}));
        EXPECT_EQ(results[1], (Numbers{7, 14, 21, 7, 14, 21}));
    }
}

// a b + c and c - a b are one instruction, rounded once, also where something else needs a b.
TEST(MultiplyAdd, IsOneInstruction) {
    Graph g;
    const Value a = g.input("a", {100}), b = g.input("b", {100}), c = g.input("c", {100}), product = a * b;
    Feed feed = as_floats({.storages = {{"a", random_numbers(100, 1)}, {"b", random_numbers(100, 2)}}});
    for (size_t i = 0; i < 100; ++i) {
        const auto rounded =
            static_cast<float>(feed.storages["a"][i]) * static_cast<float>(feed.storages["b"][i]);
        feed.storages["c"].push_back(-static_cast<double>(rounded));
    }
    const auto exact = [&](size_t i, double sign) {
        return sign * feed.storages["a"][i] * feed.storages["b"][i] + feed.storages["c"][i];
    };
    const auto sum = evaluate({product + c}, feed, Evaluator::in_float)[0],
               difference = evaluate({c - product}, feed, Evaluator::in_float)[0],
               reversed = evaluate({product - c}, feed, Evaluator::in_float)[0];
    for (size_t i = 0; i < 100; ++i) {
        EXPECT_EQ(sum[i], static_cast<double>(static_cast<float>(exact(i, 1))));
        EXPECT_EQ(difference[i], static_cast<double>(static_cast<float>(exact(i, -1))));
        EXPECT_EQ(reversed[i], -2 * feed.storages["c"][i]);
    }
    // As an output the product is there too, rounded by itself.
    const auto both = evaluate({product, product + c}, feed, Evaluator::in_float);
    EXPECT_EQ(both[1], sum);
    for (size_t i = 0; i < 100; ++i) EXPECT_EQ(both[0][i], -feed.storages["c"][i]);
}

// What an update rule is made of, joined: sqrt(a b) + c, a - b / c, a^2 b + c, and a sum of squares; and a
// gradient that a ReLU lets pass.
TEST(JoinedInstructions, AgreeWithTheReference) {
    Graph g;
    const Value a = g.input("a", {700}), b = g.input("b", {700}), c = g.input("c", {700});
    const Value s = g.scalar("s");
    const Feed feed = as_floats({.storages = {{"a", random_numbers(700, 1)},
                                              {"b", random_numbers(700, 2)},
                                              {"c", random_numbers(700, 3)}},
                                 .scalars = {{"s", 0.5}}});
    const Value root = sqrt(s * square(a)) + 0.25, quotient = b - c / (square(c) + s),
                sums = s * square(a) + b;
    const Value passed = b * step(a - c), kept = step(a), other = step(c);
    const std::vector<Value> outputs{root,   quotient, sums,        sum(square(a)),     sum(square(a) + b),
                                     passed, kept * b, kept * kept, other * step(a - c)};
    const auto expected = evaluate(outputs, feed, Evaluator::in_double);
    const auto found = evaluate(outputs, feed, Evaluator::in_float);
    for (size_t k = 0; k < outputs.size(); ++k)
        for (size_t i = 0; i < expected[k].size(); ++i)
            EXPECT_NEAR(found[k][i], expected[k][i], 1e-6 * (1 + std::abs(expected[k][i]))) << k << " " << i;
}

// The memory plan.

struct Life {
    int64_t begin, end;  // in elements
    int first, last;     // steps
};

/// Checks that every buffer is written before it is read, and that no two live at the same place at a time.
/// Returns the sum of the sizes of all arena buffers.
int64_t check_plan(const Program& program) {
    const Plan& plan = program.plan();
    std::map<int, Life> lives;
    for (size_t i = 0; i < plan.steps.size(); ++i) {
        const int step = static_cast<int>(i);
        if (i > 0) {
            EXPECT_LE(plan.steps[i - 1].phase, plan.steps[i].phase);
        }
        for (const int buffer : plan.steps[i].reads) {
            const Buffer& b = plan.buffers[static_cast<size_t>(buffer)];
            if (b.storage >= 0) continue;
            EXPECT_TRUE(lives.contains(buffer)) << "step " << i << " reads what nobody has written\n"
                                                << program.describe();
            lives[buffer].last = step;
        }
        for (const int buffer : plan.steps[i].writes) {
            const Buffer& b = plan.buffers[static_cast<size_t>(buffer)];
            if (b.storage >= 0) {
                EXPECT_LE(b.offset + b.bytes(),
                          plan.storages[static_cast<size_t>(b.storage)].elements * size_of(b.element));
                continue;
            }
            EXPECT_LE(b.offset + b.bytes(), plan.arena_bytes);
            EXPECT_FALSE(lives.contains(buffer)) << "written twice";
            lives[buffer] = {b.offset, b.offset + b.bytes(), step, step};
        }
    }
    int64_t total = 0;
    for (auto a = lives.begin(); a != lives.end(); ++a) {
        total += a->second.end - a->second.begin;
        for (auto b = std::next(a); b != lives.end(); ++b) {
            const Life &x = a->second, &y = b->second;
            const bool same_time = x.first <= y.last && y.first <= x.last;
            const bool same_place = x.begin < y.end && y.begin < x.end;
            EXPECT_FALSE(same_time && same_place) << "buffers " << a->first << " and " << b->first;
        }
    }
    return total;
}

/// Buffers of the arena with so many elements.
int64_t count_buffers(const Program& program, int64_t elements) {
    return std::ranges::count_if(program.plan().buffers, [&](const Buffer& buffer) {
        return buffer.storage < 0 && buffer.elements == elements;
    });
}

TEST(Fusion, CheapValuesAreComputedAgainRatherThanStored) {
    Graph g;
    const Value h = matmul(g.input("x", {60, 7}), g.parameter("w", 0, {7, 40}));
    const Value centered = h - sum_to(h, {40}) / 60.0;
    const Value deviation = sqrt(sum_to(square(centered), {40}) / 60.0);
    const std::vector<Value> values{relu(centered / deviation), sum(exp(centered * 0.1))};
    Evaluator in_float(g, values, Evaluator::in_float);
    EXPECT_EQ(count_buffers(in_float.program(), 60 * 40), 1) << in_float.program().describe();
    const Feed feed = as_floats({.storages = {{"x", random_numbers(420, 1)}, {"w", random_numbers(280, 2)}}});
    const auto expected = evaluate(values, feed), found = in_float(feed);
    for (size_t i = 0; i < values.size(); ++i) expect_near(found[i], expected[i], 1e-5, "value");
}

TEST(Fusion, WhatIsDearOrWantedByAProductIsStoredOnce) {
    Graph g;
    const Value h = matmul(g.input("x", {60, 7}), g.parameter("w", 0, {7, 40}));
    const Value dear = exp(h), scale = sum_to(dear, {40});
    Evaluator softmax(g, {dear / scale, sum(dear * h)}, Evaluator::in_float);
    EXPECT_EQ(count_buffers(softmax.program(), 60 * 40), 2) << softmax.program().describe();
    const Value halved = h * 0.5 + h;
    const Value product = matmul(halved, g.parameter("v", 0, {40, 3}));
    Evaluator shared(g, {product, halved / sum_to(halved, {40})}, Evaluator::in_float);
    EXPECT_EQ(count_buffers(shared.program(), 60 * 40), 2) << shared.program().describe();
}

TEST(MemoryPlan, KeepsLivingBuffersApart) {
    uint64_t seed = 5000;
    for (const int64_t count : {6, 60, 513})
        for (const auto& space : spaces_of(count)) {
            const RandomGraph random(space, 40, ++seed);
            for (const auto& options : {Evaluator::in_double, Evaluator::in_float})
                check_plan(Evaluator(random.graph, random.outputs, options, random.phases).program());
        }
}

TEST(MemoryPlan, ReusesMemoryAlongADeepChain) {
    Graph g;
    Value y = g.input("x", {16, 64});
    for (int i = 0; i < 30; ++i) y = relu(matmul(y, g.parameter("w", i * 4096, {64, 64})));
    for (const auto& options : {Evaluator::in_double, Evaluator::in_float}) {
        const auto program = Program::compile(g, {{y, "y"}}, options);
        const int64_t total = check_plan(*program);
        const auto size = static_cast<int64_t>(element_size(options.precision));
        EXPECT_LE(program->plan().arena_bytes, 2 * 16 * 64 * size);
        EXPECT_GE(total, 29 * 16 * 64 * size);
    }
}

}  // namespace
}  // namespace ravine::test
