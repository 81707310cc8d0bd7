#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

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
    for (const char* flag : {"--seeds", "--budget", "--tuning-seeds", "--jobs"})
        refuses({"first-order", flag, "9223372036854775807"}, flag);
    refuses({"acet", "--seeds", "9223372036854775807"}, "--seeds");
    refuses({"first-order", "--tuned-for", "accuracyy"}, "accuracyy");
    refuses({"acet", "--only", "spiral,mnits"}, "did you mean 'mnist'");
    refuses({"acet", "--seeds", "-1"}, "--seeds");
    refuses({"acet", "--precision", "f16"}, "f16");
    refuses({"adaptive-rate", "--only", "boston,lennet"}, "did you mean 'lenet'");
    refuses({"adaptive-rate", "--seeds", "-1"}, "--seeds");
}

TEST(Reproduce, TheStudyOfTargetEvolutionLeavesTablesClaimsFiguresAndAPage) {
    const TestFolder folder;
    const std::vector<std::string> quick{"reproduce", "acet", "--quick", "--only",        "spiral",
                                         "--seeds",   "1",    "--out",   folder / "study"};
    const Outcome first = run_program(quick);
    ASSERT_EQ(first.status, 0) << first.err;
    for (const char* part : {"Table 1: accuracy on test examples", "Table 2: what training took",
                             "The paper's claims, of which a quick run can say little", "report.html"})
        EXPECT_THAT(first.out, HasSubstr(part));
    for (const char* file : {"table1.csv", "table2.csv", "claims.csv", "figure1.svg", "figure4.svg",
                             "figure9.svg", "report.html", "spiral/report.html", "spiral/curves.csv"})
        EXPECT_TRUE(std::filesystem::exists(folder.path() / "study" / file)) << file;

    // The same again finds every trial, and rivals join those two.
    EXPECT_THAT(run_program(quick).err, HasSubstr("2 of 2 trials are there already"));
    std::vector<std::string> more = quick;
    more.emplace_back("--rivals");
    const Outcome second = run_program(more);
    EXPECT_EQ(second.status, 0) << second.err;
    EXPECT_THAT(second.err, HasSubstr("2 of 6 trials are there already"));
    EXPECT_THAT(second.out, HasSubstr("label smoothing"));

    // Another study does not get into the folder.
    const Outcome other = run_program({"compare", "spiral:examples=100", "--out", folder / "study/spiral"});
    EXPECT_EQ(other.status, 2);
    EXPECT_THAT(other.err, HasSubstr("holds another study"));
}

TEST(Reproduce, TheStudyOfALearnedRateLeavesTablesClaimsFiguresAndAPage) {
    const TestFolder folder;
    std::ofstream housing(folder.path() / "housing.data");
    for (int i = 0; i < 506; ++i)
        housing << " 0." << 10 + i % 80 << " 18.00 2.3" << i % 9 << "  0  0.53 6.5" << i % 7 << " "
                << 40 + i % 50 << ".2 4.09 1 29" << i % 10 << ".0 15." << i % 8 << " 396.90 4.9" << i % 6
                << " " << 10 + i % 30 << ".00\n";
    housing.close();
    const Outcome outcome =
        run_program({"reproduce", "adaptive-rate", "--only", "boston", "--quick", "--seeds", "1",
                     "--data-dir", folder.path().string(), "--out", folder / "study"});
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    for (const char* part : {"excess at 175", "The paper's claims, of which a quick run can say little"})
        EXPECT_THAT(outcome.out, HasSubstr(part));
    for (const char* file : {"boston.csv", "claims.csv", "figure1.svg", "figure2.svg", "lag.svg", "noise.svg",
                             "report.html", "boston/report.html", "boston/steps.csv"})
        EXPECT_TRUE(std::filesystem::exists(folder.path() / "study" / file)) << file;
    EXPECT_EQ(run_program({"report", folder / "study"}).status, 0);
}

TEST(Reproduce, SaysWhereItLookedForTheImages) {
    const TestFolder folder;
    const Environment data("RAVINE_DATA", ""), cache("XDG_CACHE_HOME", folder.path().string());
    const Outcome outcome = run_program({"reproduce", "first-order", "--quick", "--data-dir",
                                         folder.path().string(), "--out", folder / "study"});
    EXPECT_EQ(outcome.status, 1) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("ravine data get cifar-10"));
    const Outcome hundred = run_program({"reproduce", "adaptive-rate", "--only", "cifar100", "--data-dir",
                                         folder.path().string(), "--out", folder / "study"});
    EXPECT_EQ(hundred.status, 1) << hundred.err;
    EXPECT_THAT(hundred.err, HasSubstr("ravine data get cifar-100"));
    EXPECT_THAT(folder.contents(), testing::IsEmpty());
}

}  // namespace
}  // namespace ravine::test
