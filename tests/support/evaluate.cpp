#include "tests/support/evaluate.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "ravine/core/values/random.hpp"

namespace ravine::test {
namespace {

std::string result_name(size_t i) { return "result " + std::to_string(i); }

std::vector<Output> outputs_of(const std::vector<Value>& values, const std::vector<int>& phases) {
    std::vector<Output> outputs;
    for (size_t i = 0; i < values.size(); ++i)
        outputs.push_back({values[i], result_name(i), 0, phases.empty() ? 0 : phases[i]});
    return outputs;
}

}  // namespace

Evaluator::Evaluator(const Graph& graph, const std::vector<Value>& values, CompileOptions options,
                     const std::vector<int>& phases)
    : program_(Program::compile(graph, outputs_of(values, phases), options)), workspace_(program_) {
    for (const auto value : values) sizes_.push_back(element_count(value.shape()));
}

std::vector<Numbers> Evaluator::operator()(const Feed& feed) {
    for (const auto& [name, numbers] : feed.storages) {
        const int storage = program_->storage(name);
        if (storage < 0) continue;
        auto& vector = bound_[storage];
        vector = Vector(numbers, program_->precision());
        workspace_.bind(storage, vector);
    }
    for (const auto& [name, number] : feed.scalars)
        if (const int scalar = program_->scalar(name); scalar >= 0) workspace_.set_scalar(scalar, number);
    workspace_.random = {feed.seed, feed.step, feed.examples};
    for (int phase = 0; phase < program_->phase_count(); ++phase) workspace_.run(phase);
    std::vector<Numbers> results;
    for (size_t i = 0; i < sizes_.size(); ++i) {
        const int storage = program_->storage(result_name(i));
        auto& numbers = results.emplace_back();
        for (int64_t k = 0; k < sizes_[i]; ++k) numbers.push_back(workspace_.value(storage, k));
    }
    return results;
}

std::vector<Numbers> evaluate(const std::vector<Value>& values, const Feed& feed, CompileOptions options) {
    return Evaluator(*values.at(0).graph, values, options)(feed);
}

Feed as_floats(Feed feed) {
    for (auto& [name, numbers] : feed.storages)
        for (auto& number : numbers) number = static_cast<double>(static_cast<float>(number));
    for (auto& [name, number] : feed.scalars) number = static_cast<double>(static_cast<float>(number));
    return feed;
}

Numbers random_numbers(int64_t count, uint64_t seed, double low, double high) {
    RandomSequence random({.seed = seed});
    Numbers numbers(static_cast<size_t>(count));
    for (auto& number : numbers) number = random.uniform(low, high);
    return numbers;
}

double dot(const Numbers& a, const Numbers& b) {
    return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

void expect_near(const Numbers& a, const Numbers& b, double tolerance, const std::string& what) {
    ASSERT_EQ(a.size(), b.size()) << what;
    for (size_t i = 0; i < a.size(); ++i) {
        if (a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i]))) continue;
        ASSERT_LE(std::abs(a[i] - b[i]), tolerance * (1 + std::abs(b[i])))
            << what << ": element " << i << " of " << a.size() << " is " << a[i] << ", expected " << b[i];
        ASSERT_TRUE(std::isfinite(a[i]) && std::isfinite(b[i]))
            << what << ": element " << i << " of " << a.size() << " is " << a[i] << ", expected " << b[i];
    }
}

}  // namespace ravine::test
