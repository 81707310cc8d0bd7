#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "ravine/core/files/file.hpp"
#include "tests/cli/program.hpp"

namespace ravine::test {
namespace {

using testing::HasSubstr;

TEST(Report, DrawsAStudyAgainToTheSameBytes) {
    const TestFolder folder;
    const Outcome study =
        run_program({"compare", "spiral:examples=300", "--model", "mlp:hidden=8", "--optimizer", "adam",
                     "--optimizer", "sgd", "--epochs", "3", "--seeds", "2", "--out", "study"},
                    folder.path());
    ASSERT_EQ(study.status, 0) << study.err;
    EXPECT_THAT(study.out, HasSubstr("report        study/report.html"));
    const std::string written = read_file(folder / "study/report.html");
    const Outcome first = run_program({"report", "study"}, folder.path());
    EXPECT_EQ(first.status, 0) << first.err;
    EXPECT_EQ(first.out, "report  study/report.html\n");
    const Outcome again = run_program({"report", "study", "--out", "copy.html"}, folder.path());
    EXPECT_EQ(again.status, 0) << again.err;
    const std::string page = read_file(folder / "study/report.html");
    EXPECT_EQ(page, written);
    EXPECT_EQ(page, read_file(folder / "copy.html"));
    EXPECT_THAT(page, HasSubstr("Decision boundaries"));
    EXPECT_THAT(page, HasSubstr("Final validation accuracy"));
}

TEST(Report, OfARunIsWrittenAndDrawnAgain) {
    const TestFolder folder;
    const Outcome run = run_program(
        {"train", "spiral:examples=300", "--model", "mlp:hidden=8", "--epochs", "3", "--out", folder / "run"},
        folder.path());
    ASSERT_EQ(run.status, 0) << run.err;
    const std::string written = read_file(folder / "run/report.html");
    EXPECT_THAT(written, HasSubstr("adam on spiral:examples=300"));
    EXPECT_THAT(written, HasSubstr("Decision boundary"));
    EXPECT_THAT(written, HasSubstr("Test accuracy"));
    EXPECT_EQ(run_program({"report", "run"}, folder.path()).status, 0);
    EXPECT_EQ(read_file(folder / "run/report.html"), written);
    write_file_atomically(folder / "run/summary.json", "[]");
    const Outcome damaged = run_program({"report", "run"}, folder.path());
    EXPECT_EQ(damaged.status, 2) << damaged.err;
    EXPECT_THAT(damaged.err, HasSubstr("run/summary.json"));
    EXPECT_EQ(read_file(folder / "run/report.html"), written);
}

TEST(Report, BadRequestsAreOneLine) {
    const TestFolder folder;
    std::filesystem::create_directory(folder / "empty");
    std::filesystem::create_directory(folder / "damaged");
    write_file_atomically(folder / "damaged/study.json", "{\"contenders\": 3}");
    for (const std::vector<std::string>& arguments : {std::vector<std::string>{"report"},
                                                      {"report", "nowhere"},
                                                      {"report", "empty"},
                                                      {"report", "damaged"}}) {
        const Outcome outcome = run_program(arguments, folder.path());
        EXPECT_EQ(outcome.status, 2) << outcome.err;
        EXPECT_TRUE(is_one_line_error(outcome)) << outcome.err;
    }
}

}  // namespace
}  // namespace ravine::test
