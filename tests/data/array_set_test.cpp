#include "ravine/data/sources/array_set.hpp"

#include <functional>

#include "ravine/data/formats/npz.hpp"
#include "tests/data/archive_support.hpp"
#include "tests/data/npy_support.hpp"

namespace ravine::test {
namespace {

using Names = std::vector<std::string>;
using Labels = std::vector<int32_t>;

std::string reals(const std::string& shape, const std::vector<float>& items) {
    return npy(npy_header("<f4", shape), bytes_of(items));
}
std::string integers(const std::string& shape, const std::vector<int32_t>& items) {
    return npy(npy_header("<i4", shape), bytes_of(items));
}

/// 0, 1, 2, ...
std::vector<float> range(int count) {
    std::vector<float> items;
    for (int i = 0; i < count; ++i) items.push_back(static_cast<float>(i));
    return items;
}

/// `count` labels 3, 7, 3, 7, ...
std::vector<int32_t> alternating(int count) {
    std::vector<int32_t> items;
    for (int i = 0; i < count; ++i) items.push_back(i % 2 == 0 ? 3 : 7);
    return items;
}

class ArraySetTest : public testing::Test {
protected:
    std::string write(const std::vector<Member>& members, const std::string& name = "set.npz") {
        return write_archive(folder_, name, members);
    }
    Parts load(const std::vector<Member>& members) { return load_parts({.dataset = write(members)}); }
    void refuses(const std::vector<Member>& members, const std::vector<std::string>& parts) {
        const std::string path = write(members);
        expect_error(
            2, [&] { load_parts({.dataset = path}); }, parts);
    }
    TemporaryFolder folder_;
};

TEST_F(ArraySetTest, IntegersAreClassesAndRealsAreValues) {
    const Parts classes =
        load({{"x.npy", reals("(20, 2)", range(40))}, {"y.npy", integers("(20,)", alternating(20))}});
    EXPECT_EQ(classes.schema.task, Task::classification);
    EXPECT_EQ(classes.schema.classes, (Names{"3", "7"}));
    EXPECT_EQ(classes.training.feature_shape, Shape{2});
    EXPECT_EQ(classes.training.size(), 12);
    for (int64_t i = 0; i < classes.test.size(); ++i)  // labels stay with their features
        EXPECT_EQ(classes.test.labels[static_cast<size_t>(i)],
                  static_cast<int32_t>(classes.test.feature(i, 0) / 2) % 2);

    const Parts values =
        load({{"features.npy", reals("(20, 2)", range(40))}, {"targets.npy", reals("(20, 3)", range(60))}});
    EXPECT_EQ(values.schema.task, Task::regression);
    EXPECT_EQ(values.schema.output_count, 3);
    for (int64_t i = 0; i < values.training.size(); ++i)
        EXPECT_EQ(values.training.values[static_cast<size_t>(3 * i + 1)],
                  values.training.feature(i, 0) / 2 * 3 + 1);
    EXPECT_NE(values.schema.target_normalization.mean[0], 0);
}

TEST_F(ArraySetTest, TheTaskCanBeGiven) {
    const std::string path =
        write({{"X.npy", reals("(20, 1)", range(20))}, {"y.npy", integers("(20, 1)", alternating(20))}});
    const Parts values = load_parts({.dataset = path, .task = "regression"});
    EXPECT_EQ(values.schema.task, Task::regression);
    EXPECT_EQ(values.training.values[0],
              values.training.feature(0, 0) / 2 == std::floor(values.training.feature(0, 0) / 2) ? 3 : 7);
    std::vector<float> whole(20, 1);
    whole[3] = whole[5] = 2;
    const std::string other =
        write({{"x.npy", reals("(20,)", range(20))}, {"y.npy", reals("(20,)", whole)}}, "b.npz");
    EXPECT_EQ(load_parts({.dataset = other, .task = "classification"}).schema.classes, (Names{"1", "2"}));
    expect_error(2, [&] { load_parts({.dataset = other, .target = "y"}); }, {"--target is for tables"});
}

TEST_F(ArraySetTest, LabelsAreZerosAndOnes) {
    std::vector<int32_t> flags;
    for (int i = 0; i < 20; ++i) flags.insert(flags.end(), {i % 2, i < 10 ? 1 : 0, 1});
    const std::string path =
        write({{"x.npy", reals("(20, 2)", range(40))}, {"y.npy", integers("(20, 3)", flags)}});
    const Parts parts = load_parts({.dataset = path, .task = "multi-label"});
    parts.training.check();
    EXPECT_EQ(parts.schema.task, Task::multi_label);
    EXPECT_EQ(parts.schema.classes, (Names{"y0", "y1", "y2"}));
    EXPECT_EQ(parts.schema.target_normalization, Normalization::identity(3));
    for (int64_t i = 0; i < parts.test.size(); ++i) {  // labels stay with their features
        const auto row = static_cast<int>(parts.test.feature(i, 0) / 2);
        EXPECT_EQ(parts.test.value(i, 0), row % 2);
        EXPECT_EQ(parts.test.value(i, 1), row < 10 ? 1 : 0);
        EXPECT_EQ(parts.test.value(i, 2), 1);
    }
    const Dataset again = load_like(parts.schema, path, Targets::required);
    EXPECT_EQ(again.task, Task::multi_label);
    EXPECT_EQ(again.values[3], 1);

    expect_error(2, [&] { load_parts({.dataset = path}); },
                 {"expected one class", "[20, 3]", "--task multi-label"});
    const Parts features = load_parts({.dataset = path, .task = "autoencoding"});
    EXPECT_EQ(features.schema.task, Task::autoencoding);
    EXPECT_EQ(features.test.feature(0, 0), parts.test.feature(0, 0));
    flags[7] = 2;
    const std::string two =
        write({{"x.npy", reals("(20, 2)", range(40))}, {"y.npy", integers("(20, 3)", flags)}}, "two.npz");
    for (const auto& action :
         std::vector<std::function<void()>>{[&] { load_parts({.dataset = two, .task = "multi-label"}); },
                                            [&] { load_like(parts.schema, two, Targets::required); }})
        expect_error(2, action, {"two.npz", "item [2, 1]: expected 0 or 1", "found 2"});
    const std::string narrow = write(
        {{"x.npy", reals("(20, 2)", range(40))}, {"y.npy", integers("(20, 2)", std::vector<int32_t>(40))}},
        "narrow.npz");
    expect_error(2, [&] { load_like(parts.schema, narrow, Targets::required); },
                 {"expected 3 targets", "found 2"});
    const std::string cube = write(
        {{"x.npy", reals("(5, 2)", range(10))}, {"y.npy", integers("(5, 2, 2)", std::vector<int32_t>(20))}},
        "cube.npz");
    expect_error(2, [&] { load_parts({.dataset = cube, .task = "multi-label"}); },
                 {"expected 5 targets", "[5, 2, 2]"});
}

TEST_F(ArraySetTest, PartsOfItsOwnAreKept) {
    const auto members = std::vector<Member>{
        {"x_train.npy", reals("(20, 2)", range(40))}, {"y_train.npy", integers("(20,)", alternating(20))},
        {"x_test.npy", reals("(4, 2)", range(8))},    {"y_test.npy", integers("(4,)", {7, 7, 3, 3})},
        {"ids.npy", integers("(1,)", {0})},           {"notes.txt", "hello"}};
    const Parts parts = load(members);
    EXPECT_EQ(parts.test.labels, (Labels{1, 1, 0, 0}));
    EXPECT_EQ(parts.training.size(), 18);
    EXPECT_EQ(parts.validation.size(), 2);
    EXPECT_EQ(parts.notes.front(), "read x_train and y_train, x_test and y_test");
    const std::string path = write(members);
    expect_error(2, [&] { load_parts({.dataset = path, .test_share = 0.1}); }, {"test part of its own"});

    auto other = members;
    other[3].contents = integers("(4,)", {7, 7, 3, 4});
    refuses(other, {"set.npz: y_test", "item [3]", "classes 3, 7", "found 4"});
    other = members;
    other[2].contents = reals("(4, 3)", range(12));
    refuses(other, {"shape [2]", "found [3]"});
}

TEST_F(ArraySetTest, TheValidationPartHasSeveralNames) {
    for (const std::string word : {"val", "valid", "validation"}) {
        const Parts parts = load({{"x_train.npy", reals("(20, 2)", range(40))},
                                  {"y_train.npy", integers("(20,)", alternating(20))},
                                  {"x_" + word + ".npy", reals("(3, 2)", range(6))},
                                  {"y_" + word + ".npy", integers("(3,)", {7, 3, 3})}});
        EXPECT_EQ(parts.validation.labels, (Labels{1, 0, 0})) << word;
        EXPECT_EQ(parts.training.size(), 16) << word;  // 20 % of the others are the test part
    }
}

TEST_F(ArraySetTest, ImagesHaveTheirChannelsLast) {
    std::string bytes;
    for (int i = 0; i < 10 * 3 * 2 * 2; ++i) bytes += static_cast<char>(i);
    const std::string labels = integers("(10,)", alternating(10));
    // [n, channels, height, width]: pixel (row 1, column 0) of image 0 is item 2 of each channel's 4.
    const Parts first =
        load({{"images.npy", npy(npy_header("|u1", "(10, 3, 2, 2)"), bytes)}, {"labels.npy", labels}});
    EXPECT_EQ(first.training.feature_shape, (Shape{2, 2, 3}));
    const auto image = [](const Parts& parts) {
        const auto& rows = std::get<Rows<uint8_t>>(parts.training.features);
        return std::vector<int>(rows.row(0, 12), rows.row(0, 12) + 12);
    };
    const int base = image(first)[0];
    EXPECT_THAT(image(first),
                testing::ElementsAre(base, base + 4, base + 8, base + 1, base + 5, base + 9, base + 2,
                                     base + 6, base + 10, base + 3, base + 7, base + 11));
    const Parts last =
        load({{"images.npy", npy(npy_header("|u1", "(10, 2, 2, 3)"), bytes)}, {"labels.npy", labels}});
    EXPECT_EQ(last.training.feature_shape, (Shape{2, 2, 3}));
    EXPECT_EQ(image(last)[1], image(last)[0] + 1);
    const Parts grey =
        load({{"images.npy", npy(npy_header("|u1", "(10, 3, 4)"), bytes)}, {"labels.npy", labels}});
    EXPECT_EQ(grey.training.feature_shape, (Shape{3, 4, 1}));
}

TEST_F(ArraySetTest, RefusesWhatDoesNotFit) {
    const std::string x = reals("(20, 2)", range(40)), y = integers("(20,)", alternating(20));
    refuses({{"a.npy", x}, {"b.npy", y}}, {"set.npz", "'x' and 'y'", "found a, b"});
    refuses({}, {"set.npz"});
    refuses({{"x.npy", x}, {"y.npy", integers("(2,)", {1, 2})}}, {"y", "expected 20 targets", "[2]"});
    refuses({{"x.npy", x}, {"y.npy", integers("(20, 2)", std::vector<int32_t>(40, 1))}},
            {"one class for each"});
    refuses({{"x.npy", x}, {"y.npy", integers("(20,)", std::vector<int32_t>(20, 1))}},
            {"two classes", "only 1"});
    std::vector<int32_t> different(20);
    for (int i = 0; i < 20; ++i) different[static_cast<size_t>(i)] = i;
    refuses({{"x.npy", x}, {"y.npy", integers("(20,)", different)}}, {"20 different", "--task regression"});
    refuses({{"x.npy", reals("()", {1})}, {"y.npy", y}}, {"set.npz: x", "shape []"});
    refuses({{"x.npy", reals("(20, 0)", {})}, {"y.npy", y}}, {"shape [20, 0]"});
    refuses({{"x.npy", reals("(1, 1, 1, 1, 1)", {1})}, {"y.npy", y}}, {"shape [1, 1, 1, 1, 1]"});
    refuses({{"x.npy", x}, {"x.npy", x}, {"y.npy", y}}, {"'x' twice"});
    refuses({{"x.npy", npy(npy_header("|O", "(20,)"), "code")}, {"y.npy", y}},
            {"set.npz: x", "Python objects"});
    expect_error(2, [&] { load_parts({.dataset = folder_.write("one.npy", x)}); },
                 {"one.npy", "numpy.savez"});
    expect_error(2, [&] { load_parts({.dataset = (folder_.path() / "none.npz").string()}); },
                 {"no such file"});
}

TEST_F(ArraySetTest, RefusesDamagedAndHostileArchives) {
    const std::string path =
        write({{"x.npy", reals("(20, 2)", range(40))}, {"y.npy", integers("(20,)", alternating(20))}});
    const std::string good = contents_of(path);
    const size_t directory = good.find("PK\1\2");  // what comes after the data can be done without
    for (size_t size = 0; size < directory; size += 17) {
        folder_.write("set.npz", good.substr(0, size));
        expect_error(2, [&] { load_parts({.dataset = path}); }, {"set.npz"});
    }
    folder_.write("set.npz", std::string(5000, '\0'));
    expect_error(2, [&] { load_parts({.dataset = path}); }, {"byte 0", "begins with PK"});
    // A claim of 2^58 numbers in a small archive takes no memory; a path upwards is refused.
    refuses({{"x.npy", npy(npy_header("<f4", "(288230376151711744,)"), std::string(100'000, '\0'))},
             {"y.npy", integers("(20,)", alternating(20))}},
            {"set.npz: x", "bytes of items"});
    refuses({{"../../x.npy", reals("(20, 2)", range(40))}, {"y.npy", integers("(20,)", alternating(20))}},
            {"set.npz", "leads out of it", "'../../x.npy'"});
    // The count of targets is looked at before they are: here it is said before the missing items are.
    refuses({{"x.npy", reals("(20, 2)", range(40))},
             {"y.npy", npy(npy_header("<i8", "(1000,)"), std::string(8, '\0'))}},
            {"expected 20 targets", "[1000]"});
}

TEST_F(ArraySetTest, SavedModelsReadArraysAlike) {
    const Parts parts =
        load({{"x.npy", reals("(20, 2)", range(40))}, {"y.npy", integers("(20,)", alternating(20))}});
    const std::string test = write({{"x_train.npy", reals("(3, 2)", range(6))},
                                    {"y_train.npy", integers("(3,)", {3, 3, 7})},
                                    {"x_test.npy", reals("(2, 2)", {5, 6, 7, 8})},
                                    {"y_test.npy", integers("(2,)", {7, 3})}},
                                   "other.npz");
    const Dataset labelled = load_like(parts.schema, test, Targets::required);
    EXPECT_EQ(labelled.labels, (Labels{1, 0}));  // its test part
    EXPECT_EQ(labelled.feature(1, 0), 7);
    const std::string single = folder_.write("x.npy", reals("(3, 2)", range(6)));
    EXPECT_EQ(load_like(parts.schema, single, Targets::ignored).size(), 3);
    EXPECT_FALSE(load_like(parts.schema, single, Targets::ignored).labelled());
    expect_error(2, [&] { load_like(parts.schema, single, Targets::required); }, {"x.npy", "targets"});
    const std::string wide = folder_.write("w.npy", reals("(2, 3)", range(6)));
    expect_error(2, [&] { load_like(parts.schema, wide, Targets::ignored); }, {"shape [2]", "found [3]"});
    EXPECT_EQ(load_like(parts.schema, write({{"anything.npy", reals("(3, 2)", range(6))}}, "p.npz"),
                        Targets::ignored)
                  .size(),
              3);
}

}  // namespace
}  // namespace ravine::test
