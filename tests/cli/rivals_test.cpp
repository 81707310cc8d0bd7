#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cli/program.hpp"

namespace ravine::test {
namespace {

using testing::HasSubstr;

TEST(Rivals, TrainWithACurriculumAndATemperature) {
    const TestFolder folder;
    const Outcome outcome = run_program(
        {"train", "spiral:examples=300", "--model", "mlp:hidden=8", "--epochs", "3", "--curriculum",
         "stochastic:first_epochs=2", "--anneal", "temperature:start=3", "--out", folder / "run"},
        folder.path());
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("a first model is trained before, for 2 epochs"));
    EXPECT_THAT(outcome.out, HasSubstr("first model of the curriculum: "));
    EXPECT_THAT(outcome.out, HasSubstr("13 forward and 12 backward passes"));
}

TEST(Rivals, BadRequestsAreOneLineAndLeaveNothing) {
    const TestFolder folder;
    for (const std::vector<std::string>& arguments : {std::vector<std::string>{"--curriculum", "hard"},
                                                      {"--curriculum", "weighted:share=0"},
                                                      {"--curriculum", "weighted:mix=0.5"},
                                                      {"--curriculum", "stochastic", "--sampler", "iid"},
                                                      {"--curriculum", "deterministic", "--epochs", "1"},
                                                      {"--anneal", "temp"},
                                                      {"--anneal", "temperature:shape=cosine"},
                                                      {"--anneal", "temperature:start=0"}}) {
        std::vector<std::string> command{"train", "spiral"};
        command.insert(command.end(), arguments.begin(), arguments.end());
        const Outcome outcome = run_program(command, folder.path());
        EXPECT_EQ(outcome.status, 2) << outcome.err;
        EXPECT_TRUE(is_one_line_error(outcome)) << outcome.err;
    }
    EXPECT_TRUE(folder.contents().empty());
}

}  // namespace
}  // namespace ravine::test
