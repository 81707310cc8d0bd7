#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>

#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "ravine/core/error.hpp"
#include "ravine/core/file.hpp"
#include "ravine/core/interrupt.hpp"
#include "ravine/lab/report/study_report.hpp"
#include "ravine/lab/reproduce/first_order.hpp"
#include "ravine/lab/study/study_files.hpp"
#include "ravine/lab/study/study_progress.hpp"
#include "ravine/lab/study/study_table.hpp"
#include "ravine/lab/text_table.hpp"

namespace ravine::cli {
namespace {

struct Request {
    FirstOrderStudyOptions options;
    std::string out;
    bool is_quick = false;
};

std::string claims_text(const std::vector<Claim>& claims) {
    std::string text;
    for (const auto& c : claims)
        text += fmt::format("\n{}: {}\n    {}\n", c.verdict, wrapped(c.claim, c.verdict.size() + 2),
                            wrapped(c.measured, 4));
    return text;
}

void reproduce_first_order(Request request) {
    if (request.is_quick) request.options.extent = FirstOrderStudyOptions::Extent::quick;
    StudyPlan plan = first_order_plan(request.options);
    plan.command = "ravine reproduce first-order" + std::string(request.is_quick ? " --quick" : "");
    if (!request.is_quick)
        plan.command +=
            fmt::format(" --seeds {} --budget {} --tuning-seeds {} --tuned-for {}", request.options.seeds,
                        request.options.budget, request.options.tuning_seeds, request.options.tuned_for);
    Study study(std::move(plan));
    const auto folder =
        StudyFolder::open_or_create(request.out, "first-order-" + study.digest(), study.digest());
    const InterruptGuard guard;
    StudyProgress progress(stderr);
    const StudyResult result = study.run(folder.trials(), progress);
    write_study(folder, result, study.digest());
    require_complete(result, folder);
    const auto claims = first_order_claims(result);
    write_file_atomically(folder.path / "claims.csv", claims_csv(claims));
    write_study_report(folder.path);
    fmt::print("{}\nThe paper's claims{}:\n{}\nstudy folder  {}\nreport        {}\n", study_table(result),
               request.is_quick ? ", of which a quick run can say little" : "", claims_text(claims),
               folder.path.string(), (folder.path / "report.html").string());
}

}  // namespace

void add_reproduce(CLI::App& app) {
    auto* reproduce = app.add_subcommand("reproduce", "Run a paper's study again, and judge its claims");
    reproduce->require_subcommand(1);
    auto* command = reproduce->add_subcommand(
        "first-order", "SGD, momentum, Nesterov, RMSprop, Adam and others on 4,000 images of CIFAR-10");
    auto request = std::make_shared<Request>();
    FirstOrderStudyOptions& o = request->options;
    add_integer(*command, "--seeds", o.seeds, at_least_one, "Trials of each method");
    add_integer(*command, "--budget", o.budget, at_least_one, "Learning rates tried for each method");
    add_integer(*command, "--tuning-seeds", o.tuning_seeds, at_least_one, "Trials of each rate");
    command
        ->add_option("--tuned-for", o.tuned_for,
                     "validation_accuracy, train_loss, ...: what chooses the rate")
        ->type_name("METRIC")
        ->capture_default_str();
    add_integer(*command, "--jobs", o.jobs, Range{0, 1024},
                "Trials at once; 0: as many as there are processors");
    command->add_option("--data-dir", o.data_dir, "Where CIFAR-10 is looked for first")->type_name("DIR");
    command->add_flag("--quick", request->is_quick, "A look in about a minute: 2 seeds, 3 rates, 2 epochs");
    command->add_option("--out", request->out, "The study's folder; default runs/first-order-DIGEST")
        ->type_name("DIR");
    command->callback([request] { reproduce_first_order(*request); });
}

}  // namespace ravine::cli
