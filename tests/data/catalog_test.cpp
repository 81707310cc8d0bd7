#include "ravine/data/sources/catalog.hpp"

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "ravine/data/download/locate.hpp"
#include "tests/data/support.hpp"

namespace ravine {
namespace {

using test::Environment;
using test::expect_error;
using test::published_folder;
using test::TemporaryFolder;

std::string word(uint32_t value) {
    return {static_cast<char>(value >> 24), static_cast<char>(value >> 16), static_cast<char>(value >> 8),
            static_cast<char>(value)};
}

std::string images_of(uint32_t count, uint32_t size = 4) {
    std::string text = word(0x803) + word(count) + word(size) + word(size);
    for (uint32_t i = 0; i < count * size * size; ++i) text += static_cast<char>(i * 37 + i / 16);
    return text;
}

std::string labels_of(uint32_t count, uint32_t classes = 10) {
    std::string text = word(0x801) + word(count);
    for (uint32_t i = 0; i < count; ++i) text += static_cast<char>(i % classes);
    return text;
}

/// The four files of a small IDX set in FOLDER/name.
void write_set(const TemporaryFolder& folder, const std::string& name) {
    folder.write_gz(name + "/train-images-idx3-ubyte.gz", images_of(120));
    folder.write(name + "/train-labels-idx1-ubyte", labels_of(120));
    folder.write(name + "/t10k-images-idx3-ubyte", images_of(20));
    folder.write_gz(name + "/t10k-labels-idx1-ubyte.gz", labels_of(20));
}

void refuses(const DataRequest& request, const std::vector<std::string>& parts) {
    expect_error(
        2, [&] { load_parts(request); }, parts);
}

TEST(Catalog, EveryMadeSetSplitsWithNormalisationOfItsTrainingPart) {
    for (const auto& entry : datasets().entries()) {
        EXPECT_FALSE(entry.summary.empty() || entry.formula.empty() || entry.source.empty()) << entry.name;
        if (std::ranges::find(entry.settings, "examples", &SettingInfo::name) == entry.settings.end())
            continue;  // a set of files
        const Parts parts = load_parts({.dataset = entry.name + ":examples=500", .seed = 3});
        EXPECT_EQ(parts.training.size(), 300) << entry.name;
        EXPECT_EQ(parts.validation.size(), 100) << entry.name;
        EXPECT_EQ(parts.test.size(), 100) << entry.name;
        EXPECT_EQ(parts.schema.normalization, Normalization::fit(parts.training)) << entry.name;
        EXPECT_NE(parts.schema.normalization, Normalization::fit(parts.validation)) << entry.name;
        EXPECT_EQ(parts.schema.dataset, entry.name + ":examples=500");
        EXPECT_EQ(parts.schema, schema_from_json(schema_to_json(parts.schema), "model")) << entry.name;
        EXPECT_THAT(parts.notes, testing::Contains("300 training, 100 validation and 100 test examples"));
    }
}

TEST(Catalog, SeedsFixDataAndSplit) {
    const auto features = [](uint64_t seed) {
        return std::get<Rows<float>>(load_parts({.dataset = "moons", .seed = seed}).test.features).elements();
    };
    EXPECT_EQ(features(1), features(1));
    EXPECT_NE(features(1), features(2));
}

TEST(Catalog, SharesCanBeSaid) {
    const Parts parts =
        load_parts({.dataset = "blobs:examples=100", .validation_share = 0.0, .test_share = 0.5});
    EXPECT_EQ(parts.validation.size(), 0);
    EXPECT_EQ(parts.test.size(), 50);
    refuses({.dataset = "blobs", .validation_share = -0.1}, {"validation share", "[0, 1)", "-0.1"});
    refuses({.dataset = "blobs", .test_share = 1.0}, {"test share", "[0, 1)", "found 1"});
    refuses({.dataset = "blobs", .test_share = std::nan("")}, {"test share", "nan"});
    refuses({.dataset = "blobs", .validation_share = 0.6, .test_share = 0.5}, {"less than 1 together"});
}

TEST(Catalog, TheTrainingPartCanBeMadeSmaller) {
    const DataRequest all{.dataset = "blobs:examples=500,classes=4", .seed = 2};
    DataRequest some = all;
    some.training_examples = 40;
    const Parts whole = load_parts(all), parts = load_parts(some);
    EXPECT_EQ(parts.training.size(), 40);
    for (int label = 0; label < 4; ++label)  // 75 of 300 each
        EXPECT_EQ(std::ranges::count(parts.training.labels, label), 10);
    EXPECT_EQ(parts.test.labels, whole.test.labels);
    EXPECT_EQ(parts.validation.labels, whole.validation.labels);
    EXPECT_EQ(parts.schema.normalization, Normalization::fit(parts.training));
    some.training_examples = 301;
    refuses(some, {"examples", "at most the 300", "301"});
}

TEST(Catalog, BadRequestsAreRefused) {
    refuses({.dataset = "spirla"}, {"unknown dataset 'spirla'", "did you mean 'spiral'?"});
    refuses({.dataset = "spiral:nois=1"}, {"no setting 'nois'", "did you mean 'noise'?"});
    refuses({.dataset = "spiral:noise=-1"}, {"spiral:noise", "at least 0", "-1"});
    refuses({.dataset = "spiral:noise=nan"}, {"spiral:noise", "nan"});
    refuses({.dataset = "spiral:classes=1"}, {"spiral:classes", "1"});
    refuses({.dataset = "spiral:examples=5,classes=6"}, {"each of the 6 classes", "5 examples"});
    refuses({.dataset = "blobs:examples=100000000,features=1000000"}, {"at most 1000000000 numbers"});
    refuses({.dataset = "spiral", .target = "x"}, {"spiral", "--target is for tables"});
    refuses({.dataset = "mnist", .task = "regression"}, {"mnist", "--task regression is for tables"});
    refuses({.dataset = "none/there"}, {"none/there", "found nothing"});
    refuses({.dataset = "none.csv"}, {"none.csv: no such file"});
}

TEST(Catalog, FindsNamedSetsInOrder) {
    const TemporaryFolder given, variable, cache;
    const Environment data("RAVINE_DATA", variable.path().string());
    const Environment xdg("XDG_CACHE_HOME", cache.path().string());
    const auto found = [&] { return locate_idx_set("mnist", given.path().string()).training_labels; };

    expect_error(
        1, found,
        {"'mnist' was not found", given.path().string() + "/mnist", variable.path().string() + "/mnist",
         cache.path().string() + "/ravine/mnist", "`ravine data get mnist`", "--data-dir"});
    write_set(cache, "ravine/mnist");
    EXPECT_EQ(found(), cache.path() / "ravine/mnist/train-labels-idx1-ubyte");
    write_set(variable, ".");
    EXPECT_EQ(found(), variable.path() / "train-labels-idx1-ubyte");
    write_set(variable, "mnist");
    EXPECT_EQ(found(), variable.path() / "mnist/train-labels-idx1-ubyte");
    write_set(given, "mnist");
    EXPECT_EQ(found(), given.path() / "mnist/train-labels-idx1-ubyte");

    std::filesystem::remove(given.path() / "mnist/t10k-images-idx3-ubyte");
    expect_error(1, found, {"only a part", "missing: t10k-images-idx3-ubyte[.gz]", "data get mnist"});
}

TEST(Catalog, AFolderNamedAfterAnotherSetIsPassedOver) {
    const TemporaryFolder folder;
    const Environment data("RAVINE_DATA", ""), xdg("XDG_CACHE_HOME", "/none");
    write_set(folder, "mnist");
    for (const char* ending : {"/mnist", "/mnist/"}) {
        const std::string given = folder.path().string() + ending;
        EXPECT_NO_THROW(locate_idx_set("mnist", given));
        EXPECT_THROW(locate_idx_set("fashion-mnist", given), RunError);
    }
}

TEST(Catalog, FallsBackToTheHomeFolder) {
    const Environment data("RAVINE_DATA", ""), xdg("XDG_CACHE_HOME", "relative"),
        home("HOME", "/home/somebody");
    EXPECT_EQ(data_folders(""), std::vector<std::filesystem::path>{"/home/somebody/.cache/ravine"});
}

TEST(Catalog, SplitsIdxSetsAndKeepsTheirTestPart) {
    const TemporaryFolder folder;
    write_set(folder, "mnist");
    const DataRequest request{.dataset = "mnist", .data_dir = folder.path().string(), .seed = 1};
    const Parts parts = load_parts(request);
    EXPECT_EQ(parts.training.size(), 110);
    EXPECT_EQ(parts.validation.size(), 10);  // a twelfth
    EXPECT_EQ(parts.test.size(), 20);
    EXPECT_EQ(parts.training.feature_shape, (Shape{4, 4, 1}));
    EXPECT_EQ(parts.schema.normalization, Normalization::fit(parts.training));
    EXPECT_EQ(parts.schema.normalization.channels(), 1);
    EXPECT_THAT(parts.notes, testing::Contains("read from " + (folder.path() / "mnist").string()));
    DataRequest with_share = request;
    with_share.test_share = 0.1;
    refuses(with_share, {"mnist", "test part of its own"});

    folder.write("mnist/t10k-images-idx3-ubyte", images_of(20, 5));
    refuses(request, {"t10k-images-idx3-ubyte: byte 8", "[4, 4, 1]", "[5, 5, 1]"});
    folder.write("mnist/train-labels-idx1-ubyte", labels_of(120, 11));
    refuses(request, {"train-labels-idx1-ubyte: byte 18", "label in 0 ... 9", "found 10"});
}

TEST(Catalog, ReadsAnyFolderOfIdxFiles) {
    const TemporaryFolder folder;
    write_set(folder, "letters");
    folder.write("letters/train-labels-idx1-ubyte", labels_of(120, 12));
    const std::string path = (folder.path() / "letters").string();
    const Parts parts = load_parts({.dataset = path});
    EXPECT_EQ(parts.schema.output_count, 12);
    EXPECT_EQ(load_like(parts.schema, path, Targets::required).labels, parts.test.labels);
    const std::string images = path + "/t10k-images-idx3-ubyte";
    EXPECT_EQ(load_like(parts.schema, images, Targets::required).labels,
              parts.test.labels);  // beside it, as .gz
    EXPECT_FALSE(load_like(parts.schema, images, Targets::ignored).labelled());
    EXPECT_EQ(load_like(parts.schema, images, Targets::ignored).features, parts.test.features);
    const std::string other = folder.write("other-images-idx3", images_of(3, 5));
    expect_error(2, [&] { load_like(parts.schema, other, Targets::ignored); },
                 {"byte 8", "[4, 4, 1]", "[5, 5, 1]"});
    refuses({.dataset = folder.path().string()}, {"train-images-idx3-ubyte", "none of them"});
}

TEST(Catalog, ReadsCsvFiles) {
    const TemporaryFolder folder;
    std::string text = "area,town,price\n";
    for (int i = 0; i < 50; ++i)
        text += fmt::format("{},{},{}.5\n", 50 + i, i % 3 == 0 ? "here" : "there", 1000 * i);
    const std::string path = folder.write("houses.csv", text);
    const Parts parts = load_parts({.dataset = path, .target = "price"});
    EXPECT_EQ(parts.training.size(), 30);
    EXPECT_EQ(parts.validation.size(), 10);
    EXPECT_EQ(parts.test.size(), 10);
    EXPECT_EQ(parts.schema.task, Task::regression);
    EXPECT_EQ(parts.schema.normalization, Normalization::fit(parts.training));
    EXPECT_EQ(parts.schema.target_normalization, Normalization::fit_values(parts.training));
    EXPECT_EQ(parts.schema, schema_from_json(schema_to_json(parts.schema), "model"));
    EXPECT_THAT(parts.notes, testing::Contains(testing::HasSubstr("regression, inferred")));
    EXPECT_EQ(load_like(parts.schema, path, Targets::required).size(), 50);
    refuses({.dataset = path}, {"houses.csv", "--target", "area, town, price"});
    refuses({.dataset = folder.write("notes.txt", text), .target = "price"}, {"notes.txt", ".csv"});
}

TEST(Catalog, MadeSetsReadTablesLikeTheirs) {
    const TemporaryFolder folder;
    const Parts parts = load_parts({.dataset = "spiral"});
    const std::string path = folder.write("points.csv", "x1,x0,class\n2,1,0\n4,3,2\n");
    const Dataset data = load_like(parts.schema, path, Targets::required);
    EXPECT_EQ(std::get<Rows<float>>(data.features).elements(), (std::vector<float>{1, 2, 3, 4}));
    EXPECT_EQ(data.labels, (std::vector<int32_t>{0, 2}));
}

TEST(Schema, RefusesContradictions) {
    const nlohmann::json good = schema_to_json(load_parts({.dataset = "linear-regression"}).schema);
    const auto bad = [&](const char* member, const nlohmann::json& value, const std::string& part) {
        nlohmann::json changed = good;
        changed[member] = value;
        expect_error(2, [&] { schema_from_json(changed, "run/model"); }, {"run/model", part});
    };
    EXPECT_NO_THROW(schema_from_json(good, "run/model"));
    bad("task", "guess", "multi-label or autoencoding");
    bad("feature_shape", nlohmann::json::array(), "feature shape");
    bad("feature_shape", {1LL << 40, 1LL << 40}, "feature shape");
    bad("feature_shape", {9}, "columns of 9 features, found 10");
    bad("output_count", 0, "at least one output");
    bad("output_count", "one", "description of a data set");
    bad("normalization", {{"mean", {1}}, {"deviation", {1}}}, "normalization of 10 channels");
    bad("target_normalization", {{"mean", {1}}, {"deviation", {0}}}, "deviations above 0");
    nlohmann::json missing = good;
    missing.erase("target");
    expect_error(2, [&] { schema_from_json(missing, "run/model"); }, {"run/model", "target"});
}

void check_published(const std::string& name, double mean, double deviation) {
    if (!std::filesystem::exists(published_folder() + "/" + name))
        GTEST_SKIP() << "the published " << name << " files are not in " << published_folder();
    const Parts parts = load_parts({.dataset = name, .data_dir = published_folder()});
    EXPECT_EQ(parts.training.size(), 55'000);
    EXPECT_EQ(parts.validation.size(), 5000);
    EXPECT_EQ(parts.test.size(), 10'000);
    EXPECT_EQ(parts.training.feature_shape, (Shape{28, 28, 1}));
    parts.training.check();
    EXPECT_NEAR(parts.schema.normalization.mean[0], mean, 0.001);  // as known for all 60,000
    EXPECT_NEAR(parts.schema.normalization.deviation[0], deviation, 0.001);
    EXPECT_EQ(parts.schema.output_count, 10);
}

TEST(Published, Mnist) { check_published("mnist", 0.1307, 0.3081); }
TEST(Published, FashionMnist) { check_published("fashion-mnist", 0.2860, 0.3530); }

}  // namespace
}  // namespace ravine
