#include "ravine/nn/model.hpp"

#include "ravine/core/error.hpp"

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

void require_images(Value x, const std::string& model, int64_t smallest) {
    const Shape& s = x.shape();
    if (s.size() != 4)
        fail_request("model '{}' needs images; these examples have the shape {}", model,
                     to_string(Shape(s.begin() + 1, s.end())));
    if (s[1] < smallest || s[2] < smallest)
        fail_request("model '{}' needs images of at least {}x{}; these are {}x{}", model, smallest, smallest,
                     s[1], s[2]);
}

}  // namespace ravine
