#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "ravine/core/error.hpp"
#include "ravine/core/files/file.hpp"
#include "ravine/lab/draw/decision_map.hpp"
#include "ravine/lab/report/any_report.hpp"
#include "ravine/lab/report/run_report.hpp"
#include "tests/lab/run_support.hpp"

namespace ravine::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

const Figure* figure_of(const Report& report, const std::string& id) {
    for (const auto& section : report.sections)
        for (const auto& block : section.blocks)
            if (const auto* figure = std::get_if<Figure>(&block); figure && figure->id == id) return figure;
    return nullptr;
}

TEST(DecisionMapFiles, ALineACellFromTheBottomUp) {
    const DecisionMap map{
        .grid = {{0, 4}, {-1, 1}, 2, 2}, .classes = {0, 1, 1, 1}, .class_names = {"cat", "dog, brown"}};
    EXPECT_EQ(boundary_csv_lines("adam:beta1=0.8,beta2=0.9", 7, map),
              "\"adam:beta1=0.8,beta2=0.9\",7,1,-0.5,cat\n"
              "\"adam:beta1=0.8,beta2=0.9\",7,3,-0.5,\"dog, brown\"\n"
              "\"adam:beta1=0.8,beta2=0.9\",7,1,0.5,\"dog, brown\"\n"
              "\"adam:beta1=0.8,beta2=0.9\",7,3,0.5,\"dog, brown\"\n");
}

TEST_F(RunTest, KeepsTheRegionsAndTheExamplesOfAPlane) {
    const RunFolder to = folder("run");
    train_in(to, small_experiment());
    const auto lines = [](const fs::path& file) { return std::ranges::count(contents_of(file), '\n'); };
    EXPECT_THAT(contents_of(to.boundary_csv()), StartsWith("contender,seed,x0,x1,class\nadam,1,"));
    EXPECT_EQ(lines(to.boundary_csv()), 1 + boundary_csv_side * boundary_csv_side);
    EXPECT_THAT(contents_of(to.points_csv()), StartsWith("part,x0,x1,class\ntraining,"));
    EXPECT_EQ(lines(to.points_csv()), 1 + 300);
}

TEST_F(RunTest, ReportSaysWhatTheRatePolicyCounted) {
    const auto text_of = [](const RunFolder& folder) {
        std::string all;
        for (const auto& section : run_report(folder).sections)
            for (const auto& block : section.blocks)
                if (const auto* paragraph = std::get_if<Paragraph>(&block)) all += paragraph->text + "\n";
        return all;
    };
    Experiment e = small_experiment();
    const RunFolder plain = folder("plain"), learned = folder("learned");
    train_in(plain, e);
    EXPECT_FALSE(summary_of(plain).contains("rate"));
    EXPECT_THAT(text_of(plain), testing::Not(HasSubstr("rate policy")));
    e.optimizer = "sgd";
    e.rate = "exact-newton:at=zero,growth=1.001,memory=0,slope=own,noise=0";
    train_in(learned, e);
    const int64_t bounded = summary_of(learned)["rate"]["bounded"];
    ASSERT_GT(bounded, 1);
    EXPECT_EQ(summary_of(learned)["rate"]["not_finite"], 0);
    EXPECT_THAT(text_of(learned),
                HasSubstr(fmt::format("The rate policy counted: {} times the rate was held", bounded)));
}

TEST_F(RunTest, ReportDrawsWhatTheRunLogged) {
    const RunFolder to = folder("run");
    Experiment e = small_experiment();
    e.train_scores = true;
    train_in(to, e);
    const Report report = run_report(to);
    const Figure* loss = figure_of(report, "loss");
    ASSERT_NE(loss, nullptr);
    EXPECT_THAT(loss->series.names, ElementsAre("batch", "training", "validation"));
    EXPECT_EQ(loss->rows.size(), 18 + 3 + 3);  // updates, and epochs twice
    const Figure* accuracy = figure_of(report, "accuracy");
    ASSERT_NE(accuracy, nullptr);
    ASSERT_EQ(accuracy->rows.size(), 6);
    const Json last = metrics_of(to).back();  // of the last epoch
    const std::vector<double>&training = accuracy->rows[2], &validation = accuracy->rows[5];
    // series, step, epoch, seconds, work, count, value, low, high
    EXPECT_EQ(training.at(0), 1);
    EXPECT_EQ(training.at(4), last["work"]);
    EXPECT_EQ(training.at(6), last["train_accuracy"]);
    EXPECT_EQ(validation.at(0), 2);
    EXPECT_EQ(validation.at(1), 18);
    EXPECT_EQ(validation.at(6), last["validation_accuracy"]);
    EXPECT_NE(figure_of(report, "boundary-0"), nullptr);
}

TEST_F(RunTest, ReportOfARunThatPredictsValuesHasNoAccuracy) {
    Experiment e = small_experiment();
    e.dataset = "noisy-sine:examples=100";
    const RunFolder to = folder("values");
    train_in(to, e);
    const Report report = run_report(to);
    EXPECT_EQ(figure_of(report, "accuracy"), nullptr);
    EXPECT_NE(figure_of(report, "loss"), nullptr);
    EXPECT_EQ(figure_of(report, "boundary-0"), nullptr);
}

TEST_F(RunTest, ReportIsDrawnAgainToTheSameBytes) {
    const RunFolder to = folder("run");
    train_in(to, small_experiment());
    const std::string page = contents_of(to.report());
    EXPECT_THAT(page, HasSubstr("<h2>Decision boundary</h2>"));
    fs::remove(to.report());
    EXPECT_EQ(write_report(to.path, {}), to.report());
    EXPECT_EQ(contents_of(to.report()), page);
}

TEST_F(RunTest, ReportOfADamagedSummaryIsRefused) {
    const RunFolder to = folder("run");
    train_in(to, small_experiment());
    write_file_atomically(to.summary(), "[1, 2");
    EXPECT_THROW(write_report(to.path, {}), RequestError);
}

}  // namespace
}  // namespace ravine::test
