// Labels and autoencodings from the command line: trained, evaluated, used, and what is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <tuple>

#include "ravine/core/files/file.hpp"
#include "tests/cli/program.hpp"

namespace ravine::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

/// A table with two labels of its first column, which is their sign and whether it is above 2.
std::string table() {
    std::string text = "x,positive,large\n";
    for (int i = 0; i < 60; ++i)
        text += std::to_string(i % 10 - 4.5) + (i % 10 > 4 ? ",1," : ",0,") + (i % 10 > 6 ? "1\n" : "0\n");
    return text;
}

TEST(Tasks, LabelsOfATableAreTrainedEvaluatedAndPredicted) {
    const TestFolder folder;
    std::ofstream(folder / "t.csv") << table();
    const Outcome trained = run_program(
        {"train", "t.csv", "--task", "multi-label", "--target", "positive,large", "--model", "mlp:hidden=16",
         "--epochs", "60", "--optimizer", "adam:learning_rate=0.02", "--out", "run"},
        folder.path());
    ASSERT_EQ(trained.status, 0) << trained.err;
    EXPECT_THAT(trained.out, HasSubstr("accuracy 100.00 %"));
    const Outcome evaluated = run_program({"evaluate", "run", "t.csv", "--json"}, folder.path());
    ASSERT_EQ(evaluated.status, 0) << evaluated.err;
    EXPECT_EQ(nlohmann::json::parse(evaluated.out)["accuracy"], 1);
    std::ofstream(folder / "new.csv") << "x\n-3\n4\n1\n";
    const Outcome predicted = run_program({"predict", "run", "new.csv"}, folder.path());
    ASSERT_EQ(predicted.status, 0) << predicted.err;
    EXPECT_THAT(predicted.out, StartsWith("positive,large,probability_positive,probability_large\n0,0,0.0"));
    EXPECT_THAT(predicted.out, HasSubstr("\n1,1,0.9"));
    EXPECT_THAT(predicted.out, HasSubstr("\n1,0,0.9"));
}

TEST(Tasks, LabelsAreComparedByTheirAccuracy) {
    const TestFolder folder;
    const Outcome outcome =
        run_program({"compare", "overlapping-discs:examples=200", "--loss", "logistic", "--loss",
                     "squared-error", "--epochs", "2", "--seeds", "1", "--out", folder / "study"},
                    folder.path());
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr("validation_accuracy"));
    EXPECT_THAT(outcome.out, HasSubstr(" %"));
}

TEST(Tasks, AnAutoencodingIsTrainedEvaluatedAndPredicted) {
    const TestFolder folder;
    const Outcome trained =
        run_program({"train", "rings:examples=300", "--task", "autoencoding", "--model", "mlp:hidden=16",
                     "--epochs", "20", "--optimizer", "adam:learning_rate=0.02", "--out", "run"},
                    folder.path());
    ASSERT_EQ(trained.status, 0) << trained.err;
    EXPECT_THAT(trained.out, HasSubstr("root mean squared error"));
    const auto summary = nlohmann::json::parse(read_file(folder / "run/summary.json"));
    EXPECT_TRUE(summary["test_accuracy"].is_null());
    EXPECT_LT(summary["test_rmse"], 0.3);  // deviations are about 0.7
    const Outcome evaluated = run_program({"evaluate", "run", "--json"}, folder.path());
    ASSERT_EQ(evaluated.status, 0) << evaluated.err;
    EXPECT_EQ(nlohmann::json::parse(evaluated.out)["rmse"], summary["test_rmse"]);
    std::ofstream(folder / "new.csv") << "x0,x1,x2\n0.5,0.5,0.1\n";
    const Outcome predicted = run_program({"predict", "run", "new.csv"}, folder.path());
    ASSERT_EQ(predicted.status, 0) << predicted.err;
    EXPECT_THAT(predicted.out, StartsWith("x0,x1,x2\n"));
    EXPECT_EQ(run_program({"evaluate", "run", "new.csv"}, folder.path()).status, 0);  // it needs no targets
}

/// An IDX file of `count` images of 4 x 4 bytes, or, without a side, of as many labels.
std::string idx(int count, int side) {
    std::string text{0, 0, 8, static_cast<char>(side > 0 ? 3 : 1)};
    for (const int extent : {count, side, side})
        if (extent > 0) text += std::string{0, 0, 0, static_cast<char>(extent)};
    for (int i = 0; i < count; ++i)
        for (int k = 0; k < std::max(1, side * side); ++k)
            text += static_cast<char>(side > 0 ? (i * 37 + k * 11) % 256 : i % 2);
    return text;
}

TEST(Tasks, ReconstructionsOfImagesAreDrawn) {
    const TestFolder folder;
    std::filesystem::create_directory(folder.path() / "set");
    for (const auto& [name, count, side] :
         std::vector<std::tuple<std::string, int, int>>{{"train-images-idx3", 100, 4},
                                                        {"train-labels-idx1", 100, 0},
                                                        {"t10k-images-idx3", 20, 4},
                                                        {"t10k-labels-idx1", 20, 0}})
        std::ofstream(folder / ("set/" + name + "-ubyte"), std::ios::binary) << idx(count, side);
    const Outcome trained = run_program({"train", "set", "--task", "autoencoding", "--model", "mlp:hidden=8",
                                         "--epochs", "2", "--out", "run"},
                                        folder.path());
    ASSERT_EQ(trained.status, 0) << trained.err;
    const bool is_drawn = trained.err.find("no pictures") == std::string::npos;  // without gnuplot it is not
    EXPECT_TRUE(!is_drawn || read_file(folder / "run/reconstructions.png").starts_with("\x89PNG"));
    const auto summary = nlohmann::json::parse(read_file(folder / "run/summary.json"));
    const std::string images = "set/t10k-images-idx3-ubyte";
    std::filesystem::remove(folder.path() / "set/t10k-labels-idx1-ubyte");  // they are not needed
    const Outcome evaluated = run_program({"evaluate", "run", images, "--json"}, folder.path());
    ASSERT_EQ(evaluated.status, 0) << evaluated.err;
    EXPECT_EQ(nlohmann::json::parse(evaluated.out)["rmse"], summary["test_rmse"]);
    const Outcome predicted = run_program({"predict", "run", images}, folder.path());
    ASSERT_EQ(predicted.status, 0) << predicted.err;
    EXPECT_EQ(std::ranges::count(predicted.out, '\n'), 21);
    const Outcome refused =
        run_program({"data", "show", "set", "--task", "autoencoding", "--augment", "flip", "--out", "a.png"},
                    folder.path());
    EXPECT_EQ(refused.status, 2);
}

TEST(Tasks, WhatMakesNoSenseIsRefused) {
    const TestFolder folder;
    std::ofstream(folder / "t.csv") << table();
    using Arguments = std::vector<std::string>;
    for (const auto& [arguments, says] : std::vector<std::pair<Arguments, std::string>>{
             {{"overlapping-discs", "--loss", "cross-entropy"}, "one class win"},
             {{"overlapping-discs", "--loss", "hinge"}, "logistic or squared-error"},
             {{"overlapping-discs", "--model", "logistic"}, "3 independent labels"},
             {{"overlapping-discs:flip=1.5"}, "flip"},
             {{"spiral", "--task", "multi-label"}, "--task multi-label is for tables and arrays"},
             {{"spiral", "--task", "autoencodign"}, "did you mean 'autoencoding'?"},
             {{"spiral", "--task", "autoencoding", "--loss", "cross-entropy"},
              "for autoencoding use squared"},
             {{"spiral", "--task", "autoencoding", "--augment", "noise"}, "as its targets too"},
             {{"t.csv", "--task", "multi-label"}, "--target COLUMN,COLUMN"},
             {{"t.csv", "--task", "multi-label", "--target", "positive,x"}, "column 'x': expected 0 or 1"},
             {{"t.csv", "--task", "multi-label", "--target", "positive,x,large"},
              "columns beside the target"}}) {
        Arguments all{"train"};
        all.insert(all.end(), arguments.begin(), arguments.end());
        const Outcome outcome = run_program(all, folder.path());
        EXPECT_EQ(outcome.status, 2) << outcome.err;
        EXPECT_THAT(outcome.err, HasSubstr(says));
    }
    EXPECT_EQ(folder.contents(), (std::vector<std::string>{"t.csv"}));
}

TEST(Tasks, DataShowSaysLabelsAndAutoencodings) {
    const Outcome labels = run_program({"data", "show", "overlapping-discs"});
    EXPECT_EQ(labels.status, 0) << labels.err;
    EXPECT_THAT(labels.out, StartsWith("overlapping-discs: multi-label, 3 labels; examples of shape 2\n"));
    EXPECT_THAT(labels.out, testing::ContainsRegex("\nlabel +training +validation +test\n"));
    EXPECT_THAT(labels.out, HasSubstr("disc0 + disc1"));
    const Outcome features = run_program({"data", "show", "spiral", "--task", "autoencoding"});
    EXPECT_EQ(features.status, 0) << features.err;
    EXPECT_THAT(features.out, StartsWith("spiral: autoencoding; examples of shape 2\n"));
    EXPECT_THAT(features.out, HasSubstr("the 2 features of an example are its targets"));
}

}  // namespace
}  // namespace ravine::test
