// Files that somebody made to do harm, given to the program.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <fstream>

#include "tests/cli/program.hpp"

namespace ravine::test {
namespace {

using ::testing::HasSubstr;

class Hostile : public testing::Test {
protected:
    std::string write(const std::string& name, const std::string& contents) const {
        std::filesystem::create_directories(std::filesystem::path(folder / name).parent_path());
        std::ofstream(folder / name, std::ios::binary) << contents;
        return folder / name;
    }
    /// `times` times the same text, gzip-compressed.
    std::string write_bomb(const std::string& name, const std::string& begin, const std::string& text,
                           int times) const {
        gzFile file = gzopen((folder / name).c_str(), "wb1");  // at level 1, a third of the time
        gzwrite(file, begin.data(), static_cast<unsigned>(begin.size()));
        for (int i = 0; i < times; ++i) gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
        gzclose(file);
        return folder / name;
    }
    /// Expects one line, status 2, and less than a gigabyte in use.
    static void expect_refused(const Outcome& outcome, const std::string& says) {
        EXPECT_EQ(outcome.status, 2) << outcome.err;
        EXPECT_TRUE(is_one_line_error(outcome)) << outcome.out << outcome.err.substr(0, 5000);
        EXPECT_LE(outcome.err.size(), 1010);
        EXPECT_THAT(outcome.err, HasSubstr(says));
#ifndef __SANITIZE_ADDRESS__  // which keeps what was freed
        EXPECT_LT(outcome.peak_megabytes, 1000);
#endif
    }

    TestFolder folder;
};

TEST_F(Hostile, AStudysFileWithATable) {
    for (const char* text : {"[optimizer]\n", "l2 = {}\n", "[[epochs]]\n", "seeds = {}\n"})
        expect_refused(run_bounded({"compare", "--config", write("study.toml", text)}), "study.toml:1: ");
    expect_refused(run_bounded({"train", "--config", write("run.toml", "[optimizer]\n")}),
                   "run.toml:1: optimizer");
}

TEST_F(Hostile, DeepFiles) {
    std::string keys = "a", brackets(200'000, '[');
    for (int i = 0; i < 50'000; ++i) keys += ".a";
    const auto toml = write("deep.toml", keys + " = 1\n");
    expect_refused(run_bounded({"train", "--config", toml}),
                   "deep.toml:1: expected lists, tables and dotted keys");
    expect_refused(run_bounded({"compare", "--config", toml}), "deep.toml:1: expected lists");
    expect_refused(run_bounded({"train", "spiral", "--model", toml}), "deep.toml:1: expected lists");
    write("study/study.json", brackets);
    expect_refused(run_bounded({"report", folder / "study"}), "expected the description of a study");
    write("run/config.toml", "dataset = \"spiral\"\n");
    write("run/summary.json", brackets);
    write("run/metrics.jsonl", "");
    expect_refused(run_bounded({"report", folder / "run"}), "expected the summary of a run");
    write("run/metrics.jsonl", brackets);
    expect_refused(run_bounded({"report", folder / "run"}), "metrics.jsonl:1: expected a metric");
    write("acet/acet.json", brackets);
    expect_refused(run_bounded({"report", folder / "acet"}), "at most 64 deep");
}

TEST_F(Hostile, ADigestOfAnotherType) {
    write("study/study.json", "{\"digest\": 5, \"numbers\": 2}");
    expect_refused(run_bounded({"compare", "spiral", "--optimizer", "sgd", "--optimizer", "adam", "--out",
                                folder / "study"}),
                   "choose another --out");
}

TEST_F(Hostile, Bombs) {
    const std::string blank(1 << 20, '0');
    expect_refused(run_bounded({"train", write_bomb("long.csv.gz", "a,b\n", blank, 100), "--target", "b"}),
                   "expected");
    std::string rows;
    for (int i = 0; i < 1 << 18; ++i) rows += ",\n";
    expect_refused(run_bounded({"train", write_bomb("rows.csv.gz", "a,b\n", rows, 150), "--target", "b"}),
                   "expected packed data that grow at most 100 times");
    const std::string header{0, 0, 8, 3, 0x7f, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 1};
    for (const char* name : {"train-images-idx3-ubyte.gz", "t10k-images-idx3-ubyte.gz"})
        write_bomb(name, header, std::string(1 << 20, '\0'), 100);
    for (const char* name : {"train-labels-idx1-ubyte", "t10k-labels-idx1-ubyte"})
        write(name, std::string{0, 0, 8, 1, 0, 0, 0, 1, 0});
    expect_refused(run_bounded({"train", folder.path().string()}), "expected packed data");
}

TEST_F(Hostile, MessagesAreShort) {
    const std::string long_name(5000, 'x');
    for (const auto& arguments : std::vector<std::vector<std::string>>{
             {"train", long_name + ".csv", "--target", "y"},
             {"train", "spiral", "--optimizer", long_name},
             {"train", "spiral", "--optimizer", "adam:" + long_name + "=1"},
             {"train", "spiral", "--epochs", long_name},
             {"train", "spiral", "--" + long_name},
             {long_name},
             {"describe", long_name},
             {"report", long_name},
             {"train", write("t.csv", long_name + ",y\n1,2\n3,4\n"), "--target", "z" + long_name},
             {"train", write("u.csv", "a,y\n" + long_name + "," + long_name + "\n"), "--target", "y"},
             {"train", "--config", write("c.toml", long_name + " = 1\n")}}) {
        const Outcome outcome = run_bounded(arguments);
        EXPECT_EQ(outcome.status, 2) << arguments[0];
        EXPECT_TRUE(is_one_line_error(outcome)) << outcome.out << outcome.err.substr(0, 3000);
        EXPECT_LE(outcome.err.size(), 1010) << outcome.err.substr(0, 3000);
    }
}

}  // namespace
}  // namespace ravine::test
