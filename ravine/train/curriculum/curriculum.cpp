#include "ravine/train/curriculum/curriculum.hpp"

#include "ravine/core/error.hpp"

namespace ravine {
namespace {

using Kind = Curriculum::Kind;

std::vector<Field<Curriculum>> fields_of(Kind kind) {
    if (kind == Kind::none) return {};
    std::vector<Field<Curriculum>> fields{
        field("first_epochs", &Curriculum::first_epochs, Range{1, 1e6},
              "epochs of the first model, whose losses tell what is hard"),
        field("initial", &Curriculum::initial, up_to_one,
              "share of the examples that are easy in the first epoch"),
        field("share", &Curriculum::share, up_to_one,
              "of the epochs until all examples are drawn or weighed alike")};
    if (kind == Kind::stochastic)
        fields.push_back(field("mix", &Curriculum::mix, unit_interval,
                               "share of the draws that are from the easy ones in the first epoch"));
    return fields;
}

void add(Catalog<Curriculum>& catalog, Kind kind, Entry entry) {
    catalog.add<Curriculum>(std::move(entry), fields_of(kind), [kind](Curriculum curriculum) {
        curriculum.kind = kind;
        return curriculum;
    });
}

Catalog<Curriculum> make_curricula() {
    Catalog<Curriculum> catalog("curriculum");
    add(catalog, Kind::none,
        {.name = "none",
         .summary = "all examples alike from the beginning",
         .formula = "w_i = 1, in the order of --sampler",
         .source = "the default"});
    add(catalog, Kind::weighted,
        {.name = "weighted",
         .summary = "hard examples weigh less in the loss at first; how hard one is tells the loss of a "
                    "first model, trained before",
         .formula = "w_i = v_i / mean(v), v_i = 1 where r_i < lambda, else "
                    "lambda^((r_i - lambda) / (1 - lambda));\n"
                    "r_i = (rank_i + 1/2) / n, easiest first; "
                    "lambda = initial + (1 - initial) u, u = min(1, e / (share (E - 1)))\n"
                    "in epoch e = 0, ..., E - 1",
         .source = "Bengio, Louradour, Collobert and Weston 2009, section 3 (weights that grow to 1)"});
    add(catalog, Kind::stochastic,
        {.name = "stochastic",
         .summary =
             "a part of the draws is from the easy examples, the others are from all, so that hard ones "
             "occur all the time and more and more often",
         .formula =
             "i_k = the next easy example (rank < lambda n) with probability p, else the next of all;\n"
             "p = mix (1 - u), lambda = initial + (1 - initial) u, u = min(1, e / (share (E - 1)))\n"
             "in epoch e = 0, ..., E - 1",
         .source = "Zaremba and Sutskever 2014 (combined strategy)"});
    add(catalog, Kind::deterministic,
        {.name = "deterministic",
         .summary = "all draws are from the easy examples, whose share grows: the control that the other two "
                    "are to beat",
         .formula = "i_k = the next easy example (rank < lambda n), over and over, n draws an epoch;\n"
                    "lambda = initial + (1 - initial) u, u = min(1, e / (share (E - 1)))\n"
                    "in epoch e = 0, ..., E - 1",
         .source = "Bengio, Louradour, Collobert and Weston 2009; Zaremba and Sutskever 2014 "
                   "(naive strategy)"});
    return catalog;
}

}  // namespace

const Catalog<Curriculum>& curricula() {
    static const auto catalog = make_curricula();
    return catalog;
}

Pace pace_of(const Curriculum& curriculum, int64_t epoch, int64_t epochs) {
    const double span = curriculum.share * static_cast<double>(epochs - 1);
    if (static_cast<double>(epoch) >= span) return {};
    const double u = static_cast<double>(epoch) / span;
    return {.easy = curriculum.initial + (1 - curriculum.initial) * u, .mix = curriculum.mix * (1 - u)};
}

void check_curriculum(const Curriculum& curriculum, Sampling sampling, int64_t epochs) {
    if (!curriculum.exists()) return;
    if (epochs < 2)
        fail_request("curriculum: expected at least 2 epochs to go from easy to all examples, found {}",
                     epochs);
    if (sampling == Sampling::iid && curriculum.kind != Curriculum::Kind::weighted)
        fail_request(
            "curriculum: expected an order in which every example occurs once, to draw from (sampler "
            "shuffled, once or sequential), found iid; curriculum 'weighted' goes with iid");
}

}  // namespace ravine
