#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "ravine/core/files/file.hpp"
#include "tests/cli/program.hpp"

namespace ravine::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST(RateFinderCommand, PrintsATableAndASuggestionAndDrawsIt) {
    const TestFolder folder;
    const Outcome outcome =
        run_program({"rate-finder", "spiral", "--model", "mlp:hidden=16", "--optimizer", "adam", "--steps",
                     "100", "--trace", folder / "r.csv", "--plot", folder / "r.svg"},
                    folder.path());
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr("mlp:hidden=16 on spiral with adam"));
    EXPECT_THAT(outcome.out, HasSubstr("suggested rate  "));
    EXPECT_THAT(outcome.out, HasSubstr("steepest descent at "));
    EXPECT_EQ(folder.contents(), (std::vector<std::string>{"r.csv", "r.svg"}));
    EXPECT_THAT(read_file(folder / "r.csv"), StartsWith("rate,loss,smoothed\n1e-07,"));
    EXPECT_THAT(read_file(folder / "r.svg"), HasSubstr("suggested"));
}

TEST(RateFinderCommand, JsonIsOneLine) {
    const Outcome outcome = run_program({"rate-finder", "spiral", "--optimizer", "sgd", "--json", "--gate",
                                         "equilibrium:epsilon=0.1", "--to", "1e30", "--explosion", "1e300"});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(std::ranges::count(outcome.out, '\n'), 1);
    EXPECT_THAT(outcome.err, HasSubstr("left out of the sweep: equilibrium:epsilon=0.1"));
    const auto json = nlohmann::json::parse(outcome.out);
    EXPECT_EQ(json["end"], "not_finite");
    EXPECT_GT(json["suggestion"], 1e-4);
    EXPECT_EQ(json["rates"].size(), json["losses"].size());
    EXPECT_TRUE(json["smoothed"].back().is_null());
}

TEST(RateFinderCommand, SaysWhyThereIsNoSuggestion) {
    const Outcome outcome = run_program({"rate-finder", "spiral", "--to", "1e-6"});
    EXPECT_EQ(outcome.status, 1);
    EXPECT_THAT(outcome.err, HasSubstr("no rate to suggest: the loss never falls"));
}

TEST(RateFinderCommand, BadRequestsAreOneLine) {
    const TestFolder folder;
    for (const std::vector<std::string>& arguments :
         {std::vector<std::string>{"rate-finder"},
          {"rate-finder", "spiral", "--from", "0"},
          {"rate-finder", "spiral", "--from", "1", "--to", "0.1"},
          {"rate-finder", "spiral", "--steps", "9"},
          {"rate-finder", "spiral", "--to", "inf"},
          {"rate-finder", "spiral", "--smoothing", "1"},
          {"rate-finder", "spiral", "--explosion", "1"},
          {"rate-finder", "spiral", "--model", "mpl"},
          {"rate-finder", "spiral", "--gate", "no-such"},
          {"rate-finder", "spiral:examples=0"},
          {"rate-finder", "spiral", "--plot", "r.bmp"},
          {"rate-finder", "spiral", "--trace", "no/such/r.csv"}}) {
        const Outcome outcome = run_program(arguments, folder.path());
        EXPECT_EQ(outcome.status, 2) << arguments.back() << ": " << outcome.err;
        EXPECT_TRUE(is_one_line_error(outcome)) << outcome.err;
    }
    EXPECT_TRUE(folder.contents().empty());
}

}  // namespace
}  // namespace ravine::test
