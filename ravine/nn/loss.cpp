#include "ravine/nn/loss.hpp"

#include <cmath>
#include <numbers>

#include "ravine/core/error.hpp"
#include "ravine/graph/ops.hpp"

namespace ravine {
namespace {

struct NothingToSet {};

struct Hinge {
    double margin = 1;
};

struct SquaredError {
    enum class On { outputs, probabilities } on = On::outputs;
};

struct GaussianLoss {
    double largest_precision = 1e6;
};

Value row_sum(Value x) { return sum_to(x, {x.shape()[0], 1}); }

Value row_mean(Value x) { return row_sum(x) / static_cast<double>(x.shape()[1]); }

/// For a single output of a two-class problem the target is the share of class 1.
Value targets_for(Value outputs, Value targets) {
    if (outputs.shape() == targets.shape()) return targets;
    require(outputs.shape()[1] == 1 && targets.shape()[1] == 2, "outputs {} and targets {}",
            to_string(outputs.shape()), to_string(targets.shape()));
    return slice(targets, {0, 1}, outputs.shape());
}

/// The logistic loss of one event: -t log p - (1 - t) log(1 - p), p = sigmoid(z). Both parts are sums of what
/// is never negative, so that none of softplus(z) - t z = softplus(-z) + (1 - t) z is lost where z and t
/// agree: for t = 1 the first, for t = 0 the second cancels.
Value event_loss(Value z, Value t) { return t * softplus(-z) + (1 - t) * softplus(z); }

/// x where it is at least 0, and 0 where rounding has taken it below; the derivatives are those of x.
Value not_below_zero(Value x) { return x + stop_gradient(relu(-x)); }

/// t log t, with 0 log 0 = 0.
Value log_moment(Value t) {
    const Value positive = greater(t, constant_like(t, 0));
    const Value inside = select(positive, t, constant_like(t, 1));  // log 1 = 0
    return inside * log(inside);
}

Catalog<Loss> loss_catalog() {
    Catalog<Loss> catalog("loss");
    catalog.add<NothingToSet>(
        {.name = "cross-entropy",
         .summary = "cross-entropy of the softmax of the outputs; targets may be any distributions",
         .formula = "-sum_c t_c log softmax(z)_c",
         .source = "Goodfellow, Bengio and Courville 2016, section 6.2.2.3"},
        {}, [](NothingToSet) {
            return Loss{[](Builder&, Value z, Value t) { return softmax_cross_entropy(z, t); },
                        Prediction::softmax};
        });
    catalog.add<NothingToSet>(
        {.name = "kl",
         .summary = "Kullback-Leibler divergence from the softmax to the targets: cross-entropy less "
                    "the targets' entropy, so that its minimum is 0",
         .formula = "sum_c t_c (log t_c - log softmax(z)_c)",
         .source = "Kullback and Leibler 1951"},
        {}, [](NothingToSet) {
            return Loss{[](Builder&, Value z, Value t) {
                            return not_below_zero(softmax_cross_entropy(z, t) + row_sum(log_moment(t)));
                        },
                        Prediction::softmax, Divergence::kullback_leibler};
        });
    catalog.add<SquaredError>(
        {.name = "squared-error",
         .summary = "squared error of the outputs or of their softmax, the mean over the k outputs",
         .formula = "(1/k) sum_j (z_j - t_j)^2, or (1/k) sum_j (softmax(z)_j - t_j)^2",
         .source = "Gauss 1809"},
        {choice("on", &SquaredError::on,
                {{"outputs", SquaredError::On::outputs}, {"probabilities", SquaredError::On::probabilities}},
                "what is compared with the targets")},
        [](SquaredError s) {
            const bool probabilities = s.on == SquaredError::On::probabilities;
            Loss loss{[](Builder&, Value z, Value t) { return row_mean(square(z - targets_for(z, t))); },
                      probabilities ? Prediction::softmax : Prediction::values, Divergence::squared_error};
            if (probabilities) loss.compared = softmax;
            return loss;
        });
    catalog.add<Hinge>(
        {.name = "hinge",
         .summary = "multi-class hinge loss: a linear support vector machine with model linear and --l2",
         .formula = "max_j (z_j + margin (1 - t_j)) - sum_j t_j z_j;\n"
                    "with one output max(0, margin - y z), y = 2 t - 1",
         .source = "Crammer and Singer 2001"},
        {field("margin", &Hinge::margin, positive, "by which the right class should win")}, [](Hinge h) {
            return Loss{[margin = h.margin](Builder&, Value z, Value targets) {
                            const Value t = targets_for(z, targets);
                            if (z.shape()[1] == 1) return relu(margin - (2 * t - 1) * z);
                            const Value best = max_to(z + margin * (1 - t), {z.shape()[0], 1});
                            return best - row_sum(t * z);
                        },
                        Prediction::scores};
        });
    catalog.add<NothingToSet>(
        {.name = "logistic",
         .summary = "logistic loss of independent events; one output for two classes, or one a class",
         .formula = "(1/k) sum_j t_j softplus(-z_j) + (1 - t_j) softplus(z_j)",
         .source = "Cox 1958"},
        {}, [](NothingToSet) {
            return Loss{[](Builder&, Value z, Value targets) {
                            return row_mean(event_loss(z, targets_for(z, targets)));
                        },
                        Prediction::sigmoid};
        });
    catalog.add<NothingToSet>(
        {.name = "binary-kl",
         .summary = "Kullback-Leibler divergence of independent events: the logistic loss less the targets' "
                    "entropy, so that its minimum is 0",
         .formula = "(1/k) sum_j t_j log(t_j / p_j) + (1 - t_j) log((1 - t_j) / (1 - p_j)), p = sigmoid(z)",
         .source = "Kullback and Leibler 1951"},
        {}, [](NothingToSet) {
            return Loss{
                [](Builder&, Value z, Value targets) {
                    const Value t = targets_for(z, targets);
                    return row_mean(not_below_zero(event_loss(z, t) + log_moment(t) + log_moment(1 - t)));
                },
                Prediction::sigmoid, Divergence::binary_kullback_leibler};
        });
    catalog.add<GaussianLoss>(
        {.name = "gaussian",
         .summary =
             "negative log likelihood of a normal distribution whose precision beta is learned: s is the "
             "parameter loss.log_precision, 0 at first. It may be negative",
         .formula = "(1/k) sum_j (beta (z_j - t_j)^2 - log beta + log 2 pi) / 2,\n"
                    "beta = 1 / (exp(-s) + 1 / largest_precision)",
         .source =
             "Goodfellow, Bengio and Courville 2016, sections 6.2.2.1 and 8.4 (the precision starts at 1)"},
        {field("largest_precision", &GaussianLoss::largest_precision, positive,
               "bound of beta: without one the likelihood grows without limit")},
        [](GaussianLoss g) {
            return Loss{[bound = g.largest_precision](Builder& b, Value z, Value targets) {
                            const Value s =
                                b.undecayed_parameter("log_precision", {1}, constant_initializer(0));
                            // log beta = -log(exp(-s) + 1 / bound), without overflow for any s.
                            const double most = std::log(bound);
                            const Value log_beta = most - softplus(most - s);
                            const Value error = square(z - targets_for(z, targets));
                            return row_mean(
                                0.5 * (exp(log_beta) * error - log_beta + std::log(2 * std::numbers::pi)));
                        },
                        Prediction::values};
        });
    return catalog;
}

}  // namespace

const Catalog<Loss>& losses() {
    static const auto catalog = loss_catalog();
    return catalog;
}

}  // namespace ravine
