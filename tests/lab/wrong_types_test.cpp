// JSON of runs and studies in which something is of another type than it should be: refused or passed over in
// our words, never in a library's.
#include <nlohmann/json.hpp>

#include "ravine/data/schema.hpp"
#include "ravine/lab/report/html_page.hpp"
#include "ravine/lab/report/run_report.hpp"
#include "ravine/lab/reproduce/acet_report.hpp"
#include "ravine/lab/run/curriculum_file.hpp"
#include "ravine/lab/run/metrics_log.hpp"
#include "ravine/lab/study/study_files.hpp"
#include "ravine/lab/study/trial.hpp"
#include "ravine/lab/study/trial_store.hpp"
#include "tests/lab/study_support.hpp"

namespace ravine {
namespace {

using namespace test;
using Json = nlohmann::ordered_json;

/// Expects that `action` does something with the text with each of its values, however deep, replaced by each
/// of a few of other types; what it throws must be an Error in our words.
template <class Action>
void with_each_value_replaced(const std::string& text, const Action& action) {
    const Json good = Json::parse(text);
    const Json flat = good.flatten();
    for (const auto& [pointer, value] : flat.items())
        for (const char* other : {"5", "-1", "\"x\"", "null", "true", "[]", "{}", "1.5", "1e300", "[[1]]",
                                  "18446744073709551615", "{\"0\":5}"}) {
            Json changed = good;
            changed[Json::json_pointer(pointer)] = Json::parse(other);
            SCOPED_TRACE(pointer + ": " + other);
            try {
                action(changed.dump());
            } catch (const Error& error) {
                EXPECT_THAT(error.what(), Not(testing::HasSubstr("json.exception")));
            }
        }
}

TEST(WrongTypes, InAStudysDescription) {
    const TemporaryFolder folder;
    const auto open = [&](const std::string& text) {
        folder.write("study.json", text);
        return StudyFolder::open_or_create(folder.path().string(), "", "abc").path;
    };
    const auto description = [](const char* digest) {
        return fmt::format("{{\"digest\": {}, \"numbers\": {}}}", digest, numbers_version);
    };
    with_each_value_replaced(description("\"abc\""), open);
    for (const std::string& text : {description("5"), description("null"), description("[\"abc\"]"),
                                    std::string("[]"), std::string("{}"), std::string()})
        expect_error(2, [&] { open(text); }, {"holds another study"});
    EXPECT_EQ(open(description("\"abc\"")), folder.path());
}

TEST(WrongTypes, InATrial) {
    TrialRecord trial = made_trial(3, {0.25, 0.75});
    trial.steps.push_back({1, 1, 0.5, 0.1, 2.0, 0.25});
    const std::string text = trial_to_json(trial);
    EXPECT_EQ(trial_to_json(trial_from_json(text, "trial")), text);
    with_each_value_replaced(text, [](const std::string& changed) { trial_from_json(changed, "trial"); });
    Json json = Json::parse(text);
    json["epochs"] = 1e300;
    expect_error(2, [&] { trial_from_json(json.dump(), "t.json"); },
                 {"t.json: expected an integer, found 1e+300"});
    json["epochs"] = "x";
    expect_error(2, [&] { trial_from_json(json.dump(), "t.json"); },
                 {"t.json: expected an integer, found string"});
    expect_error(2, [&] { trial_from_json(std::string(200'000, '['), "t.json"); }, {"t.json", "64 deep"});
}

TEST(WrongTypes, InACurriculum) {
    const TemporaryFolder folder;
    const std::string text =
        "{\"seconds\":1.5,\"forward_passes\":2,\"backward_passes\":3,\"losses\":[1.0,null]}";
    EXPECT_EQ(read_curriculum(folder.write("c.json", text), 2).losses.size(), 2);
    with_each_value_replaced(
        text, [&](const std::string& changed) { read_curriculum(folder.write("c.json", changed), 2); });
    expect_error(2, [&] { read_curriculum(folder.write("c.json", std::string(200'000, '[')), 2); },
                 {"64 deep"});
}

TEST(WrongTypes, InMetricsAndASummary) {
    const TemporaryFolder folder;
    const std::string step =
        "{\"step\":1,\"epoch\":1,\"train_loss\":1.0,\"learning_rate\":0.1,\"gradient_norm\":1.0,"
        "\"seconds\":0.1,\"gated\":true,\"temperature\":2.0}";
    const std::string evaluation =
        "{\"step\":2,\"epoch\":1,\"validation_loss\":1.0,\"validation_accuracy\":0.5,\"epoch_train_loss\":1."
        "0,"
        "\"seconds\":0.2,\"updates\":1,\"t\":0.5,\"gated\":1,\"training_loss\":1.0,\"training_accuracy\":0."
        "5}";
    const std::string summary =
        "{\"status\":\"done\",\"steps\":2,\"validation_accuracy\":0.5,\"stages\":[{\"t\":1.0,\"epochs\":1,"
        "\"batches\":2,\"gated\":0,\"entry_loss\":1.0,\"exit_loss\":0.5}]}";
    folder.write("config.toml", "dataset = \"spiral\"\n");
    const auto use = [&](const std::string& lines, const std::string& about) {
        const auto path = folder.write("metrics.jsonl", lines);
        folder.write("summary.json", about);
        { const MetricsLog log(folder.write("log.jsonl", lines), {.step = 2, .epoch = 1}); }
        html_page(run_report({folder.path()}));
        return read_metrics(path);
    };
    EXPECT_EQ(use(step + "\n" + evaluation + "\n", summary).evaluations.at(0).updates, 1);
    with_each_value_replaced(step, [&](const std::string& line) { use(line + "\n" + evaluation, summary); });
    with_each_value_replaced(evaluation, [&](const std::string& line) { use(step + "\n" + line, summary); });
    with_each_value_replaced(summary,
                             [&](const std::string& about) { use(step + "\n" + evaluation, about); });
    expect_error(2, [&] { use(std::string(200'000, '['), summary); }, {"metrics.jsonl:1: expected a metric"});
    expect_error(2, [&] { use(step, std::string(200'000, '[')); }, {"expected the summary of a run"});
}

TEST(WrongTypes, InASchemaAndATableOfAStudy) {
    const TemporaryFolder folder;
    Schema schema{.dataset = "x",
                  .task = Task::classification,
                  .feature_shape = {2},
                  .output_count = 2,
                  .classes = {"a", "b"},
                  .columns = {{"p", {}}, {"q", {}}},
                  .target = "y",
                  .normalization = Normalization::identity(2),
                  .target_normalization = Normalization::identity(2)};
    with_each_value_replaced(schema_to_json(schema).dump(), [](const std::string& text) {
        schema_from_json(nlohmann::json::parse(text), "model");
    });
    const std::string acet =
        "{\"tables\":[{\"title\":\"T\",\"header\":[\"a\"],\"rows\":[[\"1\"]],\"notes\":\"n\"}],\"figures\":[]"
        ","
        "\"sets\":[\"s\"],\"command\":\"c\"}";
    folder.write("claims.csv", "claim,verdict,measured\na,b,c\n");
    with_each_value_replaced(acet, [&](const std::string& text) {
        folder.write("acet.json", text);
        html_page(acet_report(folder.path()));
    });
}

}  // namespace
}  // namespace ravine
