#include <dlfcn.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <string_view>

#include "ravine/core/error.hpp"
#include "ravine/graph/derivatives.hpp"
#include "ravine/graph/normalize.hpp"
#include "ravine/graph/ops.hpp"
#include "tests/support/evaluate.hpp"

// No step allocates, but for what oneDNN allocates inside its own calls: it is told apart by the library that
// an allocation returns to. Allocations through malloc alone (the OpenMP run-time's) are not seen; Ravine
// calls it nowhere.

namespace {

std::atomic<bool> counting = false;
std::atomic<int64_t> own_allocations = 0, library_allocations = 0;

void count(const void* caller) {
    if (!counting) return;
    Dl_info info{};
    const bool known = dladdr(caller, &info) != 0 && info.dli_fname != nullptr;
    const bool library = known && std::string_view(info.dli_fname).find("libdnnl") != std::string_view::npos;
    ++(library ? library_allocations : own_allocations);
}

void* try_to_allocate(size_t size, size_t alignment, const void* caller) {
    count(caller);
    if (alignment <= alignof(std::max_align_t)) return std::malloc(size);
    return std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

void* allocate(size_t size, size_t alignment, const void* caller) {
    void* memory = try_to_allocate(size, alignment, caller);
    if (memory == nullptr) throw std::bad_alloc();
    return memory;
}

}  // namespace

// GCC sees free() behind an inlined delete and misses that new, here, is malloc().
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

void* operator new(size_t size) { return allocate(size, 0, __builtin_return_address(0)); }
void* operator new[](size_t size) { return allocate(size, 0, __builtin_return_address(0)); }
void* operator new(size_t size, std::align_val_t alignment) {
    return allocate(size, static_cast<size_t>(alignment), __builtin_return_address(0));
}
void* operator new[](size_t size, std::align_val_t alignment) {
    return allocate(size, static_cast<size_t>(alignment), __builtin_return_address(0));
}
void* operator new(size_t size, const std::nothrow_t&) noexcept {
    return try_to_allocate(size, 0, __builtin_return_address(0));
}
void* operator new[](size_t size, const std::nothrow_t&) noexcept {
    return try_to_allocate(size, 0, __builtin_return_address(0));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t, std::align_val_t) noexcept { std::free(memory); }

namespace ravine::test {
namespace {

bool is_supported(Precision precision) {
    try {
        require_supported(precision);
        return true;
    } catch (const RequestError&) {
        return false;
    }
}

/// Runs all phases twice to warm up, and then counts.
void expect_no_allocation(const Graph& graph, const std::vector<Output>& outputs) {
    for (const auto precision : {Precision::f64, Precision::f32, Precision::bf16})
        for (const int threads : {1, 2}) {
            if (!is_supported(precision)) continue;
            const auto program = Program::compile(graph, outputs, {precision, threads});
            Workspace workspace(program);
            const auto run = [&](uint64_t step) {
                workspace.random.step = step;
                for (int phase = 0; phase < program->phase_count(); ++phase) workspace.run(phase);
            };
            run(0);
            run(1);
            own_allocations = library_allocations = 0;
            counting = true;
            for (uint64_t step = 2; step < 5; ++step) run(step);
            counting = false;
            EXPECT_EQ(own_allocations, 0) << to_string(precision) << ", " << threads << " threads\n"
                                          << program->describe();
            if (precision == Precision::f64) {
                EXPECT_EQ(library_allocations, 0);
            }
        }
}

TEST(Allocations, AreCounted) {
    own_allocations = 0;
    counting = true;
    delete new int(1);
    delete[] new double[100];
    counting = false;
    EXPECT_EQ(own_allocations, 2);
}

TEST(Allocations, NoneInAPerceptronForwardAndBackward) {
    Graph g;
    const Value x = g.input("x", {32, 20}), t = g.input("t", {32, 3});
    const std::vector<Value> parameters{g.parameter("p", 0, {50, 20}), g.parameter("p", 1000, {50}),
                                        g.parameter("p", 1050, {3, 50}), g.parameter("p", 1200, {3})};
    const Value hidden = relu(matmul(x, parameters[0], Transpose::no, Transpose::yes) + parameters[1]);
    const Value mask = greater(random_uniform(g, {32, 50}, 1), g.scalar("drop"));
    const Value logits = matmul(hidden * mask, parameters[2], Transpose::no, Transpose::yes) + parameters[3];
    const Value loss = mean(softmax_cross_entropy(logits, t));
    const auto gradients = gradient(loss, parameters);
    std::vector<Output> outputs{{loss, "loss"}};
    for (size_t i = 0; i < 4; ++i)
        outputs.push_back({gradients[i], "gradient", parameters[i].node().attributes.integers[0], 1});
    expect_no_allocation(g, outputs);
}

TEST(Allocations, NoneInAConvolutionalNetwork) {
    Graph g;
    const Value x = g.input("x", {4, 14, 14, 3}), t = g.input("t", {4, 5});
    const std::vector<Value> parameters{g.parameter("p", 0, {8, 3, 3, 3}), g.parameter("p", 216, {8}),
                                        g.parameter("p", 224, {6, 8, 3, 3}), g.parameter("p", 656, {54, 5})};
    Value y = max_pool(relu(conv2d(x, parameters[0], {1, 1}) + parameters[1]));
    y = average_pool(tanh(conv2d(y, parameters[2], {1, 1})), {3, 2, 0});
    const Value loss = mean(softmax_cross_entropy(matmul(reshape(y, {4, 54}), parameters[3]), t));
    const auto gradients = gradient(loss, parameters);
    std::vector<Output> outputs{{loss, "loss"}, {permute(y, {0, 3, 1, 2}), "tap"}};
    for (size_t i = 0; i < 4; ++i)
        outputs.push_back({gradients[i], "gradient", parameters[i].node().attributes.integers[0], 1});
    expect_no_allocation(g, outputs);
}

TEST(Allocations, NoneInAConvolutionThatIsGathered) {
    Graph g;
    const Value x = g.input("x", {1, 3, 3, 16}), dy = g.input("dy", {1, 5, 5, 1});
    expect_no_allocation(g, {{conv2d_weight_gradient(x, dy, {1, 16, 5, 5}, {1, 3}), "y"}});
}

TEST(Allocations, NoneInANormalisedConvolutionByWinogradsAlgorithm) {
    if (!__builtin_cpu_supports("avx512bw")) GTEST_SKIP() << "this processor has no AVX-512";
    Graph g;
    const Value x = g.input("x", {8, 8, 8, 64}), w = g.parameter("p", 0, {64, 64, 3, 3}),
                gamma = g.parameter("p", 36864, {64}), beta = g.parameter("p", 36928, {64});
    const Value y = normalize(conv2d(x, w, {1, 1}), {64}, gamma, beta, 1e-5, StatisticsOf::batch).result;
    const Value loss = mean(relu(y));
    const auto slopes = gradient(loss, std::vector{w, x, gamma, beta});
    const std::vector<Output> outputs{{loss, "loss"},
                                      {slopes[0], "w", 0, 1},
                                      {slopes[1], "dx", 0, 1},
                                      {slopes[2], "g", 0, 1},
                                      {slopes[3], "b", 0, 1}};
    const auto text = Program::compile(g, outputs, {})->describe();
    for (const char* op : {"conv2d ", "conv2d_input_gradient ", "conv2d_weight_gradient "}) {
        const size_t at = text.find(op);
        ASSERT_NE(at, std::string::npos) << text;
        EXPECT_NE(text.substr(at, text.find('\n', at) - at).find("winograd"), std::string::npos) << text;
    }
    expect_no_allocation(g, outputs);
}

TEST(Allocations, NoneInAnUpdateRule) {
    Graph g;
    const int64_t n = 40000;
    const Value w = g.parameter("w", 0, {n}), m = g.parameter("m", 0, {n}), v = g.parameter("v", 0, {n}),
                slope = g.input("gradient", {n});
    const Value new_m = 0.9 * m + 0.1 * slope, new_v = 0.99 * v + 0.01 * square(slope);
    expect_no_allocation(
        g,
        {{w - g.scalar("rate") * new_m / (sqrt(new_v) + 1e-8), "w"}, {new_m, "m"}, {new_v, "v"}, {w, "old"}});
}

}  // namespace
}  // namespace ravine::test
