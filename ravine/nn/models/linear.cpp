#include "ravine/nn/layers.hpp"
#include "ravine/nn/model.hpp"

namespace ravine {
namespace {

struct Linear {
    bool bias = true;
};

Value linear(Builder& b, Value x, int64_t outputs, bool bias) {
    return dense(b, flatten(x), outputs, {.bias = bias, .weights = constant_initializer(0)});
}

}  // namespace

void add_linear_models(Catalog<Model>& catalog) {
    const auto bias = field("bias", &Linear::bias, "with a constant term");
    catalog.add<Linear>(
        {.name = "linear",
         .summary = "linear regression; multi-class logistic regression with cross-entropy, a linear "
                    "support vector machine with --loss hinge, ridge regression with --l2. Starts at 0",
         .formula = "z = W x + b",
         .source = "Gauss 1809"},
        {bias}, [](Linear l) {
            return Model{[l](Builder& b, Value x, int64_t outputs) { return linear(b, x, outputs, l.bias); }};
        });
    catalog.add<Linear>(
        {.name = "logistic",
         .summary = "logistic regression for two classes: one output, the log odds of the second class",
         .formula = "P(y = 1 | x) = 1 / (1 + exp(-(w'x + b)))",
         .source = "Cox 1958"},
        {bias}, [](Linear l) {
            return Model{
                .build = [l](Builder& b, Value x, int64_t outputs) { return linear(b, x, outputs, l.bias); },
                .single_output = true,
                .default_loss = "logistic"};
        });
    catalog.add<Linear>(
        {.name = "multiclass-logistic",
         .summary = "multi-class logistic (softmax) regression: the model linear under its own name",
         .formula = "P(y = c | x) = softmax(W x + b)_c",
         .source = "Cox 1966"},
        {bias}, [](Linear l) {
            return Model{[l](Builder& b, Value x, int64_t outputs) { return linear(b, x, outputs, l.bias); }};
        });
}

}  // namespace ravine
