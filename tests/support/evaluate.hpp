#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ravine/exec/plan/program.hpp"
#include "ravine/graph/graph.hpp"

namespace ravine::test {

using Numbers = std::vector<double>;

/// What a program runs on: the contents of inputs and parameter vectors, and the scalars, by name.
struct Feed {
    std::map<std::string, Numbers> storages = {};
    std::map<std::string, double> scalars = {};
    uint64_t seed = 1, step = 0;
    std::vector<int64_t> examples = {};
};

/// A program that computes some values, for as many runs as are wanted. Runs all its phases one after
/// another.
class Evaluator {
public:
    /// Each value is an output of its own; `phases` gives the phase of each, or is empty: all in phase 0.
    Evaluator(const Graph& graph, const std::vector<Value>& values, CompileOptions options = in_double,
              const std::vector<int>& phases = {});

    /// The elements of each value. Storages and scalars that the program does not know are ignored.
    std::vector<Numbers> operator()(const Feed& feed);

    const Program& program() const { return *program_; }

    static constexpr CompileOptions in_double{Precision::f64, 1}, in_float{Precision::f32, 1};

private:
    std::vector<int64_t> sizes_;
    std::shared_ptr<const Program> program_;
    Workspace workspace_;
    std::map<int, Vector> bound_;
};

/// Evaluates once.
std::vector<Numbers> evaluate(const std::vector<Value>& values, const Feed& feed,
                              CompileOptions options = Evaluator::in_double);

/// The feed with all numbers rounded to float, so that both precisions start from the same ones.
Feed as_floats(Feed feed);

/// Uniform in [low, high); the same for the same seed.
Numbers random_numbers(int64_t count, uint64_t seed, double low = -1, double high = 1);

double dot(const Numbers& a, const Numbers& b);

/// Expects equal lengths and |a - b| <= tolerance (1 + |b|) for each element; NaN agrees with NaN and an
/// infinity with itself.
void expect_near(const Numbers& a, const Numbers& b, double tolerance, const std::string& what);

}  // namespace ravine::test
