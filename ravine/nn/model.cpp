#include "ravine/nn/model.hpp"

namespace ravine {

const Catalog<Model>& models() {
    static const Catalog<Model> catalog = [] {
        Catalog<Model> result("model");
        add_linear_models(result);
        add_mlp(result);
        add_convolutional_models(result);
        add_resnet(result);
        return result;
    }();
    return catalog;
}

}  // namespace ravine
