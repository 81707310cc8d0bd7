#include "ravine/lab/reproduce/reproduce.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "ravine/core/error.hpp"
#include "ravine/core/files/console.hpp"
#include "ravine/core/files/file.hpp"
#include "ravine/core/threads/interrupt.hpp"
#include "ravine/data/files/digest.hpp"
#include "ravine/lab/experiment/training_options.hpp"
#include "ravine/lab/names/text_table.hpp"
#include "ravine/lab/report/html_page.hpp"
#include "ravine/lab/report/study_report.hpp"
#include "ravine/lab/reproduce/rate_robustness.hpp"
#include "ravine/lab/study/study_files.hpp"
#include "ravine/lab/study/study_progress.hpp"
#include "ravine/lab/study/study_table.hpp"

namespace ravine {
namespace {

std::string claims_text(const std::vector<Claim>& claims, bool is_quick) {
    std::string text =
        fmt::format("The paper's claims{}:\n", is_quick ? ", of which a quick run can say little" : "");
    for (const auto& c : claims)
        text += fmt::format("\n{}: {}\n    {}\n", c.verdict, wrapped(c.claim, c.verdict.size() + 2),
                            wrapped(c.measured, 4));
    return text;
}

std::string acet_command(const AcetStudyOptions& o) {
    std::string line = "ravine reproduce acet";
    if (o.extent == AcetStudyOptions::Extent::quick) line += " --quick";
    if (!o.only.empty()) line += " --only " + o.only;
    if (o.seeds > 0) line += fmt::format(" --seeds {}", o.seeds);
    if (o.precision != AcetStudyOptions{}.precision) line += " --precision " + o.precision;
    if (o.rivals) line += " --rivals";
    if (o.ablation) line += " --ablation";
    return line;
}

std::string adaptive_rate_command(const AdaptiveRateOptions& o) {
    std::string line = "ravine reproduce adaptive-rate";
    if (!o.only.empty()) line += " --only " + o.only;
    if (o.extent == AdaptiveRateOptions::Extent::quick) line += " --quick";
    if (o.seeds > 0) line += fmt::format(" --seeds {}", o.seeds);
    return line;
}

std::vector<double> minima_of(const StudyResult& study) {
    std::vector<double> minima;
    for (const auto& trial : study.trials.front())
        minima.push_back(least_squares_minimum(load_parts(data_request(trial.experiment))));
    return minima;
}

/// Every problem of the study of robustness, in robustness/.
std::vector<RobustRun> run_robustness(const AdaptiveRateOptions& options,
                                      const std::filesystem::path& folder) {
    std::vector<RobustRun> runs;
    for (const auto& problem : rate_problems(options)) {
        tell(stderr, "Robustness: {}\n", problem.title);
        StudyProgress progress(stderr);
        const auto found = run_rate_problem(problem, options, folder / "robustness" / problem.name, progress);
        runs.insert(runs.end(), found.begin(), found.end());
    }
    return runs;
}

/// The name of a folder for studies with these digests.
std::string folder_name(const std::string& kind, const std::vector<std::string>& digests) {
    Sha256 digest;
    for (const auto& text : digests)
        digest.update({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
    return kind + "-" + digest.finish().substr(0, 6);
}

}  // namespace

Reproduced reproduce_first_order(const FirstOrderStudyOptions& options, const std::string& out) {
    const bool is_quick = options.extent == FirstOrderStudyOptions::Extent::quick;
    StudyPlan plan = first_order_plan(options);
    plan.command = "ravine reproduce first-order" + std::string(is_quick ? " --quick" : "");
    if (!is_quick)
        plan.command += fmt::format(" --seeds {} --budget {} --tuning-seeds {} --tuned-for {}", options.seeds,
                                    options.budget, options.tuning_seeds, options.tuned_for);
    Study study(std::move(plan));
    const auto folder = StudyFolder::open_or_create(out, "first-order-" + study.digest(), study.digest());
    const InterruptGuard guard;
    StudyProgress progress(stderr);
    const StudyResult result = study.run(folder.trials(), progress);
    write_study(folder, result, study.digest());
    require_complete(result, folder);
    const auto claims = first_order_claims(result);
    write_file_atomically(folder.path / "claims.csv", claims_csv(claims));
    write_study_report(folder.path);
    return {folder.path, fmt::format("{}\n{}", study_table(result), claims_text(claims, is_quick))};
}

Reproduced reproduce_acet(AcetStudyOptions options, const std::string& out) {
    const bool is_quick = options.extent == AcetStudyOptions::Extent::quick;
    if (is_quick && options.only.empty()) options.only = "spiral,circles";
    const auto sets = find_acet_sets(options.only);
    std::vector<std::unique_ptr<Study>> studies;  // all are checked before any is run
    for (const auto& set : sets) {
        StudyPlan plan = acet_plan(set, options);
        plan.command = acet_command(options);
        studies.push_back(std::make_unique<Study>(std::move(plan)));
    }
    // Named by its first two contenders: rivals and an ablation join what is there.
    const auto digest_of = [](const Study& study) { return study.digest_of_first(acet_acet + 1); };
    std::vector<std::string> digests;
    for (const auto& study : studies) digests.push_back(digest_of(*study));
    const auto folder = StudyFolder::open_or_create(out, folder_name("acet", digests), "");
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
    std::string text;
    for (const auto& table : {acet_table1(results), acet_table2(results)})
        text += fmt::format("{}\n\n{}\n{}\n\n", table.title, text_table(table.header, table.rows),
                            wrapped(table.notes, 0));
    return {folder.path, text + claims_text(claims, is_quick)};
}

Reproduced reproduce_adaptive_rate(const AdaptiveRateOptions& options, const std::string& out) {
    const bool is_quick = options.extent == AdaptiveRateOptions::Extent::quick;
    const auto names = adaptive_rate_names(options.only);
    const auto parts = adaptive_rate_parts(options);
    const bool is_robustness_wanted = std::ranges::count(names, "robustness") > 0;
    PaperPage page{.kind = "adaptive-rate", .command = adaptive_rate_command(options)};
    std::vector<std::unique_ptr<Study>> studies;  // all are checked before any is run
    std::vector<std::string> digests;
    for (const auto& part : parts) {
        StudyPlan plan = part.plan;
        plan.command = page.command;
        studies.push_back(std::make_unique<Study>(std::move(plan)));
        digests.push_back(studies.back()->digest());
    }
    if (is_robustness_wanted) digests.push_back(is_quick ? "quick robustness" : "robustness");
    const auto folder =
        StudyFolder::open_or_create(out, folder_name("adaptive-rate", digests), "adaptive-rate");
    const InterruptGuard guard;
    std::vector<RateResult> results;
    for (size_t i = 0; i < parts.size(); ++i) {
        tell(stderr, "{}\n", parts[i].title);
        const auto part = StudyFolder::open_or_create((folder.path / parts[i].name).string(), "", digests[i]);
        StudyProgress progress(stderr);
        RateResult result{parts[i], studies[i]->run(part.trials(), progress)};
        studies[i].reset();  // with its data
        write_study(part, result.study, digests[i]);
        write_study_report(part.path);
        require_complete(result.study, part);
        if (parts[i].name == "boston") result.minima = minima_of(result.study);
        page.tables.push_back(rate_table(result));
        write_file_atomically(folder.path / (parts[i].name + ".csv"), page.tables.back().csv);
        page.parts.push_back(fmt::format("{}: {}/report.html has all contenders, seeds and curves.",
                                         parts[i].title, parts[i].name));
        results.push_back(std::move(result));
    }
    const auto runs = is_robustness_wanted ? run_robustness(options, folder.path) : std::vector<RobustRun>{};
    if (!runs.empty()) {
        page.tables.push_back(robustness_table(runs));
        write_file_atomically(folder.path / "robustness.csv", page.tables.back().csv);
    }
    try {
        page.figures = draw_rate_figures(folder.path, results);
        if (!runs.empty()) page.figures.push_back(draw_robustness(folder.path, runs));
    } catch (const RunError& error) {
        spdlog::warn("no figures: {}", error.what());
    }
    const auto claims = adaptive_rate_claims(results);
    write_file_atomically(folder.path / "claims.csv", claims_csv(claims));
    write_paper_page(folder.path, page);
    write_file_atomically(folder.path / "report.html", html_page(adaptive_rate_report(folder.path)));
    std::string text;
    for (const auto& table : page.tables)
        text += fmt::format("{}\n\n{}\n{}\n\n", table.title, text_table(table.header, table.rows),
                            wrapped(table.notes, 0));
    return {folder.path, claims.empty() ? text : text + claims_text(claims, is_quick)};
}

}  // namespace ravine
