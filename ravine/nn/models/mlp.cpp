#include "ravine/nn/layers.hpp"
#include "ravine/nn/model.hpp"

namespace ravine {
namespace {

struct Mlp {
    std::vector<int64_t> hidden{100, 100};
    std::string activation = "relu";
    double dropout = 0;
    bool batch_norm = false;
    bool bias = true;
};

Value build(const Mlp& mlp, Builder& b, Value x, int64_t outputs) {
    const Activation activation = activations().make(Spec::parse(mlp.activation));
    const Initializer weights = activation.is_rectifier ? he_initializer() : glorot_initializer();
    Sequential net(b, flatten(x));
    for (const int64_t units : mlp.hidden) {
        // A bias before batch normalisation would be subtracted again with the mean.
        net.dense(units * activation.pieces, {.bias = mlp.bias && !mlp.batch_norm, .weights = weights});
        if (mlp.batch_norm) net.batch_norm();
        net.activation(activation);
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
         .formula = "h_0 = x, h_i = dropout(activation(batch_norm(W_i h_(i-1) + b_i))), z = W h + b;\n"
                    "batch_norm and dropout where asked for, b_i where no batch_norm follows",
         .source = "Rumelhart, Hinton and Williams 1986"},
        {field("hidden", &Mlp::hidden, Range{1, 1e6}, "units of each hidden layer: 300-100"),
         field("activation", &Mlp::activation, "an activation (`ravine list activations`)",
               "after each hidden layer"),
         field("dropout", &Mlp::dropout, below_one, "probability to drop a hidden unit"),
         field("batch_norm", &Mlp::batch_norm, "batch normalisation before each activation"),
         field("bias", &Mlp::bias, "with constant terms")},
        [](Mlp mlp) {
            activations().make(
                Spec::parse(mlp.activation));  // an unknown name is reported here, not in mid-build
            return Model{[mlp](Builder& b, Value x, int64_t outputs) { return build(mlp, b, x, outputs); }};
        });
}

}  // namespace ravine
