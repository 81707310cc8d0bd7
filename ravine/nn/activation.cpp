#include "ravine/nn/activation.hpp"

#include "ravine/core/error.hpp"
#include "ravine/graph/ops.hpp"
#include "ravine/nn/layers.hpp"

namespace ravine {
namespace {

struct NoSettings {};

struct LeakyRelu {
    double slope = 0.01;
};

struct Maxout {
    int64_t pieces = 2;
};

/// Softmax over the last axis of any shape.
Value softmax_last(Value x) {
    const int64_t columns = x.shape().back();
    return reshape(softmax(reshape(x, {element_count(x.shape()) / columns, columns})), x.shape());
}

/// The maximum over groups of `pieces` neighbouring features.
Value maxout(Value x, int64_t pieces) {
    Shape grouped = x.shape(), reduced, result = x.shape();
    require(grouped.back() % pieces == 0, "maxout: {} features in groups of {}", grouped.back(), pieces);
    result.back() /= pieces;
    grouped.back() = result.back();
    reduced = grouped;
    grouped.push_back(pieces);
    reduced.push_back(1);
    return reshape(max_to(reshape(x, grouped), reduced), result);
}

Catalog<Activation> activation_catalog() {
    Catalog<Activation> catalog("activation");
    const auto simple = [&](const char* name, const char* summary, const char* formula, const char* source,
                            Value (*function)(Value), bool is_rectifier) {
        catalog.add<NoSettings>(
            {.name = name, .summary = summary, .formula = formula, .source = source}, {}, [=](NoSettings) {
                return Activation{[function](Builder&, Value x) { return function(x); }, 1, is_rectifier};
            });
    };
    simple(
        "linear", "the identity: no function between layers", "y = x",
        "Goodfellow, Bengio and Courville 2016, section 6.2.2.1", [](Value x) { return x; }, false);
    simple("relu", "rectified linear unit, the usual choice; weights start after He", "y = max(x, 0)",
           "Nair and Hinton 2010", relu, true);
    catalog.add<LeakyRelu>(
        {.name = "leaky-relu",
         .summary = "a ReLU whose gradient is never 0; weights start after He",
         .formula = "y = x for x > 0, else slope x",
         .source = "Maas, Hannun and Ng 2013"},
        {field("slope", &LeakyRelu::slope, below_one, "derivative for x <= 0")}, [](LeakyRelu l) {
            return Activation{[slope = l.slope](Builder&, Value x) { return maximum(slope * x, x); }, 1,
                              true};
        });
    simple("sigmoid", "logistic function, between 0 and 1", "y = 1 / (1 + exp(-x))",
           "Rumelhart, Hinton and Williams 1986", sigmoid, false);
    simple("tanh", "hyperbolic tangent, between -1 and 1", "y = tanh(x)",
           "LeCun, Bottou, Orr and Muller 1998", tanh, false);
    simple("softplus", "a smooth ReLU, for methods that need curvature", "y = log(1 + exp(x))",
           "Dugas et al. 2001", softplus, false);
    simple("softmax", "a distribution over the features", "y_i = exp(x_i) / sum_j exp(x_j)", "Bridle 1990",
           softmax_last, false);
    catalog.add<Maxout>(
        {.name = "maxout",
         .summary = "the maximum of several linear functions; the layer before gets pieces times the units",
         .formula = "y_i = max_j x_(pieces i + j), j = 0 ... pieces - 1",
         .source = "Goodfellow et al. 2013"},
        {field("pieces", &Maxout::pieces, Range{2, 64}, "linear functions a unit")}, [](Maxout m) {
            return Activation{[k = m.pieces](Builder&, Value x) { return maxout(x, k); }, m.pieces, false};
        });
    catalog.add<NoSettings>(
        {.name = "max-plus",
         .summary = "a morphological layer with weights of its own and as many outputs as inputs",
         .formula = "y_j = max_i (x_i + w_ij)",
         .source = "Ritter and Sussner 1996; Zhang, Blusseau, Velasco-Forero, Bloch and Angulo 2019"},
        {}, [](NoSettings) {
            return Activation{[](Builder& b, Value x) { return max_plus(b, x, x.shape().back()); }, 1, false};
        });
    return catalog;
}

}  // namespace

const Catalog<Activation>& activations() {
    static const auto catalog = activation_catalog();
    return catalog;
}

}  // namespace ravine
