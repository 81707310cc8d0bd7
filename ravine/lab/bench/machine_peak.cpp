#include "ravine/lab/bench/machine_peak.hpp"

#include <algorithm>
#include <chrono>
#include <limits>

#include "ravine/core/threads/threads.hpp"
#include "ravine/graph/ops.hpp"

namespace ravine {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_of_run(Workspace& workspace) {
    const auto start = Clock::now();
    workspace.run();
    return std::chrono::duration<double>(Clock::now() - start).count();
}

/// The shortest of the runs that `seconds` have room for, of at least one after one to warm up.
double shortest_run(Workspace& workspace, double seconds) {
    double shortest = std::numeric_limits<double>::infinity(), total = 0;
    workspace.run();
    while (total < seconds) {
        const double run = seconds_of_run(workspace);
        shortest = std::min(shortest, run);
        total += run;
    }
    return shortest;
}

/// Operations a second of one square product.
double product_rate(int64_t side, CompileOptions options, double seconds, double& run) {
    Graph graph;
    const Value a = graph.input("a", {side, side}), b = graph.input("b", {side, side});
    Workspace workspace(Program::compile(graph, {{matmul(a, b), "c"}}, options));
    run = shortest_run(workspace, seconds);
    return 2.0 * static_cast<double>(side) * static_cast<double>(side) * static_cast<double>(side) / run;
}

double arithmetic_rate(CompileOptions options, double seconds) {
    constexpr int64_t smallest = 256, largest = 4096;
    double best = 0, run = 0;
    // The next side takes eight times as long.
    for (int64_t side = smallest; side <= largest && 16 * run < seconds; side *= 2)
        best = std::max(best, product_rate(side, options, seconds / 5, run));
    return best;
}

double memory_rate(CompileOptions options, double seconds) {
    constexpr int64_t vector_bytes = int64_t{128} << 20;
    const auto element = static_cast<int64_t>(element_size(options.precision));
    const int64_t n = vector_bytes / element;
    Graph graph;
    const Value x = graph.input("x", {n}), y = graph.input("y", {n});
    Workspace workspace(Program::compile(graph, {{x + y, "x"}}, options));
    return 3.0 * static_cast<double>(n * element) / shortest_run(workspace, seconds);
}

}  // namespace

MachinePeak measure_machine_peak(CompileOptions options, double seconds) {
    const FlushSubnormals flush;
    return {.flops = arithmetic_rate(options, seconds), .bytes = memory_rate(options, seconds)};
}

}  // namespace ravine
