#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "ravine/core/error.hpp"
#include "ravine/core/threads/interrupt.hpp"
#include "ravine/lab/report/study_report.hpp"
#include "ravine/lab/study/study_files.hpp"
#include "ravine/lab/study/study_progress.hpp"
#include "ravine/lab/study/study_request.hpp"
#include "ravine/lab/study/study_table.hpp"

namespace ravine::cli {
namespace {

struct CompareRequest {
    StudyRequest flags;
    std::vector<std::pair<std::string, std::string>> options;  ///< of the study, in the order given
    std::string config, out;
};

/// A word as a shell reads it.
std::string shell_word(const std::string& text) {
    const bool is_plain = text.find_first_not_of(
                              "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                              "0123456789_-+=:,./@%") == std::string::npos;
    if (is_plain && !text.empty()) return text;
    std::string quoted = "'";
    for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return quoted + "'";
}

std::string command_line(const CompareRequest& request) {
    std::string line = "ravine compare";
    for (const auto& [name, values] : request.flags.settings)
        for (const auto& [flag, text] : values)
            line += (name == "dataset" ? " " : " " + flag + " ") + shell_word(text);
    for (const auto& [name, text] : request.options) line += " " + flag_of(name) + " " + shell_word(text);
    if (!request.config.empty()) line += " --config " + shell_word(request.config);
    if (!request.out.empty()) line += " --out " + shell_word(request.out);
    return line;
}

StudyPlan read_plan(const CompareRequest& request) {
    StudyRequest all;
    if (!request.config.empty()) read_study(all, request.config);
    for (const auto& setting : request.flags.settings) all.settings.push_back(setting);
    for (const auto& [name, text] : request.options) set_study_option(all.options, name, flag_of(name), text);
    StudyPlan plan = plan_of(all);
    plan.command = command_line(request);
    return plan;
}

void compare(const CompareRequest& request) {
    Study study(read_plan(request));
    const std::string name = fmt::format(
        "compare-{}-{}", dataset_word(study.plan().contenders.front().experiment.dataset), study.digest());
    const auto folder = StudyFolder::open_or_create(request.out, name, study.digest());
    const InterruptGuard guard;
    StudyProgress progress(stderr);
    const StudyResult result = study.run(folder.trials(), progress);
    write_study(folder, result, study.digest());
    write_study_report(folder.path);
    require_complete(result, folder);
    fmt::print("{}study folder  {}\nreport        {}\n", study_table(result), folder.path.string(),
               (folder.path / "report.html").string());
}

}  // namespace

void add_compare(CLI::App& app) {
    auto* command = app.add_subcommand(
        "compare",
        "Compare optimizers, models or any other setting: same weights, split and batches, seed by seed");
    auto request = std::make_shared<CompareRequest>();
    for (const auto& f : experiment_fields()) {
        const std::string flag = f.name == "dataset" ? "dataset" : flag_of(f.name);
        command
            ->add_option_function<std::vector<std::string>>(
                flag,
                [request, name = f.name, flag](const std::vector<std::string>& texts) {
                    SettingValues values{.name = name, .values = {}};
                    for (const auto& text : texts) values.values.emplace_back(flag, text);
                    request->flags.settings.push_back(std::move(values));
                },
                f.meaning)
            ->type_name("TEXT")
            ->allow_extra_args(false)
            ->default_str(f.get(Experiment{}));
    }
    for (const auto& f : study_fields())
        command
            ->add_option_function<std::string>(
                flag_of(f.name),
                [request, name = f.name](const std::string& text) {
                    request->options.emplace_back(name, text);
                },
                f.meaning)
            ->type_name("TEXT")
            ->default_str(f.get(StudyOptions{}));
    command->add_option("--config", request->config, "A study's file; flags beside it win")
        ->type_name("FILE.toml");
    command->add_option("--out", request->out, "The study's folder; default runs/compare-DATASET-DIGEST")
        ->type_name("DIR");
    command->footer("Any option of an experiment may be given several times; each combination takes part.");
    command->callback([request] { compare(*request); });
}

}  // namespace ravine::cli
