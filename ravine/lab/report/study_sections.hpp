#pragma once

#include "ravine/lab/report/report.hpp"
#include "ravine/lab/report/study_data.hpp"

// The sections of a study's report. One for which the folder has no data has no blocks.

namespace ravine {

/// Who did best, and whether that is more than chance; what a reader must know beside it.
ReportSection headline_section(const StudyData& data);
/// The claims of a paper beside what was measured.
ReportSection claims_section(const StudyData& data);
/// The table of all contenders, and every seed's final, best and test score.
ReportSection outcomes_section(const StudyData& data);
/// Metric and losses after each epoch, over the seeds.
ReportSection curves_section(const StudyData& data);
/// Of the study of first-order methods: figures 10 to 15 of the paper, three methods and then five.
ReportSection first_order_section(const StudyData& data);
/// Loss, gradient norm and learning rate of the logged updates, over the seeds.
ReportSection updates_section(const StudyData& data);
/// What it cost to reach the target: the share of seeds over cost, and the performance profile.
ReportSection target_section(const StudyData& data);
/// The score over the values of the tuned setting.
ReportSection tuning_section(const StudyData& data);
/// Decision maps of data with two features.
ReportSection boundaries_section(const StudyData& data);
/// Settings, shared and not.
ReportSection settings_section(const StudyData& data);
/// Everything needed to run the study again.
ReportSection rerun_section(const StudyData& data);

/// A figure for the map of each (contender, seed) in boundary.csv, with the examples of points.csv.
std::vector<ReportBlock> boundary_figures(const CsvRows& boundary, const CsvRows& points);

}  // namespace ravine
