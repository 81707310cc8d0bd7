#include <dlfcn.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <string_view>

#include "tests/train/support.hpp"

// Counts what the whole test program allocates; the sanitizers bring their own operators. oneDNN allocates
// inside its calls (argument tables of each execution, at least), which nobody outside can help: what returns
// to its library is left out. Its malloc, and that of the OpenMP run-time, are not seen at all.
#if !defined(__SANITIZE_ADDRESS__)

namespace {

std::atomic<int64_t> allocations{0};

void* allocate(size_t size, size_t alignment, const void* caller) {
    Dl_info info{};
    const bool known = dladdr(caller, &info) != 0 && info.dli_fname != nullptr;
    if (!known || std::string_view(info.dli_fname).find("libdnnl") == std::string_view::npos) ++allocations;
    void* memory = alignment <= alignof(std::max_align_t)
                       ? std::malloc(size > 0 ? size : 1)
                       : std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
    if (memory == nullptr) throw std::bad_alloc();
    return memory;
}

}  // namespace

void* operator new(size_t size) { return allocate(size, 0, __builtin_return_address(0)); }
void* operator new(size_t size, std::align_val_t alignment) {
    return allocate(size, static_cast<size_t>(alignment), __builtin_return_address(0));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { std::free(memory); }

namespace ravine {
namespace {

using namespace test;

struct Counter : TrainListener {
    std::vector<int64_t> counts;  // after each update
    Counter() { counts.reserve(1000); }
    void on_progress(const StepEvent&, int64_t) override { counts.push_back(allocations); }
};

TEST(Allocation, NoneInAnUpdateOnceEveryProgramHasRun) {
    for (const char* model : {"mlp:hidden=8", "mlp:hidden=8-8,normalization=batch,dropout=0.3"}) {
        for (const char* optimizer :
             {"sgd", "adam", "nadam", "nesterov:form=lookahead", "rmsprop-nesterov"}) {
            for (const auto precision : {Precision::f32, Precision::f64}) {
                SCOPED_TRACE(fmt::format("{} {} {}", model, optimizer, to_string(precision)));
                Case given{.model = model, .optimizer = optimizer, .schedule = "cosine", .l2 = 1e-4};
                given.clip = "norm:limit=1";
                given.options = {.epochs = 3, .batch = 17, .compile = {precision, 1}};  // 10 of 17, one of 10
                Bench bench(given);
                Counter counter;
                bench.trainer.run(bench.state, {&counter});
                ASSERT_EQ(counter.counts.size(), 33U);
                const int64_t *first = counter.counts.data(), *third = first + 22;
                EXPECT_GT(third[-1], first[0]);      // the counter counts: evaluations allocate
                EXPECT_EQ(third[10] - third[0], 0);  // all of the third epoch, the short batch too
                EXPECT_EQ(first[9] - first[0], 0);   // and the first, once the first update is made
            }
        }
    }
}

TEST(Allocation, NoneWhereTargetsEvolveAndAGateCloses) {
    Case given{.model = "mlp:hidden=8,dropout=0.3", .optimizer = "nesterov:form=lookahead"};
    given.options = {.epochs = 4, .batch = 17};
    given.options.targets = {.settings = {.initial = 0.5},
                             .start = {1.0 / 3, 1.0 / 3, 1.0 / 3},
                             .stages = {0.5, 1},
                             .distances = {0.1, 0.1},
                             .epochs_per_stage = 3};
    given.options.gate = {.by = Gate::By::batch, .epsilon = 0.35};
    Bench bench(given);
    Counter counter;
    bench.trainer.run(bench.state, {&counter});
    ASSERT_EQ(counter.counts.size(), 44U);
    EXPECT_EQ(counter.counts[32] - counter.counts[22], 0);
    EXPECT_GT(bench.state.gated, 0);
    EXPECT_LT(bench.state.gated, 44);
}

TEST(Allocation, NoneInAnEpochOfACurriculumUnderATemperature) {
    for (const char* curriculum : {"weighted", "stochastic", "deterministic"}) {
        SCOPED_TRACE(curriculum);
        Case given{.model = "mlp:hidden=8", .loss = "cross-entropy"};
        given.options = {.epochs = 3, .batch = 17};
        given.options.annealing = annealings().make(Spec::parse("temperature:share=1"));
        Bench bench(given);
        Numbers losses;
        for (int64_t i = 0; i < bench.parts.training.size(); ++i)
            losses.push_back(static_cast<double>(i % 7));
        CurriculumPlan plan(curricula().make(Spec::parse(std::string(curriculum) + ":share=1")), losses, 1,
                            3);
        std::vector<int64_t> order(losses.size());
        const int64_t before = allocations;
        plan.arrange(0, order);
        plan.begin_epoch(0);
        EXPECT_EQ(allocations - before, 0);
        bench.trainer.follow(plan);
        Counter counter;
        bench.trainer.run(bench.state, {&counter});
        ASSERT_EQ(counter.counts.size(), 33U);
        EXPECT_EQ(counter.counts[32] - counter.counts[22], 0);
        EXPECT_EQ(counter.counts[9] - counter.counts[0], 0);
    }
}

TEST(Allocation, NoneInAnAugmentedUpdate) {
    for (const char* chain : {"none", "crop+flip+rotate+cutout+noise", "mixup+cutmix", "augmix:weight=0"}) {
        SCOPED_TRACE(chain);
        Case given{.model = "mlp:hidden=8"};
        given.options = {.epochs = 3, .batch = 80, .augmentation = make_augmentation(chain)};
        Bench bench(given, image_parts());  // 80, 80 and 50 examples, prepared by another thread
        Counter counter;
        bench.trainer.run(bench.state, {&counter});
        ASSERT_EQ(counter.counts.size(), 9U);
        EXPECT_EQ(counter.counts[8] - counter.counts[6], 0);
    }
}

}  // namespace
}  // namespace ravine

#endif
