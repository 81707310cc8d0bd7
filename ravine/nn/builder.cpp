#include "ravine/nn/builder.hpp"

#include "ravine/core/error.hpp"

namespace ravine {

Builder::Scope::Scope(Builder& builder, const std::string& name)
    : builder_(builder), saved_prefix_(builder.prefix_), saved_label_(builder.graph_.label) {
    builder_.graph_.label = builder_.prefix_ + name;
    builder_.prefix_ += name + ".";
}

Builder::Scope::~Scope() {
    builder_.prefix_ = saved_prefix_;
    builder_.graph_.label = saved_label_;
}

Value Builder::parameter(const std::string& name, const Shape& shape, Initializer initializer) {
    return declare(name, shape, std::move(initializer), true);
}

Value Builder::undecayed_parameter(const std::string& name, const Shape& shape, Initializer initializer) {
    return declare(name, shape, std::move(initializer), false);
}

Value Builder::declare(const std::string& name, const Shape& shape, Initializer initializer, bool decays) {
    const int64_t offset = parameters_.add({.name = prefix_ + name, .shape = shape, .decays = decays});
    initializers_.push_back(std::move(initializer));
    parameter_values_.push_back(graph_.parameter("parameters", offset, shape));
    return parameter_values_.back();
}

Value Builder::buffer(const std::string& name, const Shape& shape, double initial) {
    const int64_t offset = buffers_.add({.name = prefix_ + name, .shape = shape, .trainable = false});
    initial_buffers_.push_back(initial);
    return graph_.parameter("buffers", offset, shape);
}

void Builder::update_buffer(Value buffer, Value next, Value observed) {
    require(mode_ == Mode::training && buffer.shape() == next.shape(), "an update of a buffer of {} with {}",
            to_string(buffer.shape()), to_string(next.shape()));
    buffer_updates_.push_back({buffer.node().attributes.integers[0], next, observed});
}

}  // namespace ravine
