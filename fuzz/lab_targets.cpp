// Files of runs and studies, models, experiments, and texts of the command line.
#include <utf8.h>

#include <stdexcept>
#include <vector>

#include "fuzz/scratch.hpp"
#include "ravine/core/error.hpp"
#include "ravine/core/files/file.hpp"
#include "ravine/data/formats/safetensors.hpp"
#include "ravine/lab/experiment/model_file.hpp"
#include "ravine/lab/report/html_page.hpp"
#include "ravine/lab/report/run_report.hpp"
#include "ravine/lab/report/study_report.hpp"
#include "ravine/lab/reproduce/acet_report.hpp"
#include "ravine/lab/run/curriculum_file.hpp"
#include "ravine/lab/run/metrics_log.hpp"
#include "ravine/lab/run/run.hpp"
#include "ravine/lab/run/saved_model.hpp"
#include "ravine/lab/study/study_files.hpp"
#include "ravine/lab/study/study_request.hpp"
#include "ravine/lab/study/trial.hpp"

namespace ravine::fuzz {
namespace {

constexpr const char* config = "dataset = \"spiral\"\nmodel = \"mlp:hidden=2\"\n";
constexpr const char* metric =
    "{\"step\":1,\"epoch\":1,\"train_loss\":1.0,\"learning_rate\":0.1,\"gradient_norm\":1.0,\"seconds\":0.1}"
    "\n"
    "{\"step\":2,\"epoch\":1,\"validation_loss\":1.0,\"validation_accuracy\":0.5,\"epoch_train_loss\":1.0,"
    "\"seconds\":0.2}\n";
constexpr const char* trials =
    "contender,seed,status,steps,final_validation_accuracy\nsgd,1,done,10,0.5\nadam,1,done,10,0.7\n";

std::string tensor_file(const std::string& name, const TensorFile& file) {
    const auto path = scratch() / name;
    write_safetensors(path, file);
    return path.string();
}

/// The training run whose checkpoints are read; a few updates long, with a state of every kind.
Run small_run() {
    Experiment experiment;
    experiment.dataset = "spiral:examples=60";
    experiment.model = "mlp:hidden=2";
    experiment.optimizer = "adam";
    experiment.rate = "plateau:patience=1";
    experiment.average = "ema";
    experiment.stop = "early:patience=2";
    experiment.epochs = 2;
    experiment.batch = 20;
    experiment.threads = 1;
    return {experiment, [](const std::string&) {}};
}

/// The checkpoint that such a run writes.
TensorFile small_checkpoint() {
    const RunFolder folder{put_folder("small-run", {})};
    small_run().train(folder, {});
    return read_safetensors(folder.checkpoint());
}

/// The pieces between lines "---"; none behind the last.
std::vector<std::string> pieces_of(std::string_view text) {
    constexpr std::string_view line = "\n---\n";
    std::vector<std::string> pieces;
    size_t begin = 0;
    for (size_t end; (end = text.find(line, begin)) != std::string_view::npos; begin = end + line.size())
        pieces.emplace_back(text.substr(begin, end - begin));
    pieces.emplace_back(text.substr(begin));
    return pieces;
}

/// Builds a network and the graph of a step.
void build(NetworkOptions options) {
    options.feature_shape = {8, 8, 1};
    options.target_count = 3;
    const Network network(std::move(options));
    Graph graph;
    network.training_graph(graph, 2);
}

/// What is read is written so that it reads back to the same.
void read_back(const Experiment& experiment) {
    const std::string text = experiment_to_toml(experiment);
    Experiment again;
    read_experiment(again, put("again.toml", text));
    if (experiment_to_toml(again) != text) throw std::logic_error("an experiment changes as it is saved");
}

}  // namespace

void feed_model(std::string_view bytes) { read_model(put("model.safetensors", bytes)); }

/// The text of a model, a line "---", and the JSON of a schema.
void feed_model_metadata(std::string_view bytes) {
    const size_t cut = bytes.find("\n---\n");
    if (cut == std::string_view::npos || !utf8::is_valid(bytes)) return;  // no header holds other text
    TensorFile file;
    file.metadata = {{"ravine.model", std::string(bytes.substr(0, cut + 1))},
                     {"ravine.loss", "cross-entropy"},
                     {"ravine.schema", std::string(bytes.substr(cut + 5))}};
    if (!is_description(file.metadata["ravine.model"])) file.metadata["ravine.model"].pop_back();
    read_model(tensor_file("metadata.safetensors", file));
}

void feed_checkpoint(std::string_view bytes) {
    static Run run = small_run();
    run.resume({put_folder("checkpoint", {{"checkpoint.safetensors", bytes}})});
}

/// What a checkpoint says of where its run stood; the run goes on from there. The state alone, or behind
/// lines "---" the numbers and the counters of what else has state.
void feed_checkpoint_state(std::string_view bytes) {
    if (!utf8::is_valid(bytes)) return;  // no header holds other text
    static const TensorFile made = small_checkpoint();
    TensorFile file = made;
    const std::vector<std::string> pieces = pieces_of(bytes);
    for (size_t i = 0; const char* key : {"ravine.state", "ravine.numbers", "ravine.counters"})
        if (i < pieces.size()) file.metadata[key] = pieces[i++];
    Run run = small_run();
    const RunFolder folder{put_folder("state", {})};
    write_safetensors(folder.checkpoint(), file);
    run.resume(folder);
    run.train({});
}

void feed_config(std::string_view bytes) {
    Experiment experiment;
    read_experiment(experiment, put("config.toml", bytes));
    check_names(experiment);
    read_back(experiment);
}

void feed_study_file(std::string_view bytes) {
    StudyRequest request;
    read_study(request, put("study.toml", bytes));
    plan_of(request);
}

void feed_summary(std::string_view bytes) {
    html_page(run_report({put_folder(
        "summary", {{"config.toml", config}, {"metrics.jsonl", metric}, {"summary.json", bytes}})}));
}

void feed_metrics(std::string_view bytes) {
    const auto folder = put_folder(
        "metrics", {{"config.toml", config}, {"metrics.jsonl", bytes}, {"summary.json", "{\"steps\":2}"}});
    { const MetricsLog log(put("log.jsonl", bytes), TrainState{.step = 2, .epoch = 1}); }
    html_page(run_report({folder}));
}

void feed_curriculum(std::string_view bytes) { read_curriculum(put("curriculum.json", bytes), 3); }

void feed_study(std::string_view bytes) {
    const auto folder = put_folder("study", {{"study.json", bytes}, {"trials.csv", trials}});
    html_page(study_report(folder));
    StudyFolder::open_or_create(folder.string(), "", "digest");
}

void feed_trial(std::string_view bytes) { trial_to_json(trial_from_json(std::string(bytes), "trial")); }

void feed_acet(std::string_view bytes) {
    html_page(acet_report(
        put_folder("acet", {{"acet.json", bytes}, {"claims.csv", "claim,verdict,measured\na,b,c\n"}})));
}

void feed_description(std::string_view bytes) {
    NetworkOptions options{};
    options.description = read_description(put("model.toml", bytes));
    build(std::move(options));
}

/// The text after an option of an experiment, after each of them in turn.
void feed_spec(std::string_view bytes) {
    const std::string text(bytes);
    for (const auto& f : experiment_fields()) {
        Experiment experiment;
        experiment.dataset = "spiral";
        try {
            if (f.name == "model" && text.ends_with(".toml")) continue;  // names a file
            set_experiment(experiment, f.name, "--" + f.name, text);
            check_names(experiment);
            read_back(experiment);
        } catch (const Error&) {
        }
    }
    NetworkOptions options{};
    options.model = Spec::parse(text);
    build(std::move(options));
}

}  // namespace ravine::fuzz
