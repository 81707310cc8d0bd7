#include "ravine/lab/study/study.hpp"

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "ravine/core/files/file.hpp"
#include "ravine/lab/report/study_report.hpp"
#include "ravine/lab/study/comparison.hpp"
#include "ravine/lab/study/grid.hpp"
#include "ravine/lab/study/study_files.hpp"
#include "ravine/lab/study/study_request.hpp"
#include "tests/lab/run_support.hpp"
#include "tests/lab/study_support.hpp"

namespace ravine::test {
namespace {

TEST(StudyFiles, HoldNoMapOfAContenderThatDiverged) {
    const TemporaryFolder folder;
    Silence silence;
    StudyPlan plan = small_plan();
    plan.contenders[1].experiment.optimizer = "sgd:learning_rate=1e30";
    Study study(plan);
    const auto out = StudyFolder::open_or_create((folder.path() / "s").string(), "", study.digest());
    const StudyResult result = study.run(out.trials(), silence);
    ASSERT_TRUE(result.trials[1].front().diverged());
    write_study(out, result, study.digest());
    const std::string boundary = contents_of(out.path / "boundary.csv");
    EXPECT_EQ(std::ranges::count(boundary, '\n'), 1 + 100 * 100);
    EXPECT_THAT(boundary, testing::Not(testing::HasSubstr("\nsgd,")));
}

TEST(StudyFiles, HoldARowForEachTrialAndEvaluation) {
    const TemporaryFolder folder;
    Silence silence;
    Study study(small_plan());
    auto out = StudyFolder::open_or_create((folder.path() / "s").string(), "", study.digest());
    write_study(out, study.run(out.trials(), silence), study.digest());
    const auto lines = [&](const char* name) {
        const std::string text = contents_of(out.path / name);
        return std::ranges::count(text, '\n');
    };
    EXPECT_EQ(lines("trials.csv"), 1 + 6);
    EXPECT_EQ(lines("curves.csv"), 1 + 6 * 3);
    EXPECT_EQ(lines("boundary.csv"), 1 + 2 * 100 * 100);  // of each contender at the first seed
    EXPECT_EQ(lines("points.csv"), 1 + 300);
    EXPECT_THAT(contents_of(out.path / "points.csv"), testing::HasSubstr("\ntest,"));
    EXPECT_EQ(lines("comparisons.csv"), lines("summary.csv") / 2 + 1);
    const auto json = nlohmann::json::parse(contents_of(out.description()));
    EXPECT_EQ(json["reference"], "adam");
    EXPECT_EQ(json["shared"]["epochs"], 3);
    EXPECT_FALSE(json["shared"].contains("optimizer"));
    EXPECT_EQ(json["contenders"][1]["settings"]["optimizer"], "sgd");
    EXPECT_EQ(json["seeds"], nlohmann::json({0, 1, 2}));
    // One of another version of the numbers is not mixed with ours, nor touched.
    auto older = json;
    EXPECT_EQ(older["numbers"], numbers_version);
    older.erase("numbers");
    const std::string text = older.dump();
    folder.write("old/study.json", text);
    expect_error(2,
                 [&] { StudyFolder::open_or_create((folder.path() / "old").string(), "", study.digest()); },
                 {"numbers of version", "found version 1", "--out"});
    EXPECT_EQ(contents_of(folder.path() / "old/study.json"), text);
    // The folder is for this study alone, and for one command at a time.
    expect_error(1, [&] { StudyFolder::open_or_create(out.path.string(), "", study.digest()); },
                 {"at work in this folder"});
    out.lock = {};
    StudyFolder::open_or_create(out.path.string(), "", study.digest());
    expect_error(2, [&] { StudyFolder::open_or_create(out.path.string(), "", "another"); },
                 {"another study", "--out"});
}

TEST(StudyFiles, AFolderOfSomethingElseIsRefused) {
    const TemporaryFolder folder;
    const auto path = [&](const std::string& name) { return (folder.path() / name).string(); };
    const auto refused = [&](const std::string& name, const std::vector<std::string>& parts) {
        expect_error(
            2, [&] { StudyFolder::open_or_create(path(name), "", "abc"); }, parts);
    };
    folder.write("run/config.toml", "");
    refused("run", {"holds a training run"});
    folder.write("mine/trials.csv", "mine");
    refused("mine", {"mine/trials.csv: is there already, and of no study"});
    EXPECT_FALSE(std::filesystem::exists(path("mine/.study")));
    // A study that was killed before study.json was there is known all the same.
    StudyFolder::open_or_create(path("killed"), "", "abc");
    StudyFolder::open_or_create(path("killed"), "", "abc");
    folder.write("killed/trials.csv", "of the study");
    StudyFolder::open_or_create(path("killed"), "", "abc");
    expect_error(2, [&] { StudyFolder::open_or_create(path("killed"), "", "def"); }, {"another study"});
    expect_error(2, [&] { RunFolder::create(path("killed"), ""); }, {"killed: holds a study"});
}

TEST(StudyRequest, FilesMayHoldListsAndOptions) {
    const TemporaryFolder folder;
    StudyRequest request;
    read_study(request, folder.write("s.toml",
                                     "dataset = \"spiral\"\noptimizer = [\"adam\", \"sgd\"]\n"
                                     "batch = [8, 16]\nseeds = 7\ntune = \"learning_rate\"\n"));
    const StudyPlan plan = plan_of(request);
    EXPECT_EQ(plan.contenders.size(), 4u);
    EXPECT_EQ(plan.options.seeds, 7);
    EXPECT_EQ(plan.options.tune, "learning_rate");
    const auto refuses = [&](const std::string& text, const std::vector<std::string>& parts) {
        StudyRequest bad;
        expect_error(
            2, [&] { read_study(bad, folder.write("bad.toml", text)); }, parts);
    };
    refuses("dataset = \"spiral\"\nseeds = [1, 2]\n", {"bad.toml:2: seeds", "found a list"});
    refuses("optimiser = [\"adam\"]\n", {"bad.toml:1: optimiser", "optimizer"});
    refuses("batch = [8, 0]\n", {"bad.toml:1: batch", "'0'"});
    refuses("batch = []\n", {"bad.toml:1: batch", "empty"});
    refuses("batch = [[8]]\n", {"bad.toml:1: batch"});
    refuses("seeds = 0\n", {"bad.toml:1: seeds", "in [1, 1000]"});
    refuses("seeds = 9223372036854775807\n", {"bad.toml:1: seeds", "in [1, 1000]"});
    std::string numbers = "1";
    for (int i = 2; i <= 40; ++i) numbers += fmt::format(", {}", i);
    read_study(request, folder.write("many.toml", fmt::format("batch = [{0}]\nepochs = [{0}]\n", numbers)));
    expect_error(2, [&] { plan_of(request); }, {"at most 1000 contenders"});
}

}  // namespace
}  // namespace ravine::test
