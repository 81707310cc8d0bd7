// How the threads of the program wait is said before OpenMP begins: libgomp itself tells what it was told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <omp.h>

#include <regex>
#include <string>
#include <vector>

#include "tests/cli/program.hpp"
#include "tests/support/environment.hpp"

namespace ravine::test {
namespace {

/// What OpenMP said that the number of looks is, each time that it began.
std::vector<std::string> spin_counts() {
    const Environment display("OMP_DISPLAY_ENV", "verbose");
    const std::string said = run_program({"--version"}).err;
    static const std::regex line("GOMP_SPINCOUNT = '([0-9A-Za-z]+)'");
    std::vector<std::string> counts;
    for (std::sregex_iterator i(said.begin(), said.end(), line), end; i != end; ++i)
        counts.push_back((*i)[1]);
    return counts;
}

TEST(WaitingThreads, SpinForAShortTimeThatTheProgramChooses) {
    if (omp_get_num_procs() < 2) GTEST_SKIP() << "with one processor OpenMP does so by itself";
    const Environment policy("OMP_WAIT_POLICY", ""), count("GOMP_SPINCOUNT", "");
    const auto counts = spin_counts();
    ASSERT_EQ(counts.size(), 2);  // it started again
    EXPECT_LT(std::stoll(counts[1]), std::stoll(counts[0]));
    EXPECT_GT(std::stoll(counts[1]), 0);
}

TEST(WaitingThreads, DoAsTheirUserSays) {
    {
        const Environment policy("OMP_WAIT_POLICY", ""), count("GOMP_SPINCOUNT", "7777");
        EXPECT_EQ(spin_counts(), std::vector<std::string>{"7777"});
    }
    const Environment policy("OMP_WAIT_POLICY", "passive"), count("GOMP_SPINCOUNT", "");
    EXPECT_EQ(spin_counts(), std::vector<std::string>{"0"});
}

TEST(WaitingThreads, TheProgramKeepsItsArgumentsAndStatus) {
    const Environment policy("OMP_WAIT_POLICY", ""), count("GOMP_SPINCOUNT", "");
    const Outcome outcome = run_program({"describe", "no such name"});
    EXPECT_EQ(outcome.status, 2);
    EXPECT_THAT(outcome.err, testing::HasSubstr("no such name"));
}

}  // namespace
}  // namespace ravine::test
