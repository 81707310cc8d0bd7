#pragma once

#include <string>
#include <vector>

#include "ravine/lab/study/comparison.hpp"

namespace ravine {

/// Something that a paper says, beside what was measured.
struct Claim {
    std::string claim;     ///< in short, with the place
    std::string measured;  ///< the numbers that bear on it
    std::string verdict;   ///< "holds", "holds in part", "does not hold here"
};

/// How far one statement is borne out.
enum class Support { against, weak, strong };

/// "a is better than b" in a measure: strong where the means say so and the paired test agrees at the 5 %
/// level, weak where only the means do.
struct Statement {
    Support support;
    std::string text;  ///< "Adam 0.412, RMSprop 0.436, p 0.002"
};
Statement better_than(size_t a, size_t b, const OutcomeMeasure& measure, const StudyResult& result);

/// A claim that is the conjunction of statements: it holds where all are strong, holds in part where some are
/// strong or weak, and does not hold where all are against.
Claim conjunction(std::string claim, const std::vector<Statement>& statements);

/// A claim that most statements bear out: it holds where more than half are strong, holds in part where more
/// than half are strong or weak, and does not hold otherwise.
Claim majority(std::string claim, const std::vector<Statement>& statements);

/// The claims as CSV: claim,measured,verdict.
std::string claims_csv(const std::vector<Claim>& claims);

}  // namespace ravine
