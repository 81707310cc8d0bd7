#include "ravine/data/sources/catalog.hpp"

#include <algorithm>
#include <filesystem>

#include "ravine/data/download/locate.hpp"
#include "ravine/data/files/decoded_files.hpp"
#include "ravine/data/formats/idx.hpp"
#include "ravine/data/sources/array_set.hpp"
#include "ravine/data/sources/autoencoding.hpp"
#include "ravine/data/sources/cifar.hpp"
#include "ravine/data/sources/image_folder.hpp"
#include "ravine/data/sources/made.hpp"
#include "ravine/data/sources/parts.hpp"
#include "ravine/data/sources/table_parts.hpp"

namespace ravine {
namespace {

namespace fs = std::filesystem;

Parts made_parts(const Dataset& data, const DataRequest& request) {
    DataRequest asked = request;
    if (asked.task == to_string(data.task)) asked.task.clear();  // it is what was asked for
    refuse_columns(asked);
    Parts parts = split_parts(data, shares_of(request, {0.2, 0.2}), request);
    note_sizes(parts);
    return parts;
}

constexpr double idx_validation = 1.0 / 12;  // 5,000 of MNIST's 60,000
constexpr double cifar_validation = 0.1;     // 5,000 of 50,000

Parts idx_parts(const std::string& name, const IdxFiles& files, const std::vector<std::string>& classes,
                Shares shares, const DataRequest& request) {
    const auto load = [&](const fs::path& images, const fs::path& labels, const auto& names) {
        return DecodedFiles::get<Dataset>(images, labels.string(), [&] {
            Dataset data = load_idx_pair(images, labels, names);
            data.name = name;
            return data;
        });
    };
    const auto decoded = load(files.training_images, files.training_labels, classes);
    const Dataset& all = *decoded;
    Parts parts = split_parts(all, shares, request);
    parts.test = *load(files.test_images, files.test_labels, all.classes);
    if (parts.test.feature_shape != all.feature_shape)
        fail_request("{}: byte 8: expected images of shape {} as in {}, found {}", files.test_images.string(),
                     to_string(all.feature_shape), files.training_images.string(),
                     to_string(parts.test.feature_shape));
    parts.notes.push_back("read from " + files.training_images.parent_path().string());
    note_sizes(parts);
    return parts;
}

struct Cifar10 {};

struct Cifar100 {
    CifarClasses labels = CifarClasses::fine;
};

Parts cifar_parts(const std::string& name, const fs::path& source, CifarClasses classes, Shares shares,
                  const DataRequest& request) {
    const auto set = DecodedFiles::get<CifarSet>(source, std::to_string(static_cast<int>(classes)),
                                                 [&] { return load_cifar(source, classes); });
    Parts parts = split_parts(set->training, shares, request);
    parts.test = set->test;
    parts.training.name = parts.validation.name = parts.test.name = name;
    parts.notes.push_back("read from " + source.string());
    note_sizes(parts);
    return parts;
}

/// Files that a path names: a folder or archive of CIFAR, a folder of IDX files, or one of images.
Parts path_parts(const DataRequest& request) {
    const std::string& path = request.dataset;
    if (const auto classes = cifar_in(path))
        return cifar_parts(path, path, *classes, own_test_shares(request, cifar_validation), request);
    if (!fs::is_directory(path))
        fail_request("{}: expected an archive of CIFAR's binary version, found none of its files", path);
    if (!holds_idx_files(path) && holds_images(path)) return image_parts({.path = path}, request);
    return idx_parts(path, locate_idx_files(path), {}, own_test_shares(request, idx_validation), request);
}

/// Adds a made set: `make` turns its settings and a seed into examples.
template <class T>
void add_made(Catalog<Parts, const DataRequest&>& catalog, Entry entry, std::vector<Field<T>> fields,
              Dataset (*make)(const T&, uint64_t)) {
    catalog.add<T>(
        std::move(entry), std::move(fields), [make](const T& settings, const DataRequest& request) {
            constexpr int64_t most = 1'000'000'000;  // numbers, 4 GB of them
            int64_t features = 2, classes = 1;
            if constexpr (requires { settings.features; }) features = settings.features;
            if constexpr (requires { settings.classes; }) classes = settings.classes;
            if constexpr (requires { settings.labels; }) features = std::max(features, settings.labels);
            if (settings.examples > most / features)
                fail_request("{}: expected at most {} numbers, found {} examples of {}", request.dataset,
                             most, settings.examples, features);
            if (settings.examples < classes)
                fail_request("{}: expected an example of each of the {} classes, found {} examples",
                             request.dataset, classes, settings.examples);
            return made_parts(make(settings, request.seed), request);
        });
}

struct NoSettings {};

void add_idx(Catalog<Parts, const DataRequest&>& catalog, Entry entry,
             const std::vector<std::string>& classes) {
    const std::string name = entry.name;
    catalog.add<NoSettings>(std::move(entry), {}, [name, classes](NoSettings, const DataRequest& request) {
        const Shares shares = own_test_shares(request, idx_validation);
        return idx_parts(name, locate_idx_set(name, request.data_dir), classes, shares, request);
    });
}

constexpr Range example_range{5, 1e8}, class_range{2, 1000}, feature_range{1, 1e6};
constexpr const char* examples_meaning = "how many, over all parts";

template <class T>
Field<T> noise_field(const char* meaning) {
    return field("noise", &T::noise, non_negative, meaning);
}

void add_planar_and_spatial(Catalog<Parts, const DataRequest&>& catalog) {
    add_made<Spiral>(
        catalog,
        {.name = "spiral",
         .summary = "intertwined spirals in the plane, one a class",
         .formula = "x = r (cos a, sin a), a = 2 pi (turns r + c / classes) + noise n,\n"
                    "r uniform in [0, 1], n standard normal, c the class",
         .source = "after Karpathy 2015, CS231n, minimal neural network case study"},
        {field("examples", &Spiral::examples, example_range, examples_meaning),
         field("classes", &Spiral::classes, class_range, "number of arms"),
         field("turns", &Spiral::turns, any_number, "full turns from the centre to the end of an arm"),
         noise_field<Spiral>("deviation of the angle, in radians")},
        make_spiral);
    add_made<Moons>(
        catalog,
        {.name = "moons",
         .summary = "complex moons: two interleaved half-circles, bent and noisy",
         .formula = "class 0: (cos a, sin a); class 1: (1 - cos a, 1/2 - sin a); a uniform in [0, pi];\n"
                    "y += bend sin(3 x); then noise on both",
         .source = "after scikit-learn, make_moons (Pedregosa et al. 2011)"},
        {field("examples", &Moons::examples, example_range, examples_meaning),
         noise_field<Moons>("deviation of both coordinates"),
         field("bend", &Moons::bend, any_number, "how far the half-circles are bent; 0: plain moons")},
        make_moons);
    add_made<Circles>(catalog,
                      {.name = "circles",
                       .summary = "noisy concentric circles, one a class",
                       .formula = "x = (c + 1) / classes (cos a, sin a) + noise n, a uniform in [0, 2 pi]",
                       .source = "after scikit-learn, make_circles (Pedregosa et al. 2011)"},
                      {field("examples", &Circles::examples, example_range, examples_meaning),
                       field("classes", &Circles::classes, class_range, "number of circles"),
                       noise_field<Circles>("deviation of both coordinates; the outer circle has radius 1")},
                      make_circles);
    add_made<Rings>(
        catalog,
        {.name = "rings",
         .summary = "a chain of interlocked rings in space, one a class",
         .formula = "x = (c - (classes - 1) / 2 + cos a, sin a, 0) for even c, (..., 0, sin a) for odd;\n"
                    "a uniform in [0, 2 pi]; then noise on all three",
         .source = "Ravine"},
        {field("examples", &Rings::examples, example_range, examples_meaning),
         field("classes", &Rings::classes, class_range, "number of rings"),
         noise_field<Rings>("deviation of each coordinate; rings have radius 1")},
        make_rings);
}

void add_clouds(Catalog<Parts, const DataRequest&>& catalog) {
    add_made<Blobs>(
        catalog,
        {.name = "blobs",
         .summary = "normal clouds around random centres, one a class",
         .formula = "x = m_c + noise n, m_c uniform in [-spread, spread]^features",
         .source = "after scikit-learn, make_blobs (Pedregosa et al. 2011)"},
        {field("examples", &Blobs::examples, example_range, examples_meaning),
         field("classes", &Blobs::classes, class_range, "number of clouds"),
         field("features", &Blobs::features, feature_range, "dimension"),
         noise_field<Blobs>("deviation of a cloud"),
         field("spread", &Blobs::spread, positive, "half the width of the box that holds the centres")},
        make_blobs);
    add_made<GaussianQuantiles>(
        catalog,
        {.name = "gaussian-quantiles",
         .summary = "one normal cloud cut into nested shells of equal size, one a class",
         .formula = "x = deviation n; class = floor(classes rank(|x|) / examples)",
         .source = "scikit-learn, make_gaussian_quantiles; Hastie, Tibshirani and Friedman 2009, eq. 10.2"},
        {field("examples", &GaussianQuantiles::examples, example_range, examples_meaning),
         field("classes", &GaussianQuantiles::classes, class_range, "number of shells"),
         field("features", &GaussianQuantiles::features, feature_range, "dimension"),
         field("deviation", &GaussianQuantiles::deviation, positive, "of each coordinate")},
        make_gaussian_quantiles);
}

void add_labels(Catalog<Parts, const DataRequest&>& catalog) {
    add_made<OverlappingDiscs>(
        catalog,
        {.name = "overlapping-discs",
         .summary = "points in a square, with a label for each of several overlapping discs",
         .formula = "x uniform in [-1, 1]^2; label j: |x - 0.4 (cos a, sin a)| < 0.6, a = 2 pi j / labels,\n"
                    "each label flipped with probability `flip`",
         .source = "Ravine"},
        {field("examples", &OverlappingDiscs::examples, example_range, examples_meaning),
         field("labels", &OverlappingDiscs::labels, Range{1, 1000}, "number of discs"),
         field("flip", &OverlappingDiscs::flip, unit_interval, "probability that a label is wrong")},
        make_overlapping_discs);
}

void add_values(Catalog<Parts, const DataRequest&>& catalog) {
    add_made<LinearRegression>(
        catalog,
        {.name = "linear-regression",
         .summary = "a linear function with noise",
         .formula = "y = w . x + b + noise n; x, w, b and n standard normal",
         .source = "after scikit-learn, make_regression (Pedregosa et al. 2011)"},
        {field("examples", &LinearRegression::examples, example_range, examples_meaning),
         field("features", &LinearRegression::features, feature_range, "dimension of x"),
         noise_field<LinearRegression>("deviation of y")},
        make_linear_regression);
    add_made<NoisySine>(
        catalog,
        {.name = "noisy-sine",
         .summary = "a sine with noise, one number in and one out",
         .formula = "y = sin(frequency x) + noise n; x uniform in [-pi, pi], n standard normal",
         .source = "Ravine"},
        {field("examples", &NoisySine::examples, example_range, examples_meaning),
         field("frequency", &NoisySine::frequency, any_number, "in radians per unit of x"),
         noise_field<NoisySine>("deviation of y")},
        make_noisy_sine);
}

void add_files(Catalog<Parts, const DataRequest&>& catalog) {
    add_idx(catalog,
            {.name = "mnist",
             .summary = "handwritten digits: 60,000 and 10,000 test images, 28 x 28 grey; IDX files",
             .formula = "byte / 255, normalised by the mean and deviation of the training part",
             .source = "LeCun, Cortes and Burges, The MNIST database of handwritten digits"},
            {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"});
    add_idx(catalog,
            {.name = "fashion-mnist",
             .summary = "pictures of clothes: 60,000 and 10,000 test images, 28 x 28 grey; IDX files",
             .formula = "byte / 255, normalised by the mean and deviation of the training part",
             .source = "Xiao, Rasul and Vollgraf 2017, Fashion-MNIST"},
            {"T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag",
             "ankle boot"});
}

void add_cifar(Catalog<Parts, const DataRequest&>& catalog) {
    constexpr const char* formula =
        "byte / 255, each channel normalised by its mean and deviation over the training part";
    catalog.add<Cifar10>(
        {.name = "cifar-10",
         .summary =
             "photographs in 10 classes: 50,000 and 10,000 test images, 32 x 32 colour; binary version",
         .formula = formula,
         .source = "Krizhevsky 2009, Learning multiple layers of features from tiny images"},
        {}, [](Cifar10, const DataRequest& request) {
            const Shares shares = own_test_shares(request, cifar_validation);
            return cifar_parts("cifar-10", locate_cifar("cifar-10", request.data_dir), CifarClasses::ten,
                               shares, request);
        });
    catalog.add<Cifar100>(
        {.name = "cifar-100",
         .summary =
             "photographs in 100 classes: 50,000 and 10,000 test images, 32 x 32 colour; binary version",
         .formula = formula,
         .source = "Krizhevsky 2009, Learning multiple layers of features from tiny images"},
        {choice("labels", &Cifar100::labels, {{"fine", CifarClasses::fine}, {"coarse", CifarClasses::coarse}},
                "100 fine classes or 20 coarse ones")},
        [](Cifar100 cifar, const DataRequest& request) {
            const Shares shares = own_test_shares(request, cifar_validation);
            return cifar_parts("cifar-100", locate_cifar("cifar-100", request.data_dir), cifar.labels, shares,
                               request);
        });
}

void add_folders_and_tables(Catalog<Parts, const DataRequest&>& catalog) {
    catalog.add<ImageFolder>(
        {.name = "image-folder",
         .summary = "images in a folder for each class; PNG and JPEG files",
         .formula = "byte / 255, each channel normalised by its mean and deviation over the training part",
         .source = "the layout of torchvision's ImageFolder and Keras's image_dataset_from_directory"},
        {field("path", &ImageFolder::path, "a folder",
               "that holds a folder for each class, or such folders in train, val and test"),
         field("size", &ImageFolder::size, "N or HEIGHTxWIDTH",
               "in pixels, to which all images are stretched; empty: that of all"),
         field("channels", &ImageFolder::channels, Range{0, 3}, "1: grey; 3: colour; 0: as the first image")},
        [](const ImageFolder& images, const DataRequest& request) { return image_parts(images, request); });
    catalog.add<BostonHousing>(
        {.name = "boston-housing",
         .summary = "506 districts of Boston: 13 features, and the median value of a home; whitespace table",
         .formula = "MEDV, in 1,000 USD, from CRIM, ZN, INDUS, CHAS, NOX, RM, AGE, DIS, RAD, TAX, PTRATIO,\n"
                    "B and LSTAT; --target NAME predicts another column. B is made from the share of Black\n"
                    "residents: for benchmarks only",
         .source = "Harrison and Rubinfeld 1978, Hedonic prices and the demand for clean air"},
        {choice("scale", &BostonHousing::scale,
                {{"standard", BostonHousing::Scale::standard}, {"raw", BostonHousing::Scale::raw}},
                "features and values of mean 0 and deviation 1, or as they are")},
        [](BostonHousing settings, const DataRequest& request) {
            return boston_housing_parts(settings, request);
        });
}

/// "photos:size=32" as "image-folder:path=photos,size=32", where there is such a folder; else as it is.
Spec spec_of(const std::string& text) {
    const size_t colon = text.find(':');
    std::error_code ignored;
    const std::string path = text.substr(0, colon);
    if (colon == std::string::npos || datasets().contains(path) || !fs::is_directory(path, ignored))
        return Spec::parse(text);
    Spec spec = Spec::parse("image-folder" + text.substr(colon));
    spec.set("path", path);
    return spec;
}

}  // namespace

const Catalog<Parts, const DataRequest&>& datasets() {
    static const Catalog<Parts, const DataRequest&> catalog = [] {
        Catalog<Parts, const DataRequest&> result("dataset");
        add_planar_and_spatial(result);
        add_clouds(result);
        add_labels(result);
        add_values(result);
        add_files(result);
        add_cifar(result);
        add_folders_and_tables(result);
        return result;
    }();
    return catalog;
}

namespace {

/// What is asked for, with the targets that it brings itself.
Parts load_original(const DataRequest& request) {
    const std::string& name = request.dataset;
    std::error_code ignored;
    Parts parts;
    if (is_table_path(name))
        parts = table_parts(read_table(name), request);
    else if (is_array_path(name))
        parts = array_parts(request);
    else if (!datasets().contains(name) &&
             (fs::is_directory(name, ignored) || (is_tar_path(name) && fs::is_regular_file(name, ignored))))
        parts = path_parts(request);
    else if (fs::is_regular_file(name, ignored) ||
             (name.find('/') != std::string::npos && name.find(':') == std::string::npos))
        fail_request(
            "{}: expected a table (.csv, .data, .dat or .txt), arrays (.npz), a folder of images, of IDX "
            "files "
            "or of CIFAR, or CIFAR's archive, found {}",
            name, fs::exists(name, ignored) ? "something else" : "nothing");
    else
        parts = datasets().make(spec_of(name), request);
    parts.schema.dataset = name;
    return parts;
}

}  // namespace

Parts load_parts(const DataRequest& request) {
    if (request.task.empty() || parse_task("task", request.task) != Task::autoencoding)
        return load_original(request);
    DataRequest original = request;
    // A table without a target has no other task, and arrays have targets of any form.
    const bool is_table = is_table_path(request.dataset);
    if (!is_array_path(request.dataset) && (!is_table || !request.target.empty())) original.task.clear();
    return autoencoding_parts(load_original(original));
}

}  // namespace ravine
