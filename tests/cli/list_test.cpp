#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "ravine/core/files/file.hpp"
#include "ravine/lab/names/registry.hpp"
#include "tests/cli/program.hpp"
#include "tests/support/environment.hpp"
#include "tests/support/paths.hpp"

namespace ravine::test {
namespace {

using ::testing::HasSubstr;

/// With what the program would otherwise say to OpenMP by starting once more, which takes as long as all else
/// that it does here: a start for each name is many. That it does is in waiting_test.cpp.
class ForEveryName : public testing::Test {
    Environment spin_count{"GOMP_SPINCOUNT", "1000"};
};
class List : public ForEveryName {};
class Describe : public ForEveryName {};

TEST_F(List, ShowsEveryNameOfAKindUnderItsSingularAndPlural) {
    for (const auto& kind : kinds()) {
        const Outcome outcome = run_program({"list", kind.plural});
        EXPECT_EQ(outcome.status, 0) << kind.plural;
        EXPECT_EQ(outcome.out, run_program({"list", kind.name}).out);
        for (const auto& entry : entries_of(kind))
            EXPECT_THAT(outcome.out, HasSubstr("\n  " + entry.name + " ")) << kind.plural;
    }
}

TEST_F(List, ShowsAllKindsWithoutOne) {
    const Outcome outcome = run_program({"list"});
    EXPECT_EQ(outcome.status, 0);
    for (const auto& entry : registry()) EXPECT_THAT(outcome.out, HasSubstr("\n  " + entry.name + " "));
}

TEST_F(Describe, ShowsEveryRegisteredName) {
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

TEST_F(Describe, ShowsEachKindThatHasTheName) {
    const Outcome outcome = run_program({"describe", "linear"});
    for (const char* heading : {"linear (model)", "linear (schedule)", "linear (activation)"})
        EXPECT_THAT(outcome.out, HasSubstr(heading));
}

TEST_F(Describe, CountsTheParametersOfAModel) {
    // 2 -> 100 -> 100 -> 2: 200 + 100 + 10000 + 100 + 200 + 2.
    EXPECT_THAT(run_program({"describe", "mlp"}).out, testing::ContainsRegex("total +10,602 "));
}

TEST_F(Describe, ShowsLayersAndWorkOfAModelForAShapeOrADataSet) {
    const Outcome small = run_program({"describe", "--model", "lenet:dropout=0.5", "--shape", "28x28x1"});
    EXPECT_EQ(small.status, 0) << small.err;
    EXPECT_THAT(small.out,
                HasSubstr("layers of lenet:dropout=0.5 with images of 28 x 28 x 1 and 10 classes"));
    EXPECT_THAT(small.out, testing::ContainsRegex("  0 +\\[28, 28, 6\\] +156 "));
    const Outcome spiral = run_program({"describe", "mlp:hidden=4", "--dataset", "spiral", "--batch", "16"});
    EXPECT_THAT(spiral.out, testing::StartsWith("mlp (model)"));
    EXPECT_THAT(spiral.out, HasSubstr("with 2 columns and 3 classes"));
    EXPECT_THAT(spiral.out, HasSubstr("gradient of 16 examples"));
    EXPECT_THAT(spiral.out, testing::ContainsRegex("total +27 "));
    const std::string file = source_folder() + "/examples/models/small-residual.toml";
    const Outcome described = run_program({"describe", file});
    EXPECT_EQ(described.status, 0) << described.err;
    EXPECT_THAT(described.out, HasSubstr("heads.0.2"));
}

TEST_F(Describe, RefusesWhatItCannotDescribe) {
    const TestFolder folder;
    write_file_atomically(folder / "net.toml", "[model]\nlayers = ['flaten']\n");
    for (const std::vector<std::string>& arguments :
         std::vector<std::vector<std::string>>{{},
                                               {"adam", "--model", "mlp"},
                                               {"adam:beta1=0.5"},
                                               {"adam", "--shape", "3"},
                                               {"lenet", "--shape", "5"},
                                               {"lenet", "--shape", "5x5"},
                                               {"lenet", "--shape", "axb"},
                                               {"mlp", "--shape", "3", "--dataset", "spiral"},
                                               {"mlp:hiden=3"},
                                               {folder / "net.toml"}}) {
        std::vector<std::string> all{"describe"};
        all.insert(all.end(), arguments.begin(), arguments.end());
        const Outcome outcome = run_program(all);
        EXPECT_EQ(outcome.status, 2) << testing::PrintToString(arguments);
        EXPECT_TRUE(is_one_line_error(outcome)) << outcome.out << outcome.err;
    }
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
