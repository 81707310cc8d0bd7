#include "ravine/nn/described/layer.hpp"

#include "ravine/core/error.hpp"
#include "ravine/nn/activation.hpp"
#include "ravine/nn/layers.hpp"

namespace ravine {
namespace {

struct None {};

struct DenseLayer {
    int64_t units = 0;
    bool bias = true;
    std::string initializer;
    bool weight_standardization = false;
};

struct ConvolutionLayer {
    int64_t channels = 32, kernel = 3, stride = 1, padding = 0;
    bool bias = true;
    std::string initializer;
    bool weight_standardization = false;
};

struct PoolLayer {
    int64_t kernel = 2, stride = 0, padding = 0;
};

struct DropoutLayer {
    double rate = 0.5;
};

/// The shape of one example.
std::string example_text(Value x) { return to_string(Shape(x.shape().begin() + 1, x.shape().end())); }

void require_table(Value x) {
    if (x.shape().size() != 2)
        fail_request("expected [features], found {}; a layer flatten or global-average-pool before it helps",
                     example_text(x));
}

/// Images that, with the padding, hold a window.
void require_images_of(Value x, int64_t kernel, int64_t padding) {
    const Shape& s = x.shape();
    if (s.size() != 4) fail_request("expected [height, width, channels], found {}", example_text(x));
    const int64_t smallest = kernel - 2 * padding;
    if (s[1] < smallest || s[2] < smallest)
        fail_request("expected at least {} x {}, found {}", smallest, smallest, example_text(x));
}

/// A layer of one input.
Layer simple(std::function<Value(Builder&, Value, const LayerSetting&)> build) {
    return {.build = [build = std::move(build)](Builder& b, const std::vector<Value>& inputs,
                                                const LayerSetting& setting) {
        return build(b, inputs.at(0), setting);
    }};
}

Initializer initializer_of(const std::string& name, const LayerSetting& setting) {
    if (!name.empty()) return initializers().make(Spec::parse(name)).weights;
    return setting.before_rectifier ? he_initializer() : glorot_initializer();
}

void check_initializer(const std::string& name) {
    if (!name.empty()) initializers().make(Spec::parse(name));
}

Layer make_dense(const DenseLayer& l) {
    check_initializer(l.initializer);
    return simple([l](Builder& b, Value x, const LayerSetting& setting) {
        require_table(x);
        return dense(b, x, l.units > 0 ? l.units : setting.outputs,
                     {.bias = l.bias,
                      .weights = initializer_of(l.initializer, setting),
                      .standardized = l.weight_standardization});
    });
}

Layer make_convolution(const ConvolutionLayer& l) {
    check_initializer(l.initializer);
    return simple([l](Builder& b, Value x, const LayerSetting& setting) {
        require_images_of(x, l.kernel, l.padding);
        ConvolutionOptions options{.kernel = l.kernel,
                                   .stride = l.stride,
                                   .padding = l.padding,
                                   .bias = l.bias,
                                   .standardized = l.weight_standardization};
        if (!l.initializer.empty()) options.weights = initializer_of(l.initializer, setting);
        return convolution(b, x, l.channels, options);
    });
}

template <class Pool>
Layer make_pool(const PoolLayer& l, Pool pool) {
    if (2 * l.padding > l.kernel)
        fail_request("padding: expected at most half the kernel of {}, found {}", l.kernel, l.padding);
    return simple([l, pool](Builder&, Value x, const LayerSetting&) {
        require_images_of(x, l.kernel, l.padding);
        return pool(
            x, PoolGeometry{
                   .kernel = l.kernel, .stride = l.stride > 0 ? l.stride : l.kernel, .padding = l.padding});
    });
}

std::vector<Field<PoolLayer>> pool_fields() {
    return {field("kernel", &PoolLayer::kernel, Range{1, 4096}, "height and width of a window"),
            field("stride", &PoolLayer::stride, Range{0, 4096}, "from window to window; 0: as the kernel"),
            field("padding", &PoolLayer::padding, Range{0, 4096}, "rows and columns around the image")};
}

template <class T>
Field<T> initializer_field() {
    return field(
        "initializer", &T::initializer, "an initializer (`ravine list initializers`)",
        "of the weights; empty: He normal before a rectifier and for convolutions, else Glorot uniform");
}

template <class T>
Field<T> standardized_field() {
    return field("weight_standardization", &T::weight_standardization,
                 "mean 0 and variance 1 over the weights of each output");
}

Value add(const std::vector<Value>& inputs) {
    Value total = inputs.at(0);
    for (size_t i = 1; i < inputs.size(); ++i) {
        if (inputs[i].shape() != total.shape())
            fail_request("expected inputs of one shape, found {} and {}", example_text(total),
                         example_text(inputs[i]));
        total = total + inputs[i];
    }
    return total;
}

Value join(const std::vector<Value>& inputs) {
    const size_t last = inputs.at(0).shape().size() - 1;
    for (const Value x : inputs) {
        const Shape& first = inputs[0].shape();
        if (x.shape().size() != last + 1 ||
            !std::equal(x.shape().begin(), x.shape().end() - 1, first.begin(), first.end() - 1))
            fail_request("expected inputs that differ in the last axis alone, found {} and {}",
                         example_text(inputs[0]), example_text(x));
    }
    return concatenate(inputs, last);
}

Catalog<Layer> make_layers() {
    Catalog<Layer> catalog("layer");
    catalog.add<DenseLayer>(
        {.name = "dense",
         .summary = "fully connected; without units it is the output layer of whatever data set there is",
         .formula = "y = W x + b",
         .source = "Rumelhart, Hinton and Williams 1986"},
        {field("units", &DenseLayer::units, Range{0, 1e6}, "outputs; 0: as many as the data set asks for"),
         field("bias", &DenseLayer::bias, "with a constant term"), initializer_field<DenseLayer>(),
         standardized_field<DenseLayer>()},
        make_dense);
    catalog.add<ConvolutionLayer>(
        {.name = "convolution",
         .summary = "square kernels over an image (cross-correlation, as everywhere)",
         .formula = "y[i, j, o] = b_o + sum x[i s + a - p, j s + b - p, c] w[o, c, a, b]",
         .source = "LeCun, Bottou, Bengio and Haffner 1998"},
        {field("channels", &ConvolutionLayer::channels, Range{1, 65536}, "of the result"),
         field("kernel", &ConvolutionLayer::kernel, Range{1, 4096}, "height and width of a kernel"),
         field("stride", &ConvolutionLayer::stride, Range{1, 4096}, "step s from place to place"),
         field("padding", &ConvolutionLayer::padding, Range{0, 4096}, "p zeros around the image"),
         field("bias", &ConvolutionLayer::bias, "with a constant for each channel"),
         initializer_field<ConvolutionLayer>(), standardized_field<ConvolutionLayer>()},
        make_convolution);
    catalog.add<PoolLayer>({.name = "max-pool",
                            .summary = "the maximum of each window",
                            .formula = "y[i, j, c] = max x[i s + a - p, j s + b - p, c]",
                            .source = "Zhou and Chellappa 1988"},
                           pool_fields(), [](PoolLayer l) { return make_pool(l, max_pool); });
    catalog.add<PoolLayer>({.name = "average-pool",
                            .summary = "the mean of each window, padding counted as zeros",
                            .formula = "y[i, j, c] = mean x[i s + a - p, j s + b - p, c]",
                            .source = "LeCun, Bottou, Bengio and Haffner 1998"},
                           pool_fields(), [](PoolLayer l) { return make_pool(l, average_pool); });
    catalog.add<None>({.name = "global-average-pool",
                       .summary = "the mean of each channel: from images to a table",
                       .formula = "y_c = mean_ij x[i, j, c]",
                       .source = "Lin, Chen and Yan 2014"},
                      {}, [](None) {
                          return simple([](Builder&, Value x, const LayerSetting&) {
                              require_images_of(x, 1, 0);
                              return global_average_pool(x);
                          });
                      });
    catalog.add<None>(
        {.name = "flatten",
         .summary = "from images to a table, channel after channel as PyTorch does it",
         .formula = "y_((c h + i) w + j) = x[i, j, c]",
         .source = "LeCun, Bottou, Bengio and Haffner 1998"},
        {}, [](None) { return simple([](Builder&, Value x, const LayerSetting&) { return flatten(x); }); });
    catalog.add<DropoutLayer>(
        {.name = "dropout",
         .summary = "drops units at random in training; the identity in evaluation",
         .formula = "y = 0 with probability rate, else x / (1 - rate)",
         .source = "Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov 2014"},
        {field("rate", &DropoutLayer::rate, below_one, "probability to drop a unit")}, [](DropoutLayer l) {
            Layer layer =
                simple([l](Builder& b, Value x, const LayerSetting&) { return dropout(b, x, l.rate); });
            layer.keeps_features = true;
            return layer;
        });
    catalog.add<None>(
        {.name = "add",
         .summary = "the sum of the layer before and the layers named in from: a skip connection",
         .formula = "y = x + x_from",
         .source = "He, Zhang, Ren and Sun 2016, equation 1"},
        {}, [](None) {
            return Layer{.build = [](Builder&, const std::vector<Value>& inputs,
                                     const LayerSetting&) { return add(inputs); },
                         .joins = true};
        });
    catalog.add<None>(
        {.name = "concatenate",
         .summary = "the features or channels of the layer before, then those of the layers in from",
         .formula = "y = [x, x_from]",
         .source = "Szegedy et al. 2015; Huang, Liu, van der Maaten and Weinberger 2017"},
        {}, [](None) {
            return Layer{.build = [](Builder&, const std::vector<Value>& inputs,
                                     const LayerSetting&) { return join(inputs); },
                         .joins = true};
        });
    return catalog;
}

constexpr const char* norm_suffix = "-norm";

}  // namespace

const Catalog<Layer>& layers() {
    static const auto catalog = make_layers();
    return catalog;
}

Layer make_layer(const Spec& spec) {
    if (layers().contains(spec.name)) return layers().make(spec);
    if (activations().contains(spec.name)) {
        const Activation activation = activations().make(spec);
        Layer layer = simple([activation](Builder& b, Value x, const LayerSetting&) {
            const int64_t features = x.shape().back();
            if (features % activation.pieces != 0)
                fail_request("expected a number of features that {} divides, found {}", activation.pieces,
                             features);
            return activation.apply(b, x);
        });
        layer.is_rectifier = activation.is_rectifier;
        return layer;
    }
    std::vector<std::string> names;
    for (const auto& entry : normalizations().entries()) {
        const std::string name = entry.name + norm_suffix;
        if (entry.name == "none") continue;
        if (spec.name == name) {
            const NormalizationLayer normalization =
                normalizations().make({.name = entry.name, .settings = spec.settings});
            Layer layer = simple([normalization](Builder& b, Value x, const LayerSetting&) {
                return normalization.apply(b, x);
            });
            layer.keeps_features = true;
            return layer;
        }
        names.push_back(name);
    }
    for (const auto& entry : layers().entries()) names.push_back(entry.name);
    for (const auto& entry : activations().entries()) names.push_back(entry.name);
    fail_request("unknown layer '{}'{} (`ravine list layers` shows all)", spec.name,
                 suggestion(spec.name, names));
}

}  // namespace ravine
