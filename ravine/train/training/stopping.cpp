#include "ravine/train/training/stopping.hpp"

namespace ravine {
namespace {

struct NoStopping {};

struct EarlyStopping : Stopping {
    EarlyStopping() : Stopping{.kind = Kind::early} {}
};

Catalog<Stopping> stopping_catalog() {
    Catalog<Stopping> catalog("stop");
    catalog.add<NoStopping>({.name = "none",
                             .summary = "the epochs decide",
                             .formula = "after `epochs` epochs",
                             .source = "the default"},
                            {}, [](NoStopping) { return Stopping{}; });
    catalog.add<EarlyStopping>(
        {.name = "early",
         .summary =
             "ends when a metric has not improved for some epochs; the run results in the weights of the "
             "best one, whatever ended it",
         .formula =
             "an epoch improves if its metric is better than the best so far by more than min_change;\n"
             "NaN never is; after `patience` epochs in a row that do not, the run ends",
         .source = "Prechelt 1998; Goodfellow, Bengio and Courville 2016, algorithm 7.1"},
        {field<EarlyStopping>("monitor", &Stopping::monitor, "a metric",
                              "validation_loss, validation_accuracy, train_loss or train_accuracy"),
         field<EarlyStopping>("patience", &Stopping::patience, at_least_one,
                              "epochs in a row without an improvement until the run ends"),
         field<EarlyStopping>("min_change", &Stopping::min_change, non_negative,
                              "what an improvement is more than")},
        [](const EarlyStopping& s) -> Stopping { return s; });
    return catalog;
}

}  // namespace

const Catalog<Stopping>& stoppings() {
    static const auto catalog = stopping_catalog();
    return catalog;
}

}  // namespace ravine
