#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/cli/program.hpp"
#include "tests/support/paths.hpp"

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
        const auto ms = result.at("ms").get<double>(), rate = result.at("gflop_per_second").get<double>();
        EXPECT_GT(ms, 0);
        EXPECT_NEAR(rate * ms * 1e6 / result.at("flops").get<double>(), 1, 1e-9);
        EXPECT_NEAR(
            result.at("share_of_peak").get<double>() * result.at("peak_gflop_per_second").get<double>(), rate,
            1e-9 * rate);
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

TEST(Bench, RatesAreMeasuredInPlainStepsOfTheSameRound) {
    const Outcome outcome =
        run_program({"bench", "rates", "--json", "--seconds", "0.01", "--rounds", "2", "spiral"});
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    std::istringstream lines(outcome.out);
    std::vector<std::string> units;
    for (std::string line; std::getline(lines, line);) {
        const auto result = nlohmann::json::parse(line);
        units.push_back(result.at("unit"));
        EXPECT_GT(result.at("ms").get<double>(), 0);
        EXPECT_GT(result.at("ratio").get<double>(), 0);
        if (result.at("name") == "plain")
            EXPECT_EQ(result.at("ratio"), 1);
        else
            EXPECT_EQ(result.at("ratios").size(), 2U);
    }
    EXPECT_EQ(units, (std::vector<std::string>{"step", "step", "step", "step", "step", "step", "step",
                                               "gradient", "gradient"}));
    EXPECT_TRUE(is_one_line_error(run_program({"bench", "rates", "--precision", "bf16", "spiral"})));
}

TEST(Bench, SharingMeasuresEveryRound) {
    const Outcome outcome =
        run_program({"bench", "sharing", "--json", "--seconds", "0.02", "--rounds", "2", "spiral"});
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    std::istringstream lines(outcome.out);
    int rounds = 0;
    for (std::string line; std::getline(lines, line); ++rounds) {
        const auto result = nlohmann::json::parse(line);
        EXPECT_EQ(result.at("workload"), "spiral");
        EXPECT_EQ(result.at("threads"), 2);
        EXPECT_EQ(result.at("round"), rounds);
        const auto number = [&](const char* name) { return result.at(name).get<double>(); };
        EXPECT_GT(number("ms_alone"), 0);
        EXPECT_NEAR(number("busy_ratio"), number("ms_beside_busy") / number("ms_one_beside_busy"), 1e-9);
        EXPECT_NEAR(number("two_programs_ratio"), number("ms_of_two_programs") / (2 * number("ms_one_alone")),
                    1e-9);
    }
    EXPECT_EQ(rounds, 2);
}

TEST(Bench, SharingPrintsATable) {
    const Outcome outcome =
        run_program({"bench", "sharing", "--seconds", "0.01", "--rounds", "1", "--threads", "1", "rings"});
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_NE(outcome.out.find("\nrings             1  "), std::string::npos) << outcome.out;
}

TEST(Bench, ProfileAddsUpToTheStep) {
    const Outcome outcome = run_program({"bench", "profile", "cnn:channels=4-8", "--shape", "8x8x1",
                                         "--batch", "4", "--seconds", "0.01", "--by", "kind", "--json"});
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    const auto profile = nlohmann::json::parse(outcome.out);
    double ms = 0;
    std::vector<std::string> names;
    for (const auto& row : profile.at("rows")) {
        ms += row.at("ms").get<double>();
        names.push_back(row.at("name"));
    }
    EXPECT_NEAR(ms / profile.at("ms").get<double>(), 1, 1e-9);
    for (const char* name : {"matmul", "conv2d", "conv2d_weight_gradient"})
        EXPECT_NE(std::ranges::find(names, name), names.end()) << name;
}

TEST(Bench, ProfilesADescribedModel) {
    const std::string file = source_folder() + "/examples/models/small-residual.toml";
    const Outcome outcome = run_program(
        {"bench", "profile", file, "--shape", "8x8x3", "--batch", "2", "--seconds", "0.01", "--by", "layer"});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_NE(outcome.out.find("heads.0.2"), std::string::npos) << outcome.out;
}

TEST(Bench, SaysWhatIsWrong) {
    const std::vector<std::vector<std::string>> requests{{"steps", "spirals"},
                                                         {"steps", "--precision", "f16"},
                                                         {"sharing", "spirals"},
                                                         {"profile", "resnet81"},
                                                         {"profile", "cnn"},
                                                         {"profile", "missing.toml", "--shape", "8x8x3"},
                                                         {"profile", "cnn", "--shape", "28x28"},
                                                         {"profile", "cnn:channel=3", "--shape", "8x8x1"},
                                                         {"profile", "spiral", "--by", "rows"},
                                                         {"profile", "spiral", "--optimizer", "adan"},
                                                         {"profile", "spiral", "--json", "--csv"}};
    for (auto request : requests) {
        request.insert(request.begin(), "bench");
        const Outcome outcome = run_program(request);
        EXPECT_EQ(outcome.status, 2) << request.back();
        EXPECT_TRUE(is_one_line_error(outcome)) << outcome.err;
    }
}

}  // namespace
}  // namespace ravine::test
