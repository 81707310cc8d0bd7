#pragma once

#include <string>

#include "ravine/lab/study/study.hpp"

namespace ravine {

/// A study's outcome as a table for a terminal: a line a contender with mean and deviation, the paired test
/// beside the reference, and the price of the target; below it what the columns mean and what to know.
std::string study_table(const StudyResult& result);

}  // namespace ravine
