#pragma once

#include <filesystem>
#include <string>

#include "ravine/nn/network.hpp"

namespace ravine {

// A model is a spec (mlp:hidden=100) or a description: the table [model] of a TOML file. As the setting
// `model` of an experiment a description is the text of that table, which holds all of it.

/// Whether the text of a model is a description.
bool is_description(const std::string& model);

/// Reads the table [model] of a file. Throws RequestError with file and line for what is no description, and
/// for layers, settings and names that there are not. A model without a name gets the file's.
ModelDescription read_description(const std::filesystem::path& path);

/// Reads what description_to_toml() wrote; `origin` begins every message, the model's later ones too.
ModelDescription parse_description(const std::string& text, const std::string& origin);

/// The description as TOML: "[model]\n...".
std::string description_to_toml(const ModelDescription& description);

/// The model of `options` from its text.
void choose_model(NetworkOptions& options, const std::string& model, const std::string& origin);

/// The text of the model of `options`: what choose_model() reads.
std::string model_text(const NetworkOptions& options);

/// What a model is called: its spec, or the name of the description.
std::string model_label(const std::string& model);

/// The name alone, without settings: "mlp".
std::string model_name(const std::string& model);

}  // namespace ravine
