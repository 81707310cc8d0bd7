#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/cli/program.hpp"

namespace ravine::test {
namespace {

using testing::HasSubstr;

TEST(Inspect, LooksIntoARun) {
    const TestFolder folder;
    const Outcome trained = run_program(
        {"train", "spiral:examples=300", "--model", "mlp:hidden=8", "--epochs", "3", "--out", folder / "run"},
        folder.path());
    ASSERT_EQ(trained.status, 0) << trained.err;
    const Outcome outcome = run_program({"inspect", folder / "run", "--moments", "5"}, folder.path());
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr("18 updates, looked at 5 times on 128 training examples"));
    EXPECT_THAT(outcome.out, HasSubstr("bit for bit"));
    EXPECT_THAT(outcome.out, HasSubstr("g'Hg"));
    EXPECT_THAT(outcome.out, HasSubstr("relu"));
    EXPECT_THAT(outcome.out, HasSubstr("inspect.csv"));
    EXPECT_TRUE(std::filesystem::exists(folder / "run/inspect.csv"));
}

TEST(Inspect, RefusesWhatIsNoRun) {
    const TestFolder folder;
    const auto refuses = [&](const std::vector<std::string>& arguments, const std::string& part) {
        const Outcome outcome = run_program(arguments, folder.path());
        EXPECT_EQ(outcome.status, 2) << outcome.err;
        EXPECT_TRUE(is_one_line_error(outcome)) << outcome.err;
        EXPECT_THAT(outcome.err, HasSubstr(part));
    };
    refuses({"inspect"}, "run");
    refuses({"inspect", "nowhere"}, "nowhere");
    std::filesystem::create_directory(folder / "empty");
    refuses({"inspect", "empty"}, "empty");
    std::filesystem::create_directory(folder / "damaged");
    std::ofstream(folder / "damaged/config.toml") << "model = \n";
    refuses({"inspect", "damaged"}, "damaged/config.toml");
    refuses({"inspect", "empty", "--moments", "0"}, "--moments");
    EXPECT_EQ(folder.contents(), (std::vector<std::string>{"damaged", "empty"}));
}

}  // namespace
}  // namespace ravine::test
