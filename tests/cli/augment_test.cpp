#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ravine/core/files/file.hpp"
#include "tests/cli/program.hpp"

namespace ravine::test {
namespace {

using testing::HasSubstr;

TEST(Augment, StepsAreAppliedInTheOrderGiven) {
    const TestFolder folder;
    const Outcome outcome =
        run_program({"train", "spiral:examples=60", "--model", "mlp:hidden=4", "--epochs", "1", "--augment",
                     "noise:deviation=0.2", "--augment", "mixup", "--out", folder / "run"},
                    folder.path());
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_THAT(read_file(folder / "run/config.toml"), HasSubstr("'noise:deviation=0.2+mixup'"));
}

TEST(Augment, WhatMakesNoSenseIsRefused) {
    const TestFolder folder;
    for (const auto& [augment, says] :
         std::vector<std::pair<std::string, std::string>>{{"crop", "augmentation 'crop' is for images"},
                                                          {"mixap", "did you mean 'mixup'"},
                                                          {"mixup:alpha=-1", "mixup:alpha"},
                                                          {"noise+", "joined by '+'"}}) {
        for (const char* command : {"train", "compare"}) {
            const Outcome outcome = run_program({command, "spiral", "--augment", augment}, folder.path());
            EXPECT_EQ(outcome.status, 2) << outcome.err;
            EXPECT_THAT(outcome.err, HasSubstr(says));
        }
    }
    EXPECT_TRUE(folder.contents().empty());
}

TEST(Augment, ComparedChainsAreContenders) {
    const TestFolder folder;
    const Outcome outcome =
        run_program({"compare", "spiral:examples=60", "--model", "mlp:hidden=4", "--epochs", "1", "--seeds",
                     "1", "--augment", "none", "--augment", "noise+mixup", "--out", folder / "study"},
                    folder.path());
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr("none"));
    EXPECT_THAT(outcome.out, HasSubstr("noise+mixup"));
}

}  // namespace
}  // namespace ravine::test
