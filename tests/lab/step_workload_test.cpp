#include "ravine/lab/bench/step_workload.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "ravine/core/error.hpp"

namespace ravine {
namespace {

int64_t flops_of_workload(const std::string& name) { return step_flops(find_step_workload(name)); }

TEST(StepFlops, DenseNets) {
    // A layer forward, its weights' gradient, and, but for the first, its input's: 2 n inputs units each.
    EXPECT_EQ(flops_of_workload("spiral"), 2 * 32 * (2 * (2 * 100) + 3 * (100 * 100) + 3 * (100 * 3)));
    EXPECT_EQ(flops_of_workload("fc500"),
              2 * 100 * (2 * (3072 * 500) + 3 * (500 * 500) + 3 * (500 * 500) + 3 * (500 * 10)));
}

TEST(StepFlops, Lenet) {
    const int64_t first = 28 * 28 * 6 * (3 * 5 * 5), second = 10 * 10 * 16 * (6 * 5 * 5),
                  dense = 400 * 120 + 120 * 84 + 84 * 10;
    EXPECT_EQ(flops_of_workload("lenet"), 2 * 32 * (2 * first + 3 * second + 3 * dense));
}

TEST(StepFlops, ResidualNet) {
    // 3x3 convolutions by stage, the first with half the inputs; 1x1 shortcuts where the shape changes.
    int64_t layers = 32 * 32 * 64 * 64 * 9 * 4;
    for (int64_t side = 16, c = 128; c <= 512; side /= 2, c *= 2)
        layers += side * side * c * (c / 2 * 9 + 3 * c * 9 + c / 2);
    const int64_t stem = 32 * 32 * 64 * 3 * 9, dense = 512 * 10;
    EXPECT_EQ(flops_of_workload("resnet18"), 2 * 64 * (2 * stem + 3 * layers + 3 * dense));
}

TEST(StepWorkload, WorkloadsHaveTheSizesOfTheirPeers) {
    EXPECT_EQ(find_step_workload("mnist-cnn").batch, 128);
    EXPECT_EQ(find_step_workload("mnist-cnn").optimizer.name, "adam");
    EXPECT_EQ(find_step_workload("resnet18").batch, 64);
    EXPECT_EQ(find_step_workload("resnet18").optimizer.name, "sgd");
}

TEST(StepWorkload, OneOfAPersonsOwn) {
    const StepWorkload own = make_workload({.model = "cnn:channels=4-8", .shape = "12x10x3"});
    EXPECT_EQ(own.feature_shape, (Shape{12, 10, 3}));
    EXPECT_EQ(own.classes, 10);
    EXPECT_EQ(own.batch, 32);
    EXPECT_EQ(own.optimizer.text(), "adam");
    const StepWorkload changed = make_workload({.model = "resnet18", .batch = 2, .optimizer = "momentum"});
    EXPECT_EQ(changed.feature_shape, (Shape{32, 32, 3}));
    EXPECT_EQ(changed.batch, 2);
    EXPECT_EQ(changed.optimizer.text(), "momentum");
    const StepWorkload table = make_workload({.model = "mlp", .dataset = "linear-regression:features=10"});
    EXPECT_EQ(table.feature_shape, (Shape{10}));
    EXPECT_EQ(table.task, Task::regression);
}

TEST(StepWorkload, SaysWhatIsWrong) {
    const auto message = [](const CustomWorkload& wanted) -> std::string {
        try {
            make_workload(wanted);
        } catch (const RequestError& error) {
            return error.what();
        }
        return "";
    };
    EXPECT_THAT(message({.model = "resnet81"}), testing::HasSubstr("did you mean 'resnet18'?"));
    EXPECT_THAT(message({.model = "cnn"}), testing::HasSubstr("expected --dataset or --shape"));
    EXPECT_THAT(message({.model = "cnn", .shape = "28x28"}), testing::HasSubstr("found '28x28'"));
    EXPECT_THAT(message({.model = "cnn", .shape = "28xx1"}), testing::HasSubstr("--shape: expected"));
    EXPECT_THAT(message({.model = "mlp", .dataset = "spiral", .shape = "2"}),
                testing::HasSubstr("--dataset gives shape"));
    EXPECT_THAT(message({.model = "mlp", .shape = "1000000", .batch = 1'000'000}),
                testing::HasSubstr("numbers in a batch"));
}

}  // namespace
}  // namespace ravine
