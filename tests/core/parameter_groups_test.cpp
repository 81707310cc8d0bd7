#include "ravine/core/values/parameter_groups.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ravine/core/error.hpp"

namespace ravine::test {
namespace {

ParameterLayout layout() {
    ParameterLayout result;
    for (const char* name : {"0.weight", "0.bias", "10.weight", "10.bias", "head.weight", "head.norm.bias"})
        result.add({.name = name, .shape = {2, 3}});
    return result;
}

ParameterLayout grouped(const std::string& freeze, const std::string& rate_of) {
    return with_groups(layout(), parse_groups(freeze, rate_of));
}

std::vector<std::string> frozen(const std::string& freeze) {
    std::vector<std::string> names;
    for (const auto& slice : grouped(freeze, "none").slices)
        if (!slice.trainable) names.push_back(slice.name);
    return names;
}

std::vector<double> rates(const std::string& rate_of) {
    std::vector<double> result;
    for (const auto& slice : grouped("none", rate_of).slices) result.push_back(slice.rate);
    return result;
}

void expect_refused(const std::string& freeze, const std::string& rate_of, const std::string& part) {
    try {
        grouped(freeze, rate_of);
        FAIL() << freeze << " " << rate_of;
    } catch (const RequestError& error) {
        EXPECT_THAT(error.what(), testing::HasSubstr(part));
    }
}

TEST(ParameterGroups, PatternsNameTensors) {
    using testing::ElementsAre;
    EXPECT_THAT(frozen("none"), ElementsAre());
    EXPECT_THAT(frozen("0.*"), ElementsAre("0.weight", "0.bias"));
    EXPECT_THAT(frozen("*0.*"), ElementsAre("0.weight", "0.bias", "10.weight", "10.bias"));
    EXPECT_THAT(frozen("0.weight,head.*"), ElementsAre("0.weight", "head.weight", "head.norm.bias"));
    EXPECT_THAT(frozen("?.bias"), ElementsAre("0.bias"));
    EXPECT_THAT(frozen("*.bias"), ElementsAre("0.bias", "10.bias", "head.norm.bias"));
    EXPECT_EQ(trained_size(grouped("0.*", "none")), 24);
    EXPECT_EQ(trained_size(layout()), 36);
}

TEST(ParameterGroups, TheLastFactorCounts) {
    using testing::ElementsAre;
    EXPECT_THAT(rates("none"), ElementsAre(1, 1, 1, 1, 1, 1));
    EXPECT_THAT(rates("head.*=0.1"), ElementsAre(1, 1, 1, 1, 0.1, 0.1));
    EXPECT_THAT(rates("*=0.25,head.*=2,*.bias=1e-3"), ElementsAre(0.25, 1e-3, 0.25, 1e-3, 2, 1e-3));
}

TEST(ParameterGroups, NothingElseOfALayoutChanges) {
    const ParameterLayout before = layout(), after = grouped("0.*", "head.*=3");
    EXPECT_EQ(after.size, before.size);
    for (size_t i = 0; i < before.slices.size(); ++i) {
        EXPECT_EQ(after.slices[i].name, before.slices[i].name);
        EXPECT_EQ(after.slices[i].offset, before.slices[i].offset);
        EXPECT_EQ(after.slices[i].decays, before.slices[i].decays);
    }
}

TEST(ParameterGroups, WhatMatchesNothingIsRefusedWithTheNearest) {
    expect_refused("1.*", "none", "freeze: '1.*' matches no tensor; did you mean '0.*'?");
    expect_refused("haed.*", "none", "did you mean 'head.*'?");
    expect_refused("0.wieght", "none", "did you mean '0.weight'?");
    expect_refused("conv_stem_block.*", "none", "the model has 0.weight, 0.bias, 10.weight");
    expect_refused("none", "0.bais=2", "rate_of: '0.bais' matches no tensor; did you mean '0.bias'?");
    expect_refused("0.weight,", "none", "expected patterns joined by ','");
    expect_refused("", "none", "expected patterns joined by ','");
    expect_refused("none", "head.*", "expected PATTERN=FACTOR");
    expect_refused("none", "=2", "expected PATTERN=FACTOR");
    expect_refused("none", "head.*=0", "rate_of: head.*: expected a number above 0");
    expect_refused("none", "head.*=x", "found 'x'");
    expect_refused("*", "none", "freeze: '*' leaves nothing to train");
    expect_refused("0.*,10.*,head.*", "none", "leaves nothing to train");
}

}  // namespace
}  // namespace ravine::test
