#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "ravine/core/files/file.hpp"
#include "ravine/lab/report/study_report.hpp"
#include "tests/data/support.hpp"

namespace ravine::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const ReportSection* section_of(const Report& report, const std::string& title) {
    for (const auto& section : report.sections)
        if (section.title == title) return &section;
    return nullptr;
}

std::vector<Figure> figures_of(const ReportSection& section) {
    std::vector<Figure> figures;
    for (const auto& block : section.blocks)
        if (const auto* figure = std::get_if<Figure>(&block)) figures.push_back(*figure);
    return figures;
}

std::set<double> series_of(const Figure& figure) {
    std::set<double> series;
    for (const auto& row : figure.rows) series.insert(row.at(0));
    return series;
}

/// The folder of a study of six contenders, a to f, at the seeds 0 and 1.
class StudyReportTest : public testing::Test {
protected:
    StudyReportTest() {
        std::string curves = "contender,seed,epoch,train_accuracy,validation_accuracy\n";
        std::string steps = "contender,seed,step,train_loss,learning_rate\n", contenders;
        for (const std::string label : {"a", "b", "c", "d", "e", "f"}) {
            contenders += (contenders.empty() ? "" : ",") + fmt::format(R"({{"label":"{}"}})", label);
            curves += label + ",0,1,0.5,0.2\n" + label + ",1,1,0.7,0.4\n";
            steps += label + ",0,1,2.5," + (label == "a" ? "0.1" : "0.001") + "\n";
            steps += label + ",1,1,1.5," + (label == "a" ? "0.1" : "0.001") + "\n";
        }
        write("study.json", R"({"kind":"first-order","metric":{"name":"validation_accuracy"},"seeds":[0,1],)"
                            R"("contenders":[)" +
                                contenders + "]}");
        write("curves.csv", curves);
        write("steps.csv", steps);
    }

    void write(const char* name, const std::string& text) {
        write_file_atomically(folder.path() / name, text);
    }

    TemporaryFolder folder;
};

TEST_F(StudyReportTest, FirstOrderStudyHasThePapersSixFigures) {
    const Report report = study_report(folder.path());
    const ReportSection* section = section_of(report, "The paper's figures");
    ASSERT_NE(section, nullptr);
    const auto figures = figures_of(*section);
    std::vector<std::string> titles;
    for (const auto& figure : figures) titles.push_back(figure.title);
    EXPECT_THAT(titles, ElementsAre("Figure 10: training loss of a batch", "Figure 11: training accuracy",
                                    "Figure 12: validation accuracy", "Figure 13: training loss of a batch",
                                    "Figure 14: training accuracy", "Figure 15: validation accuracy"));
    for (size_t i = 0; i < figures.size(); ++i)
        EXPECT_EQ(series_of(figures[i]).size(), i < 3 ? 3u : 5u) << figures[i].title;
    EXPECT_EQ(figures[0].source, "steps.csv");
    EXPECT_EQ(figures[5].source, "curves.csv");
    // series, place, seeds, mean, smallest, largest
    EXPECT_THAT(figures[0].rows.at(0), ElementsAre(0, 1, 2, 2, 1.5, 2.5));
    EXPECT_THAT(figures[5].rows.at(4), ElementsAre(4, 1, 2, testing::DoubleEq(0.3), 0.2, 0.4));
}

TEST_F(StudyReportTest, AStudyThatWasInterruptedEarlyHasNoFiguresYet) {
    write("curves.csv", "contender,seed,epoch,train_accuracy,validation_accuracy\n");  // no trial ended
    write("steps.csv", "contender,seed,step,train_loss,learning_rate\n");
    const Report report = study_report(folder.path());
    EXPECT_EQ(section_of(report, "Learning curves"), nullptr);
    EXPECT_EQ(section_of(report, "The paper's figures"), nullptr);
    EXPECT_NE(section_of(report, "Run it again"), nullptr);
    std::filesystem::remove(folder.path() / "curves.csv");
    std::filesystem::remove(folder.path() / "steps.csv");
    EXPECT_EQ(section_of(study_report(folder.path()), "Learning curves"), nullptr);
}

TEST_F(StudyReportTest, SaysThatNobodyReachedTheTarget) {
    write("study.json", R"({"kind":"compare","metric":{"name":"validation_accuracy"},"seeds":[0,1],)"
                        R"("target":0.99,"contenders":[{"label":"a"},{"label":"b"}]})");
    write("trials.csv",
          "contender,seed,status,target_seconds,target_steps,target_work\n"
          "a,0,done,,,\na,1,done,,,\nb,0,done,,,\nb,1,diverged,,,\n");
    const Report report = study_report(folder.path());
    const ReportSection* target = section_of(report, "Reaching the target");
    ASSERT_NE(target, nullptr);
    EXPECT_THAT(std::get<Paragraph>(target->blocks.at(0)).text,
                HasSubstr("No trial reached the target, a validation accuracy of 99.00 % or more"));
    const auto& table = std::get<ReportTable>(section_of(report, "Outcomes")->blocks.at(0));
    EXPECT_THAT(table.header, ElementsAre("Contender", "Missed target", "Diverged"));
    EXPECT_THAT(table.rows.at(1), ElementsAre("b", "2 of 2", "1 of 2"));
}

TEST_F(StudyReportTest, EveryDifferenceHasItsInterval) {
    write("study.json", R"({"kind":"compare","metric":{"name":"validation_accuracy"},"seeds":[0,1,2,3,4,5],)"
                        R"("reference":"a","contenders":[{"label":"a"},{"label":"b"},{"label":"c"}]})");
    write("summary.csv",
          "contender,metric,n,mean,deviation,median,min,max,ci_low,ci_high\n"
          "a,final_validation_accuracy,6,0.9,0.01,0.9,0.88,0.92,0.89,0.91\n"
          "b,final_validation_accuracy,6,0.92,0.01,0.92,0.9,0.94,0.91,0.93\n"
          "c,final_validation_accuracy,2,0.8,0.01,-inf,0.79,0.81,0.7,0.9\n");
    write("comparisons.csv",
          "metric,contender,reference,pairs,ties,mean_difference,difference,ci_low,ci_high,p_value,"
          "p_adjusted,effect_size,verdict\n"
          "final_validation_accuracy,b,a,6,0,0.02,0.0205,0.01,0.03,0.03,0.04,1,better\n"
          "final_validation_accuracy,c,a,6,0,,-inf,-inf,0.01,0.06,0.06,-0.9,no difference shown\n");
    const Report report = study_report(folder.path());
    const auto& table = std::get<ReportTable>(section_of(report, "Outcomes")->blocks.at(0));
    EXPECT_THAT(table.header, ElementsAre("Contender", "Final validation accuracy", "Difference, points",
                                          "95 % interval", "p", "Effect"));
    EXPECT_THAT(table.rows.at(0), ElementsAre("a (reference)", "90.00 ± 1.00 %", "–", "–", "–", "–"));
    EXPECT_THAT(table.rows.at(1),
                ElementsAre("b", "92.00 ± 1.00 %", "+2.05", "+1.00 to +3.00", "0.04", "+1"));
    EXPECT_THAT(table.rows.at(2),
                ElementsAre("c", "80.00 ± 1.00 %", "−inf", "−inf to +1.00", "0.06", "−0.9"));
    EXPECT_THAT(
        std::get<Headline>(section_of(report, "Result")->blocks.at(0)).text,
        HasSubstr("significantly better: difference +2.05 points, 95 % interval +1.00 to +3.00; p = 0.04"));
}

TEST_F(StudyReportTest, ATemperatureIsDrawnWhereThereIsOne) {
    const auto has_figure = [&] {
        const Report report = study_report(folder.path());
        for (const auto& figure : figures_of(*section_of(report, "Updates")))
            if (figure.id == "update-temperature") return true;
        return false;
    };
    EXPECT_FALSE(has_figure());
    write("steps.csv", "contender,seed,step,train_loss,learning_rate,temperature\na,0,1,1,0.1,1\n");
    EXPECT_FALSE(has_figure());
    write("steps.csv", "contender,seed,step,train_loss,learning_rate,temperature\na,0,1,1,0.1,2\n");
    EXPECT_TRUE(has_figure());
}

TEST_F(StudyReportTest, OtherStudiesHaveNoFiguresOfAPaper) {
    write("study.json", R"({"kind":"compare","metric":{"name":"validation_accuracy"},"seeds":[0],)"
                        R"("contenders":[{"label":"a"}]})");
    EXPECT_EQ(section_of(study_report(folder.path()), "The paper's figures"), nullptr);
}

TEST_F(StudyReportTest, ClaimsKeepNumbersAndUnitsTogether) {
    write("claims.csv", "claim,measured,verdict\nb beats a,\"b 3.00 %, a 2.00 % (p 0.5)\",not shown\n");
    const Report report = study_report(folder.path());
    const ReportSection* section = section_of(report, "Claims");
    ASSERT_NE(section, nullptr);
    const auto& table = std::get<ReportTable>(section->blocks.at(0));
    EXPECT_THAT(table.header, ElementsAre("Claim", "Verdict", "Measured"));
    EXPECT_THAT(table.rows.at(0),
                ElementsAre("b beats a", "not shown", "b 3.00\u00a0%, a 2.00\u00a0% (p\u00a00.5)"));
}

TEST_F(StudyReportTest, RatesThatDifferManyfoldStandOnALogarithmicScale) {
    const auto rate_of = [&] {
        const Report report = study_report(folder.path());
        for (const auto& figure : figures_of(*section_of(report, "Updates")))
            if (figure.id == "update-learning_rate") return figure;
        return Figure{};
    };
    EXPECT_EQ(rate_of().y_scale, Scale::logarithmic);
    write("steps.csv", "contender,seed,step,train_loss,learning_rate\na,0,1,1,0.1\na,0,2,1,0.0001\n");
    EXPECT_EQ(rate_of().y_scale, Scale::linear);  // a schedule took it there
}

TEST_F(StudyReportTest, SaysWhoHasNoMap) {
    std::string boundary = "contender,seed,x0,x1,class\n";
    for (const std::string label : {"a", "b", "c", "d"})
        boundary += label + ",0,0,0,red\n" + label + ",0,1,0,red\n" + label + ",0,2,0,blue\n";
    write("boundary.csv", boundary);
    write("points.csv", "part,x0,x1,class\ntraining,0.5,0,blue\ntest,1,0,red\n");
    const Report report = study_report(folder.path());
    const ReportSection* section = section_of(report, "Decision boundaries");
    ASSERT_NE(section, nullptr);
    EXPECT_THAT(std::get<Paragraph>(section->blocks.at(0)).text, HasSubstr("None for e and f"));
    const auto figures = figures_of(*section);
    ASSERT_EQ(figures.size(), 4u);
    EXPECT_EQ(figures[1].title, "b, seed 0");
    EXPECT_THAT(figures[1].series.names, ElementsAre("blue", "red"));
    // Two cells of one class are one rectangle; then the other cell, and the training example alone.
    ASSERT_EQ(figures[1].rows.size(), 3u);
    EXPECT_THAT(std::vector<double>(figures[1].rows[0].begin(), figures[1].rows[0].begin() + 3),
                ElementsAre(1, -0.5, 1.5));
    EXPECT_EQ(figures[1].rows[2].at(5), 0.5);
}

TEST_F(StudyReportTest, CellsOfAMapLeaveNoGaps) {
    std::string boundary = "contender,seed,x0,x1,class\n";
    for (const char* height : {"-0.3333333", "-0.1", "0.1333333", "0.3666667"})  // rounded, as in the file
        boundary += fmt::format("a,0,0.1,{0},red\na,0,0.4333333,{0},blue\n", height);
    write("boundary.csv", boundary);
    write("points.csv", "part,x0,x1,class\n");
    const Report report = study_report(folder.path());
    const auto rows = figures_of(*section_of(report, "Decision boundaries")).at(0).rows;
    ASSERT_EQ(rows.size(), 8u);
    for (size_t i = 0; i + 2 < rows.size(); ++i) EXPECT_EQ(rows[i].at(4), rows[i + 2].at(3)) << i;
    for (size_t i = 0; i < rows.size(); i += 2) EXPECT_EQ(rows[i].at(2), rows[i + 1].at(1)) << i;
    EXPECT_NEAR(rows[0].at(3), -0.45, 1e-6);
    EXPECT_NEAR(rows[7].at(4), 0.4833333, 1e-6);
    EXPECT_NEAR(rows[7].at(2), 0.6, 1e-6);
}

}  // namespace
}  // namespace ravine::test
