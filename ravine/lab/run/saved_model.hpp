#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "ravine/data/formats/safetensors.hpp"
#include "ravine/data/schema.hpp"
#include "ravine/nn/network.hpp"
#include "ravine/train/checkpoint/tensors.hpp"

namespace ravine {

/// A trained network with all that it takes to use it on other data.
struct SavedModel {
    Schema schema;
    std::unique_ptr<Network> network;
    std::unique_ptr<Parameters> parameters;
    Vector buffers;
};

/// Writes weights and buffers under PyTorch's names, with model, loss and schema as metadata.
void write_model(const std::filesystem::path& path, const Network& network, const Schema& schema,
                 const Parameters& parameters, const Vector& buffers);

/// Reads what write_model() wrote. Throws RequestError for anything else.
SavedModel read_model(const std::filesystem::path& path);

/// Copies tensors of a file into parameters and, where the file has them, buffers: by name, or, where no name
/// fits, in order if every shape fits. Throws RequestError naming the first tensor that does not fit, and
/// then copies nothing.
void assign_tensors(const TensorFile& file, const std::string& what, Parameters& parameters,
                    const ParameterLayout& buffer_layout, Vector& buffers);

}  // namespace ravine
