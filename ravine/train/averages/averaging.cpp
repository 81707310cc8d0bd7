#include "ravine/train/averages/averaging.hpp"

#include <cmath>

namespace ravine {
namespace {

struct NoAverage {};

struct PolyakAverage : Averaging {
    PolyakAverage() : Averaging{.kind = Kind::polyak, .start = 0.5} {}
};

struct ExponentialAverage : Averaging {
    ExponentialAverage() : Averaging{.kind = Kind::ema} {}
};

template <class A>
Field<A> start_field() {
    return field<A>("start", &Averaging::start, below_one,
                    "share of the run before the first update that counts; until then the weights themselves "
                    "are evaluated");
}

Catalog<Averaging> averaging_catalog() {
    Catalog<Averaging> catalog("average");
    catalog.add<NoAverage>({.name = "none",
                            .summary = "the weights themselves are evaluated and saved",
                            .formula = "theta",
                            .source = "the default"},
                           {}, [](NoAverage) { return Averaging{}; });
    catalog.add<PolyakAverage>(
        {.name = "polyak",
         .summary =
             "the mean of the weights after each update is evaluated and saved; running statistics are "
             "taken anew for it",
         .formula = "mean <- mean + (theta - mean) / k after the k-th update that counts",
         .source = "Polyak and Juditsky 1992; Goodfellow, Bengio and Courville 2016, section 8.7.3"},
        {start_field<PolyakAverage>()}, [](const PolyakAverage& a) -> Averaging { return a; });
    catalog.add<ExponentialAverage>(
        {.name = "ema",
         .summary = "the same with weights that decay exponentially into the past",
         .formula = "mean <- mean + w_k (theta - mean), w_k = (1 - decay) / (1 - decay^k);\n"
                    "for large k, mean <- decay mean + (1 - decay) theta",
         .source =
             "Goodfellow, Bengio and Courville 2016, section 8.7.3; the correction of its beginning as in "
             "Kingma and Ba 2015"},
        {field<ExponentialAverage>("decay", &Averaging::decay, below_one, "of the mean at each update"),
         start_field<ExponentialAverage>()},
        [](const ExponentialAverage& a) -> Averaging { return a; });
    return catalog;
}

}  // namespace

double Averaging::weight(int64_t k) const {
    if (kind == Kind::ema) return (1 - decay) / (1 - std::pow(decay, k));
    return 1 / static_cast<double>(k);
}

const Catalog<Averaging>& averagings() {
    static const auto catalog = averaging_catalog();
    return catalog;
}

}  // namespace ravine
