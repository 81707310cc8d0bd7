#include "ravine/train/targets/target_evolution.hpp"

namespace ravine {
namespace {

struct Fixed {};

struct LabelSmoothing {
    double smoothing = 0.1;
};

struct Automatic {
    TargetStart start = TargetStart::automatic;
};

template <class T>
Field<T> start_field() {
    return choice("start", &T::start,
                  {{"auto", TargetStart::automatic},
                   {"uniform", TargetStart::uniform},
                   {"null", TargetStart::null},
                   {"mean", TargetStart::mean}},
                  "y0: uniform over the classes, the null vector, or the mean of the training targets; auto: "
                  "uniform for classes, else mean");
}

Catalog<TargetEvolution> make_catalog() {
    Catalog<TargetEvolution> catalog("target");
    catalog.add<Fixed>(
        {.name = "fixed",
         .summary = "the data's own targets from beginning to end: one-hot vectors of classes, or values",
         .formula = "y = y*",
         .source = "the default"},
        {}, [](Fixed) { return TargetEvolution{.initial = 1}; });
    catalog.add<LabelSmoothing>(
        {.name = "label-smoothing",
         .summary = "one-hot vectors that give a share to all classes alike, from beginning to end",
         .formula = "y = (1 - s) y* + s / n, s = smoothing, n classes",
         .source = "Szegedy, Vanhoucke, Ioffe, Shlens and Wojna 2016, section 7"},
        {field("smoothing", &LabelSmoothing::smoothing, below_one, "s, the share of all classes")},
        [](LabelSmoothing s) {
            const double t = 1 - s.smoothing;
            return TargetEvolution{.start = TargetStart::uniform, .initial = t, .final = t};
        });
    using T = TargetEvolution;
    catalog.add<T>(
        {.name = "acet",
         .summary =
             "targets that evolve from a start that says nothing to the data's own; by default at fixed "
             "epochs. Made for the gate equilibrium",
         .formula =
             "y(t) = t y* + (1 - t) y0, y0 = 1/n for n classes;\n"
             "t = initial, initial + increment, ..., 1, each for epochs_per_increment epochs, the last "
             "for the rest",
         .source = "Dabounou 2024, eq. 2 and sections 2.3 and 3.1.3"},
        {start_field<T>(), field("initial", &T::initial, Range{0, 1, false, true}, "t of the first stage"),
         field("increment", &T::increment, Range{1e-4, 1}, "of t from stage to stage"),
         field("epochs_per_increment", &T::epochs_per_increment, non_negative,
               "epochs in a stage, at most; 0: seven tenths of the run are shared by the stages before the "
               "last"),
         choice(
             "advance", &T::advance,
             {{"epochs", T::Advance::epochs},
              {"equilibrium", T::Advance::equilibrium},
              {"settled", T::Advance::settled},
              {"continuous", T::Advance::continuous}},
             "when t goes on: at the end of a stage's epochs; before that, when a share of an epoch's "
             "batches "
             "was gated, or when an epoch lowered the loss by less than a tenth of what the stage asks for; "
             "or in a straight line, with every batch"),
         field("share", &T::share, up_to_one, "of gated batches that is equilibrium")},
        [](T settings) { return settings; });
    catalog.add<Automatic>(
        {.name = "acet-auto",
         .summary =
             "evolving targets with nothing to tune: at most ten stages that are equally far from each "
             "other, each left when it has settled. Goes with equilibrium:epsilon=auto",
         .formula =
             "y(t) = t y* + (1 - t) y0; D(t, u) is the loss of outputs y(t) on targets y(u);\n"
             "t_0 = 0 < t_1 < ... < 1 at equal parts of the length int sqrt(2 D(t, t + dt)),\n"
             "for kl at equal angles between the points sqrt(y(t)) of the unit sphere;\n"
             "a stage ends when an epoch lowers its loss by less than D(t of the last stage, t) / 10,\n"
             "and t = 1 after seven tenths of the run at the latest",
         .source = "ours, after Dabounou 2024; the length is Rao's (1945) for kl"},
        {start_field<Automatic>()}, [](Automatic a) {
            return T{.start = a.start,
                     .initial = 0,
                     .epochs_per_increment = 0,
                     .advance = T::Advance::settled,
                     .spacing = T::Spacing::divergence};
        });
    return catalog;
}

}  // namespace

const Catalog<TargetEvolution>& target_evolutions() {
    static const auto catalog = make_catalog();
    return catalog;
}

}  // namespace ravine
