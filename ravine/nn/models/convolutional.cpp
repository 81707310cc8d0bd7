#include <algorithm>

#include "ravine/core/error.hpp"
#include "ravine/nn/layers.hpp"
#include "ravine/nn/model.hpp"

namespace ravine {
namespace {

struct Cnn {
    std::vector<int64_t> channels{32, 64, 128};
    int64_t hidden = 256;
    double dropout = 0;
    std::string normalization = "none";
    bool weight_standardization = false;
};

struct Lenet {
    double dropout = 0;
    std::string normalization = "none";
    bool weight_standardization = false;
};

Value build(const Cnn& cnn, Builder& b, Value x, int64_t outputs) {
    // Each pooling halves the image, rounding down; no image is large enough for 63 of them.
    require_images(x, "cnn", int64_t{1} << std::min<size_t>(cnn.channels.size() - 1, 62));
    const NormalizationLayer normalization = normalizations().make(Spec::parse(cnn.normalization));
    Sequential net(b, x);
    for (size_t i = 0; i < cnn.channels.size(); ++i) {
        net.convolution(
            cnn.channels[i],
            {.padding = 1, .bias = !normalization.cancels_bias, .standardized = cnn.weight_standardization});
        net.normalization(normalization);
        if (i + 1 < cnn.channels.size()) net.max_pool();  // before relu: the same, of fewer numbers
        net.relu();
    }
    net.flatten();
    net.dense(cnn.hidden, {.weights = he_initializer()}).relu();
    if (cnn.dropout > 0) net.dropout(cnn.dropout);
    return net.dense(outputs).output();
}

Value build(const Lenet& lenet, Builder& b, Value x, int64_t outputs) {
    require_images(x, "lenet", 28);
    const int64_t padding =
        x.shape()[1] < 32 ? 2 : 0;  // 28x28 images are padded to 32x32, as LeCun et al. did
    const NormalizationLayer normalization = normalizations().make(Spec::parse(lenet.normalization));
    Sequential net(b, x);
    for (const int64_t channels : {6, 16}) {
        net.convolution(channels, {.kernel = 5,
                                   .padding = channels == 6 ? padding : 0,
                                   .bias = !normalization.cancels_bias,
                                   .standardized = lenet.weight_standardization});
        net.normalization(normalization).max_pool().relu();
    }
    net.flatten();
    for (const int64_t units : {120, 84}) {
        net.dense(units, {.weights = he_initializer()}).relu();
        if (lenet.dropout > 0) net.dropout(lenet.dropout);
    }
    return net.dense(outputs).output();
}

template <class T>
Field<T> normalization_field() {
    return field("normalization", &T::normalization, "a normalization (`ravine list normalizations`)",
                 "after each convolution");
}

template <class T>
Field<T> standardization_field() {
    return field("weight_standardization", &T::weight_standardization,
                 "standardised kernels in the convolutions");
}

}  // namespace

void add_convolutional_models(Catalog<Model>& catalog) {
    catalog.add<Cnn>(
        {.name = "cnn",
         .summary = "3x3 convolutions with ReLU, 2x2 max-pooling between them, then two dense layers; the "
                    "defaults are the 3-conv net for MNIST",
         .formula = "(conv 3x3, normalization, max-pool 2x2, relu) ... conv 3x3, normalization, relu,\n"
                    "dense, relu, dropout, dense; normalization and dropout where asked for",
         .source = "LeCun, Bottou, Bengio and Haffner 1998"},
        {field("channels", &Cnn::channels, Range{1, 65536}, "channels of each convolution: 32-64-128"),
         field("hidden", &Cnn::hidden, Range{1, 1e6}, "units of the first dense layer"),
         field("dropout", &Cnn::dropout, below_one, "probability to drop a unit of that layer"),
         normalization_field<Cnn>(), standardization_field<Cnn>()},
        [](Cnn cnn) {
            normalizations().make(Spec::parse(cnn.normalization));
            return Model{[cnn](Builder& b, Value x, int64_t outputs) { return build(cnn, b, x, outputs); }};
        });
    catalog.add<Lenet>(
        {.name = "lenet",
         .summary = "LeNet-5 with ReLU and max-pooling; images of less than 32x32 get a border of 2",
         .formula = "conv 6@5x5, normalization, max-pool 2x2, relu, conv 16@5x5, normalization, "
                    "max-pool 2x2, relu,\n"
                    "dense 120, relu, dropout, dense 84, relu, dropout, dense;\n"
                    "normalization and dropout where asked for",
         .source = "LeCun, Bottou, Bengio and Haffner 1998"},
        {field("dropout", &Lenet::dropout, below_one,
               "probability to drop a unit of the first two dense layers"),
         normalization_field<Lenet>(), standardization_field<Lenet>()},
        [](Lenet lenet) {
            normalizations().make(Spec::parse(lenet.normalization));
            return Model{
                [lenet](Builder& b, Value x, int64_t outputs) { return build(lenet, b, x, outputs); }};
        });
}

}  // namespace ravine
