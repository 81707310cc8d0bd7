#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "ravine/core/files/file.hpp"
#include "tests/cli/program.hpp"

namespace ravine::test {
namespace {

using ::testing::HasSubstr;

std::vector<std::string> split(const std::string& text, char separator) {
    std::vector<std::string> parts;
    std::istringstream stream(text);
    for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
    return parts;
}

/// The rows of a trace of one optimizer, as numbers.
std::vector<std::vector<double>> rows_of(const std::string& csv) {
    std::vector<std::vector<double>> rows;
    const auto lines = split(csv, '\n');
    for (size_t i = 1; i < lines.size(); ++i) {
        rows.emplace_back();
        for (const auto& field : split(lines[i], ',')) rows.back().push_back(std::stod(field));
    }
    return rows;
}

TEST(Minimize, TraceOfGradientDescentOnTheSphereByHand) {
    // f = x^2 + y^2: every step multiplies both coordinates by 1 - 2 lr = 1/2, exactly.
    const TestFolder folder;
    const Outcome outcome = run_program({"minimize", "sphere", "--optimizer", "sgd:learning_rate=0.25",
                                         "--start", "-3,4", "--steps", "4", "--trace", folder / "t.csv"});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(read_file(folder / "t.csv"),
              "step,x0,x1,f,grad_norm\n"
              "0,-3,4,25,10\n"
              "1,-1.5,2,6.25,5\n"
              "2,-0.75,1,1.5625,2.5\n"
              "3,-0.375,0.5,0.390625,1.25\n"
              "4,-0.1875,0.25,0.09765625,0.625\n");
    EXPECT_THAT(outcome.out, HasSubstr("0.0976562"));
    EXPECT_THAT(outcome.out, HasSubstr("0.3125"));  // the distance to (0, 0)
}

TEST(Minimize, NumbersReadBackExactly) {
    const TestFolder folder;
    run_program({"minimize", "sphere", "--optimizer", "sgd:learning_rate=0.1", "--start", "0.1,0.3",
                 "--steps", "1", "--trace", folder / "t.csv"});
    const auto rows = rows_of(read_file(folder / "t.csv"));
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(rows[0], (std::vector<double>{0, 0.1, 0.3, 0.1 * 0.1 + 0.3 * 0.3, rows[0][4]}));
    EXPECT_DOUBLE_EQ(rows[0][4], 2 * std::sqrt(0.1));
    EXPECT_THAT(read_file(folder / "t.csv"), HasSubstr("0.10000000000000001,"));  // 17 digits
}

TEST(Minimize, MomentumByHand) {
    // v = 0.5 v - 0.125 * 2 x: x = 1, v = -0.25, x = 0.75, v = -0.125 - 0.1875 = -0.3125, x = 0.4375.
    const TestFolder folder;
    run_program({"minimize", "sphere:dimension=1", "--optimizer", "momentum:learning_rate=0.125,momentum=0.5",
                 "--start", "1", "--steps", "2", "--trace", folder / "t.csv"});
    EXPECT_EQ(read_file(folder / "t.csv"),
              "step,x0,f,grad_norm\n0,1,1,2\n1,0.75,0.5625,1.5\n2,0.4375,0.19140625,0.875\n");
}

TEST(Minimize, ClippingBoundsTheStep) {
    const TestFolder folder;
    run_program({"minimize", "sphere", "--optimizer", "sgd:learning_rate=1", "--clip", "norm:limit=0.5",
                 "--start", "3,-4", "--steps", "1", "--trace", folder / "t.csv"});
    const auto rows = rows_of(read_file(folder / "t.csv"));
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_NEAR(rows[1][1], 2.7, 1e-12);
    EXPECT_NEAR(rows[1][2], -3.6, 1e-12);
}

TEST(Minimize, AScheduleSpansTheSteps) {
    // Straight down to 0 over three steps: multipliers 1, 1/2 and 0.
    const TestFolder folder;
    run_program({"minimize", "sphere:dimension=1", "--optimizer", "sgd:learning_rate=0.25", "--schedule",
                 "linear:end=0", "--start", "1", "--steps", "3", "--trace", folder / "t.csv"});
    const auto rows = rows_of(read_file(folder / "t.csv"));
    ASSERT_EQ(rows.size(), 4u);
    EXPECT_EQ(rows[1][1], 0.5);
    EXPECT_EQ(rows[2][1], 0.375);
    EXPECT_EQ(rows[3][1], 0.375);
}

TEST(Minimize, AScheduleMayHaveParts) {
    // 1/2 in the first step, then 1 for one, then straight down to 0: 1 and 0.
    const TestFolder folder;
    const Outcome outcome =
        run_program({"minimize", "sphere:dimension=1", "--optimizer", "sgd:learning_rate=0.25", "--schedule",
                     "warmup:steps=1+constant:steps=1+linear:end=0", "--start", "1", "--steps", "4",
                     "--trace", folder / "t.csv"});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    const auto rows = rows_of(read_file(folder / "t.csv"));
    ASSERT_EQ(rows.size(), 5u);
    EXPECT_EQ(rows[1][1], 0.75);
    EXPECT_EQ(rows[2][1], 0.375);
    EXPECT_EQ(rows[3][1], 0.1875);
    EXPECT_EQ(rows[4][1], 0.1875);
}

TEST(Minimize, AWarmupLongerThanTheStepsIsSaid) {
    const Outcome outcome =
        run_program({"minimize", "sphere", "--schedule", "cosine:warmup=39", "--steps", "10"});
    EXPECT_EQ(outcome.status, 0);
    EXPECT_THAT(outcome.err,
                testing::HasSubstr("note: schedule: the warm-up takes 39 updates and the run has "
                                   "10: it ends at 25 % of the learning rate\n"));
}

TEST(Minimize, SeveralOptimizersShareATrace) {
    const TestFolder folder;
    const Outcome outcome =
        run_program({"minimize", "booth", "--optimizer", "sgd", "--optimizer",
                     "adam:learning_rate=0.1,beta1=0.5", "--steps", "3", "--trace", folder / "t.csv"});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    const auto lines = split(read_file(folder / "t.csv"), '\n');
    ASSERT_EQ(lines.size(), 9u);
    EXPECT_EQ(lines[0], "optimizer,step,x0,x1,f,grad_norm");
    EXPECT_THAT(lines[1], testing::StartsWith("sgd,0,0,0,74,"));
    EXPECT_THAT(lines[5], testing::StartsWith("\"adam:learning_rate=0.1,beta1=0.5\",0,0,0,74,"));
}

TEST(Minimize, DivergenceKeepsTheTraceAndNamesTheStep) {
    const TestFolder folder;
    const Outcome outcome =
        run_program({"minimize", "sphere", "--optimizer", "sgd:learning_rate=5", "--steps", "1000", "--trace",
                     folder / "t.csv", "--plot", folder / "p.svg"});
    EXPECT_EQ(outcome.status, 1);
    const auto rows = rows_of(read_file(folder / "t.csv"));
    // Each step multiplies the coordinates by -9; f overflows when 2 * 81^k passes 1.8e308: at k = 162.
    EXPECT_EQ(rows.size(), 162u);
    EXPECT_THAT(outcome.err, HasSubstr("at step 162"));
    EXPECT_EQ(std::ranges::count(outcome.err, '\n'), 1);
    for (const auto& row : rows) EXPECT_TRUE(std::isfinite(row[3]));
    EXPECT_THAT(read_file(folder / "p.svg"), HasSubstr("</svg>"));
}

TEST(Minimize, PlotsAreWellFormed) {
    const TestFolder folder;
    const Outcome outcome =
        run_program({"minimize", "himmelblau", "--optimizer", "sgd", "--optimizer", "adam:learning_rate=0.3",
                     "--steps", "50", "--plot", "it's $(a) \"plot\".svg"},
                    folder.path());
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(folder.contents(),
              std::vector<std::string>{"it's $(a) \"plot\".svg"});  // and nothing beside it
    const std::string svg = read_file(folder / "it's $(a) \"plot\".svg");
    EXPECT_THAT(svg, testing::StartsWith("<?xml"));
    EXPECT_THAT(svg, HasSubstr("<path "));
    EXPECT_THAT(svg, HasSubstr("adam:learning_rate=0.3"));
    EXPECT_TRUE(svg.ends_with("</svg>\n") || svg.ends_with("</svg>\n\n")) << svg.substr(svg.size() - 20);
    EXPECT_EQ(run_program({"minimize", "sphere", "--plot", folder / "p.png"}).status, 0);
    EXPECT_THAT(read_file(folder / "p.png"), testing::StartsWith("\x89PNG"));
}

TEST(Minimize, NothingIsWrittenForAWrongRequest) {
    const TestFolder folder;
    const std::vector<std::vector<std::string>> requests{
        {"minimize", "sphere", "--trace", folder / "none/t.csv", "--plot", folder / "p.svg"},
        {"minimize", "sphere", "--trace", folder / "t.csv", "--plot", folder / "p.pdf"},
        {"minimize", "sphere", "--trace", folder / "t.csv", "--plot", folder / "none/p.svg"},
        {"minimize", "sphere:dimension=3", "--trace", folder / "t.csv", "--plot", folder / "p.svg"},
        {"minimize", "sphere", "--trace", folder.path().string()},
        {"minimize", "sphere", "--optimizer", "sgd", "--optimizer", "nothing", "--trace", folder / "t.csv"}};
    for (const auto& request : requests) {
        const Outcome outcome = run_program(request);
        EXPECT_EQ(outcome.status, 2) << request.back();
        EXPECT_TRUE(is_one_line_error(outcome)) << outcome.err;
    }
    EXPECT_TRUE(folder.contents().empty());
}

TEST(Minimize, WithoutGnuplotSaysSo) {
    const TestFolder folder;
    const char* path = getenv("PATH");
    const std::string saved = path == nullptr ? "" : path;
    setenv("PATH", folder.path().c_str(), 1);
    const Outcome outcome =
        run_program({"minimize", "sphere", "--plot", folder / "p.svg", "--trace", folder / "t.csv"});
    setenv("PATH", saved.c_str(), 1);
    EXPECT_EQ(outcome.status, 1);
    EXPECT_THAT(outcome.err, HasSubstr("gnuplot-nox"));
    EXPECT_EQ(folder.contents(), std::vector<std::string>{"t.csv"});
}

}  // namespace
}  // namespace ravine::test
