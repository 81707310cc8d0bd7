#include "ravine/data/sources/array_set.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "ravine/core/error.hpp"
#include "ravine/data/files/decoded_files.hpp"
#include "ravine/data/files/excerpt.hpp"
#include "ravine/data/formats/npz.hpp"
#include "ravine/data/sources/parts.hpp"

namespace ravine {
namespace {

/// The arrays of one part.
struct Pair {
    std::string features = {}, targets = {};
};

/// What people call the arrays to train on.
const std::vector<Pair>& known_pairs() {
    static const std::vector<Pair> known{{"x_train", "y_train"},
                                         {"X_train", "y_train"},
                                         {"train_images", "train_labels"},
                                         {"x", "y"},
                                         {"X", "y"},
                                         {"X", "Y"},
                                         {"features", "targets"},
                                         {"features", "labels"},
                                         {"data", "target"},
                                         {"data", "targets"},
                                         {"data", "labels"},
                                         {"images", "labels"},
                                         {"arr_0", "arr_1"}};
    return known;
}

bool has(const std::vector<std::string>& names, const Pair& pair) {
    return std::ranges::count(names, pair.features) > 0 && std::ranges::count(names, pair.targets) > 0;
}

/// The arrays of a file's parts; empty names where it has none.
struct PartArrays {
    Pair training, validation = {}, test = {};
};

/// The pair of another part that the file has: x_val for x_train; nothing where the names speak of no part.
Pair find_beside(const Pair& training, std::initializer_list<std::string> words,
                 const std::vector<std::string>& names) {
    const std::string from = "train";
    if (training.features.find(from) == std::string::npos) return {};
    for (const auto& word : words) {
        Pair pair = training;
        for (std::string* name : {&pair.features, &pair.targets})
            name->replace(name->find(from), from.size(), word);
        if (has(names, pair)) return pair;
    }
    return {};
}

/// The pairs that the file has, beside the first known one to train on.
PartArrays find_arrays(const std::string& path, const std::vector<std::string>& names) {
    for (const Pair& training : known_pairs())
        if (has(names, training))
            return {.training = training,
                    .validation = find_beside(training, {"val", "valid", "validation"}, names),
                    .test = find_beside(training, {"test"}, names)};
    fail_request(
        "{}: expected arrays 'x' and 'y', or 'x_train' and 'y_train' and perhaps 'x_test' and 'y_test' "
        "(docs/data.md lists more names), found {}",
        path, names.empty() ? "none" : excerpt(names));
}

bool is_channel_count(int64_t extent) { return extent == 1 || extent == 3 || extent == 4; }

/// Images with their channels first, [n, c, h, w], as images with their channels last.
template <class T>
Rows<T> channels_last(const Rows<T>& rows, int64_t count, const Shape& image) {
    const int64_t channels = image[2], places = image[0] * image[1], width = channels * places;
    RowsBuilder<T> result;
    std::vector<T> turned(static_cast<size_t>(width));
    for (int64_t i = 0; i < count; ++i) {
        const T* from = rows.row(i, width);
        for (int64_t k = 0; k < width; ++k)
            turned[static_cast<size_t>(k)] = from[k % channels * places + k / channels];
        result.append(turned);
    }
    return result.finish();
}

/// A data set of the features alone.
Dataset features_of(NpyArray x) {
    const Shape& shape = x.shape;
    if (shape.empty() || shape.size() > 4 || element_count(shape) == 0)
        fail_request(
            "{}: expected examples as [n], [n, features], [n, height, width] or [n, height, width, "
            "channels], found the shape {}",
            x.what, to_string(shape));
    Dataset data;
    bool turn = false;
    switch (shape.size()) {
        case 1:
            data.feature_shape = {1};
            break;
        case 2:
            data.feature_shape = {shape[1]};
            break;
        case 3:
            data.feature_shape = {shape[1], shape[2], 1};
            break;
        default:
            turn = !is_channel_count(shape[3]) && is_channel_count(shape[1]);
            data.feature_shape =
                turn ? Shape{shape[2], shape[3], shape[1]} : Shape{shape[1], shape[2], shape[3]};
    }
    std::visit(
        [&]<class Items>(Items& items) {
            const auto put = [&](auto& rows) {
                if (turn)
                    data.features = channels_last(rows, shape[0], data.feature_shape);
                else
                    data.features = std::move(rows);
            };
            if constexpr (std::is_same_v<Items, std::vector<int64_t>>) {
                throw std::logic_error("features are read as reals");
            } else if constexpr (std::is_same_v<Items, Rows<double>>) {
                // Pixels have few digits and are many.
                if (data.feature_shape.size() == 3) {
                    auto pixels = in_single_precision(items);
                    return put(pixels);
                }
                put(items);
            } else {
                put(items);
            }
        },
        x.items);
    return data;
}

/// The targets of so many examples.
NpyArray read_targets(const std::string& path, const Pair& pair, int64_t examples) {
    return read_npz(path, pair.targets, NpyIntegers::kept, [&](const std::string& what, const Shape& shape) {
        const bool is_column = shape.size() == 1 || shape.size() == 2;
        if (!is_column || shape[0] != examples || shape.back() == 0)
            fail_request("{}: expected {} targets, one for each example of '{}', found the shape {}", what,
                         examples, pair.features, to_string(shape));
    });
}

std::vector<double> values_of(const NpyArray& y) {
    return std::visit(
        []<class Items>(const Items& items) -> std::vector<double> {
            if constexpr (std::is_same_v<Items, std::vector<int64_t>>)
                return {items.begin(), items.end()};
            else {
                const auto elements = items.elements();
                return {elements.begin(), elements.end()};
            }
        },
        y.items);
}

/// Class labels as the integers that they are in the file.
std::vector<int64_t> integers_of(const NpyArray& y) {
    if (y.shape.size() == 2 && y.shape[1] != 1)
        fail_request(
            "{}: expected one class for each example, found the shape {} (or --task multi-label or "
            "regression)",
            y.what, to_string(y.shape));
    if (const auto* kept = std::get_if<std::vector<int64_t>>(&y.items)) return *kept;
    std::vector<int64_t> result;
    if (const auto* bytes = std::get_if<Rows<uint8_t>>(&y.items)) {
        for (const uint8_t value : bytes->elements()) result.push_back(value);
        return result;
    }
    for (const double value : values_of(y)) {
        if (value != std::floor(value) || std::abs(value) > 1e9)
            fail_request("{}: item {}: expected the number of a class, found {}", y.what,
                         item_place(y.shape, std::ssize(result)), value);
        result.push_back(static_cast<int64_t>(value));
    }
    return result;
}

/// The classes of training targets, in the order of their numbers.
std::vector<std::string> classes_of(const NpyArray& y) {
    const auto labels = integers_of(y);
    const std::set<int64_t> different(labels.begin(), labels.end());
    if (different.size() < 2)
        fail_request("{}: expected at least two classes, found only {}", y.what, *different.begin());
    if (2 * different.size() > labels.size())
        fail_request(
            "{}: expected classes that repeat, found {} different numbers for {} examples (or --task "
            "regression)",
            y.what, different.size(), labels.size());
    std::vector<std::string> names;
    for (const int64_t label : different) names.push_back(std::to_string(label));
    return names;
}

void set_labels(Dataset& data, const NpyArray& y, const std::vector<std::string>& classes) {
    data.task = Task::classification;
    data.classes = classes;
    data.output_count = std::ssize(classes);
    for (const int64_t label : integers_of(y)) {
        const auto found = std::ranges::find(classes, std::to_string(label));
        if (found == classes.end())
            fail_request("{}: item {}: expected one of the classes {}, found {}", y.what,
                         item_place(y.shape, std::ssize(data.labels)), excerpt(classes), label);
        data.labels.push_back(static_cast<int32_t>(found - classes.begin()));
    }
}

/// Sets the labels of a multi-label set, zeros and ones; their names are those of the training part.
void set_flags(Dataset& data, const NpyArray& y, const std::vector<std::string>& names) {
    data.task = Task::multi_label;
    data.classes = names;
    data.output_count = y.shape.size() == 2 ? y.shape[1] : 1;
    data.values = values_of(y);
    for (size_t i = 0; i < data.values.size(); ++i)
        if (data.values[i] != 0 && data.values[i] != 1)
            fail_request("{}: item {}: expected 0 or 1, whether the label holds, found {}", y.what,
                         item_place(y.shape, static_cast<int64_t>(i)), data.values[i]);
}

/// Names for the columns of an array of labels: y0, y1, ...
std::vector<std::string> label_names(const NpyArray& y) {
    std::vector<std::string> names;
    for (int64_t j = 0; j < (y.shape.size() == 2 ? y.shape[1] : 1); ++j)
        names.push_back(fmt::format("y{}", j));
    return names;
}

void set_values(Dataset& data, const NpyArray& y) {
    data.task = Task::regression;
    data.output_count = y.shape.size() == 2 ? y.shape[1] : 1;
    data.values = values_of(y);
}

/// What targets are for where it is not asked for: integers are classes, reals are values. Of an autoencoding
/// they decide only how it is split, so columns of integers will do.
Task task_of(const NpyArray& y, const std::string& asked) {
    const bool is_autoencoding = asked == to_string(Task::autoencoding);
    if (!asked.empty() && !is_autoencoding) return parse_task("task", asked);
    const bool is_wide = y.shape.size() == 2 && y.shape[1] > 1;
    return y.holds_reals() || (is_autoencoding && is_wide) ? Task::regression : Task::classification;
}

struct ArraySet {
    GivenParts parts = {};
    std::string note = "read";
};

ArraySet read_set(const std::string& path, const std::string& task) {
    const auto names = npz_names(path);
    const PartArrays arrays = find_arrays(path, names);
    ArraySet set;
    const auto read = [&](const Pair& pair) {
        set.note += fmt::format("{}{} and {}", set.note.size() > 4 ? ", " : " ", pair.features, pair.targets);
        Dataset data = features_of(read_npz(path, pair.features, NpyIntegers::as_reals));
        const NpyArray y = read_targets(path, pair, data.size());
        const Dataset& training = set.parts.training;
        const bool is_training = training.size() == 0;
        const Task wanted = is_training ? task_of(y, task) : training.task;
        if (wanted == Task::regression)
            set_values(data, y);
        else if (wanted == Task::multi_label)
            set_flags(data, y, is_training ? label_names(y) : training.classes);
        else
            set_labels(data, y, is_training ? classes_of(y) : training.classes);
        if (!is_training &&
            (data.feature_shape != training.feature_shape || data.output_count != training.output_count))
            fail_request("{}: expected examples of shape {} with {} outputs as in '{}', found {} with {}",
                         y.what, to_string(training.feature_shape), training.output_count,
                         arrays.training.features, to_string(data.feature_shape), data.output_count);
        data.name = path;
        return data;
    };
    set.parts.training = read(arrays.training);
    if (!arrays.validation.features.empty()) set.parts.validation = read(arrays.validation);
    if (!arrays.test.features.empty()) set.parts.test = read(arrays.test);
    return set;
}

}  // namespace

bool is_array_path(const std::string& path) { return path.ends_with(".npz") || path.ends_with(".npy"); }

Parts array_parts(const DataRequest& request) {
    const std::string& path = request.dataset;
    if (path.ends_with(".npy"))
        fail_request(
            "{}: expected a .npz file with examples and targets (numpy.savez(\"set.npz\", x=x, y=y)), found "
            "a "
            "single array",
            path);
    if (!request.target.empty()) fail_request("{}: --target is for tables", path);
    const auto decoded =
        DecodedFiles::get<ArraySet>(path, request.task, [&] { return read_set(path, request.task); });
    Parts parts = split_given(decoded->parts, request);
    if (parts.schema.task == Task::regression)
        parts.schema.target_normalization = Normalization::fit_values(parts.training);
    parts.notes.insert(parts.notes.begin(), decoded->note);
    return parts;
}

Dataset load_arrays_like(const Schema& schema, const std::string& path, Targets targets) {
    const bool is_single = path.ends_with(".npy");
    if (is_single && targets == Targets::required)
        fail_request("{}: expected a .npz file with examples and targets, found a single array", path);
    const auto features = [&](const std::string& name) {
        Dataset data = features_of(is_single ? read_npy(path, NpyIntegers::as_reals)
                                             : read_npz(path, name, NpyIntegers::as_reals));
        if (data.feature_shape != schema.feature_shape)
            fail_request("{}: expected examples of shape {} as the model was trained on, found {}", path,
                         to_string(schema.feature_shape), to_string(data.feature_shape));
        data.name = path;
        data.task = schema.task;
        data.output_count = schema.output_count;
        data.classes = schema.classes;
        return data;
    };
    if (is_single) return features("");
    const auto names = npz_names(path);
    if (targets == Targets::ignored && names.size() == 1) return features(names[0]);
    const PartArrays arrays = find_arrays(path, names);
    const Pair& pair = arrays.test.features.empty() ? arrays.training : arrays.test;
    Dataset data = features(pair.features);
    if (targets == Targets::ignored) return data;
    const NpyArray y = read_targets(path, pair, data.size());
    if (schema.task == Task::classification) {
        set_labels(data, y, schema.classes);
    } else {
        if (schema.task == Task::multi_label)
            set_flags(data, y, schema.classes);
        else
            set_values(data, y);
        if (data.output_count != schema.output_count)
            fail_request("{}: expected {} targets for each example, found {}", y.what, schema.output_count,
                         data.output_count);
    }
    return data;
}

}  // namespace ravine
