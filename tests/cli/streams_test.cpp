// What becomes of a program whose output nobody takes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <csignal>
#include <fstream>

#include "ravine/core/files/file.hpp"
#include "tests/cli/program.hpp"
#include "tests/support/environment.hpp"

namespace ravine::test {
namespace {

using ::testing::HasSubstr;

const std::vector<std::string> train{
    "train", "spiral:examples=90", "--model", "mlp:hidden=4", "--epochs", "1", "--out", "run"};

/// Without pictures: gnuplot would take longer than all training.
class Streams : public testing::Test {
    Environment no_gnuplot{"PATH", "/nowhere"};
};

TEST_F(Streams, LostOutputIsAFailure) {
    const TestFolder folder;
    ASSERT_EQ(run_program(train, folder.path()).status, 0);
    std::ofstream(folder / "new.csv") << "x0,x1\n0.1,0.2\n";
    const std::vector<std::vector<std::string>> commands{{"evaluate", "run"},
                                                         {"evaluate", "run", "--json"},
                                                         {"predict", "run", "new.csv"},
                                                         {"list"},
                                                         {"describe", "adam"},
                                                         {"--help"},
                                                         {"train", "--help"},
                                                         {"--version"},
                                                         {"minimize", "sphere", "--steps", "3"},
                                                         {"data", "list"},
                                                         {"data", "show", "spiral"},
                                                         {"report", "run"},
                                                         {"train", "--resume", "run"},
                                                         {"inspect", "run", "--moments", "1"}};
    for (const auto& command : commands)
        for (const Stream out : {Stream::full, Stream::closed}) {
            const Outcome outcome = run_program(command, folder.path(), out, Stream::heard);
            EXPECT_EQ(outcome.status, 1) << command[0];
            EXPECT_THAT(outcome.err, HasSubstr("ravine: standard output: cannot write: ")) << command[0];
        }
}

TEST_F(Streams, AReaderThatHasGoneAwayEndsTheProgramAsUsual) {
    const Outcome outcome = run_program({"list"}, ".", Stream::without_reader, Stream::heard);
    EXPECT_EQ(outcome.status, 128 + SIGPIPE);
    EXPECT_EQ(outcome.err, "");
}

TEST_F(Streams, NobodyNeedsToListenToMessages) {
    for (const Stream err : {Stream::full, Stream::closed, Stream::without_reader}) {
        const TestFolder folder;
        EXPECT_EQ(run_program(train, folder.path(), Stream::heard, err).status, 0);
        // What would have been said is in no file.
        EXPECT_THAT(read_file(folder / "run/metrics.jsonl"), testing::Not(HasSubstr("epoch  ")));
        EXPECT_EQ(run_program({"train", "none"}, folder.path(), Stream::heard, err).status, 2);
        EXPECT_EQ(run_program({"trian"}, folder.path(), Stream::heard, err).status, 2);
        EXPECT_EQ(run_program({"gradcheck", "--model", "mlp:hidden=3", "--burn-in", "1", "--samples", "2",
                               "--check-examples", "4"},
                              folder.path(), Stream::heard, err)
                      .status,
                  0);
        EXPECT_EQ(run_program({"compare", "spiral:examples=90", "--optimizer", "sgd", "--optimizer", "adam",
                               "--epochs", "1", "--seeds", "1", "--out", "study"},
                              folder.path(), Stream::heard, err)
                      .status,
                  0);
        EXPECT_EQ(run_program(train, folder.path(), Stream::closed, err).status, 2);
    }
}

TEST_F(Streams, OutputsMayBeLinksAndFifosAndStandardOutput) {
    const TestFolder folder;
    ASSERT_EQ(run_program(train, folder.path()).status, 0);
    std::ofstream(folder / "new.csv") << "x0,x1\n0.1,0.2\n";
    std::filesystem::create_symlink("target.csv", folder / "link.csv");
    const std::vector<std::vector<std::string>> commands{
        {"minimize", "sphere", "--trace", "link.csv"},
        {"predict", "run", "new.csv", "--out", "link.csv"},
        {"report", "run", "--out", "link.csv"},
        {"gradcheck", "--model", "mlp:hidden=3", "--burn-in", "1", "--samples", "2", "--check-examples", "4",
         "--out", "link.csv"}};
    for (const auto& command : commands) {
        std::filesystem::remove(folder / "target.csv");
        EXPECT_EQ(run_program(command, folder.path()).status, 0) << command[0];
        EXPECT_TRUE(std::filesystem::is_symlink(folder / "link.csv")) << command[0];
        EXPECT_TRUE(std::filesystem::is_regular_file(folder / "target.csv")) << command[0];
    }
    const Outcome direct = run_program({"predict", "run", "new.csv"}, folder.path());
    const Outcome named = run_program({"predict", "run", "new.csv", "--out", "/dev/stdout"}, folder.path());
    EXPECT_EQ(named.status, 0) << named.err;
    EXPECT_EQ(named.out, direct.out);
    // A file is not replaced under the feet of what follows.
    const Outcome both =
        run_program({"minimize", "sphere", "--steps", "1", "--trace", "/dev/stdout"}, folder.path());
    EXPECT_THAT(both.out, testing::StartsWith("step,"));
    EXPECT_THAT(both.out, HasSubstr("\noptimizer "));
}

TEST_F(Streams, WhereAnOutputCannotGoIsToldBeforeTheWork) {
    const TestFolder folder;
    const Outcome outcome =
        run_program({"predict", "no-run", "no-file.csv", "--out", "none/x.csv"}, folder.path());
    EXPECT_EQ(outcome.status, 2);
    EXPECT_THAT(outcome.err, HasSubstr("none/x.csv: cannot write: no such folder as none"));
    EXPECT_TRUE(is_one_line_error(outcome));
}

}  // namespace
}  // namespace ravine::test
