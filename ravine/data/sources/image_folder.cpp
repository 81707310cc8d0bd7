#include "ravine/data/sources/image_folder.hpp"

#include <algorithm>
#include <optional>

#include "ravine/core/error.hpp"
#include "ravine/core/settings/settings.hpp"
#include "ravine/data/files/decoded_files.hpp"
#include "ravine/data/files/excerpt.hpp"
#include "ravine/data/formats/image_file.hpp"
#include "ravine/data/sources/parts.hpp"

namespace ravine {
namespace {

namespace fs = std::filesystem;

bool is_hidden(const fs::path& path) { return path.filename().string().starts_with('.'); }

/// What is in a folder and not hidden, sorted by name.
std::vector<fs::path> entries_of(const fs::path& folder) {
    std::error_code error;
    std::vector<fs::path> entries;
    for (auto entry = fs::directory_iterator(folder, error); !error && entry != fs::directory_iterator();
         entry.increment(error))
        if (!is_hidden(entry->path())) entries.push_back(entry->path());
    if (error) fail_request("{}: cannot read the folder: {}", folder.string(), error.message());
    std::ranges::sort(entries);
    return entries;
}

/// A folder, or a link to one.
bool leads_to_folder(const fs::path& path) {
    std::error_code ignored;
    return fs::is_directory(path, ignored);
}

/// Whether what lies in a folder is a folder. A link to one, which may lead anywhere, also back up, is an
/// error: to leave it out would leave out a class.
bool is_folder(const fs::path& path) {
    std::error_code ignored;
    const bool is_any = leads_to_folder(path);
    if (is_any && fs::is_symlink(path, ignored))
        fail_request("{}: expected a folder, found a link to one (only the data set itself may be a link)",
                     path.string());
    return is_any;
}

/// All images below a folder.
void add_images(const fs::path& folder, std::vector<fs::path>& images) {
    for (const auto& path : entries_of(folder)) {
        if (is_folder(path))
            add_images(path, images);
        else if (is_image_path(path))
            images.push_back(path);
        else
            fail_request("{}: expected an image (.png, .jpg or .jpeg), found another file", path.string());
    }
}

/// The folders of the classes. Texts about the set may lie beside them, but no images, which have no class.
std::vector<fs::path> class_folders(const fs::path& folder) {
    std::vector<fs::path> folders, images;
    for (const auto& path : entries_of(folder)) {
        if (is_folder(path))
            folders.push_back(path);
        else if (is_image_path(path))
            images.push_back(path);
    }
    if (!folders.empty() && !images.empty())
        fail_request("{}: expected images in the folders of their classes, found one beside them",
                     images.front().string());
    return folders;
}

/// What all images of a set are made alike to.
struct Form {
    int64_t height = 0, width = 0, channels = 0;  ///< 0: not known before the first image
    bool resizes = false;

    Shape shape() const { return {height, width, channels}; }
};

Form form_of(const ImageFolder& images) {
    if (images.channels == 2) fail_request("image-folder: channels: expected 0, 1 or 3, found 2");
    Form form{.channels = images.channels};
    if (images.size.empty()) return form;
    const std::string what = "image-folder: size";
    const size_t cross = images.size.find('x');
    const Range sides{1, 4096};
    form.height = parse_integer(what, images.size.substr(0, cross), sides);
    form.width =
        cross == std::string::npos ? form.height : parse_integer(what, images.size.substr(cross + 1), sides);
    form.resizes = true;
    return form;
}

/// Decodes images one after another, the first one giving what the form leaves open.
class Decoder {
public:
    explicit Decoder(const Form& form) : form_(form) {}

    void add(const fs::path& path) {
        Image image = read_image(path, form_.channels);
        if (form_.channels == 0) {
            form_.channels = image.channels;
            first_ = path.string();
        }
        if (form_.height == 0) {
            form_.height = image.height;
            form_.width = image.width;
            first_ = path.string();
        }
        if (form_.resizes)
            image = resized(image, form_.height, form_.width);
        else if (image.height != form_.height || image.width != form_.width)
            fail_request("{}: expected {} x {} pixels as in {}, found {} x {} (:size=N makes all alike)",
                         path.string(), form_.height, form_.width, first_, image.height, image.width);
        pixels_.append(image.pixels);
    }

    const Form& form() const { return form_; }
    Rows<uint8_t> finish() { return pixels_.finish(); }

private:
    Form form_;
    std::string first_;
    RowsBuilder<uint8_t> pixels_;
};

/// The labelled images of a part, and the form that they have.
Dataset read_part(const fs::path& folder, const std::vector<std::string>& classes, Form& form) {
    Dataset data{.name = folder.string(), .output_count = std::ssize(classes), .classes = classes};
    Decoder decoder(form);
    for (const auto& path : class_folders(folder)) {
        const auto found = std::ranges::find(classes, path.filename().string());
        if (found == classes.end())
            fail_request("{}: expected a folder for one of the classes {}, found '{}'", folder.string(),
                         excerpt(classes), excerpt(path.filename().string()));
        std::vector<fs::path> images;
        add_images(path, images);
        for (const auto& image : images) decoder.add(image);
        data.labels.insert(data.labels.end(), images.size(), static_cast<int32_t>(found - classes.begin()));
    }
    if (data.labels.empty())
        fail_request("{}: expected images in folders, one a class, found none", folder.string());
    form = decoder.form();
    data.feature_shape = form.shape();
    data.features = decoder.finish();
    return data;
}

/// The first of these folders that is there.
std::optional<fs::path> part_folder(const fs::path& folder, std::initializer_list<const char*> names) {
    for (const char* name : names)
        if (is_folder(folder / name)) return folder / name;
    return {};
}

GivenParts read_set(const ImageFolder& images) {
    const fs::path root = images.path;
    const auto own = part_folder(root, {"train", "training"});
    const fs::path training = own.value_or(root);
    std::vector<std::string> classes;
    for (const auto& path : class_folders(training)) classes.push_back(path.filename().string());
    if (classes.size() < 2)
        fail_request("{}: expected a folder for each of two classes or more, found {}", training.string(),
                     classes.empty() ? "none" : excerpt(classes));
    Form form = form_of(images);
    GivenParts parts{.training = read_part(training, classes, form)};
    if (!own) return parts;
    if (const auto path = part_folder(root, {"val", "valid", "validation"}))
        parts.validation = read_part(*path, classes, form);
    if (const auto path = part_folder(root, {"test"})) parts.test = read_part(*path, classes, form);
    return parts;
}

}  // namespace

bool holds_images(const fs::path& folder) {
    return leads_to_folder(folder) && std::ranges::any_of(entries_of(folder), [](const fs::path& path) {
               return is_folder(path) ? holds_images(path) : is_image_path(path);
           });
}

Parts image_parts(const ImageFolder& images, const DataRequest& request) {
    refuse_columns(request);
    if (images.path.empty()) fail_request("image-folder: expected path=FOLDER, found none");
    if (!fs::is_directory(images.path))
        fail_request("{}: expected a folder of images, found none", images.path);
    const auto decoded =
        DecodedFiles::get<GivenParts>(images.path, fmt::format("images {} {}", images.size, images.channels),
                                      [&] { return read_set(images); });
    return split_given(*decoded, request);
}

Dataset load_images_like(const Schema& schema, const fs::path& path, Targets targets) {
    const Shape& shape = schema.feature_shape;
    if (shape.size() != 3 || (shape[2] != 1 && shape[2] != 3))
        fail_request("{}: expected examples of shape {} as the model was trained on, found images",
                     path.string(), to_string(shape));
    Form form{.height = shape[0], .width = shape[1], .channels = shape[2], .resizes = true};
    if (targets == Targets::required) {
        if (!leads_to_folder(path))
            fail_request("{}: expected a folder for each class, found an image", path.string());
        return read_part(part_folder(path, {"test"}).value_or(path), schema.classes, form);
    }
    std::vector<fs::path> images;
    if (leads_to_folder(path))
        add_images(path, images);
    else
        images.push_back(path);
    Decoder decoder(form);
    for (const auto& image : images) decoder.add(image);
    Dataset data{.name = path.string(),
                 .task = schema.task,
                 .feature_shape = shape,
                 .output_count = schema.output_count,
                 .classes = schema.classes};
    data.features = decoder.finish();
    return data;
}

}  // namespace ravine
