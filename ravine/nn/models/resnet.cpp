#include "ravine/core/error.hpp"
#include "ravine/nn/layers.hpp"
#include "ravine/nn/model.hpp"

namespace ravine {
namespace {

struct Resnet18 {
    int64_t width = 64;
    bool shortcuts = true;
    std::string normalization = "batch";
    bool weight_standardization = false;
    double dropout = 0;
};

/// What the blocks of one net share.
struct Blocks {
    Builder& b;
    NormalizationLayer normalization;
    bool shortcuts, standardized, bias;

    ConvolutionOptions convolution_of(int64_t kernel, int64_t stride) const {
        return {.kernel = kernel,
                .stride = stride,
                .padding = kernel / 2,
                .bias = bias,
                .standardized = standardized};
    }

    /// norm(conv(x)): the layers cNUMBER and bNUMBER.
    Value unit(Value x, int number, int64_t channels, int64_t stride) const {
        Value y;
        {
            const Builder::Scope scope(b, "c" + std::to_string(number));
            y = convolution(b, x, channels, convolution_of(3, stride));
        }
        const Builder::Scope scope(b, "b" + std::to_string(number));
        return normalization.apply(b, y);
    }

    /// relu(norm(conv(relu(norm(conv(x))))) + x), with a 1x1 convolution on the shortcut where the shape
    /// changes.
    Value block(Value x, int64_t channels, int64_t stride) const {
        const Value y = unit(relu(unit(x, 1, channels, stride)), 2, channels, 1);
        if (!shortcuts) return relu(y);
        if (stride == 1 && x.shape()[3] == channels) return relu(y + x);
        const Builder::Scope scope(b, "s");
        const Value shortcut = Sequential(b, x)
                                   .convolution(channels, convolution_of(1, stride))
                                   .normalization(normalization)
                                   .output();
        return relu(y + shortcut);
    }
};

Value build(const Resnet18& resnet, Builder& b, Value x, int64_t outputs) {
    require_images(x, "resnet18", 1);
    const NormalizationLayer normalization = normalizations().make(Spec::parse(resnet.normalization));
    // As He et al. have it, no bias before any normalisation: beta is one.
    const Blocks blocks{b, normalization, resnet.shortcuts, resnet.weight_standardization,
                        normalization.is_identity};
    Sequential net(b, x);
    net.convolution(resnet.width, blocks.convolution_of(3, 1)).normalization(normalization).relu();
    for (int stage = 0; stage < 4; ++stage)
        for (int i = 0; i < 2; ++i)
            net.layer([&](Builder&, Value in) {
                return blocks.block(in, resnet.width << stage, stage > 0 && i == 0 ? 2 : 1);
            });
    net.global_average_pool().flatten();
    if (resnet.dropout > 0) net.dropout(resnet.dropout);
    return net.dense(outputs).output();
}

}  // namespace

void add_resnet(Catalog<Model>& catalog) {
    catalog.add<Resnet18>(
        {.name = "resnet18",
         .summary = "residual net of 18 layers for small images: a 3x3 stem and no early pooling",
         .formula = "conv 3x3, norm, relu, 8 blocks, global average, dropout, dense;\n"
                    "block: y = relu(norm(conv(relu(norm(conv(x))))) + shortcut(x));\n"
                    "two blocks at each of 1, 2, 4 and 8 times width channels;\n"
                    "shortcut(x) = x, or norm(conv 1x1(x)) where the shape changes;\n"
                    "dropout where asked for",
         .source = "He, Zhang, Ren and Sun 2016"},
        {field("width", &Resnet18::width, Range{1, 4096}, "channels of the first stage"),
         field("shortcuts", &Resnet18::shortcuts,
               "with the shortcuts; false leaves a plain net of the same layers"),
         field("normalization", &Resnet18::normalization, "a normalization (`ravine list normalizations`)",
               "after each convolution"),
         field("weight_standardization", &Resnet18::weight_standardization,
               "standardised kernels in the convolutions"),
         field("dropout", &Resnet18::dropout, below_one,
               "probability to drop a channel's average before the dense layer")},
        [](Resnet18 resnet) {
            normalizations().make(Spec::parse(resnet.normalization));
            return Model{
                [resnet](Builder& b, Value x, int64_t outputs) { return build(resnet, b, x, outputs); }};
        });
}

}  // namespace ravine
