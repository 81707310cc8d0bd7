#include "ravine/lab/reproduce/acet_sets.hpp"

#include <algorithm>
#include <sstream>

#include "ravine/core/error.hpp"

namespace ravine {
namespace {

/// Half of the 5,000 examples are for testing, three tenths for training.
Experiment made(const std::string& dataset, const std::string& model) {
    Experiment e;
    e.dataset = dataset;
    e.model = model;
    e.validation_share = 0.2;
    e.test_share = 0.5;
    e.optimizer = "adam:learning_rate=0.003";
    e.schedule = "constant";
    e.loss = "kl";
    e.epochs = 50;
    e.train_scores = true;
    return e;
}

Experiment images(const std::string& dataset) {
    Experiment e;
    e.dataset = dataset;
    e.model = "cnn:channels=16-32-64,hidden=128,dropout=0.4";
    e.augment = "translate";
    e.optimizer = "adam:learning_rate=0.001";
    e.schedule = "linear";
    e.loss = "kl";
    e.epochs = 50;
    e.batch = 128;
    e.train_scores = true;
    return e;
}

std::vector<AcetSet> make_sets() {
    const std::string plane = "mlp:hidden=100-100";
    return {{.name = "spiral",
             .title = "Spiral",
             .paper = AcetPaperRow{0.8750, 0.8767, 1.15, 0.88},
             .experiment = made("spiral:examples=5000,noise=0.65", plane)},
            {.name = "moons",
             .title = "Complex Moons",
             .paper = AcetPaperRow{0.9478, 0.9457, 1.67, 0.42},
             .experiment = made("moons:examples=5000,noise=0.22", plane)},
            {.name = "circles",
             .title = "Noisy Circles",
             .paper = AcetPaperRow{0.6967, 0.7133, 1.68, 0.35},
             .experiment = made("circles:examples=5000,noise=0.2", plane)},
            {.name = "rings",
             .title = "Interlocking Rings",
             .paper = AcetPaperRow{0.9123, 0.9378, 2.89, 2.45},
             .experiment = made("rings:examples=5000,noise=0.215", "mlp:hidden=128-128-64")},
            {.name = "mnist",
             .title = "MNIST",
             .paper = AcetPaperRow{0.9930, 0.9951, 245, 180},
             .experiment = images("mnist"),
             .needs_files = true,
             .seeds = 3},
            {.name = "fashion-mnist",
             .title = "Fashion-MNIST",
             .experiment = images("fashion-mnist"),
             .needs_files = true,
             .seeds = 3}};
}

}  // namespace

const std::vector<AcetSet>& acet_sets() {
    static const auto sets = make_sets();
    return sets;
}

std::vector<AcetSet> find_acet_sets(const std::string& names) {
    std::vector<std::string> known{"synthetic", "all"}, wanted;
    for (const auto& set : acet_sets()) known.push_back(set.name);
    std::istringstream in(names.empty() ? "synthetic" : names);
    for (std::string name; std::getline(in, name, ',');) {
        if (std::ranges::find(known, name) == known.end())
            fail_request("--only: expected some of {}, found '{}'{}", fmt::join(known, ", "), name,
                         suggestion(name, known));
        wanted.push_back(name);
    }
    const auto asks_for = [&](const std::string& name) { return std::ranges::count(wanted, name) > 0; };
    std::vector<AcetSet> sets;
    for (const auto& set : acet_sets())
        if (asks_for(set.name) || asks_for("all") || (asks_for("synthetic") && !set.needs_files))
            sets.push_back(set);
    return sets;
}

}  // namespace ravine
