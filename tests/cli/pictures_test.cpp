#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/cli/program.hpp"
#include "tests/support/environment.hpp"

namespace ravine::test {
namespace {

using testing::HasSubstr;
using testing::Not;

bool has_gnuplot() {
    return std::filesystem::exists("/usr/bin/gnuplot") || std::filesystem::exists("/usr/local/bin/gnuplot");
}

TEST(Pictures, NeedNoTemporaryFolder) {
    if (!has_gnuplot()) GTEST_SKIP() << "no gnuplot";
    const TestFolder folder;
    const Environment none("TMPDIR", "/nonexistent");
    const Outcome outcome = run_program({"train", "spiral", "--epochs", "1", "--out", folder / "run"});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_THAT(outcome.err, Not(HasSubstr("no pictures")));
    EXPECT_TRUE(std::filesystem::exists(folder / "run/curves.svg"));
    EXPECT_TRUE(std::filesystem::exists(folder / "run/boundary.svg"));
}

TEST(Pictures, ARateAtTheEndOfDoubleDivergesWithPictures) {
    if (!has_gnuplot()) GTEST_SKIP() << "no gnuplot";
    const TestFolder folder;
    for (const char* rate : {"1e308", "5e-324"}) {
        const std::string run = folder / rate;
        const Outcome outcome = run_program({"train", "spiral", "--epochs", "2", "--optimizer",
                                             std::string("sgd:learning_rate=") + rate, "--out", run});
        EXPECT_EQ(outcome.status, std::string(rate) == "5e-324" ? 0 : 1) << outcome.err;
        EXPECT_THAT(outcome.err, Not(HasSubstr("no pictures"))) << rate;
        if (outcome.status == 1) {
            EXPECT_THAT(outcome.err, HasSubstr("diverged"));
        }
        EXPECT_TRUE(std::filesystem::exists(run + "/curves.svg")) << rate;
    }
    const Outcome minimum = run_program(
        {"minimize", "rosenbrock", "--optimizer", "sgd:learning_rate=1e308", "--plot", folder / "p.svg"});
    EXPECT_LT(minimum.status, 2) << minimum.err;
    EXPECT_TRUE(std::filesystem::exists(folder / "p.svg")) << minimum.err;
}

}  // namespace
}  // namespace ravine::test
