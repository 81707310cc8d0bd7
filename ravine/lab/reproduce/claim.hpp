#pragma once

#include <span>
#include <string>
#include <vector>

#include "ravine/lab/study/comparison.hpp"

namespace ravine {

/// Something that a paper says, beside what was measured.
struct Claim {
    std::string claim;     ///< in short, with the place
    std::string measured;  ///< the numbers that bear on it
    std::string verdict;   ///< "holds", "not shown", "contradicted", "mixed"
};

/// What the seeds say of one statement: that it is so, beyond chance; nothing; that the opposite is so.
enum class Support { shown, not_shown, contradicted };
/// Where positive is the statement's way.
Support support_of(Evidence evidence);

struct Statement {
    Support support;
    std::string text;  ///< "Adam 0.412, RMSprop 0.436 (-0.024, 95 % -0.031 to -0.012; p 0.002)"
};

/// "a is better than b" in a measure, by the paired differences: shown or contradicted where the signed-rank
/// test has p < 0.05 and the 95 % interval of the difference does not have 0 in it. The test stands for
/// itself: a claim was made beforehand.
Statement better_than(size_t a, size_t b, const OutcomeMeasure& measure, const StudyResult& result);

/// "the middle of some numbers, one a seed, is above 0", judged as a difference is; the text is
/// "WHAT (NUMBERS +9, 95 % +7 to +9; p 0.002)".
Statement above_zero(const std::string& what, const std::string& numbers, std::span<const double> values);

/// A claim that is the conjunction of statements: it holds where all are shown, is contradicted where some
/// are and none is shown, is not shown where none is either, and else mixed. That all are shown needs no
/// correction for their number; that one of many is contradicted, by chance alone, is as likely as 1 in 40
/// for each.
Claim conjunction(std::string claim, const std::vector<Statement>& statements);

/// A claim about most cases: it holds where more than half of the statements are shown, is contradicted where
/// more than half are, is not shown where none is either, and else mixed.
Claim majority(std::string claim, const std::vector<Statement>& statements);

/// The claims as CSV: claim,measured,verdict.
std::string claims_csv(const std::vector<Claim>& claims);

}  // namespace ravine
