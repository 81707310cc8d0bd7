#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "ravine/core/error.hpp"
#include "ravine/core/files/console.hpp"
#include "ravine/core/files/file.hpp"
#include "ravine/core/threads/interrupt.hpp"
#include "ravine/data/files/digest.hpp"
#include "ravine/lab/names/text_table.hpp"
#include "ravine/lab/report/study_report.hpp"
#include "ravine/lab/reproduce/acet.hpp"
#include "ravine/lab/reproduce/first_order.hpp"
#include "ravine/lab/study/study_files.hpp"
#include "ravine/lab/study/study_progress.hpp"
#include "ravine/lab/study/study_table.hpp"

namespace ravine::cli {
namespace {

struct ReproduceRequest {
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

void reproduce_first_order(ReproduceRequest request) {
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

struct AcetRequest {
    AcetStudyOptions options;
    std::string out;
    bool is_quick = false;
};

std::string acet_command(const AcetRequest& request) {
    const AcetStudyOptions& o = request.options;
    std::string line = "ravine reproduce acet";
    if (request.is_quick) line += " --quick";
    if (!o.only.empty()) line += " --only " + o.only;
    if (o.seeds > 0) line += fmt::format(" --seeds {}", o.seeds);
    if (o.precision != AcetStudyOptions{}.precision) line += " --precision " + o.precision;
    if (o.rivals) line += " --rivals";
    if (o.ablation) line += " --ablation";
    return line;
}

void reproduce_acet(AcetRequest request) {
    AcetStudyOptions& options = request.options;
    if (request.is_quick) {
        options.extent = AcetStudyOptions::Extent::quick;
        if (options.only.empty()) options.only = "spiral,circles";
    }
    const auto sets = find_acet_sets(options.only);
    std::vector<std::unique_ptr<Study>> studies;  // all are checked before any is run
    for (const auto& set : sets) {
        StudyPlan plan = acet_plan(set, options);
        plan.command = acet_command(request);
        studies.push_back(std::make_unique<Study>(std::move(plan)));
    }
    // Named by its first two contenders: rivals and an ablation join what is there.
    const auto digest_of = [](const Study& study) { return study.digest_of_first(acet_acet + 1); };
    Sha256 digest;
    for (const auto& study : studies) {
        const std::string text = digest_of(*study);
        digest.update({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
    }
    const auto folder = StudyFolder::open_or_create(request.out, "acet-" + digest.finish().substr(0, 6), "");
    const InterruptGuard guard;
    std::vector<AcetResult> results;
    for (size_t i = 0; i < sets.size(); ++i) {
        tell(stderr, "{}\n", sets[i].title);
        const auto part =
            StudyFolder::open_or_create((folder.path / sets[i].name).string(), "", digest_of(*studies[i]));
        StudyProgress progress(stderr);
        AcetResult result{sets[i], studies[i]->run(part.trials(), progress)};
        write_study(part, result.study, digest_of(*studies[i]));
        write_study_report(part.path);
        require_complete(result.study, part);
        results.push_back(std::move(result));
    }
    const auto claims = acet_claims(results);
    std::vector<AcetFigure> figures;
    try {
        figures = draw_acet_figures(folder.path, results);
    } catch (const RunError& error) {
        spdlog::warn("no figures: {}", error.what());
    }
    write_acet_report(folder.path, results, claims, figures);
    for (const auto& table : {acet_table1(results), acet_table2(results)})
        fmt::print("{}\n\n{}\n{}\n\n", table.title, text_table(table.header, table.rows),
                   wrapped(table.notes, 0));
    fmt::print("The paper's claims{}:\n{}\n", request.is_quick ? ", of which a quick run can say little" : "",
               claims_text(claims));
    fmt::print("study folder  {}\nreport        {}\n", folder.path.string(),
               (folder.path / "report.html").string());
}

void add_acet(CLI::App& reproduce) {
    auto* command = reproduce.add_subcommand(
        "acet",
        "Training by target evolution beside standard training: spirals, moons, circles, rings, images");
    auto request = std::make_shared<AcetRequest>();
    AcetStudyOptions& o = request->options;
    command
        ->add_option(
            "--only", o.only,
            "Some of spiral, moons, circles, rings, mnist, fashion-mnist, joined by commas; synthetic: "
            "the first four; all")
        ->type_name("SETS")
        ->default_str("synthetic");
    add_integer(*command, "--seeds", o.seeds, Range{0, up_to_thousand.high},
                "Trials of each method; 0: 15, and 3 of images");
    command->add_flag(
        "--rivals", o.rivals,
        "Label smoothing, a curriculum, an annealed loss and ACET without settings beside both");
    command->add_flag("--ablation", o.ablation,
                      "Targets without gate, gate without targets, epsilon, increment and start beside both");
    add_integer(*command, "--jobs", o.jobs, Range{0, 1024},
                "Trials at once; 0: as many as there are processors");
    command->add_option("--data-dir", o.data_dir, "Where MNIST and Fashion-MNIST are looked for first")
        ->type_name("DIR");
    command->add_option("--precision", o.precision, "f32, bf16 or f64")
        ->type_name("P")
        ->capture_default_str();
    command->add_flag("--quick", request->is_quick, "A look in a minute: spiral and circles, 6 seeds");
    command->add_option("--out", request->out, "The study's folder; default runs/acet-DIGEST")
        ->type_name("DIR");
    command->callback([request] { reproduce_acet(*request); });
}

}  // namespace

void add_reproduce(CLI::App& app) {
    auto* reproduce = app.add_subcommand("reproduce", "Run a paper's study again, and judge its claims");
    reproduce->require_subcommand(1);
    auto* command = reproduce->add_subcommand(
        "first-order", "SGD, momentum, Nesterov, RMSprop, Adam and others on 4,000 images of CIFAR-10");
    auto request = std::make_shared<ReproduceRequest>();
    FirstOrderStudyOptions& o = request->options;
    add_integer(*command, "--seeds", o.seeds, up_to_thousand, "Trials of each method");
    add_integer(*command, "--budget", o.budget, up_to_thousand, "Learning rates tried for each method");
    add_integer(*command, "--tuning-seeds", o.tuning_seeds, up_to_thousand, "Trials of each rate");
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
    add_acet(*reproduce);
}

}  // namespace ravine::cli
