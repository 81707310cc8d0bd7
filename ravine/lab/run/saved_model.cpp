#include "ravine/lab/run/saved_model.hpp"
#include "ravine/lab/experiment/model_file.hpp"

#include <nlohmann/json.hpp>

#include "ravine/core/error.hpp"
#include "ravine/core/text/json_text.hpp"

namespace ravine {
namespace {

/// The file's tensors in their order, for a file that knows other names.
std::vector<const NamedTensor*> tensors_in_order(const TensorFile& file, const std::string& what,
                                                 const ParameterLayout& layout) {
    const auto& slices = layout.slices;
    if (file.tensors.size() != slices.size())
        fail_request(
            "{}: no tensor has a name of this model ('{}', ...), and there are {} tensors instead of {}",
            what, slices.empty() ? "" : slices[0].name, file.tensors.size(), slices.size());
    std::vector<const NamedTensor*> result;
    for (size_t i = 0; i < slices.size(); ++i) {
        check_shape(file.tensors[i], slices[i], what);
        result.push_back(&file.tensors[i]);
    }
    return result;
}

bool any_name_fits(const TensorFile& file, const ParameterLayout& layout) {
    for (const auto& slice : layout.slices)
        if (file.find(slice.name)) return true;
    return false;
}

std::string metadata(const TensorFile& file, const std::string& key, const std::string& what) {
    const auto found = file.metadata.find(key);
    if (found == file.metadata.end())
        fail_request("{}: no '{}' in its metadata: it holds weights, but was not saved by ravine as a model",
                     what, key);
    return found->second;
}

}  // namespace

void assign_tensors(const TensorFile& file, const std::string& what, Parameters& parameters,
                    const ParameterLayout& buffer_layout, Vector& buffers) {
    const bool named = any_name_fits(file, parameters.layout());
    const auto found = named ? find_tensors(file, what, parameters.layout())
                             : tensors_in_order(file, what, parameters.layout());
    ParameterLayout held;  // the buffers that the file holds, where they are among all
    for (const auto& slice : buffer_layout.slices)
        if (named && file.find(slice.name)) held.slices.push_back(slice);
    const auto found_buffers = find_tensors(file, what, held);
    copy_tensors(found, parameters.layout(), *parameters.write());
    copy_tensors(found_buffers, held, buffers);
}

void write_model(const std::filesystem::path& path, const Network& network, const Schema& schema,
                 const Parameters& parameters, const Vector& buffers) {
    TensorFile file;
    append_tensors(file, "", parameters.layout(), parameters.values());
    append_tensors(file, "", network.buffers(), buffers);
    file.metadata = {{"format", "pt"},
                     {"ravine.model", model_text(network.options())},
                     {"ravine.loss", network.options().loss.text()},
                     {"ravine.schema", schema_to_json(schema).dump()},
                     {"ravine.version", RAVINE_VERSION}};
    write_safetensors(path, file);
}

SavedModel read_model(const std::filesystem::path& path) {
    const TensorFile file = read_safetensors(path);
    const std::string what = path.string();
    const auto json =
        parse_json<nlohmann::json>(metadata(file, "ravine.schema", what), what + ": ravine.schema");
    SavedModel saved;
    saved.schema = schema_from_json(json, what);
    const Schema& schema = saved.schema;
    NetworkOptions options{.loss = Spec::parse(metadata(file, "ravine.loss", what)),
                           .feature_shape = schema.feature_shape,
                           .target_count = schema.output_count,
                           .task = schema.task};
    choose_model(options, metadata(file, "ravine.model", what), what);
    saved.network = std::make_unique<Network>(std::move(options));
    // Before memory is taken for what a damaged description asks for.
    const auto found = find_tensors(file, what, *saved.network->parameters());
    const auto found_buffers = find_tensors(file, what, saved.network->buffers());
    const bool is_double = !file.tensors.empty() && file.tensors[0].data.precision() == Precision::f64;
    const Precision precision = is_double ? Precision::f64 : Precision::f32;
    saved.parameters = std::make_unique<Parameters>(saved.network->parameters(), precision);
    saved.buffers = saved.network->initial_buffers(precision);
    copy_tensors(found, saved.parameters->layout(), *saved.parameters->write());
    copy_tensors(found_buffers, saved.network->buffers(), saved.buffers);
    return saved;
}

}  // namespace ravine
