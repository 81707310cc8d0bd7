#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/cli/program.hpp"

namespace ravine::test {
namespace {

TEST(Bench, StepsPrintOneJsonObjectALine) {
    const Outcome outcome = run_program({"bench", "steps", "--json", "--seconds", "0.05", "spiral", "rings"});
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    std::istringstream lines(outcome.out);
    std::vector<std::string> names;
    for (std::string line; std::getline(lines, line);) {
        const auto result = nlohmann::json::parse(line);
        names.push_back(result.at("workload"));
        EXPECT_EQ(result.at("precision"), "f32");
        EXPECT_EQ(result.at("threads"), 1);
        EXPECT_GT(result.at("ms").get<double>(), 0);
    }
    EXPECT_EQ(names, (std::vector<std::string>{"spiral", "rings"}));
}

TEST(Bench, StepsPrintATable) {
    const Outcome outcome = run_program(
        {"bench", "steps", "--seconds", "0.01", "--threads", "2", "--precision", "f64", "spiral"});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_NE(outcome.out.find("spiral      f64              2"), std::string::npos) << outcome.out;
}

TEST(Bench, AugmentPrintsATable) {
    const Outcome outcome =
        run_program({"bench", "augment", "--seconds", "0.02", "lenet", "--augment", "crop"});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_NE(outcome.out.find("lenet       crop "), std::string::npos) << outcome.out;
    EXPECT_EQ(run_program({"bench", "augment", "lenet", "--augment", "augmix"}).status, 2);
}

}  // namespace
}  // namespace ravine::test
