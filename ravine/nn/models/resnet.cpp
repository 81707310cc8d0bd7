#include "ravine/core/error.hpp"
#include "ravine/nn/layers.hpp"
#include "ravine/nn/model.hpp"

namespace ravine {
namespace {

struct Resnet18 {
    int64_t width = 64;
    bool shortcuts = true;
};

/// relu(bn(conv(relu(bn(conv(x))))) + x), with a 1x1 convolution on the shortcut where the shape changes.
Value block(Builder& b, Value x, int64_t channels, int64_t stride, bool shortcuts) {
    const auto unit = [&](Value in, int number, int64_t step) {
        Value y;
        {
            const Builder::Scope scope(b, "c" + std::to_string(number));
            y = convolution(b, in, channels, {.kernel = 3, .stride = step, .padding = 1, .bias = false});
        }
        const Builder::Scope scope(b, "b" + std::to_string(number));
        return batch_norm(b, y);
    };
    const Value y = unit(relu(unit(x, 1, stride)), 2, 1);
    if (!shortcuts) return relu(y);
    if (stride == 1 && x.shape()[3] == channels) return relu(y + x);
    const Builder::Scope scope(b, "s");
    const Value shortcut = Sequential(b, x)
                               .convolution(channels, {.kernel = 1, .stride = stride, .bias = false})
                               .batch_norm()
                               .output();
    return relu(y + shortcut);
}

Value build(const Resnet18& resnet, Builder& b, Value x, int64_t outputs) {
    require_images(x, "resnet18", 1);
    Sequential net(b, x);
    net.convolution(resnet.width, {.padding = 1, .bias = false}).batch_norm().relu();
    for (int stage = 0; stage < 4; ++stage) {
        for (int i = 0; i < 2; ++i) {
            net.layer([&](Builder& builder, Value in) {
                return block(builder, in, resnet.width << stage, stage > 0 && i == 0 ? 2 : 1,
                             resnet.shortcuts);
            });
        }
    }
    return net.global_average_pool().flatten().dense(outputs).output();
}

}  // namespace

void add_resnet(Catalog<Model>& catalog) {
    catalog.add<Resnet18>(
        {.name = "resnet18",
         .summary = "residual net of 18 layers for small images: a 3x3 stem and no early pooling",
         .formula = "conv 3x3, bn, relu, 8 blocks, global average, dense;\n"
                    "block: y = relu(bn(conv(relu(bn(conv(x))))) + shortcut(x));\n"
                    "two blocks at each of 1, 2, 4 and 8 times width channels;\n"
                    "shortcut(x) = x, or bn(conv 1x1(x)) where the shape changes",
         .source = "He, Zhang, Ren and Sun 2016"},
        {field("width", &Resnet18::width, Range{1, 4096}, "channels of the first stage"),
         field("shortcuts", &Resnet18::shortcuts,
               "with the shortcuts; false leaves a plain net of the same layers")},
        [](Resnet18 resnet) {
            return Model{
                [resnet](Builder& b, Value x, int64_t outputs) { return build(resnet, b, x, outputs); }};
        });
}

}  // namespace ravine
