#include "ravine/lab/reproduce/reproduce.hpp"

#include <spdlog/spdlog.h>

#include <memory>
#include <utility>
#include <vector>

#include "ravine/core/error.hpp"
#include "ravine/core/files/console.hpp"
#include "ravine/core/files/file.hpp"
#include "ravine/core/threads/interrupt.hpp"
#include "ravine/data/files/digest.hpp"
#include "ravine/lab/names/text_table.hpp"
#include "ravine/lab/report/study_report.hpp"
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
    Sha256 digest;
    for (const auto& study : studies) {
        const std::string text = digest_of(*study);
        digest.update({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
    }
    const auto folder = StudyFolder::open_or_create(out, "acet-" + digest.finish().substr(0, 6), "");
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

}  // namespace ravine
