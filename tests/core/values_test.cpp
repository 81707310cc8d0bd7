#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <mutex>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "ravine/core/error.hpp"
#include "ravine/core/threads/threads.hpp"
#include "ravine/core/values/precision.hpp"
#include "ravine/core/values/shape.hpp"
#include "ravine/core/values/vector.hpp"

namespace ravine::test {
namespace {

TEST(ShapeFunctions, CountAndPrint) {
    EXPECT_EQ(element_count({}), 1);
    EXPECT_EQ(element_count({2, 3, 4}), 24);
    EXPECT_EQ(element_count({100000, 100000}), 10'000'000'000);
    EXPECT_EQ(to_string(Shape{}), "[]");
    EXPECT_EQ(to_string(Shape{32, 100}), "[32, 100]");
}

TEST(ShapeFunctions, BroadcastAlignsAtTheLastAxis) {
    EXPECT_EQ(broadcast_shape({}, {}), (Shape{}));
    EXPECT_EQ(broadcast_shape({3}, {}), (Shape{3}));
    EXPECT_EQ(broadcast_shape({4, 3}, {3}), (Shape{4, 3}));
    EXPECT_EQ(broadcast_shape({4, 1}, {1, 3}), (Shape{4, 3}));
    EXPECT_EQ(broadcast_shape({5, 1, 3}, {4, 1}), (Shape{5, 4, 3}));
    EXPECT_EQ(broadcast_shape({1}, {4, 1}), (Shape{4, 1}));
    EXPECT_THROW(broadcast_shape({4}, {4, 3}), std::logic_error);
    EXPECT_THROW(broadcast_shape({2, 3}, {4, 3}), std::logic_error);
}

TEST(ShapeFunctions, Strides) {
    EXPECT_EQ(dense_strides({}), (std::vector<int64_t>{}));
    EXPECT_EQ(dense_strides({2, 3, 4}), (std::vector<int64_t>{12, 4, 1}));
    EXPECT_EQ(broadcast_strides({3}, {4, 3}), (std::vector<int64_t>{0, 1}));
    EXPECT_EQ(broadcast_strides({4, 1}, {2, 4, 3}), (std::vector<int64_t>{0, 1, 0}));
    EXPECT_EQ(broadcast_strides({2, 1, 3}, {2, 5, 3}), (std::vector<int64_t>{3, 0, 1}));
    EXPECT_EQ(broadcast_strides({}, {2}), (std::vector<int64_t>{0}));
    EXPECT_THROW(broadcast_strides({4, 3}, {3}), std::logic_error);
    EXPECT_THROW(broadcast_strides({3}, {1}), std::logic_error);
}

TEST(VectorType, HoldsItsPrecision) {
    const Vector doubles(3, Precision::f64, 0.1), floats(3, Precision::f32, 0.1);
    EXPECT_EQ(doubles.at(2), 0.1);
    EXPECT_EQ(floats.at(2), static_cast<double>(0.1f));
    EXPECT_EQ(doubles.byte_count(), 24u);
    EXPECT_EQ(floats.byte_count(), 12u);
    EXPECT_EQ(doubles.as<double>()[1], 0.1);
    EXPECT_EQ(floats.as<float>()[1], 0.1f);
    EXPECT_THROW(doubles.as<float>(), std::logic_error);
    EXPECT_THROW(floats.as<double>(), std::logic_error);
}

TEST(VectorType, IsAlignedToACacheLine) {
    for (const int64_t size : {1, 3, 17, 1000})
        for (const auto precision : {Precision::f32, Precision::f64})
            EXPECT_EQ(reinterpret_cast<uintptr_t>(Vector(size, precision).data()) % 64, 0u);
}

// Freed as it was allocated, whichever of both, also after it changed hands: sanitizers see the difference.
TEST(VectorType, BeginsWithAHugePageWhereItIsLarge) {
    const auto offset = [](const Vector& v) { return reinterpret_cast<uintptr_t>(v.data()) % (2 << 20); };
    Vector small(5, Precision::f32, 1), large(1 << 20, Precision::f32, 2),
        double_of_half(1 << 19, Precision::f64);
    EXPECT_EQ(offset(large), 0u);
    EXPECT_EQ(offset(double_of_half), 0u);
    EXPECT_EQ(large.at((1 << 20) - 1), 2);
    small = large;
    EXPECT_EQ(offset(small), 0u);
    large = Vector(5, Precision::f32, 3);
    EXPECT_EQ(small.at(7), 2);
    EXPECT_EQ(large.at(4), 3);
}

TEST(VectorType, CopiesAreTheirOwnAndMovesLeaveNothing) {
    const std::vector<double> numbers{1, 2, 3};
    Vector original(numbers, Precision::f32);
    Vector copy = original;
    copy.set(0, 7);
    EXPECT_EQ(original.to_doubles(), numbers);
    EXPECT_EQ(copy.to_doubles(), (std::vector<double>{7, 2, 3}));
    const void* data = copy.data();
    Vector moved = std::move(copy);
    EXPECT_EQ(moved.data(), data);
    EXPECT_EQ(copy.size(), 0);  // NOLINT: what is left behind is empty
    original = moved;
    EXPECT_EQ(original.to_doubles(), moved.to_doubles());
    const Vector& same = original;
    original = same;
    EXPECT_EQ(original.to_doubles(), (std::vector<double>{7, 2, 3}));
}

TEST(VectorType, AssignConverts) {
    Vector floats(2, Precision::f32), doubles(2, Precision::f64);
    doubles.assign(Vector(std::vector<double>{0.1, 1e300}, Precision::f64));
    floats.assign(doubles);
    EXPECT_EQ(floats.at(0), static_cast<double>(0.1f));
    EXPECT_EQ(floats.at(1), std::numeric_limits<double>::infinity());
    doubles.assign(floats);
    EXPECT_EQ(doubles.at(0), static_cast<double>(0.1f));
    EXPECT_THROW(floats.assign(Vector(3, Precision::f32)), std::logic_error);
}

TEST(VectorType, RefusesWhatIsNotThere) {
    Vector vector(2, Precision::f32);
    EXPECT_THROW(vector.at(2), std::logic_error);
    EXPECT_THROW(vector.at(-1), std::logic_error);
    EXPECT_THROW(vector.set(2, 0), std::logic_error);
    EXPECT_THROW(Vector(-1, Precision::f32), std::logic_error);
    EXPECT_EQ(Vector().size(), 0);
    EXPECT_TRUE(Vector(0, Precision::f64).to_doubles().empty());
}

TEST(PrecisionNames, AreRead) {
    EXPECT_EQ(parse_precision("f32"), Precision::f32);
    EXPECT_EQ(parse_precision(to_string(Precision::f64)), Precision::f64);
    EXPECT_THROW(parse_precision("bf17"), RequestError);
    EXPECT_THROW(parse_precision("float"), RequestError);
}

TEST(Errors, KnowTheirExitStatus) {
    EXPECT_EQ(RequestError("").exit_status(), 2);
    EXPECT_EQ(RunError("").exit_status(), 1);
    EXPECT_THROW(fail_request("{} of {}", 1, 2), RequestError);
    EXPECT_THROW(fail_run("x"), RunError);
    EXPECT_NO_THROW(require(true, "never"));
    EXPECT_THROW(require(false, "always {}", 1), std::logic_error);
}

double half_of_the_smallest_normal() {
    volatile float smallest = std::numeric_limits<float>::min();
    volatile float half = smallest / 2;
    return half;
}

TEST(FlushSubnormalsScope, TurnsFlushingOnAndOffAndRestoresIt) {
#if defined(__x86_64__)
    ASSERT_FALSE(FlushSubnormals::here());
    EXPECT_GT(half_of_the_smallest_normal(), 0);
    {
        const FlushSubnormals flush;
        EXPECT_TRUE(FlushSubnormals::here());
        EXPECT_EQ(half_of_the_smallest_normal(), 0);
        {
            const FlushSubnormals keep(false);
            EXPECT_FALSE(FlushSubnormals::here());
            EXPECT_GT(half_of_the_smallest_normal(), 0);
        }
        EXPECT_TRUE(FlushSubnormals::here());
    }
    EXPECT_FALSE(FlushSubnormals::here());
#else
    GTEST_SKIP() << "this processor has no such mode that Ravine knows of";
#endif
}

TEST(Parallel, CoversEverythingOnceInTheSameParts) {
    for (const int threads : {1, 2, 3})
        for (const int64_t count : {0, 1, 5, 100}) {
            std::set<std::pair<int64_t, int64_t>> first_parts;
            for (int run = 0; run < 5; ++run) {
                std::vector<int> visits(static_cast<size_t>(count), 0);
                std::set<std::pair<int64_t, int64_t>> parts;
                std::mutex mutex;
                parallel(threads, count, 1, [&](int64_t begin, int64_t end) {
                    for (int64_t i = begin; i < end; ++i) ++visits[static_cast<size_t>(i)];
                    const std::lock_guard lock(mutex);
                    parts.emplace(begin, end);
                });
                EXPECT_EQ(visits, std::vector<int>(static_cast<size_t>(count), 1));
                if (run == 0) first_parts = parts;
                EXPECT_EQ(parts, first_parts);
            }
        }
    EXPECT_GE(available_threads(), 1);
}

TEST(Parallel, HasAsManyPartsForEachThread) {
    EXPECT_EQ(stealing_parts(2, 1000, 1), 16);
    EXPECT_EQ(stealing_parts(3, 1000, 1), 24);
    EXPECT_EQ(stealing_parts(2, 1000, 100), 10);
    EXPECT_EQ(stealing_parts(2, 1000, 150), 6);
    EXPECT_EQ(stealing_parts(2, 1000, 600), 2);
    EXPECT_EQ(stealing_parts(4, 2, 0), 4);
}

// Nor is a thread two at a time: what has memory of its own for each relies on that.
TEST(StealingWork, DoesEachOnceWithThreadsThatThereAre) {
    for (const int threads : {1, 2, 3, 500})
        for (const int64_t count : {0, 1, 2, 7, 1000}) {
            std::vector<std::atomic<int>> visits(static_cast<size_t>(count));
            std::vector<std::atomic<bool>> is_busy(static_cast<size_t>(threads));
            stealing_work(threads, count, [&](int thread, int64_t i) {
                ++visits[static_cast<size_t>(i)];
                auto& busy = is_busy.at(static_cast<size_t>(thread));
                EXPECT_FALSE(busy.exchange(true));
                busy = false;
            });
            for (const auto& visit : visits) EXPECT_EQ(visit, 1) << threads << " threads, " << count;
        }
}

// Whoever has the first turn of one thread waits until all others are taken: the rest of its share is too.
TEST(StealingWork, TakesTheWorkOfAThreadThatIsSlow) {
    constexpr int64_t count = 20;
    for (const int64_t slow : {int64_t{0}, count / 2}) {
        std::atomic<int64_t> done = 0;
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        stealing_work(2, count, [&](int, int64_t i) {
            while (i == slow && done < count - 1 && std::chrono::steady_clock::now() < end)
                std::this_thread::yield();
            if (i == slow) {
                EXPECT_EQ(done, count - 1);
            } else {
                ++done;
            }
        });
    }
}

TEST(Parallel, ThreadsFlushAsTheirCallerDoes) {
#if defined(__x86_64__)
    for (const bool flushes : {true, false, true, false}) {
        const FlushSubnormals flush(flushes);
        std::vector<int> seen(2, -1);
        parallel(2, 2, 1, [&](int64_t begin, int64_t end) {
            for (int64_t i = begin; i < end; ++i) seen[static_cast<size_t>(i)] = FlushSubnormals::here();
        });
        EXPECT_EQ(seen, std::vector<int>(2, flushes));
    }
#else
    GTEST_SKIP() << "this processor has no such mode that Ravine knows of";
#endif
}

}  // namespace
}  // namespace ravine::test
