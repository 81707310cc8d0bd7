#include "ravine/lab/run/use_model.hpp"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "ravine/data/formats/csv.hpp"
#include "ravine/data/formats/safetensors.hpp"
#include "ravine/lab/run/saved_model.hpp"
#include "tests/lab/run_support.hpp"

namespace ravine {
namespace {

using namespace test;
using testing::HasSubstr;
using testing::StartsWith;

/// A run on a table with awkward names: two clouds and a category.
class UseModelTest : public RunTest {
protected:
    static constexpr const char* classes[] = {"a,b", "say \"x\"", "caf\xc3\xa9"};

    /// A cell as RFC 4180 wants it.
    static std::string quoted(const std::string& text) {
        std::string result = "\"";
        for (const char c : text) result += c == '"' ? std::string("\"\"") : std::string(1, c);
        return result + "\"";
    }

    /// 90 flowers of three classes, and how many to leave out.
    static std::string table(int begin, int end, const std::string& without = "") {
        std::string text = "\"width, cm\",colour";
        if (without != "kind") text += ",kind";
        text += "\n";
        for (int i = begin; i < end; ++i) {
            const int c = i % 3;
            text += fmt::format("{},{}", 10 * c + (i * 7 % 10) / 5.0, c == 0 ? "red" : "blue");
            if (without != "kind") text += "," + quoted(classes[c]);
            text += "\n";
        }
        return text;
    }

    RunFolder train_table(const std::string& model = "linear", const std::string& loss = "") {
        Experiment e;
        e.dataset = temporary.write("flowers.csv", table(0, 90));
        e.target = "kind";
        e.model = model;
        e.loss = loss;
        e.optimizer = "adam:learning_rate=0.1";
        e.epochs = 40;
        const RunFolder to = folder("run");
        trained = train_in(to, e);
        return to;
    }

    std::string file(const std::string& contents) const { return temporary.write("new.csv", contents); }

    RunResult trained;
};

TEST_F(UseModelTest, EvaluateSaysWhatTheTrainerSaid) {
    for (const char* model : {"mlp:hidden=8,normalization=batch,dropout=0.2", "mlp:hidden=8"}) {
        for (const char* dataset : {"spiral:examples=1500", "noisy-sine:examples=400"}) {
            for (const char* precision : {"f32", "f64"}) {
                const TemporaryFolder at;
                Experiment e = small_experiment();
                e.dataset = dataset;
                e.model = model;
                e.precision = precision;
                const RunFolder to{at.path()};
                const RunResult result = train_in(to, e);
                const Evaluated found = evaluate_run(to.path.string(), "", "");
                EXPECT_EQ(found.scores.loss, result.test.loss);
                EXPECT_EQ(found.data, std::string(dataset) + ", test part");
                EXPECT_EQ(found.examples, summary_of(to)["test_examples"]);
                if (std::isnan(result.test_rmse)) {
                    EXPECT_EQ(found.scores.accuracy, result.test.accuracy);
                    double right = 0;
                    int64_t all = 0;
                    for (const auto& c : found.classes) {
                        right += c.recall * static_cast<double>(c.count);
                        all += c.count;
                    }
                    EXPECT_EQ(all, found.examples);
                    EXPECT_NEAR(right, found.scores.accuracy * static_cast<double>(all), 1e-9);
                } else {
                    EXPECT_EQ(found.rmse, result.test_rmse);
                    EXPECT_TRUE(std::isnan(found.scores.accuracy));
                }
            }
        }
    }
}

TEST_F(UseModelTest, TheBestWeightsAreUsedWhereTheyAreAskedFor) {
    Experiment e = small_experiment();
    e.epochs = 8;
    e.optimizer = "sgd:learning_rate=8";  // up and down
    e.schedule = "constant";
    const RunFolder whole = folder("whole"), until = folder("until");
    train_in(whole, e);
    e.epochs = summary_of(whole)["best_epoch"];
    ASSERT_LT(e.epochs, 8);
    train_in(until, e);  // so long that its last weights are the best
    const auto loss = [](const RunFolder& run, SavedWeights weights) {
        return evaluate_run(run.path.string(), "", "", weights).scores.loss;
    };
    EXPECT_EQ(loss(whole, SavedWeights::best), loss(until, SavedWeights::last));
    EXPECT_NE(loss(whole, SavedWeights::best), loss(whole, SavedWeights::last));
    const std::string points = file("x0,x1\n0.1,0.3\n-0.5,0.2\n");
    EXPECT_EQ(predictions_to_csv(whole.path.string(), points, SavedWeights::best),
              predictions_to_csv(until.path.string(), points));
}

TEST_F(UseModelTest, PredictionsAreAQuotedTableWithProbabilitiesThatAddUpToOne) {
    const RunFolder to = train_table();
    const std::string csv = predictions_to_csv(to.path.string(), file(table(100, 121, "kind")));
    EXPECT_THAT(csv, StartsWith("prediction,"));
    EXPECT_THAT(csv, HasSubstr("\"probability_a,b\""));
    EXPECT_THAT(csv, HasSubstr("\"probability_say \"\"x\"\"\""));
    EXPECT_THAT(csv, HasSubstr("\n\"a,b\","));
    EXPECT_THAT(csv, HasSubstr("\n\"say \"\"x\"\"\","));
    // Read back by a reader of such tables.
    const CellTable read = read_csv(temporary.write("predictions.csv", csv));
    ASSERT_EQ(read.row_count(), 21);
    ASSERT_EQ(std::ssize(read.header()), 4);
    for (int64_t row = 0; row < 21; ++row) {
        const std::string predicted(read.cell(row, 0));
        EXPECT_EQ(predicted, classes[(100 + row) % 3]);
        double total = 0, largest = 0;
        std::string most;
        for (int64_t c = 1; c < 4; ++c) {
            const double p = std::stod(std::string(read.cell(row, c)));
            total += p;
            if (p > largest) {
                largest = p;
                most = read.header()[static_cast<size_t>(c)];
            }
        }
        EXPECT_NEAR(total, 1, 1e-6);
        EXPECT_EQ(most, "probability_" + predicted);
    }
}

TEST_F(UseModelTest, ALossWithoutProbabilitiesGivesClassesAlone) {
    const RunFolder to = train_table("linear", "hinge");
    EXPECT_THAT(predictions_to_csv(to.path.string(), file(table(0, 3))),
                StartsWith("prediction\n\"a,b\"\n\"say \"\"x\"\"\"\ncaf\xc3\xa9\n"));
}

TEST_F(UseModelTest, AFileIsEvaluatedByItsColumnNames) {
    const RunFolder to = train_table();
    const Evaluated found = evaluate_run(to.path.string(), file(table(0, 60)), "");
    EXPECT_EQ(found.examples, 60);
    EXPECT_GT(found.scores.accuracy, 0.98);
    ASSERT_EQ(found.classes.size(), 3U);
    for (const auto& c : found.classes) EXPECT_EQ(c.count, 20);
    // The labels turned round: every one is wrong now.
    std::string wrong = "kind,\"width, cm\",colour\n";
    for (int i = 0; i < 6; ++i)
        wrong += fmt::format("{},{},{}\n", quoted(classes[(i + 1) % 3]), 10 * (i % 3) + 1,
                             i % 3 == 0 ? "red" : "blue");
    EXPECT_EQ(evaluate_run(to.path.string(), file(wrong), "").scores.accuracy, 0);
}

TEST_F(UseModelTest, RegressionSpeaksInTheUnitsOfTheData) {
    std::string text = "size,price\n";
    for (int i = 0; i < 100; ++i) text += fmt::format("{},{}\n", i, 100000 + 3000 * i);
    Experiment e;
    e.dataset = temporary.write("houses.csv", text);
    e.target = "price";
    e.model = "linear";
    e.optimizer = "adam:learning_rate=0.1";
    e.epochs = 60;
    const RunFolder to = folder("houses");
    const RunResult result = train_in(to, e);
    EXPECT_LT(result.test_rmse, 500);
    EXPECT_GT(result.test_rmse, 100 * std::sqrt(result.test.loss));  // the loss is in deviations
    const Evaluated found = evaluate_run(to.path.string(), e.dataset, "");
    EXPECT_EQ(found.examples, 100);
    EXPECT_LT(found.rmse, 500);
    const std::string csv = predictions_to_csv(to.path.string(), file("size\n10\n50\n"));
    EXPECT_THAT(csv, StartsWith("price\n"));
    const CellTable read = read_csv(temporary.write("p.csv", csv));
    EXPECT_NEAR(std::stod(std::string(read.cell(0, 0))), 130000, 1000);
    EXPECT_NEAR(std::stod(std::string(read.cell(1, 0))), 250000, 1000);
}

TEST_F(UseModelTest, DataThatDoNotFitAreRefused) {
    const std::string run = train_table().path.string();
    const auto refused = [&](const std::string& contents, const std::vector<std::string>& parts) {
        const std::string path = file(contents);
        expect_error(
            2, [&] { evaluate_run(run, path, ""); }, parts);
    };
    refused("colour,kind\nred,\"a,b\"\n", {"new.csv", "width, cm"});
    refused("\"width, cm\",colour,kind\n1,green,\"a,b\"\n", {"new.csv", "green"});
    refused("\"width, cm\",colour,kind\n1,red,other\n", {"new.csv", "other"});
    refused("\"width, cm\",colour,kind\nx,red,\"a,b\"\n", {"new.csv", "x"});
    refused(table(0, 6, "kind"), {"new.csv", "kind"});
    expect_error(2, [&] { predictions_to_csv(run, "/nowhere.csv"); }, {"/nowhere.csv"});
}

TEST_F(UseModelTest, ADamagedRunFolderIsRefusedInOneLine) {
    const RunFolder to = train_table();
    const std::string run = to.path.string(), data = file(table(0, 6));
    const auto refused = [&](const std::vector<std::string>& parts) {
        expect_error(
            2, [&] { evaluate_run(run, "", ""); }, parts);
        expect_error(
            2, [&] { evaluate_run(run, data, ""); }, parts);
        expect_error(
            2, [&] { predictions_to_csv(run, data); }, parts);
    };
    const std::string model = contents_of(to.model()), config = contents_of(to.config());
    temporary.write("run/model.safetensors", model.substr(0, model.size() - 3));
    refused({"model.safetensors", "byte"});
    temporary.write("run/model.safetensors", contents_of(to.checkpoint()));
    refused({"model.safetensors: no 'ravine.schema' in its metadata"});
    fs::remove(to.model());
    refused({"model.safetensors: no such file"});
    temporary.write("run/model.safetensors", model);
    temporary.write("run/config.toml", "dataset = [");
    refused({"config.toml:1:"});
    temporary.write("run/config.toml", "datset = \"x\"");
    refused({"config.toml:1: datset: unknown key", "'dataset'"});
    fs::remove(to.config());
    refused({"no run here (no config.toml)"});
    temporary.write("run/config.toml", config);
    EXPECT_EQ(evaluate_run(run, "", "").scores.loss, trained.test.loss);
}

TEST_F(UseModelTest, AModelOfOtherDataIsRefused) {
    const RunFolder to = train_table();
    for (const char* dataset : {"spiral:examples=100", "rings:examples=100", "noisy-sine:examples=100"}) {
        temporary.write("run/config.toml", fmt::format("dataset = \"{}\"\n", dataset));
        expect_error(2, [&] { evaluate_run(to.path.string(), "", ""); },
                     {"model.safetensors: the model was trained on", "flowers.csv", dataset});
    }
    temporary.write("run/config.toml", "dataset = \"spiral:examples=100\"\ntest_share = 0\n");
    expect_error(2, [&] { evaluate_run(to.path.string(), "", ""); }, {"model"});
}

TEST_F(UseModelTest, TheTestPartIsThatOfTheRun) {
    const RunFolder to = train_table();
    const std::string run = to.path.string(), more = table(0, 100);
    EXPECT_EQ(evaluate_run(run, "", "").scores.loss, trained.test.loss);
    const std::string data = temporary.write("flowers.csv", more);
    expect_error(2, [&] { evaluate_run(run, "", ""); },
                 {"'" + data + "' no longer has the test part of the run",
                  "expected 18 test examples, found 20", "ravine evaluate"});
    expect_error(2, [&] { resume_in(to); },
                 {"is no longer what the run was trained on", "expected 54 training examples, found 60"});
    // As data of its own it is another matter.
    EXPECT_EQ(evaluate_run(run, data, "").examples, 100);
    EXPECT_EQ(std::ranges::count(predictions_to_csv(run, data), '\n'), 101);

    fs::remove(to.data());  // as a run of an earlier version
    EXPECT_EQ(evaluate_run(run, "", "").examples, 20);
    temporary.write("flowers.csv", table(0, 90));
    EXPECT_EQ(evaluate_run(run, "", "").scores.loss, trained.test.loss);
    resume_in(to, [](Experiment& e) { e.epochs = 41; });
    EXPECT_TRUE(fs::exists(to.data()));  // from now on
}

// A time near 1.7e9 and a price near 1e12, to which a line of double precision fits to a few units.
TEST_F(UseModelTest, LargeNumbersKeepTheirDigits) {
    std::string text = "time,x,price\n";
    std::vector<double> prices;
    for (int i = 0; i < 200; ++i) {
        prices.push_back(1e12 + 50 * (i * 37 % 200) + 1000 * std::sin(i));
        text += fmt::format("{},{},{:.17g}\n", 1700000000 + i * 37 % 200, std::sin(i), prices.back());
    }
    Experiment e;
    e.dataset = temporary.write("prices.csv", text);
    e.target = "price";
    e.model = "linear";
    e.optimizer = "adam:learning_rate=0.03";
    e.schedule = "cosine";
    e.epochs = 200;
    const RunFolder to = folder("run");
    const RunResult result = train_in(to, e);
    // The deviation of the prices is about 2,970; single precision has steps of 65,536 there.
    EXPECT_LT(result.test_rmse, 5);
    EXPECT_EQ(evaluate_run(to.path.string(), "", "").rmse, result.test_rmse);

    std::istringstream lines(predictions_to_csv(to.path.string(), e.dataset));
    std::string line;
    std::getline(lines, line);
    double squares = 0;
    for (const double price : prices) {
        ASSERT_TRUE(std::getline(lines, line));
        squares += std::pow(std::stod(line) - price, 2);
    }
    const double rmse = std::sqrt(squares / 200);
    EXPECT_LT(rmse, 5);
    EXPECT_NEAR(evaluate_run(to.path.string(), e.dataset, "").rmse, rmse, 1e-3);
}

TEST_F(UseModelTest, NoTestPart) {
    Experiment e = small_experiment();
    e.test_share = 0;
    const RunFolder to = folder("run");
    train_in(to, e);
    EXPECT_TRUE(summary_of(to)["test_loss"].is_null());
    expect_error(2, [&] { evaluate_run(to.path.string(), "", ""); },
                 {"the test part: no examples to evaluate"});
}

TEST_F(UseModelTest, AnAutoencodingIsScoredAsNumbers) {
    Experiment e = small_experiment();
    e.dataset = "blobs:examples=200,features=3";
    e.task = "autoencoding";
    const RunFolder table = folder("table");
    train_in(table, e);
    EXPECT_FALSE(std::filesystem::exists(table.reconstructions()));
    const Schema schema = read_model(table.model()).schema;
    EXPECT_EQ(schema.task, Task::autoencoding);
    EXPECT_EQ(schema.output_count, 3);
    EXPECT_EQ(evaluate_run(table.path.string(), "", "").rmse, summary_of(table)["test_rmse"]);
    EXPECT_TRUE(evaluate_run(table.path.string(), "", "").classes.empty());
}

TEST_F(UseModelTest, LabelsHaveARecallEach) {
    Experiment e = small_experiment();
    e.dataset = "overlapping-discs:examples=300";
    const RunFolder to = folder("run");
    const RunResult result = train_in(to, e);
    const Evaluated found = evaluate_run(to.path.string(), "", "");
    EXPECT_EQ(found.scores.accuracy, result.test.accuracy);
    EXPECT_TRUE(std::isnan(found.rmse));
    ASSERT_EQ(found.classes.size(), 3U);
    EXPECT_EQ(found.classes[1].name, "disc1");
    EXPECT_GT(found.classes[1].count, 5);
}

}  // namespace
}  // namespace ravine
