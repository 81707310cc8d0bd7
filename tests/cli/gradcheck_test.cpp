#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cli/program.hpp"

namespace ravine::test {
namespace {

using testing::HasSubstr;

TEST(GradcheckCommand, PrintsALineATensorAndAVerdict) {
    const TestFolder folder;
    const Outcome outcome = run_program(
        {"gradcheck", "--model", "mlp:hidden=6", "--samples", "4", "--out", folder / "g.csv"}, folder.path());
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr("mlp:hidden=6 on spiral after 20 updates"));
    EXPECT_THAT(outcome.out, HasSubstr("0.weight"));
    EXPECT_THAT(outcome.out, HasSubstr("verdict: right"));
    EXPECT_EQ(folder.contents(), std::vector<std::string>{"g.csv"});
}

TEST(GradcheckCommand, WhereNothingCouldBeComparedNothingIsCalledRight) {
    // With a step as wide as the weights, each of the first layer takes its unit's ReLU to the other side.
    const Outcome outcome = run_program({"gradcheck", "--model", "mlp:hidden=64", "--freeze", "2.*,0.bias",
                                         "--step", "1", "--samples", "20"});
    EXPECT_EQ(outcome.status, 1) << outcome.out;
    EXPECT_THAT(outcome.out, HasSubstr("verdict: not shown: every element"));
    EXPECT_THAT(outcome.err, HasSubstr("the check shows nothing of the gradient"));
}

TEST(GradcheckCommand, BadRequestsAreOneLine) {
    const TestFolder folder;
    for (const std::vector<std::string>& arguments : {std::vector<std::string>{"gradcheck", "--step", "0"},
                                                      {"gradcheck", "--model", "mpl"},
                                                      {"gradcheck", "--burn-in", "-1"},
                                                      {"gradcheck", "--burn-in", "9223372036854775807"},
                                                      {"gradcheck", "--step", "1e-300"},
                                                      {"gradcheck", "--config", "nowhere.toml"},
                                                      {"gradcheck", "--out", "no/such/folder/g.csv"}}) {
        const Outcome outcome = run_program(arguments, folder.path());
        EXPECT_EQ(outcome.status, 2) << outcome.err;
        EXPECT_TRUE(is_one_line_error(outcome)) << outcome.err;
    }
}

}  // namespace
}  // namespace ravine::test
