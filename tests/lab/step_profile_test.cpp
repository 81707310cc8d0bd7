#include "ravine/lab/bench/step_profile.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>
#include <sstream>

#include "ravine/core/error.hpp"

namespace ravine {
namespace {

using testing::ElementsAre;

/// On a machine of 10 GFLOP/s and 1 GB/s.
StepProfile worked_profile() {
    return {.kernels = {{"conv a", "conv", "0", 0.2, 1'500'000'000, 60'000'000},
                        {"conv b", "conv", "1", 0.2, 1'000'000'000, 40'000'000},
                        {"add", "fused", "1", 0.05, 1'000'000, 40'000'000},
                        {"scale", "fused", "1", 0.3, 1'000'000, 60'000'000},
                        {"between kernels", "between kernels", "between kernels", 0.05, 0, 0}},
            .seconds = 0.8,
            .steps = 7,
            .peak = {.flops = 1e10, .bytes = 1e9}};
}

template <class T>
std::vector<T> each(const std::vector<ProfileRow>& rows, T ProfileRow::*member) {
    std::vector<T> result;
    for (const auto& row : rows) result.push_back(row.*member);
    return result;
}

TEST(ProfileRows, GroupSumAndSort) {
    const auto kernels = profile_rows(worked_profile(), ProfileBy::kernel);
    EXPECT_THAT(each(kernels, &ProfileRow::name),
                ElementsAre("scale", "conv a", "conv b", "add", "between kernels"));
    const auto kinds = profile_rows(worked_profile(), ProfileBy::kind);
    EXPECT_THAT(each(kinds, &ProfileRow::name), ElementsAre("conv", "fused", "between kernels"));
    EXPECT_THAT(each(kinds, &ProfileRow::kernels), ElementsAre(2, 2, 1));
    EXPECT_THAT(each(kinds, &ProfileRow::flops), ElementsAre(2'500'000'000, 2'000'000, 0));
    EXPECT_THAT(each(kinds, &ProfileRow::bytes), ElementsAre(100'000'000, 100'000'000, 0));
    const auto layers = profile_rows(worked_profile(), ProfileBy::layer);
    EXPECT_THAT(each(layers, &ProfileRow::name), ElementsAre("1", "0", "between kernels"));
    for (const auto& rows : {kernels, kinds, layers}) {
        double seconds = 0, share = 0;
        for (const auto& row : rows) seconds += row.seconds, share += row.share;
        EXPECT_NEAR(seconds, 0.8, 1e-12);
        EXPECT_NEAR(share, 1, 1e-12);
    }
}

TEST(ProfileRows, BoundByWhatWouldTakeLongest) {
    // scale would take 0.06 s for its bytes and takes 5 times as long; conv a 0.15 s for its arithmetic.
    EXPECT_THAT(
        each(profile_rows(worked_profile(), ProfileBy::kernel), &ProfileRow::bound),
        ElementsAre(Bound::overhead, Bound::arithmetic, Bound::arithmetic, Bound::memory, Bound::overhead));
}

TEST(ProfileRows, AsTextCsvAndJson) {
    const std::string text = profile_text(worked_profile(), ProfileBy::kind);
    EXPECT_THAT(
        text, testing::HasSubstr("400   50.0 %        2   2500      6.25  100    0.25  arithmetic  conv\n"));
    EXPECT_THAT(text, testing::HasSubstr(
                          "800  100.0 %        5   2502     3.127  200    0.25  -           a step\n"));
    std::istringstream csv(profile_csv(worked_profile(), ProfileBy::kind));
    std::string line;
    std::getline(csv, line);
    EXPECT_EQ(line, "name,kernels,ms,share,flops,gflop_per_second,bytes,gb_per_second,bound");
    std::getline(csv, line);
    EXPECT_EQ(line, "conv,2,400,0.5,2500000000,6.25,100000000,0.25,arithmetic");
    const auto json = nlohmann::json::parse(profile_json(worked_profile(), ProfileBy::layer));
    EXPECT_EQ(json.at("steps"), 7);
    EXPECT_EQ(json.at("rows").size(), 3);
    EXPECT_EQ(json.at("rows").at(0).at("name"), "1");
}

TEST(ProfileRows, GroupedByAKnownWord) {
    EXPECT_EQ(parse_profile_by("layer"), ProfileBy::layer);
    EXPECT_THROW(parse_profile_by("layers"), RequestError);
}

TEST(StepProfile, TakesAStepApart) {
    const StepWorkload workload = make_workload({.model = "lenet", .batch = 2});
    const StepProfile profile = profile_step(workload, {}, 0.01);
    double seconds = 0;
    int64_t products = 0;
    std::vector<std::string> layers;
    for (const auto& cost : profile.kernels) {
        EXPECT_GE(cost.seconds, 0) << cost.kernel;
        seconds += cost.seconds;
        if (cost.kind.starts_with("conv2d") || cost.kind == "matmul") products += cost.flops;
        layers.push_back(cost.layer);
    }
    EXPECT_NEAR(seconds / profile.seconds, 1, 1e-9);
    EXPECT_GE(profile.steps, 3);
    // The products, and what is fused behind them: a few operations an element.
    EXPECT_GE(products, step_flops(workload));
    EXPECT_LT(static_cast<double>(products), 1.1 * static_cast<double>(step_flops(workload)));
    for (const char* layer : {"0", "3", "7", "update", "between kernels"})
        EXPECT_THAT(layers, testing::Contains(layer));
    EXPECT_GT(profile.peak.flops, 0);
    EXPECT_GT(profile.peak.bytes, 0);
}

}  // namespace
}  // namespace ravine
