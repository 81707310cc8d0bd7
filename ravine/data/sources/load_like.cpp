#include <filesystem>

#include "ravine/core/error.hpp"
#include "ravine/data/download/locate.hpp"
#include "ravine/data/formats/idx.hpp"
#include "ravine/data/formats/image_file.hpp"
#include "ravine/data/formats/table.hpp"
#include "ravine/data/sources/array_set.hpp"
#include "ravine/data/sources/autoencoding.hpp"
#include "ravine/data/sources/catalog.hpp"
#include "ravine/data/sources/cifar.hpp"
#include "ravine/data/sources/image_folder.hpp"
#include "ravine/data/sources/table_parts.hpp"

namespace ravine {
namespace {

namespace fs = std::filesystem;

/// The file of labels beside a file of images: "...images-idx3..." -> "...labels-idx1...", plain or
/// compressed.
fs::path labels_beside(const fs::path& images) {
    const std::string from = "images-idx3", to = "labels-idx1";
    std::string name = images.filename().string();
    const size_t at = name.find(from);
    if (at == std::string::npos)
        fail_request("{}: expected a name with '{}', beside which the labels stand as '{}'", images.string(),
                     from, to);
    name.replace(at, from.size(), to);
    const fs::path same = images.parent_path() / name;
    const fs::path other =
        name.ends_with(".gz") ? fs::path(same).replace_extension() : fs::path(same.string() + ".gz");
    std::error_code ignored;
    return !fs::exists(same, ignored) && fs::exists(other, ignored) ? other : same;
}

/// What CIFAR files a path names; nothing where it names others.
std::optional<CifarClasses> cifar_classes(const fs::path& path) {
    std::error_code ignored;
    return fs::is_directory(path, ignored) || is_tar_path(path) ? cifar_in(path) : std::nullopt;
}

/// The test part of CIFAR.
Dataset load_cifar_like(const Schema& schema, const fs::path& path, CifarClasses classes) {
    if (schema.output_count == 20) classes = CifarClasses::coarse;
    Dataset data = load_cifar(path, classes).test;
    if (data.feature_shape != schema.feature_shape ||
        (!schema.classes.empty() && data.classes != schema.classes))
        fail_request(
            "{}: expected examples of shape {} in {} classes as the model was trained on, found CIFAR",
            path.string(), to_string(schema.feature_shape), schema.output_count);
    data.name = path;
    return data;
}

Dataset load_images(const Schema& schema, const std::string& path, Targets targets) {
    std::error_code ignored;
    if (const auto classes = cifar_classes(path)) return load_cifar_like(schema, path, *classes);
    if (is_image_path(path) || (!holds_idx_files(path) && holds_images(path)))
        return load_images_like(schema, path, targets);
    fs::path images = path, labels;
    if (fs::is_directory(images, ignored)) {
        const IdxFiles files = locate_idx_files(images);
        images = files.test_images;
        labels = files.test_labels;
    } else if (targets == Targets::required) {
        labels = labels_beside(images);
    }
    Dataset data;
    if (targets == Targets::required) {
        data = load_idx_pair(images, labels, schema.classes);
    } else {
        IdxArray pixels = read_idx(images, 3);
        data.feature_shape = {pixels.shape[1], pixels.shape[2], 1};
        data.features = std::move(pixels.bytes);
        data.output_count = schema.output_count;
        data.classes = schema.classes;
    }
    if (data.feature_shape != schema.feature_shape)
        fail_request("{}: byte 8: expected images of shape {} as the model was trained on, found {}",
                     images.string(), to_string(schema.feature_shape), to_string(data.feature_shape));
    data.name = path;
    return data;
}

/// Examples without their targets, for a schema that has them in its features.
Dataset load_features_like(Schema schema, const std::string& path) {
    schema.task = Task::regression;
    return load_like(schema, path, Targets::ignored);
}

}  // namespace

Dataset load_like(const Schema& schema, const std::string& path, Targets targets) {
    if (schema.task == Task::autoencoding) return autoencoding_of(load_features_like(schema, path));
    if (is_array_path(path)) return load_arrays_like(schema, path, targets);
    if (schema.columns.empty()) return load_images(schema, path, targets);
    return encode_like(read_table(path), schema, targets == Targets::required);
}

}  // namespace ravine
