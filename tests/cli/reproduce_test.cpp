#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cli/program.hpp"
#include "tests/support/environment.hpp"

namespace ravine::test {
namespace {

using ::testing::HasSubstr;

void refuses(const std::vector<std::string>& arguments, const std::string& part) {
    std::vector<std::string> all{"reproduce"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    const Outcome outcome = run_program(all);
    EXPECT_EQ(outcome.status, 2) << outcome.err;
    EXPECT_TRUE(is_one_line_error(outcome)) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(part));
}

TEST(Reproduce, RefusesWhatItDoesNotKnow) {
    refuses({}, "subcommand");
    refuses({"second-order"}, "second-order");
    refuses({"first-order", "--seeds", "0"}, "--seeds");
    refuses({"first-order", "--budget", "0"}, "--budget");
    refuses({"first-order", "--tuned-for", "accuracyy"}, "accuracyy");
}

TEST(Reproduce, SaysWhereItLookedForTheImages) {
    const TestFolder folder;
    const Environment data("RAVINE_DATA", ""), cache("XDG_CACHE_HOME", folder.path().string());
    const Outcome outcome = run_program({"reproduce", "first-order", "--quick", "--data-dir",
                                         folder.path().string(), "--out", folder / "study"});
    EXPECT_EQ(outcome.status, 1) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("ravine data get cifar-10"));
    EXPECT_THAT(folder.contents(), testing::IsEmpty());
}

}  // namespace
}  // namespace ravine::test
