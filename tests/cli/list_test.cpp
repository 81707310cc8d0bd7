#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "ravine/core/file.hpp"
#include "ravine/lab/registry.hpp"
#include "tests/cli/program.hpp"

namespace ravine::test {
namespace {

using ::testing::HasSubstr;

TEST(List, ShowsEveryNameOfAKindUnderItsSingularAndPlural) {
    for (const auto& kind : kinds()) {
        const Outcome outcome = run_program({"list", kind.plural});
        EXPECT_EQ(outcome.status, 0) << kind.plural;
        EXPECT_EQ(outcome.out, run_program({"list", kind.name}).out);
        for (const auto& entry : entries_of(kind))
            EXPECT_THAT(outcome.out, HasSubstr("\n  " + entry.name + " ")) << kind.plural;
    }
}

TEST(List, ShowsAllKindsWithoutOne) {
    const Outcome outcome = run_program({"list"});
    EXPECT_EQ(outcome.status, 0);
    for (const auto& entry : registry()) EXPECT_THAT(outcome.out, HasSubstr("\n  " + entry.name + " "));
}

TEST(Describe, ShowsEveryRegisteredName) {
    for (const auto& entry : registry()) {
        const Outcome outcome = run_program({"describe", entry.kind + "/" + entry.name});
        EXPECT_EQ(outcome.status, 0) << entry.name << outcome.err;
        EXPECT_THAT(outcome.out, testing::StartsWith(entry.name + " (" + entry.kind + ")"));
        EXPECT_THAT(outcome.out, HasSubstr("\nformula "));
        EXPECT_THAT(outcome.out, HasSubstr("ravine "));
        for (const auto& setting : entry.settings)
            EXPECT_THAT(outcome.out, HasSubstr("\n  " + setting.name + " ")) << entry.name;
    }
}

TEST(Describe, ShowsEachKindThatHasTheName) {
    const Outcome outcome = run_program({"describe", "linear"});
    for (const char* heading : {"linear (model)", "linear (schedule)", "linear (activation)"})
        EXPECT_THAT(outcome.out, HasSubstr(heading));
}

TEST(Describe, CountsTheParametersOfAModel) {
    // 2 -> 100 -> 100 -> 2: 200 + 100 + 10000 + 100 + 200 + 2.
    EXPECT_THAT(run_program({"describe", "mlp"}).out, testing::ContainsRegex("total +10602\n"));
}

TEST(Docs, WritesAPageAKindAndAnIndex) {
    const TestFolder folder;
    const Outcome outcome = run_program({"docs", folder / "reference"});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    const std::string index = read_file(folder / "reference/README.md");
    for (const auto& kind : kinds()) {
        EXPECT_THAT(index, HasSubstr("](" + kind.plural + ".md)"));
        const std::string page = read_file(folder / ("reference/" + kind.plural + ".md"));
        for (const auto& entry : entries_of(kind)) EXPECT_THAT(page, HasSubstr("\n## " + entry.name + "\n"));
    }
}

TEST(Docs, AFileInTheWayIsReported) {
    const Outcome outcome = run_program({"docs", "/dev/null/reference"});
    EXPECT_EQ(outcome.status, 1);
    EXPECT_TRUE(is_one_line_error(outcome)) << outcome.err;
}

}  // namespace
}  // namespace ravine::test
