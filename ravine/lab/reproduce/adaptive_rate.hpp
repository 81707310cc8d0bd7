#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "ravine/lab/reproduce/paper_page.hpp"
#include "ravine/lab/study/study.hpp"

namespace ravine {

/// What `ravine reproduce adaptive-rate` may be asked to do.
struct AdaptiveRateOptions {
    /// Some of boston, logistic, lenet, resnet18, cifar100, robustness, joined by commas; "all". Empty:
    /// "boston,logistic".
    std::string only = {};
    int64_t seeds = 0;  ///< 0: what each part says
    int64_t jobs = 0;
    std::string data_dir = {};
    enum class Extent { full, quick } extent = Extent::full;
};

/// The names in `only`, in the order of the paper. Throws RequestError("--only: ...") with the nearest.
std::vector<std::string> adaptive_rate_names(const std::string& only);

/// One study of the learned rate (Ravaut and Gorti 2018): one problem, and all methods on it.
struct RatePart {
    std::string name, title;  ///< its folder: "fashion-mnist"
    StudyPlan plan;
};

/// The studies that `options.only` asks for, without robustness: linear regression on Boston Housing,
/// logistic regression on MNIST and Fashion-MNIST, LeNet and ResNet-18 (of full width, and of width 16 for
/// all variants) on CIFAR-10, ResNet-18 on CIFAR-100. What the paper leaves open is chosen here; see
/// docs/results/adaptive-rate.md.
std::vector<RatePart> adaptive_rate_parts(const AdaptiveRateOptions& options);

/// A part, and what was found.
struct RateResult {
    RatePart part;
    StudyResult study;
    /// The smallest training loss that any weights have, of each seed; empty where it is not known.
    std::vector<double> minima = {};
};

/// The smallest mean squared error of a linear model without bias on the training part, from the normal
/// equations by a QR factorisation with column pivoting.
double least_squares_minimum(const Parts& parts);

/// What every contender of a part ended with.
PaperTable rate_table(const RateResult& result);

/// The claims of sections 4 to 7 for which there are results, and of what is ours beside them.
std::vector<Claim> adaptive_rate_claims(const std::vector<RateResult>& results);

/// Draws the paper's figures 1 to 14 and ours, as far as there are results of what they show.
std::vector<PaperFigure> draw_rate_figures(const std::filesystem::path& folder,
                                           const std::vector<RateResult>& results);

/// The page of the study in a folder, drawn from adaptive-rate.json, claims.csv and the figures. Throws
/// RequestError where one is missing or damaged.
Report adaptive_rate_report(const std::filesystem::path& folder);

}  // namespace ravine
