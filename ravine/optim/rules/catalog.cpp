#include <utility>

#include "ravine/optim/rules/adadelta.hpp"
#include "ravine/optim/rules/adagrad.hpp"
#include "ravine/optim/rules/adam.hpp"
#include "ravine/optim/rules/delta_bar_delta.hpp"
#include "ravine/optim/rules/dog.hpp"
#include "ravine/optim/rules/momentum.hpp"
#include "ravine/optim/rules/nadam.hpp"
#include "ravine/optim/rules/nesterov.hpp"
#include "ravine/optim/rules/prodigy.hpp"
#include "ravine/optim/rules/rmsprop.hpp"
#include "ravine/optim/rules/rmsprop_nesterov.hpp"
#include "ravine/optim/rules/sgd.hpp"

namespace ravine {
namespace {

// Settings that several rules share, under the same name, range and meaning.

template <class R>
Field<R> learning_rate_field() {
    return field("learning_rate", &R::learning_rate, positive, "the rate before any schedule");
}

template <class R>
Field<R> epsilon_field() {
    return field("epsilon", &R::epsilon, positive, "keeps the divisor away from 0");
}

template <class R>
Field<R> epsilon_place_field() {
    return choice<R, EpsilonPlace>(
        "epsilon_place", &R::epsilon_place,
        {{"outside", EpsilonPlace::outside}, {"inside", EpsilonPlace::inside}},
        "where epsilon stands: outside, sqrt(r) + epsilon; inside, sqrt(r + epsilon)");
}

template <class R>
std::vector<Field<R>> momentum_fields() {
    using Kind = MomentumSchedule::Kind;
    return {field("momentum", &R::momentum, below_one, "mu, or the largest mu of its schedule"),
            choice<R, Kind>(
                "momentum_schedule", &R::momentum_schedule,
                {{"constant", Kind::constant}, {"linear", Kind::linear}, {"sutskever", Kind::sutskever}},
                "mu_t: constant; linear from momentum_start to momentum; or "
                "sutskever, min(1 - 2^(-1 - log2(floor(t / 250) + 1)), momentum)"),
            field("momentum_start", &R::momentum_start, below_one, "linear schedule: mu of the first update"),
            field("momentum_steps", &R::momentum_steps, at_least_one,
                  "linear schedule: updates until mu reaches momentum")};
}

template <class R>
Field<R> momentum_form_field() {
    return choice<R, MomentumForm>(
        "form", &R::form, {{"velocity", MomentumForm::velocity}, {"pytorch", MomentumForm::pytorch}},
        "velocity: the learning rate scales the gradient as it enters v; pytorch: it scales v");
}

template <class R>
Field<R> beta_field(const char* name, double R::*member, const char* meaning) {
    return field(name, member, below_one, meaning);
}

using Rules = Catalog<UpdateRule>;

template <class R>
void add_rule(Rules& rules, Entry entry, std::vector<Field<R>> fields) {
    fields.insert(fields.begin(), learning_rate_field<R>());
    rules.add<R>(std::move(entry), std::move(fields), [](R rule) { return UpdateRule(std::move(rule)); });
}

void add_momentum_rules(Rules& rules) {
    add_rule<Sgd>(rules,
                  {.name = "sgd",
                   .summary = "gradient descent; full batch, minibatch or online as the batch size says",
                   .formula = "theta <- theta - lr g",
                   .source = "Robbins and Monro 1951; Bottou 1998"},
                  {});

    auto momentum = momentum_fields<Momentum>();
    momentum.push_back(momentum_form_field<Momentum>());
    add_rule<Momentum>(rules,
                       {.name = "momentum",
                        .summary = "gradient descent with a velocity that remembers past gradients",
                        .formula = "v <- mu v - lr g\n"
                                   "theta <- theta + v\n"
                                   "form=pytorch: v <- mu v + g; theta <- theta - lr v",
                        .source = "Polyak 1964; Sutskever, Martens, Dahl and Hinton 2013, eq. 1-2; its "
                                  "momentum schedule: eq. 5"},
                       std::move(momentum));

    auto nesterov = momentum_fields<Nesterov>();
    nesterov.push_back(choice<Nesterov, NesterovForm>("form", &Nesterov::form,
                                                      {{"rewritten", NesterovForm::rewritten},
                                                       {"lookahead", NesterovForm::lookahead},
                                                       {"pytorch", NesterovForm::pytorch}},
                                                      "rewritten and pytorch evaluate and save the "
                                                      "look-ahead point x; lookahead saves theta"));
    add_rule<Nesterov>(
        rules,
        {.name = "nesterov",
         .summary = "momentum whose gradient is taken where the velocity is about to lead",
         .formula =
             "form=rewritten, x = theta + mu v: v' = mu_t v - lr g(x); x <- x + (1 + mu_{t+1}) v' - mu_t v\n"
             "form=lookahead: v <- mu_t v - lr g(theta + mu_t v); theta <- theta + v\n"
             "form=pytorch: v <- mu_t v + g(x); x <- x - lr (g(x) + mu_t v)",
         .source = "Nesterov 1983; Sutskever, Martens, Dahl and Hinton 2013, eq. 3-4"},
        std::move(nesterov));
}

void add_scaled_rules(Rules& rules) {
    add_rule<AdaGrad>(rules,
                      {.name = "adagrad",
                       .summary = "divides each rate by the root of the sum of all squared gradients",
                       .formula = "r <- r + g^2\n"
                                  "theta <- theta - lr g / (sqrt(r) + epsilon)",
                       .source = "Duchi, Hazan and Singer 2011, fig. 1, with a diagonal matrix"},
                      {epsilon_field<AdaGrad>(), epsilon_place_field<AdaGrad>(),
                       field("initial_accumulator", &AdaGrad::initial_accumulator, non_negative,
                             "r before the first update")});

    add_rule<RmsProp>(
        rules,
        {.name = "rmsprop",
         .summary = "divides each rate by the root of the running mean of squared gradients",
         .formula = "r <- rho r + (1 - rho) g^2\n"
                    "theta <- theta - lr g / (sqrt(r) + epsilon)\n"
                    "centered: m <- rho m + (1 - rho) g, and r - m^2 in the place of r in the root\n"
                    "momentum > 0: v <- momentum v - lr g / (sqrt(r) + epsilon); theta <- theta + v",
         .source = "Tieleman and Hinton 2012, lecture 6.5; centered: Graves 2013, eq. 38-41"},
        {beta_field("rho", &RmsProp::rho, "how much of the running mean stays"), epsilon_field<RmsProp>(),
         epsilon_place_field<RmsProp>(),
         field("momentum", &RmsProp::momentum, below_one, "of a velocity of scaled gradients; 0: none"),
         momentum_form_field<RmsProp>(),
         field("centered", &RmsProp::centered,
               "divide by the root of the variance, not of the mean square")});

    using R = RmsPropNesterov;
    add_rule<R>(rules,
                {.name = "rmsprop-nesterov",
                 .summary = "RMSProp with Nesterov momentum",
                 .formula = "g at theta + mu v\n"
                            "r <- rho r + (1 - rho) g^2\n"
                            "v <- mu v - lr g / (sqrt(r) + epsilon)\n"
                            "theta <- theta + v",
                 .source = "Goodfellow, Bengio and Courville 2016, algorithm 8.6; epsilon is added"},
                {beta_field("rho", &R::rho, "how much of the running mean stays"),
                 beta_field("momentum", &R::momentum, "mu"), epsilon_field<R>(), epsilon_place_field<R>(),
                 choice<R, NesterovForm>(
                     "form", &R::form,
                     {{"lookahead", NesterovForm::lookahead}, {"rewritten", NesterovForm::rewritten}},
                     "lookahead saves theta; rewritten evaluates and saves x = theta + mu v")});

    add_rule<Adadelta>(rules,
                       {.name = "adadelta",
                        .summary = "AdaGrad over a window, with steps in the units of the parameters",
                        .formula = "E <- rho E + (1 - rho) g^2\n"
                                   "d = sqrt(D + epsilon) / sqrt(E + epsilon) g\n"
                                   "D <- rho D + (1 - rho) d^2\n"
                                   "theta <- theta - lr d",
                        .source = "Zeiler 2012, algorithm 1 (there lr = 1)"},
                       {beta_field("rho", &Adadelta::rho, "how much of the running means stays"),
                        epsilon_field<Adadelta>()});
}

void add_adaptive_rules(Rules& rules) {
    add_rule<Adam>(
        rules,
        {.name = "adam",
         .summary = "running means of the gradient and its square, both corrected for their start at 0",
         .formula = "m <- beta1 m + (1 - beta1) g\n"
                    "v <- beta2 v + (1 - beta2) g^2\n"
                    "theta <- theta - lr (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon)\n"
                    "bias_correction=false: theta <- theta - lr m / (sqrt(v) + epsilon)",
         .source = "Kingma and Ba 2015, algorithm 1"},
        {beta_field("beta1", &Adam::beta1, "how much of the mean of gradients stays"),
         beta_field("beta2", &Adam::beta2, "how much of the mean of squares stays"), epsilon_field<Adam>(),
         field("bias_correction", &Adam::bias_correction, "divide the means by 1 - beta^t")});

    add_rule<NAdam>(
        rules,
        {.name = "nadam",
         .summary = "Adam with Nesterov momentum",
         .formula = "mu_t = beta1 (1 - 0.5 * 0.96^(t momentum_decay)), M_t = mu_1 ... mu_t\n"
                    "m <- beta1 m + (1 - beta1) g\n"
                    "v <- beta2 v + (1 - beta2) g^2\n"
                    "m^ = mu_{t+1} m / (1 - M_{t+1}) + (1 - mu_t) g / (1 - M_t)\n"
                    "theta <- theta - lr m^ / (sqrt(v / (1 - beta2^t)) + epsilon)",
         .source = "Dozat 2016, algorithm 2"},
        {beta_field("beta1", &NAdam::beta1, "how much of the mean of gradients stays"),
         beta_field("beta2", &NAdam::beta2, "how much of the mean of squares stays"), epsilon_field<NAdam>(),
         field("momentum_decay", &NAdam::momentum_decay, non_negative,
               "how fast mu_t grows from beta1 / 2 to beta1")});

    using D = DeltaBarDelta;
    add_rule<D>(rules,
                {.name = "delta-bar-delta",
                 .summary = "a rate for each parameter, by the signs of its gradients; full batch only",
                 .formula = "e <- e + kappa where b g > 0, (1 - phi) e where b g < 0\n"
                            "w <- w - e g\n"
                            "b <- theta b + (1 - theta) g\n"
                            "Signs of gradients mean something on the full batch only: on minibatches, noise "
                            "lowers the rates.",
                 .source = "Jacobs 1988"},
                {field("kappa", &D::kappa, non_negative, "added to a rate while its gradient keeps its sign"),
                 field("phi", &D::phi, unit_interval, "share by which a rate shrinks when the sign turns"),
                 field("theta", &D::theta, below_one, "how much of the running mean of gradients stays")});
}

void add_parameter_free_rules(Rules& rules) {
    add_rule<Dog>(
        rules,
        {.name = "dog",
         .summary = "gradient descent that finds its rate: distance over gradients, averaged",
         .formula = "r <- max(r, ||theta - theta_0||), at least initial_step (1 + ||theta_0||)\n"
                    "G <- G + ||g||^2\n"
                    "theta <- theta - lr r / sqrt(G + epsilon) g\n"
                    "evaluated and saved, unless --average says otherwise: --average polynomial:gamma=8",
         .source = "Ivgi, Hinder and Carmon 2023; lr = 1"},
        {field("initial_step", &Dog::initial_step, positive,
               "the length of the first step as a share of 1 + ||theta_0||"),
         epsilon_field<Dog>()});

    add_rule<Prodigy>(
        rules,
        {.name = "prodigy",
         .summary = "Adam that finds its rate: a growing estimate of the distance to a solution",
         .formula = "m <- beta1 m + (1 - beta1) d g\n"
                    "v <- beta2 v + (1 - beta2) d^2 g^2\n"
                    "theta <- theta - lr d m / (sqrt(v) + d epsilon)\n"
                    "r <- beta3 r + (1 - beta3) lr d^2 <g, theta_0 - theta>, theta before the update\n"
                    "s <- beta3 s + (1 - beta3) lr d^2 g\n"
                    "d <- max(d, d_coefficient r / ||s||_1), beta3 = sqrt(beta2)",
         .source = "Mishchenko and Defazio 2023, algorithm 4; lr = 1"},
        {field("initial_d", &Prodigy::initial_d, positive, "d of the first step: well below any good rate"),
         field("d_coefficient", &Prodigy::d_coefficient, positive,
               "what the estimate is multiplied with: for a rate that is always too small or too large"),
         beta_field("beta1", &Prodigy::beta1, "how much of the mean of gradients stays"),
         beta_field("beta2", &Prodigy::beta2, "how much of the mean of squares stays"),
         epsilon_field<Prodigy>()});
}

}  // namespace

const Catalog<UpdateRule>& update_rules() {
    static const Rules rules = [] {
        Rules all("optimizer");
        add_momentum_rules(all);
        add_scaled_rules(all);
        add_adaptive_rules(all);
        add_parameter_free_rules(all);
        return all;
    }();
    return rules;
}

}  // namespace ravine
