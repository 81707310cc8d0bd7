#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cli/program.hpp"

namespace ravine::test {
namespace {

using testing::HasSubstr;

TEST(Compare, ShowsATableAndWritesAStudy) {
    const TestFolder folder;
    const std::vector<std::string> command{"compare",     "spiral:examples=300",
                                           "--model",     "mlp:hidden=8",
                                           "--optimizer", "adam",
                                           "--optimizer", "sgd",
                                           "--epochs",    "3",
                                           "--seeds",     "2",
                                           "--out",       folder / "study"};
    const Outcome first = run_program(command, folder.path());
    EXPECT_EQ(first.status, 0) << first.err;
    EXPECT_THAT(first.out, HasSubstr("contender"));
    EXPECT_THAT(first.out, HasSubstr("adam"));
    EXPECT_THAT(first.out, HasSubstr("2 seeds cannot show a difference"));
    EXPECT_THAT(first.err, HasSubstr("4/4"));
    const Outcome again = run_program(command, folder.path());
    EXPECT_EQ(again.status, 0);
    EXPECT_THAT(again.err, HasSubstr("4 of 4 trials are there already"));
    EXPECT_EQ(again.out, first.out);

    auto other = command;
    other[5] = "adagrad";
    const Outcome refused = run_program(other, folder.path());
    EXPECT_EQ(refused.status, 2);
    EXPECT_THAT(refused.err, HasSubstr("holds another study"));
}

TEST(Compare, BadRequestsAreOneLine) {
    const TestFolder folder;
    for (const std::vector<std::string>& arguments :
         {std::vector<std::string>{"compare"},
          {"compare", "spiral", "--optimizer", "adm"},
          {"compare", "spiral", "--seeds", "0"},
          {"compare", "spiral", "--tune", "speed"},
          {"compare", "spiral", "--budget", "3"},
          {"compare", "spiral", "--seeds", "9223372036854775807"},
          {"compare", "spiral", "--seeds", "3", "--seed", "9223372036854775807"},
          {"compare", "spiral", "--tune", "beta1", "--budget", "9223372036854775807"},
          {"compare", "spiral", "--tune", "beta1", "--tuning-seeds", "9223372036854775807"},
          {"compare", "spiral", "--jobs", "9223372036854775807"},
          {"compare", "spiral", "--seed", "1", "--seed", "2"},
          {"compare", "spiral", "--optimizer", "adam", "--optimizer", "adam"},
          {"compare", "spiral", "--config", "nowhere.toml"}}) {
        const Outcome outcome = run_program(arguments, folder.path());
        EXPECT_EQ(outcome.status, 2) << outcome.err;
        EXPECT_TRUE(is_one_line_error(outcome)) << outcome.err;
    }
    EXPECT_TRUE(folder.contents().empty());
}

}  // namespace
}  // namespace ravine::test
