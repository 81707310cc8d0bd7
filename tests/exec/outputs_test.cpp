#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "ravine/graph/ops.hpp"
#include "tests/support/evaluate.hpp"

// Outputs into storages of any kind: several of one value, inputs, and storages that the program also reads.

namespace ravine::test {
namespace {

/// Compiles outputs, binds one vector a storage, and runs.
class Replacing {
public:
    Replacing(const Graph& graph, std::vector<Output> outputs, CompileOptions options,
              const std::map<std::string, Numbers>& storages,
              const std::map<std::string, double>& scalars = {})
        : program_(Program::compile(graph, std::move(outputs), options)), workspace_(program_) {
        for (const auto& [name, numbers] : storages) {
            vectors_[name] = Vector(numbers, options.precision);
            workspace_.bind(program_->storage(name), vectors_[name]);
        }
        for (const auto& [name, value] : scalars) workspace_.set_scalar(program_->scalar(name), value);
    }

    void run() {
        for (int phase = 0; phase < program_->phase_count(); ++phase) workspace_.run(phase);
    }

    Numbers operator[](const std::string& name) const { return vectors_.at(name).to_doubles(); }
    const Program& program() const { return *program_; }

private:
    std::shared_ptr<const Program> program_;
    Workspace workspace_;
    std::map<std::string, Vector> vectors_;
};

int64_t kernel_count(const Program& program) {
    const std::string text = program.describe();
    return std::count(text.begin(), text.end(), '\n');
}

class Replaced : public ::testing::TestWithParam<std::pair<Precision, int>> {
protected:
    CompileOptions options() const { return {GetParam().first, GetParam().second}; }
    double tolerance() const { return GetParam().first == Precision::f64 ? 1e-14 : 1e-5; }
};

INSTANTIATE_TEST_SUITE_P(Executors, Replaced,
                         ::testing::Values(std::pair{Precision::f64, 1}, std::pair{Precision::f32, 1},
                                           std::pair{Precision::f32, 2}),
                         [](const auto& info) {
                             return to_string(info.param.first) + "_" + std::to_string(info.param.second);
                         });

// v = mu v - rate g, w = w + v, for sizes around the tile, and large enough for two threads.
TEST_P(Replaced, ByAnUpdateRuleStepAfterStep) {
    for (const int64_t n : {1, 5, 255, 257, 511, 512, 513, 40000}) {
        Graph g;
        const Value v = g.parameter("v", 0, {n}), w = g.parameter("w", 0, {n}), slope = g.input("g", {n});
        const Value new_v = g.scalar("mu") * v - g.scalar("rate") * slope, new_w = w + new_v;
        Numbers expected_v = random_numbers(n, 1), expected_w = random_numbers(n, 2);
        const Numbers gradient = random_numbers(n, 3);
        Replacing update(g, {{new_v, "v"}, {new_w, "w"}}, options(),
                         {{"v", expected_v}, {"w", expected_w}, {"g", gradient}},
                         {{"mu", 0.9}, {"rate", 0.1}});
        if (options().precision == Precision::f32) {
            EXPECT_EQ(kernel_count(update.program()), 1) << update.program().describe();
        }
        for (int step = 0; step < 3; ++step) {
            update.run();
            for (size_t i = 0; i < expected_v.size(); ++i) {
                expected_v[i] = 0.9 * expected_v[i] - 0.1 * gradient[i];
                expected_w[i] += expected_v[i];
            }
        }
        expect_near(update["v"], expected_v, tolerance(), "v");
        expect_near(update["w"], expected_w, tolerance(), "w");
        expect_near(update["g"], gradient, 1e-7, "what is not replaced");
    }
}

// Both new values depend on both old ones, whichever is written first.
TEST_P(Replaced, ByValuesThatDependOnEachOther) {
    const int64_t n = 700;
    const Numbers a0 = random_numbers(n, 1), b0 = random_numbers(n, 2);
    for (const bool exchanged : {false, true}) {
        Graph g;
        const Value a = g.parameter("a", 0, {n}), b = g.parameter("b", 0, {n});
        std::vector<Output> outputs{{a + 2.0 * b, "a"}, {tanh(a) * b, "b"}};
        if (exchanged) std::ranges::reverse(outputs);
        Replacing update(g, outputs, options(), {{"a", a0}, {"b", b0}});
        update.run();
        Numbers a1, b1;
        for (size_t i = 0; i < a0.size(); ++i) {
            a1.push_back(a0[i] + 2 * b0[i]);
            b1.push_back(std::tanh(a0[i]) * b0[i]);
        }
        expect_near(update["a"], a1, tolerance(), "a");
        expect_near(update["b"], b1, tolerance(), "b");
    }
}

TEST_P(Replaced, WhileTheOldValueMovesElsewhere) {
    for (const bool reshaped : {false, true}) {
        Graph g;
        const Value w = g.parameter("w", 0, {3}), old = reshaped ? reshape(w, {3, 1}) : w;
        Replacing update(g, {{w * 2.0, "w"}, {old, "previous"}}, options(),
                         {{"w", {1, 2, 3}}, {"previous", {0, 0, 0}}});
        update.run();
        update.run();
        EXPECT_EQ(update["w"], (Numbers{4, 8, 12}));
        EXPECT_EQ(update["previous"], (Numbers{2, 4, 6}));
    }
}

TEST_P(Replaced, ByEachOther) {
    Graph g;
    const Value a = g.parameter("a", 0, {2}), b = g.parameter("b", 0, {2}), c = g.parameter("c", 0, {2});
    Replacing rotation(g, {{b, "a"}, {reshape(c, {1, 2}), "b"}, {a, "c"}}, options(),
                       {{"a", {1, 2}}, {"b", {3, 4}}, {"c", {5, 6}}});
    rotation.run();
    EXPECT_EQ(rotation["a"], (Numbers{3, 4}));
    EXPECT_EQ(rotation["b"], (Numbers{5, 6}));
    EXPECT_EQ(rotation["c"], (Numbers{1, 2}));
    rotation.run();
    rotation.run();
    EXPECT_EQ(rotation["a"], (Numbers{1, 2}));
}

TEST_P(Replaced, ByItself) {
    Graph g;
    const Value w = g.parameter("w", 0, {2});
    Replacing identity(g, {{w, "w"}, {w + 1.0, "next"}}, options(), {{"w", {1, 2}}, {"next", {0, 0}}});
    identity.run();
    EXPECT_EQ(identity["w"], (Numbers{1, 2}));
    EXPECT_EQ(identity["next"], (Numbers{2, 3}));
}

// The new value stands at another place than the old one, so that writing in order would overwrite what is
// still to be read.
TEST_P(Replaced, AtAnotherPlace) {
    const int64_t n = 2000;
    for (const auto& [from, to] : std::vector<std::pair<int64_t, int64_t>>{{0, 3}, {3, 0}}) {
        Graph g;
        const Numbers old = random_numbers(n + 3, 1);
        Replacing shift(g, {{g.parameter("w", from, {n}) * 2.0, "w", to}}, options(), {{"w", old}});
        shift.run();
        Numbers expected = old;
        for (int64_t i = 0; i < n; ++i)
            expected[static_cast<size_t>(to + i)] = 2 * old[static_cast<size_t>(from + i)];
        expect_near(shift["w"], expected, 1e-6, "shifted");
    }
}

// ... and the same where one of two overlapping slices is replaced.
TEST_P(Replaced, WhileAnOverlappingSliceIsRead) {
    const int64_t n = 2000;
    for (const auto& [target, other] : std::vector<std::pair<int64_t, int64_t>>{{0, 3}, {3, 0}}) {
        Graph g;
        const Value replaced = g.parameter("w", target, {n}), read = g.parameter("w", other, {n});
        const Numbers old = random_numbers(n + 3, 1);
        Replacing update(g, {{replaced + read, "w", target}}, options(), {{"w", old}});
        update.run();
        Numbers expected = old;
        for (int64_t i = 0; i < n; ++i)
            expected[static_cast<size_t>(target + i)] += old[static_cast<size_t>(other + i)];
        expect_near(update["w"], expected, 1e-6, "sum");
    }
}

TEST_P(Replaced, HalfByHalf) {
    Graph g;
    const Value left = g.parameter("w", 0, {3}), right = g.parameter("w", 3, {3});
    Replacing update(g, {{left + right, "w", 0}, {left - right, "w", 3}}, options(),
                     {{"w", {1, 2, 3, 10, 20, 30}}});
    update.run();
    EXPECT_EQ(update["w"], (Numbers{11, 22, 33, -9, -18, -27}));
}

// A reduction of the old value in the same kernel as its replacement, before and after it in the graph.
TEST_P(Replaced, WhileItIsReduced) {
    for (const int64_t n : {3, 1200, 40000}) {
        Graph g;
        const Value w = g.parameter("w", 0, {n}), r = g.parameter("r", 0, {n}), halved = w * 0.5;
        const std::vector<Output> outputs{{halved, "w"},
                                          {sum(w), "sum"},
                                          {sum(w * halved), "product"},
                                          {max_to(w, {}), "largest"},
                                          {r + w, "r"}};
        const Numbers old = random_numbers(n, 4);
        Replacing update(g, outputs, options(),
                         {{"w", old}, {"r", old}, {"sum", {0}}, {"product", {0}}, {"largest", {0}}});
        update.run();
        double sum = 0, largest = old[0];
        for (const double x : old) sum += x, largest = std::max(largest, x);
        EXPECT_NEAR(update["sum"][0], sum, tolerance() * 100);
        EXPECT_NEAR(update["product"][0], dot(old, old) / 2, tolerance() * static_cast<double>(n));
        EXPECT_NEAR(update["largest"][0], largest, 1e-6);
        Numbers halves, doubles;
        for (const double x : old) halves.push_back(x / 2), doubles.push_back(x * 2);
        expect_near(update["w"], halves, 1e-6, "w");
        expect_near(update["r"], doubles, 1e-6, "r");
    }
}

TEST_P(Replaced, ByItsOwnReduction) {
    for (const int64_t offset : {0, 1}) {
        Graph g;
        const Value x = g.input("x", {3, 2});
        Replacing update(g, {{sum_to(x, {2}), "x", offset}}, options(), {{"x", {1, 2, 3, 4, 5, 6}}});
        update.run();
        Numbers expected{1, 2, 3, 4, 5, 6};
        expected[static_cast<size_t>(offset)] = 9, expected[static_cast<size_t>(offset) + 1] = 12;
        EXPECT_EQ(update["x"], expected);
    }
}

TEST_P(Replaced, InAnEarlierPhaseIsReadAnewInALaterOne) {
    Graph g;
    const Value w = g.parameter("w", 0, {2});
    Replacing update(g, {{w + 1.0, "w", 0, 0}, {w * 10.0, "result", 0, 1}}, options(),
                     {{"w", {1, 2}}, {"result", {0, 0}}});
    update.run();
    EXPECT_EQ(update["w"], (Numbers{2, 3}));
    EXPECT_EQ(update["result"], (Numbers{20, 30}));
}

// Other outputs.

TEST_P(Replaced, OrNotTheSameValueGoesToSeveralPlaces) {
    Graph g;
    const Value x = g.input("x", {2}), y = exp(x) * 0.0 + x * 3.0;
    Replacing program(g,
                      {{y, "first", 1},
                       {y, "second"},
                       {y, "first", 3},
                       {reshape(y, {2, 1}), "third"},
                       {stop_gradient(y), "fourth", 0, 1},
                       {x, "copy"},
                       {reshape(x, {1, 2}), "copy", 2}},
                      options(),
                      {{"x", {1, 2}},
                       {"first", {9, 9, 9, 9, 9}},
                       {"second", {0, 0}},
                       {"third", {0, 0}},
                       {"fourth", {0, 0}},
                       {"copy", {0, 0, 0, 0}}});
    program.run();
    EXPECT_EQ(program["first"], (Numbers{9, 3, 6, 3, 6}));
    EXPECT_EQ(program["second"], (Numbers{3, 6}));
    EXPECT_EQ(program["third"], (Numbers{3, 6}));
    EXPECT_EQ(program["fourth"], (Numbers{3, 6}));
    EXPECT_EQ(program["copy"], (Numbers{1, 2, 1, 2}));
}

TEST_P(Replaced, OrNotOutputsOfProductsAndTheirEpilogues) {
    Graph g;
    const Value x = g.input("x", {2, 2}), w = g.input("w", {2, 2}), b = g.input("b", {2});
    const Value product = matmul(x, w), sum = product + b, active = relu(sum);
    Replacing program(g, {{active, "active"}, {sum, "sum"}, {product, "product"}}, options(),
                      {{"x", {1, 0, 0, 1}},
                       {"w", {1, 2, 3, 4}},
                       {"b", {-2, 1}},
                       {"active", Numbers(4)},
                       {"sum", Numbers(4)},
                       {"product", Numbers(4)}});
    program.run();
    EXPECT_EQ(program["product"], (Numbers{1, 2, 3, 4}));
    EXPECT_EQ(program["sum"], (Numbers{-1, 3, 1, 5}));
    EXPECT_EQ(program["active"], (Numbers{0, 3, 1, 5}));
}

}  // namespace
}  // namespace ravine::test
