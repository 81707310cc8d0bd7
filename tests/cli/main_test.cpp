// What the program says about requests that are wrong, whatever the command.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/cli/program.hpp"

namespace ravine::test {
namespace {

using ::testing::HasSubstr;

TEST(Program, AloneItPrintsHelpAndIsDone) {
    const Outcome outcome = run_program({});
    EXPECT_EQ(outcome.status, 0);
    for (const char* command :
         {"train", "evaluate", "predict", "minimize", "list", "describe", "bench", "data"})
        EXPECT_THAT(outcome.out, HasSubstr(std::string("\n  ") + command + " ")) << command;
    EXPECT_THAT(outcome.out, Not(HasSubstr("\n  docs")));  // for developers
    EXPECT_EQ(outcome.err, "");
}

TEST(Program, EveryCommandHasHelp) {
    for (const char* command :
         {"train", "evaluate", "predict", "minimize", "list", "describe", "bench", "data"}) {
        const Outcome outcome = run_program({command, "--help"});
        EXPECT_EQ(outcome.status, 0) << command;
        EXPECT_THAT(outcome.out, HasSubstr("Usage: ravine ")) << command;
    }
}

TEST(Program, SaysItsVersion) {
    const Outcome outcome = run_program({"--version"});
    EXPECT_EQ(outcome.status, 0);
    EXPECT_THAT(outcome.out, testing::StartsWith("ravine "));
}

TEST(Program, ALearnedRateSaysWhatItCounted) {
    const TestFolder folder;
    const Outcome outcome = run_program(
        {"train", "spiral:examples=300", "--optimizer", "sgd", "--epochs", "2", "--out", folder / "run",
         "--rate", "exact-newton:at=zero,growth=1.001,memory=0,slope=own,noise=0"},
        folder.path());
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr("\nrate: "));
    EXPECT_THAT(outcome.out, HasSubstr(" times the rate was held within a factor of the last one"));
}

TEST(Program, BadLearnedRatesAreRefusedBeforeAnyWork) {
    const TestFolder folder;
    for (const auto& [rate, says] : std::vector<std::pair<std::string, std::string>>{
             {"five-losses:epsilon=0", "epsilon"},
             {"first-order:alpha=0", "alpha"},
             {"first-order:alpha=-1", "alpha"},
             {"exact-newton:at=current,noise=1", "at=zero"},
             {"five-losses:batch=validation", "no validation examples"}}) {
        const Outcome outcome = run_program({"train", "spiral:examples=300", "--validation-share", "0",
                                             "--rate", rate, "--out", folder / "run"},
                                            folder.path());
        EXPECT_EQ(outcome.status, 2) << rate;
        EXPECT_TRUE(is_one_line_error(outcome)) << outcome.err;
        EXPECT_THAT(outcome.err, HasSubstr(says));
        EXPECT_TRUE(folder.contents().empty()) << rate;
    }
}

struct WrongRequest {
    std::vector<std::string> arguments;
    std::string says;
};

class Wrong : public testing::TestWithParam<WrongRequest> {};

TEST_P(Wrong, GetsOneLineAndStatusTwo) {
    const Outcome outcome = run_program(GetParam().arguments);
    EXPECT_EQ(outcome.status, 2);
    EXPECT_TRUE(is_one_line_error(outcome)) << outcome.out << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(GetParam().says));
}

INSTANTIATE_TEST_SUITE_P(
    Requests, Wrong,
    testing::Values(
        WrongRequest{{"trian", "spiral"}, "unknown command 'trian'; did you mean 'train'?"},
        WrongRequest{{"--vresion"}, "unknown option '--vresion'; did you mean '--version'?"},
        WrongRequest{{"minimize", "--step", "5"}, "did you mean '--steps'?"},  // though FUNCTION is missing
        WrongRequest{{"minimize"}, "function is required"},
        WrongRequest{{"minimize", "rosenbork"}, "did you mean 'rosenbrock'?"},
        WrongRequest{{"minimize", "sphere", "--optimizer"}, "--optimizer"},
        WrongRequest{{"minimize", "sphere", "--optimizer", "admm"}, "did you mean 'adam'?"},
        WrongRequest{{"minimize", "sphere", "--optimizer", "adam:beta=1"}, "'beta'"},
        WrongRequest{{"minimize", "sphere", "--optimizer", "sgd:learning_rate=-1"}, "above 0"},
        WrongRequest{{"minimize", "sphere", "--schedule", "cosin"}, "did you mean 'cosine'?"},
        WrongRequest{{"minimize", "sphere", "--schedule", "step+cosine"}, "'step' has no end"},
        WrongRequest{{"minimize", "sphere", "--schedule", "sgdr"}, "updates of an epoch are not known"},
        WrongRequest{{"train", "spiral:examples=60", "--freeze", "0.wieght"}, "did you mean '0.weight'?"},
        WrongRequest{{"compare", "spiral:examples=60", "--rate-of", "0.*=0"}, "rate_of: 0.*: expected"},
        WrongRequest{{"minimize", "sphere", "--clip", "nrom"}, "did you mean 'norm'?"},
        WrongRequest{{"minimize", "sphere", "--steps", "0"}, "--steps: expected an integer at least 1"},
        WrongRequest{{"minimize", "sphere", "--steps", "ten"}, "found 'ten'"},
        WrongRequest{{"minimize", "sphere", "--start", "1,2,3"}, "expected 2 numbers"},
        WrongRequest{{"minimize", "sphere", "--start", "1,"}, "found ''"},
        WrongRequest{{"minimize", "sphere", "--start", "nan,1"}, "found 'nan'"},
        WrongRequest{{"minimize", "sphere", "extra"}, "unexpected argument 'extra'"},
        WrongRequest{{"minimize", "two\nlines"}, "two lines"},
        WrongRequest{{"list", "optimisers"}, "did you mean 'optimizers'?"},
        WrongRequest{{"describe", "adma"}, "did you mean 'adam'?"},
        WrongRequest{{"describe", "model/adam"}, "unknown name 'model/adam'"},
        WrongRequest{{"bench"}, "subcommand is required"},
        WrongRequest{{"bench", "stesp"}, "did you mean 'steps'?"},
        WrongRequest{{"bench", "steps", "spirl"}, "did you mean 'spiral'?"},
        WrongRequest{{"bench", "steps", "--precision", "bf17", "spiral"}, "expected f32, bf16 or f64"}));

}  // namespace
}  // namespace ravine::test
