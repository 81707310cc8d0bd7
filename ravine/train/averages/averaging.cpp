#include "ravine/train/averages/averaging.hpp"

#include <cmath>

namespace ravine {
namespace {

struct PromisedAverage {};
struct NoAverage {};

struct PolyakAverage : Averaging {
    PolyakAverage() : Averaging{.kind = Kind::polyak, .start = 0.5} {}
};

struct PolynomialAverage : Averaging {
    PolynomialAverage() : Averaging{.kind = Kind::polynomial} {}
};

struct ExponentialAverage : Averaging {
    ExponentialAverage() : Averaging{.kind = Kind::ema} {}
};

template <class A>
Field<A> averaging_start() {
    return field<A>("start", &Averaging::start, below_one,
                    "share of the run before the first update that counts; until then the weights themselves "
                    "are evaluated");
}

Catalog<Averaging> averaging_catalog() {
    Catalog<Averaging> catalog("average");
    catalog.add<PromisedAverage>(
        {.name = "auto",
         .summary = "the average that the optimizer promises something of",
         .formula = "dog: polynomial:gamma=8; all others: none",
         .source = "the default"},
        {}, [](PromisedAverage) { return Averaging{.kind = Averaging::Kind::promised}; });
    catalog.add<NoAverage>({.name = "none",
                            .summary = "the weights themselves are evaluated and saved",
                            .formula = "theta",
                            .source = "nothing is averaged"},
                           {}, [](NoAverage) { return Averaging{}; });
    catalog.add<PolyakAverage>(
        {.name = "polyak",
         .summary =
             "the mean of the weights after each update is evaluated and saved; running statistics are "
             "taken anew for it",
         .formula = "mean <- mean + (theta - mean) / k after the k-th update that counts",
         .source = "Polyak and Juditsky 1992; Goodfellow, Bengio and Courville 2016, section 8.7.3"},
        {averaging_start<PolyakAverage>()}, [](const PolyakAverage& a) -> Averaging { return a; });
    catalog.add<PolynomialAverage>(
        {.name = "polynomial",
         .summary =
             "the same with weights that grow as a power of the update: the beginning is soon forgotten",
         .formula =
             "mean <- mean + (1 + gamma) / (k + gamma) (theta - mean) after the k-th update that counts",
         .source = "Shamir and Zhang 2013; Ivgi, Hinder and Carmon 2023"},
        {field<PolynomialAverage>("gamma", &Averaging::gamma, non_negative,
                                  "the power: the weight of update k is about k^gamma; 0: polyak"),
         averaging_start<PolynomialAverage>()},
        [](const PolynomialAverage& a) -> Averaging { return a; });
    catalog.add<ExponentialAverage>(
        {.name = "ema",
         .summary = "the same with weights that decay exponentially into the past",
         .formula = "mean <- mean + w_k (theta - mean), w_k = (1 - decay) / (1 - decay^k);\n"
                    "for large k, mean <- decay mean + (1 - decay) theta",
         .source =
             "Goodfellow, Bengio and Courville 2016, section 8.7.3; the correction of its beginning as in "
             "Kingma and Ba 2015"},
        {field<ExponentialAverage>("decay", &Averaging::decay, below_one, "of the mean at each update"),
         averaging_start<ExponentialAverage>()},
        [](const ExponentialAverage& a) -> Averaging { return a; });
    return catalog;
}

}  // namespace

double Averaging::weight(int64_t k) const {
    if (kind == Kind::ema) return (1 - decay) / (1 - std::pow(decay, k));
    if (kind == Kind::polynomial) return (1 + gamma) / (static_cast<double>(k) + gamma);
    return 1 / static_cast<double>(k);
}

const Catalog<Averaging>& averagings() {
    static const auto catalog = averaging_catalog();
    return catalog;
}

}  // namespace ravine
