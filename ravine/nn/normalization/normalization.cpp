#include "ravine/nn/normalization/normalization.hpp"

#include "ravine/nn/normalization/batch_norm.hpp"
#include "ravine/nn/normalization/group_norm.hpp"
#include "ravine/nn/normalization/instance_norm.hpp"
#include "ravine/nn/normalization/layer_norm.hpp"

namespace ravine {
namespace {

struct None {};

template <class T>
Field<T> epsilon_field() {
    return field("epsilon", &T::epsilon, positive, "added to the variance");
}

Catalog<NormalizationLayer> make_catalog() {
    Catalog<NormalizationLayer> catalog("normalization");
    catalog.add<None>({.name = "none",
                       .summary = "no normalisation",
                       .formula = "y = x",
                       .source = "Rumelhart, Hinton and Williams 1986"},
                      {}, [](None) {
                          return NormalizationLayer{.apply = [](Builder&, Value x) { return x; },
                                                    .cancels_bias = false,
                                                    .is_identity = true};
                      });
    catalog.add<BatchNormOptions>(
        {.name = "batch",
         .summary = "batch normalisation: each feature or channel over the batch, running averages at test "
                    "time",
         .formula = "y = gamma (x - mean) / sqrt(variance + epsilon) + beta,\n"
                    "training: mean and variance over the batch (and all places of an image);\n"
                    "evaluation: running ones, running <- (1 - momentum) running + momentum batch",
         .source = "Ioffe and Szegedy 2015, algorithms 1 and 2"},
        {epsilon_field<BatchNormOptions>(),
         field("momentum", &BatchNormOptions::momentum, up_to_one, "weight of the newest batch")},
        [](BatchNormOptions options) {
            return NormalizationLayer{
                .apply = [options](Builder& b, Value x) { return batch_norm(b, x, options); },
                .cancels_bias = true};
        });
    catalog.add<LayerNormOptions>(
        {.name = "layer",
         .summary = "layer normalisation: all features of one example",
         .formula = "y = gamma (x - mean) / sqrt(variance + epsilon) + beta,\n"
                    "mean and variance over all features of the example; gamma, beta: one a feature",
         .source = "Ba, Kiros and Hinton 2016, equations 3 and 4"},
        {epsilon_field<LayerNormOptions>()}, [](LayerNormOptions options) {
            return NormalizationLayer{
                .apply = [options](Builder& b, Value x) { return layer_norm(b, x, options); }};
        });
    catalog.add<GroupNormOptions>(
        {.name = "group",
         .summary = "group normalisation: groups of neighbouring channels of one example",
         .formula = "y = gamma (x - mean) / sqrt(variance + epsilon) + beta,\n"
                    "mean and variance over channels / groups channels at all places of the example;\n"
                    "gamma, beta: one a channel",
         .source = "Wu and He 2018, equations 1 and 7"},
        {field("groups", &GroupNormOptions::groups, Range{1, 65536}, "groups that the channels are cut into"),
         epsilon_field<GroupNormOptions>()},
        [](GroupNormOptions options) {
            return NormalizationLayer{
                .apply = [options](Builder& b, Value x) { return group_norm(b, x, options); }};
        });
    catalog.add<InstanceNormOptions>(
        {.name = "instance",
         .summary = "instance normalisation, for images: each channel of one example",
         .formula = "y = gamma (x - mean) / sqrt(variance + epsilon) + beta,\n"
                    "mean and variance over all places of the channel; gamma, beta: one a channel",
         .source = "Ulyanov, Vedaldi and Lempitsky 2016"},
        {epsilon_field<InstanceNormOptions>()}, [](InstanceNormOptions options) {
            return NormalizationLayer{
                .apply = [options](Builder& b, Value x) { return instance_norm(b, x, options); },
                .cancels_bias = true};
        });
    return catalog;
}

}  // namespace

const Catalog<NormalizationLayer>& normalizations() {
    static const auto catalog = make_catalog();
    return catalog;
}

}  // namespace ravine
