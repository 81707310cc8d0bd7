#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <cmath>
#include <cstdio>
#include <memory>

#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "ravine/core/error.hpp"
#include "ravine/core/files/console.hpp"
#include "ravine/lab/experiment/model_file.hpp"
#include "ravine/lab/run/run.hpp"
#include "ravine/train/training/progress.hpp"

namespace ravine::cli {
namespace {

struct TrainRequest {
    GivenSettings settings;
    std::string config, out, resume;
    double save_every = 20;
};

/// "mnist-mlp-adam": a folder's name for what a run is about.
std::string short_name(const Experiment& e) {
    return fmt::format("{}-{}-{}", dataset_word(e.dataset), model_name(e.model),
                       Spec::parse(e.optimizer).name);
}

std::string percent(double share) { return std::isnan(share) ? "-" : fmt::format("{:.2f} %", 100 * share); }

/// What a learned rate is good for beyond this run, and where another optimizer took over.
void print_learned_rate(const Run& run) {
    const Experiment& e = run.experiment();
    if (const auto learned = run.learned_rate(); learned && learned->median > 0) {
        Spec constant = Spec::parse(e.optimizer);
        constant.set("learning_rate", fmt::format("{:.3g}", learned->median));
        fmt::print(
            "the rate {} {:.3g} (median of the last {} updates); a constant rate to try: --optimizer {}\n",
            learned->is_settled ? "settled at" : "did not settle; it came to", learned->median,
            learned->updates, constant.text());
    }
    if (e.then == "none") return;
    if (const auto update = run.handed_over())
        fmt::print("{} went on after update {}\n", e.then, *update);
    else
        fmt::print("{} never took over: --hand-over {} did not come about\n", e.then, e.hand_over);
}

void print_result(const Run& run, const RunResult& result, const RunFolder& folder) {
    const auto& [outcome, test, test_rmse] = result;
    const TrainState& state = run.state();
    fmt::print("{} updates in {:.1f} s{}\n", run.updates(), state.seconds,
               std::isnan(state.work) ? "" : fmt::format(", work {:.6g}", state.work));
    if (!outcome.criterion.empty()) fmt::print("ended: {}\n", outcome.criterion);
    print_learned_rate(run);
    if (run.train_options().gate.exists())
        fmt::print(
            "{} of {} batches gated: {} forward and {} backward passes, those of evaluations included\n",
            state.gated, state.step, state.forward_passes, state.backward_passes);
    if (const std::string words = in_words(run.rate_counts()); !words.empty())
        fmt::print("rate: {}\n", words);
    if (const auto& first = run.first_model())
        fmt::print(
            "first model of the curriculum: {:.1f} s, {} forward and {} backward passes, work {:.6g}\n",
            first->seconds, first->work.forward_passes, first->work.backward_passes, first->work.equivalents);
    const auto line = [](const char* part, const Scores& scores) {
        if (std::isnan(scores.loss)) return;
        fmt::print("{:<11} loss {:.6g}{}\n", part, scores.loss,
                   std::isnan(scores.accuracy) ? "" : "  accuracy " + percent(scores.accuracy));
    };
    line("validation", outcome.validation);
    line("test", test);
    if (!std::isnan(test_rmse)) fmt::print("{:<11} root mean squared error {:.6g}\n", "", test_rmse);
    const WhichWeights which = run.result().which;
    if (which == WhichWeights::average)
        fmt::print("weights     the average; those that training ended with are in raw.safetensors\n");
    if (which == WhichWeights::best)
        fmt::print("weights     those of epoch {}, the best; the last ones are in raw.safetensors\n",
                   state.best_epoch);
    else if (state.best_epoch > 0 && state.best_validation_loss < outcome.validation.loss)
        fmt::print("best        validation loss {:.6g} after epoch {} (best.safetensors)\n",
                   state.best_validation_loss, state.best_epoch);
    fmt::print("run folder  {}\n", folder.path.string());
}

void train(const TrainRequest& request) {
    const bool resumes = !request.resume.empty();
    if (resumes && (!request.config.empty() || !request.out.empty()))
        fail_request("--resume goes on in the run's own folder: --config and --out do not go with it");
    RunFolder folder;
    if (resumes) folder = RunFolder::reopen(request.resume);
    for (const auto& [name, text] : request.settings)
        if (resumes && name != "epochs" && name != "max_steps" && name != "log_every" && name != "data_dir")
            fail_request(
                "{}: a resumed run keeps its settings; only --epochs, --max-steps, --log-every and "
                "--data-dir "
                "may change",
                flag_of(name));
    const auto say = [](const std::string& note) { tell(stderr, "{}\n", note); };
    Run run(experiment_of(resumes ? folder.config().string() : request.config, request.settings), say);
    if (resumes)
        run.resume(folder);
    else
        folder = RunFolder::create(request.out, short_name(run.experiment()));

    const Experiment& e = run.experiment();
    const int64_t parameters = run.parameters().values().size(),
                  frozen = parameters - trained_size(run.parameters().layout());
    tell(stderr, "{} on {}: {} parameters{}, {} training examples, {} ({}, {} thread{})\n",
         model_label(e.model), e.dataset, parameters,
         frozen > 0 ? fmt::format(" ({} frozen)", frozen) : std::string(), run.parts().training.size(),
         e.optimizer, e.precision, e.threads, e.threads == 1 ? "" : "s");
    spdlog::debug("{}", run.memory_plan());
    for (const auto& note : run.notes()) say("note: " + note);
    const RunResult result = [&] {
        Progress progress(stderr, e.epochs);  // gone before anything else is printed
        return run.train(folder, {&progress}, request.save_every);
    }();
    print_result(run, result, folder);
    if (result.outcome.reason == StopReason::diverged)
        fail_run(
            "the run diverged at {}; the weights of the last good evaluation are kept; try a smaller "
            "learning_rate "
            "or --clip norm:limit=1",
            result.outcome.failure);
    if (result.outcome.reason == StopReason::interrupted)
        fail_run("interrupted; `ravine train --resume {}` goes on", folder.path.string());
}

}  // namespace

void add_train(CLI::App& app) {
    auto* command = app.add_subcommand("train", "Train a model on a data set");
    auto request = std::make_shared<TrainRequest>();
    add_experiment_options(*command, request->settings);
    command->add_option("--config", request->config, "An experiment file; flags beside it win")
        ->type_name("FILE.toml");
    command->add_option("--out", request->out, "The run's folder; default runs/DATASET-MODEL-OPTIMIZER-N")
        ->type_name("DIR");
    command->add_option("--resume", request->resume, "Go on with an earlier run")->type_name("RUN");
    add_number(*command, "--save-every", request->save_every, non_negative,
               "Seconds between two checkpoints; 0: one after every update");
    command->callback([request] { train(*request); });
}

}  // namespace ravine::cli
