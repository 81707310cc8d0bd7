#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "ravine/core/files/file.hpp"
#include "tests/cli/program.hpp"
#include "tests/support/environment.hpp"
#include "tests/support/http_server.hpp"
#include "tests/support/published.hpp"

namespace ravine::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

/// Standard error, line by line.
std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

TEST(Data, ListSaysWhereSetsAre) {
    const TestFolder folder;
    const auto list = [&] { return run_program({"data", "list", "--data-dir", folder.path().string()}).out; };
    EXPECT_THAT(list(), testing::ContainsRegex("\nspiral +classification +3000 +2  made on the fly\n"));
    EXPECT_THAT(list(), testing::ContainsRegex("\nnoisy-sine +regression +1000 +1  made on the fly\n"));
    EXPECT_THAT(list(),
                testing::ContainsRegex("\ncifar-100 +classification +60000 +32 x 32 x 3  `ravine data get"));
    EXPECT_THAT(list(), testing::ContainsRegex("\nmnist +classification +70000 +28 x 28 x 1  "));
    fs::create_directories(folder / "mnist");
    std::ofstream(folder / "mnist/t10k-labels-idx1-ubyte") << "x";
    EXPECT_THAT(list(), HasSubstr(folder / "mnist, a part only:"));
}

TEST(Data, GetReportsEachFailureOnALineAndLeavesNothing) {
    const TestFolder folder;
    const HttpServer server([](const auto&, const auto& out) { out.send(http_head("404 Not\x1b[2JFound")); });
    const Outcome outcome = run_program(
        {"data", "get", "boston-housing", "--data-dir", folder.path().string(), "--from", server.address()});
    EXPECT_EQ(outcome.status, 1);
    EXPECT_EQ(outcome.out, "");
    const std::string file = server.address() + "housing.data",
                      other = server.address() + "boston-housing/housing.data";
    EXPECT_THAT(lines_of(outcome.err),
                testing::ElementsAre(
                    "housing.data from " + file + ": 49.1 kB",
                    file + ": expected the file (status 200), found status 404",
                    "housing.data from " + other + ": 49.1 kB",
                    other + ": expected the file (status 200), found status 404",
                    "ravine: boston-housing: housing.data could not be downloaded from any of 2 addresses"));
    EXPECT_THAT(folder.contents(), testing::IsEmpty());
}

TEST(Data, GetRefusesAnotherFileOfTheRightLength) {
    const TestFolder folder;
    const std::string body(49'082, 'x');
    const HttpServer server([&](const auto& request, const auto& out) { serve_ranges(body, request, out); });
    const Outcome outcome = run_program(
        {"data", "get", "boston-housing", "--data-dir", folder.path().string(), "--from", server.address()});
    EXPECT_EQ(outcome.status, 1);
    EXPECT_THAT(outcome.err, HasSubstr("expected a file with SHA-256 baadf729"));
    EXPECT_THAT(folder.contents(), testing::IsEmpty());
}

/// The published files, where they are at hand.
TEST(Data, GetThenCheck) {
    const fs::path published = fs::path(published_folder()) / "boston-housing" / "housing.data";
    if (!fs::exists(published)) GTEST_SKIP() << published << " is not there";
    const TestFolder folder;
    const std::string body = read_file(published);
    const HttpServer server([&](const auto& request, const auto& out) { serve_ranges(body, request, out); });
    const std::string target = folder / "boston-housing/housing.data";
    const auto get = [&] {
        return run_program({"data", "get", "boston-housing", "--data-dir", folder.path().string(), "--from",
                            server.address()});
    };
    const auto check = [&] {
        return run_program({"data", "check", "boston-housing", "--data-dir", folder.path().string()});
    };
    EXPECT_EQ(get().status, 0);
    EXPECT_EQ(read_file(target), body);
    EXPECT_EQ(get().err, target + ": already here\n");
    EXPECT_THAT(check().out, HasSubstr("boston-housing\n  ok       " + target + "\n"));

    std::ofstream(target, std::ios::app) << "x";
    EXPECT_EQ(check().status, 2);
    EXPECT_THAT(check().out, HasSubstr("  differs  " + target + ": expected 49082 bytes, found more\n"));
    EXPECT_EQ(lines_of(check().err),
              std::vector<std::string>{"ravine: files differ from the published ones: boston-housing"});
}

TEST(Data, CheckSaysWhatIsMissing) {
    const TestFolder folder;
    const Environment data("RAVINE_DATA", ""), cache("XDG_CACHE_HOME", folder.path().string());
    const Outcome outcome = run_program({"data", "check", "mnist", "--data-dir", folder.path().string()});
    EXPECT_EQ(outcome.status, 1);
    EXPECT_THAT(outcome.out, HasSubstr("  missing  " + folder / "mnist/train-images-idx3-ubyte.gz\n"));
    EXPECT_EQ(outcome.err, "ravine: files are missing: mnist (`ravine data get mnist`)\n");
}

TEST(Data, ShowPrintsAndDraws) {
    const TestFolder folder;
    const Outcome outcome =
        run_program({"data", "show", "spiral", "--examples", "3", "--out", folder / "spiral.png"});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_THAT(outcome.out, testing::StartsWith("spiral: classification, 3 classes; examples of shape 2\n"));
    EXPECT_THAT(read_file(folder / "spiral.png"), testing::StartsWith("\x89PNG"));
    EXPECT_EQ(outcome.err, "");
    // Without --out nothing is written, and nothing but text printed where there is no terminal.
    const Outcome text = run_program({"data", "show", "spiral", "--examples", "3"}, folder.path());
    EXPECT_EQ(text.out, outcome.out);
    EXPECT_THAT(text.err, HasSubstr("--out"));
    EXPECT_THAT(folder.contents(), testing::ElementsAre("spiral.png"));
}

TEST(Data, ShowRefusesBeforeItWrites) {
    const TestFolder folder;
    for (const auto& [arguments, says] : std::vector<std::pair<std::vector<std::string>, std::string>>{
             {{"spirla"}, "did you mean 'spiral'?"},
             {{"spiral", "--part", "all"}, "--part: expected training, validation or test"},
             {{"spiral", "--examples", "0"}, "--examples: expected an integer at least 1"},
             {{"spiral", "--seed", "-1"}, "--seed: expected"},
             {{"spiral", "--out", folder / "s.pdf"}, "ends in .svg or .png"},
             {{"spiral", "--out", folder / "none/s.png"}, "no such folder"},
             {{"linear-regression", "--out", folder / "s.png"}, "found 10 features for regression"},
             {{"none.csv"}, "none.csv: no such file"}}) {
        std::vector<std::string> all{"data", "show"};
        all.insert(all.end(), arguments.begin(), arguments.end());
        const Outcome outcome = run_program(all);
        EXPECT_EQ(outcome.status, 2) << says;
        EXPECT_TRUE(is_one_line_error(outcome)) << outcome.out << outcome.err;
        EXPECT_THAT(outcome.err, HasSubstr(says));
    }
    EXPECT_THAT(folder.contents(), testing::IsEmpty());
}

TEST(Data, WrongRequestsAreRefused) {
    for (const auto& [arguments, says] : std::vector<std::pair<std::vector<std::string>, std::string>>{
             {{}, "subcommand is required"},
             {{"gte"}, "did you mean 'get'?"},
             {{"get"}, "name is required"},
             {{"get", "mnits"}, "did you mean 'mnist'?"},
             {{"get", "mnist", "spiral"}, "'spiral' is made on the fly"},
             {{"get", "mnist", "--from", "file:///data"}, "--from: expected an address"},
             {{"check", "spiral"}, "'spiral' is made on the fly"}}) {
        std::vector<std::string> all{"data"};
        all.insert(all.end(), arguments.begin(), arguments.end());
        const Outcome outcome = run_program(all);
        EXPECT_EQ(outcome.status, 2);
        EXPECT_TRUE(is_one_line_error(outcome)) << outcome.out << outcome.err;
        EXPECT_THAT(outcome.err, HasSubstr(says));
    }
}

}  // namespace
}  // namespace ravine::test
