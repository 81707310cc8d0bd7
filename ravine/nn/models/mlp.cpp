#include "ravine/nn/layers.hpp"
#include "ravine/nn/model.hpp"

namespace ravine {
namespace {

struct Mlp {
    std::vector<int64_t> hidden{100, 100};
    std::string activation = "relu";
    double dropout = 0;
    std::string normalization = "none";
    bool weight_standardization = false;
    bool bias = true;
};

Value build(const Mlp& mlp, Builder& b, Value x, int64_t outputs) {
    const Activation activation = activations().make(Spec::parse(mlp.activation));
    const Initializer weights = activation.is_rectifier ? he_initializer() : glorot_initializer();
    const NormalizationLayer normalization = normalizations().make(Spec::parse(mlp.normalization));
    Sequential net(b, flatten(x));
    for (const int64_t units : mlp.hidden) {
        net.dense(units * activation.pieces, {.bias = mlp.bias && !normalization.cancels_bias,
                                              .weights = weights,
                                              .standardized = mlp.weight_standardization});
        net.normalization(normalization).activation(activation);
        if (mlp.dropout > 0) net.dropout(mlp.dropout);
    }
    return net.dense(outputs, {.bias = mlp.bias}).output();
}

}  // namespace

void add_mlp(Catalog<Model>& catalog) {
    catalog.add<Mlp>(
        {.name = "mlp",
         .summary = "fully connected net: hidden layers of the given widths, then a linear layer; images are "
                    "flattened",
         .formula = "h_0 = x, h_i = dropout(activation(normalization(W_i h_(i-1) + b_i))), z = W h + b;\n"
                    "normalization and dropout where asked for, no b_i before batch normalisation",
         .source = "Rumelhart, Hinton and Williams 1986"},
        {field("hidden", &Mlp::hidden, Range{1, 1e6}, "units of each hidden layer: 300-100"),
         field("activation", &Mlp::activation, "an activation (`ravine list activations`)",
               "after each hidden layer"),
         field("dropout", &Mlp::dropout, below_one, "probability to drop a hidden unit"),
         field("normalization", &Mlp::normalization, "a normalization (`ravine list normalizations`)",
               "before each activation"),
         field("weight_standardization", &Mlp::weight_standardization,
               "standardised weights in the hidden layers"),
         field("bias", &Mlp::bias, "with constant terms")},
        [](Mlp mlp) {
            // Unknown names are reported here, not in mid-build.
            activations().make(Spec::parse(mlp.activation));
            normalizations().make(Spec::parse(mlp.normalization));
            return Model{[mlp](Builder& b, Value x, int64_t outputs) { return build(mlp, b, x, outputs); }};
        });
}

}  // namespace ravine
