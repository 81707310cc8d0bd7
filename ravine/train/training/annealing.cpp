#include "ravine/train/training/annealing.hpp"

#include <cmath>

namespace ravine {
namespace {

struct NoAnnealing {};

/// Beyond these single precision has nothing left of logits over T, or of their slopes.
constexpr Range temperatures{1e-6, 1e6};

Catalog<Annealing> annealing_catalog() {
    Catalog<Annealing> catalog("annealing");
    catalog.add<NoAnnealing>({.name = "none",
                              .summary = "the loss is the same throughout",
                              .formula = "L(z, y)",
                              .source = "the default"},
                             {}, [](NoAnnealing) { return Annealing{}; });
    struct Temperature : Annealing {
        Temperature() : Annealing{.shape = Shape::linear} {}
    };
    const auto number = [](std::string name, double Annealing::*member, Range range, std::string meaning) {
        return field<Temperature>(std::move(name), member, range, std::move(meaning));
    };
    catalog.add<Temperature>(
        {.name = "temperature",
         .summary = "the training loss of the logits divided by a temperature, which changes over the run; "
                    "auxiliary heads and the consistency loss of augmix are divided alike",
         .formula = "L(z / T, y), T = start + (end - start) u, or start^(1 - u) end^u;\n"
                    "u = min(1, b / (share (B - 1))) for batch b = 0, ..., B - 1 of the run.\n"
                    "The gradient in z is (1/T) of that at z / T; evaluations have T = 1",
         .source = "Hinton, Vinyals and Dean 2015, eq. 1 (temperature); Rose 1998 (annealing)"},
        {number("start", &Annealing::start, temperatures, "T of the first batch"),
         number("end", &Annealing::end, temperatures, "T that is reached, and stays"),
         number("share", &Annealing::share, up_to_one, "of the run's batches until T has reached its end"),
         choice<Temperature, Annealing::Shape>(
             "shape", &Annealing::shape,
             {{"linear", Annealing::Shape::linear}, {"exponential", Annealing::Shape::exponential}},
             "whether equal numbers of batches make equal differences of T or equal ratios")},
        [](const Temperature& t) -> Annealing { return t; });
    return catalog;
}

}  // namespace

const Catalog<Annealing>& annealings() {
    static const auto catalog = annealing_catalog();
    return catalog;
}

double Annealing::temperature(int64_t step, int64_t total) const {
    if (!exists()) return 1;
    const double span = share * static_cast<double>(total - 1);
    const double u = static_cast<double>(step) < span ? static_cast<double>(step) / span : 1;
    if (u == 1) return end;
    return shape == Shape::linear ? start + (end - start) * u : std::pow(start, 1 - u) * std::pow(end, u);
}

}  // namespace ravine
