#include "ravine/optim/rates/exact_newton.hpp"
#include "ravine/optim/rates/first_order_rate.hpp"
#include "ravine/optim/rates/five_losses.hpp"
#include "ravine/optim/rates/hypergradient.hpp"
#include "ravine/optim/rates/plateau.hpp"
#include "ravine/optim/rates/rate_policy.hpp"

namespace ravine {
namespace {

struct ConstantRate {};

/// The makers of policies of settings S by a function.
template <class S>
auto maker_of(std::unique_ptr<RatePolicy> (*make)(const S&, double)) {
    return [make](S settings) -> RatePolicyMaker {
        make(settings, 1);  // settings that contradict each other are refused now
        return [make, settings](double base_rate) { return make(settings, base_rate); };
    };
}

template <class S>
auto judged_by_field() {
    return choice<S, JudgedBy>(
        "batch", &S::batch, {{"training", JudgedBy::training}, {"validation", JudgedBy::validation}},
        "what the rate is judged by: the batch of the step, or a random validation batch");
}

void add_learned(Catalog<RatePolicyMaker>& catalog) {
    using F = FirstOrderRate;
    catalog.add<F>(
        {.name = "first-order",
         .summary = "a rate that descends its own gradient, with a rate alpha of its own",
         .formula = "f(eta) = loss after the step at rate eta\n"
                    "d <- momentum d - alpha f'(eta);  eta <- max(eta + d, floor), for the next step",
         .source = "Ravaut and Gorti 2018, eq. 5-8 and 19-21"},
        {field("alpha", &F::alpha, positive, "the rate of the rate: rate^2 / loss is its unit"),
         choice<F, F::Derivative>("derivative", &F::derivative,
                                  {{"successive", F::Derivative::successive},
                                   {"exact", F::Derivative::exact},
                                   {"differences", F::Derivative::differences}},
                                  "f' from the next step's gradient, from the graph, or from two losses"),
         field("epsilon", &F::epsilon, positive, "differences: how far off the losses are taken"),
         field("momentum", &F::momentum, below_one, "of the rate's changes"),
         field("floor", &F::floor, non_negative, "the rate is never below it"), judged_by_field<F>()},
        maker_of(make_first_order_rate));
    using L = FiveLosses;
    catalog.add<L>(
        {.name = "five-losses",
         .summary = "a rate that Newton's method moves, with derivatives from five losses; as published",
         .formula = "f(eta) = loss after the step at rate eta;  e = epsilon\n"
                    "n = f(eta+e) - f(eta-e);  c = f(eta+2e) + f(eta-2e) - 2 f(eta), + delta where |c| <= "
                    "near_zero\n"
                    "d <- momentum d - 2 e n / c;  eta <- max(eta + d, floor), for the next step",
         .source = "Ravaut and Gorti 2018, eq. 9-21"},
        {field("epsilon", &L::epsilon, positive, "how far off the losses are taken"),
         field("near_zero", &L::near_zero, non_negative, "c is about 0 up to here"),
         field("delta", &L::delta, non_negative, "is added to such a c"),
         field("floor", &L::floor, non_negative, "the rate is never below it"),
         field("momentum", &L::momentum, below_one, "of the rate's changes"), judged_by_field<L>()},
        maker_of(make_five_losses));
    using E = ExactNewton;
    catalog.add<E>(
        {.name = "exact-newton",
         .summary = "the minimiser along the step, by exact derivatives, in the step itself",
         .formula =
             "f(eta) = loss after the step at rate eta\n"
             "at zero: eta = -share f'(0) / f''(0);  at current: eta <- eta - share f'(eta) / f''(eta)\n"
             "kept where no minimiser lies ahead; within a factor `growth` of the last one",
         .source = "ours, after Ravaut and Gorti 2018, section 3.2"},
        {choice<E, E::At>("at", &E::at, {{"zero", E::At::zero}, {"current", E::At::current}},
                          "where f' and f'' are taken"),
         choice<E, E::Second>("curvature", &E::curvature,
                              {{"exact", E::Second::exact}, {"gauss-newton", E::Second::gauss_newton}},
                              "f'', or that of the Gauss-Newton matrix, which is never negative"),
         field("share", &E::share, positive, "of the way to the minimiser"),
         field("memory", &E::memory, below_one, "at zero: of the means of f' and f''; 0: the batch alone"),
         choice<E, E::Slope>(
             "slope", &E::slope, {{"own", E::Slope::own}, {"independent", E::Slope::independent}},
             "f' on the batch of the step, or on the next one, which the direction was not fitted to"),
         field("noise", &E::noise, non_negative,
               "standard errors that the mean slope has to be below 0, else the rate decays; 0: do not ask"),
         field("decay", &E::decay, inside_unit, "by which it decays then"),
         field("growth", &E::growth, above_one, "most that a rate changes by from one step to the next"),
         choice<E, E::Applied>("applied", &E::applied, {{"now", E::Applied::now}, {"next", E::Applied::next}},
                               "to the step that it was found on, or to the next one, as published"),
         judged_by_field<E>()},
        maker_of(make_exact_newton));
}

/// A number within a range, or the word that stands for none.
template <class T>
Field<T> optional_field(const std::string& name, std::optional<double> T::*member, const std::string& word,
                        const Range& range, const std::string& meaning) {
    return {name, range.text() + ", or " + word, meaning,
            [member, word](const T& t) { return t.*member ? format_number(*(t.*member)) : word; },
            [member, word, range](T& t, const std::string& what, const std::string& text) {
                t.*member = std::nullopt;
                if (text != word) t.*member = parse_number(what, text, range);
            }};
}

void add_hypergradient(Catalog<RatePolicyMaker>& catalog) {
    using H = Hypergradient;
    catalog.add<H>(
        {.name = "hypergradient",
         .summary = "descends along the derivative of the loss by the rate of the step before",
         .formula = "h = g' b, with b = d theta / d eta of the step before: -g of then for sgd\n"
                    "form=additive:       eta <- eta - beta h\n"
                    "form=multiplicative: eta <- eta (1 - beta h / (||g|| ||b||))\n"
                    "before the step in hand; sgd: SGD-HD, nesterov:form=pytorch: SGDN-HD, adam: Adam-HD",
         .source = "Baydin, Cornish, Martinez Rubio, Schmidt and Wood 2018"},
        {field("beta", &H::beta, positive,
               "rate of the rate; additive: in its units, for adam about a ten-thousandth of what sgd likes; "
               "multiplicative: the largest change of a step as a share of the rate"),
         choice<H, H::Form>("form", &H::form,
                            {{"additive", H::Form::additive}, {"multiplicative", H::Form::multiplicative}},
                            "additive as in the algorithms of the paper; multiplicative knows no units"),
         optional_field("start", &H::start, "auto", non_negative,
                        "the rate of the first step; auto: the optimizer's; additive may begin at 0"),
         optional_field("minimum", &H::minimum, "none", non_negative,
                        "what the rate may not fall below; none: it may become negative, as in the paper")},
        maker_of(make_hypergradient));
}

Catalog<RatePolicyMaker> policy_catalog() {
    Catalog<RatePolicyMaker> catalog("rate");
    catalog.add<ConstantRate>({.name = "constant",
                               .summary = "the optimizer's own learning rate, times the schedule",
                               .formula = "eta",
                               .source = "the default"},
                              {}, [](ConstantRate) { return RatePolicyMaker{}; });
    catalog.add<Plateau>(
        {.name = "plateau",
         .summary = "lowers the rate when a metric has stopped improving; the schedule still multiplies it",
         .formula =
             "after `patience` epochs in a row whose metric is not better than the best by more than the\n"
             "threshold (absolute), or threshold |best| (relative): eta <- max(factor eta, minimum), and\n"
             "`cooldown` epochs are not counted. PyTorch's waits for one epoch more than `patience`",
         .source = "Keras, ReduceLROnPlateau (Chollet and others 2015)"},
        {field("monitor", &Plateau::monitor, "a metric",
               "validation_loss, validation_accuracy, train_loss or train_accuracy"),
         field("factor", &Plateau::factor, inside_unit, "by which the rate is multiplied"),
         field("patience", &Plateau::patience, at_least_one, "epochs in a row without an improvement"),
         field("cooldown", &Plateau::cooldown, non_negative, "epochs after a change that are not counted"),
         field("minimum", &Plateau::minimum, non_negative,
               "the rate is not lowered below it; where it begins there or below, never"),
         field("threshold", &Plateau::threshold, non_negative, "what an improvement is more than"),
         choice<Plateau, Plateau::Threshold>(
             "threshold_mode", &Plateau::threshold_mode,
             {{"absolute", Plateau::Threshold::absolute}, {"relative", Plateau::Threshold::relative}},
             "absolute, or a share of the size of the best value")},
        [](Plateau plateau) -> RatePolicyMaker {
            return [plateau](double base_rate) { return make_plateau(plateau, base_rate); };
        });
    add_learned(catalog);
    add_hypergradient(catalog);
    return catalog;
}

}  // namespace

const Catalog<RatePolicyMaker>& rate_policies() {
    static const auto catalog = policy_catalog();
    return catalog;
}

}  // namespace ravine
