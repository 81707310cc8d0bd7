#pragma once

#include <vector>

#include "ravine/lab/reproduce/acet_sets.hpp"
#include "ravine/lab/reproduce/claim.hpp"
#include "ravine/lab/reproduce/paper_page.hpp"

namespace ravine {

/// What `ravine reproduce acet` may be asked to do otherwise.
struct AcetStudyOptions {
    std::string only = {};  ///< as of find_acet_sets()
    int64_t seeds = 0;      ///< 0: 15, and 3 for images
    int64_t jobs = 0;
    std::string data_dir = {};
    std::string precision = "f32";
    bool rivals = false, ablation = false;
    enum class Extent { full, quick } extent = Extent::full;
};

/// The contenders' places in every plan.
enum : size_t { acet_standard, acet_acet };

/// The study of training by target evolution (Dabounou 2024, section 3) on one data set: standard training
/// and ACET from the same weights, on the same data in the same order, for as many epochs; then its rivals
/// and an ablation, where they are asked for.
StudyPlan acet_plan(const AcetSet& set, const AcetStudyOptions& options);

/// A data set, and what was found on it.
struct AcetResult {
    AcetSet set;
    StudyResult study;
};

using AcetTable = PaperTable;
using AcetFigure = PaperFigure;

/// Table 1: accuracies on the test part beside the paper's, with the difference from standard training seed
/// by seed and the paired test (Wilcoxon, exact; Holm over the contenders that are neither of the paper's
/// two).
AcetTable acet_table1(const std::vector<AcetResult>& results);

/// Table 2: what training took, measured three ways: all of it, until the other method's final accuracy on
/// the validation part, and in backward passes until then; and what a run consists of.
AcetTable acet_table2(const std::vector<AcetResult>& results);

/// The claims of sections 2.5, 3.2 and 5 beside what was measured.
std::vector<Claim> acet_claims(const std::vector<AcetResult>& results);

/// Draws figures 1 to 9 into a folder, as far as their sets are among the results, as SVG; returns their
/// paths with what they show.
std::vector<AcetFigure> draw_acet_figures(const std::filesystem::path& folder,
                                          const std::vector<AcetResult>& results);

/// Writes table1.csv, table2.csv, claims.csv, acet.json (what the page says beside them), and one page of
/// everything, report.html, drawn from these and the figures.
void write_acet_report(const std::filesystem::path& folder, const std::vector<AcetResult>& results,
                       const std::vector<Claim>& claims, const std::vector<AcetFigure>& figures);

}  // namespace ravine
