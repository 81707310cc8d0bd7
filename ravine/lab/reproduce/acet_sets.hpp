#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ravine/lab/experiment/experiment.hpp"

namespace ravine {

/// What the paper's tables 1 and 2 say of a data set; shares, and seconds on its author's machine.
struct AcetPaperRow {
    double standard_accuracy, acet_accuracy, standard_seconds, acet_seconds;
};

/// A data set of the paper with the model that it names (section 3.1.2), and all that the paper leaves open:
/// sizes, noise, batch and rate, chosen such that standard training for 50 epochs comes near the paper's
/// standard accuracy.
struct AcetSet {
    std::string name, title;
    std::optional<AcetPaperRow> paper = {};  ///< nothing for Fashion-MNIST, of which it gives no result
    Experiment experiment = {};              ///< of standard training
    bool needs_files = false;                ///< published data, which a machine may lack
    int64_t seeds = 15;
    std::string gate = "equilibrium:epsilon=0.00001";
};

/// Spiral, complex moons, noisy circles, interlocking rings, MNIST, Fashion-MNIST.
const std::vector<AcetSet>& acet_sets();

/// The sets that `names` (a list with commas; empty: "synthetic") asks for. "synthetic" stands
/// for those without files, "all" for every one. Throws RequestError with the nearest name.
std::vector<AcetSet> find_acet_sets(const std::string& names);

}  // namespace ravine
