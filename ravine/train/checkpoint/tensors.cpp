#include "ravine/train/checkpoint/tensors.hpp"

#include <utility>

#include "ravine/core/error.hpp"

namespace ravine {

void check_shape(const NamedTensor& tensor, const Slice& slice, const std::string& what) {
    if (tensor.shape != slice.shape)
        fail_request("{}: tensor '{}' has the shape {}, expected {}", what, tensor.name,
                     to_string(tensor.shape), to_string(slice.shape));
}

void append_tensors(TensorFile& file, const std::string& prefix, const ParameterLayout& layout,
                    const Vector& values) {
    for (const auto& slice : layout.slices) {
        NamedTensor tensor{prefix + slice.name, slice.shape, Vector(slice.size(), values.precision())};
        for (int64_t i = 0; i < slice.size(); ++i) tensor.data.set(i, values.at(slice.offset + i));
        file.tensors.push_back(std::move(tensor));
    }
}

std::vector<const NamedTensor*> find_tensors(const TensorFile& file, const std::string& what,
                                             const ParameterLayout& layout) {
    std::vector<const NamedTensor*> result;
    for (const auto& slice : layout.slices) {
        const auto* tensor = file.find(slice.name);
        if (!tensor) fail_request("{}: no tensor '{}', which this model needs", what, slice.name);
        check_shape(*tensor, slice, what);
        result.push_back(tensor);
    }
    return result;
}

void copy_tensors(const std::vector<const NamedTensor*>& tensors, const ParameterLayout& layout,
                  Vector& values) {
    for (size_t i = 0; i < tensors.size(); ++i)
        for (int64_t j = 0; j < tensors[i]->data.size(); ++j)
            values.set(layout.slices[i].offset + j, tensors[i]->data.at(j));
}

}  // namespace ravine
