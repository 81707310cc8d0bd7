#pragma once

#include <functional>
#include <string>

#include "ravine/lab/report/study_data.hpp"

namespace ravine {

/// A table with a row for each contender of a study. Columns for which the study has no data are left out.
class ContenderTable {
public:
    ContenderTable(const StudyData& data, std::string caption);

    void add(const std::string& header, const std::function<std::string(size_t contender)>& cell);
    /// The value that tuning chose.
    void add_tuned();
    /// Mean and standard deviation of a measure.
    void add_spread(const std::string& measure, const std::string& header);
    /// By when half of the trials had reached the target; "never" where fewer did.
    void add_median(const std::string& measure, const std::string& header);
    /// Difference with its 95 % interval, p and effect beside the reference.
    void add_comparison(const std::string& measure);
    /// "2 of 10" trials that did not reach the target.
    void add_missed();
    void add_diverged();

    const ReportTable& table() const { return table_; }

private:
    bool any(const std::string& measure) const;

    const StudyData& data_;
    ReportTable table_;
};

}  // namespace ravine
