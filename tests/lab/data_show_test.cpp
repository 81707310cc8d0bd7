#include "ravine/lab/look/data_show.hpp"

#include <algorithm>
#include <set>

#include "ravine/core/files/file.hpp"
#include "ravine/lab/draw/image_sheet.hpp"
#include "ravine/lab/look/augmented_sheet.hpp"
#include "ravine/lab/look/download_progress.hpp"
#include "ravine/lab/look/label_text.hpp"
#include "tests/data/support.hpp"

namespace ravine {
namespace {

using test::expect_error;
using test::TemporaryFolder;
using testing::ElementsAre;
using testing::HasSubstr;

/// `count` images of height x width x channels with the bytes 0, 1, 2, ..., image i of class i mod 3.
Dataset images(Shape shape, int64_t count) {
    Dataset data{
        .name = "small", .feature_shape = std::move(shape), .output_count = 3, .classes = {"a", "b", "c"}};
    std::vector<uint8_t> bytes(static_cast<size_t>(count * element_count(data.feature_shape)));
    for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(i);
    data.features = std::move(bytes);
    for (int64_t i = 0; i < count; ++i) data.labels.push_back(static_cast<int32_t>(i % 3));
    data.check();
    return data;
}

std::vector<int64_t> first(int64_t n) {
    std::vector<int64_t> order;
    for (int64_t i = 0; i < n; ++i) order.push_back(i);
    return order;
}

TEST(Thumbnail, GreyBecomesRedGreenAndBlue) {
    const Thumbnail small = thumbnail(images({1, 2, 1}, 2), 1, 16);
    EXPECT_EQ(small.width, 2);
    EXPECT_EQ(small.height, 1);
    EXPECT_THAT(small.rgb, ElementsAre(2, 2, 2, 3, 3, 3));
}

TEST(Thumbnail, ColoursAreKeptAndMissingOnesBlack) {
    EXPECT_THAT(thumbnail(images({1, 2, 3}, 1), 0, 16).rgb, ElementsAre(0, 1, 2, 3, 4, 5));
    EXPECT_THAT(thumbnail(images({1, 1, 4}, 1), 0, 16).rgb, ElementsAre(0, 1, 2));
    EXPECT_THAT(thumbnail(images({1, 1, 2}, 1), 0, 16).rgb, ElementsAre(0, 1, 0));
}

TEST(Thumbnail, LargeImagesAreAveraged) {
    // 3 x 4 bytes 0 ... 11 to 2 x 2: 2 x 2 squares, the lower ones cut: (0+1+4+5)/4 = 2.5, (2+3+6+7)/4 = 4.5,
    // (8+9)/2 = 8.5, (10+11)/2 = 10.5, each rounded away from 0.
    const Thumbnail small = thumbnail(images({3, 4, 1}, 1), 0, 2);
    EXPECT_EQ(small.width, 2);
    EXPECT_EQ(small.height, 2);
    for (size_t i = 0; const int expected : {2, 4, 8, 10})
        EXPECT_NEAR(small.rgb[3 * i++], expected + 0.5, 0.51);
}

TEST(Thumbnail, ValuesOutOfRangeAreCut) {
    Dataset data{.feature_shape = {1, 3, 1}, .output_count = 1, .classes = {"a"}};
    data.features = std::vector<float>{-1, 0.2F, 7};
    EXPECT_THAT(thumbnail(data, 0, 16).rgb, ElementsAre(0, 0, 0, 51, 51, 51, 255, 255, 255));
}

TEST(AugmentedSheet, ShowsOriginalsAndARowForEachChain) {
    Parts parts{.training = images({2, 3, 1}, 30), .validation = {}, .test = {}};
    parts.schema = schema_of(parts.training);
    const AugmentedSheet sheet =
        augmented_sheet(parts, {"flip:probability=1", "mixup"}, std::vector<int64_t>{4, 8}, 1);
    ASSERT_EQ(sheet.rows.size(), 3U);
    EXPECT_EQ(sheet.rows[0].label, "original");
    EXPECT_EQ(sheet.rows[1].label, "flip:probability=1");
    EXPECT_EQ(sheet.rows[2].label, "mixup");
    EXPECT_THAT(sheet.rows[0].captions, ElementsAre("b", "c"));
    EXPECT_THAT(sheet.rows[1].captions, ElementsAre("b", "c"));
    const auto& [width, height, original] = thumbnail(sheet.images, sheet.rows[0].examples[0], 16);
    EXPECT_EQ(original, thumbnail(parts.training, 4, 16).rgb);
    const Thumbnail flipped = thumbnail(sheet.images, sheet.rows[1].examples[0], 16);
    for (size_t x = 0; x < 3; ++x) EXPECT_EQ(flipped.rgb[3 * x], original[3 * (2 - x)]);
    // One chain: the first four updates.
    EXPECT_EQ(augmented_sheet(parts, {"crop"}, first(5), 1).rows.size(), 5U);
}

TEST(AugmentedSheet, IsForTrainingImages) {
    ShowRequest request{.data = {.dataset = "spiral:examples=30"}, .augment = {"noise"}};
    const TemporaryFolder folder;
    expect_error(2, [&] { DataView(request).draw(folder.path() / "a.png"); },
                 {"expected images to draw", "[2]"});
    request.part = "test";
    expect_error(2, [&] { const DataView view(request); }, {"only training examples", "test"});
    request.augment = {"crp"};
    expect_error(2, [&] { const DataView view(request); }, {"did you mean 'crop'"});
}

TEST(ArrangeImages, InRowsOfClassesWhereThereIsRoom) {
    const Dataset data = images({2, 2, 1}, 30);
    const auto rows = arrange_images(data, first(30), 12, 10);
    ASSERT_EQ(rows.size(), 3U);
    EXPECT_EQ(rows[1].label, "b");
    EXPECT_THAT(rows[1].examples, ElementsAre(1, 4, 7, 10));
    EXPECT_THAT(rows[1].captions, testing::IsEmpty());
    EXPECT_THAT(arrange_images(data, first(30), 30, 5)[0].examples, ElementsAre(0, 3, 6, 9, 12));
}

TEST(ArrangeImages, OneAfterAnotherWithCaptionsElse) {
    const auto rows = arrange_images(images({2, 2, 1}, 30), first(30), 5, 3);
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_THAT(rows[0].examples, ElementsAre(0, 1, 2));
    EXPECT_THAT(rows[1].captions, ElementsAre("a", "b"));
    Dataset numbers = images({2, 2, 1}, 2);
    numbers.task = Task::regression;
    numbers.labels.clear();
    numbers.classes.clear();
    numbers.output_count = 1;
    numbers.values = {0.5F, -2};
    EXPECT_THAT(arrange_images(numbers, first(2), 100, 4)[0].captions, ElementsAre("0.5", "-2"));
}

TEST(ImageSheet, InATerminalIsHalfBlocksOfTwoPixels) {
    // Rows 0 1 | 2 3 | 4 5: the third is an upper half with nothing below.
    const Dataset data = images({3, 2, 1}, 1);
    EXPECT_EQ(terminal_image_sheet(data, {{.label = "a", .examples = {0}}}),
              "  \x1b[38;2;0;0;0m\x1b[48;2;2;2;2m\u2580\x1b[38;2;1;1;1m\x1b[48;2;3;3;3m\u2580\x1b[0m \n"
              "a \x1b[38;2;4;4;4m\x1b[49m\u2580\x1b[38;2;5;5;5m\x1b[49m\u2580\x1b[0m \n\n");
}

TEST(ImageSheet, AsAPictureHasItsLabels) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "sheet.svg";
    const Dataset data = images({4, 4, 3}, 30);
    write_image_sheet(path, "thirty", data, arrange_images(data, first(30), 30, 10));
    const std::string rows = read_file(path);
    for (const char* text : {"thirty", ">a<", ">b<", ">c<", "<image "}) EXPECT_THAT(rows, HasSubstr(text));
    write_image_sheet(path, "four", data, arrange_images(data, first(30), 4, 2));
    EXPECT_THAT(read_file(path), HasSubstr(">c<"));
}

std::string people_csv() {
    std::string text = "age,town,pay\n";
    for (int i = 0; i < 20; ++i)
        text += fmt::format("{},{},{}\n", i + 1, i % 2 == 0 ? "x" : "y", 10 * (i + 1));
    return text;
}

TEST(DataView, SummarisesTheColumnsOfTheWholePart) {
    const TemporaryFolder folder;
    const DataView view({.data = {.dataset = folder.write("people.csv", people_csv()),
                                  .target = "pay",
                                  .task = "regression",
                                  .validation_share = 0.0,
                                  .test_share = 0.0}});
    const std::string text = view.summary();
    EXPECT_THAT(text, HasSubstr("regression; examples of shape 3\n"));
    // 1 ... 20: mean 10.5, deviation sqrt((400 - 1) / 12); half of the towns are x.
    EXPECT_THAT(text, testing::ContainsRegex("age +1 +10.5 +20 +5.76628\n"));
    EXPECT_THAT(text, testing::ContainsRegex("town=x +0 +0.5 +1 +0.5\n"));
    EXPECT_THAT(text, testing::ContainsRegex("pay +10 +105 +200 +57.6628\n"));
    EXPECT_FALSE(view.has_picture());
    expect_error(2, [&] { view.draw(folder.path() / "p.svg"); },
                 {"p.svg: expected images", "found 3 features"});
    EXPECT_FALSE(std::filesystem::exists(folder.path() / "p.svg"));
}

TEST(DataView, TextOfAFileIsHarmlessToATerminal) {
    const TemporaryFolder folder;
    std::string text = "\"a\x1b[2J\",\"b\nc\"\n";
    for (int i = 0; i < 20; ++i) text += fmt::format("{},\"{}\n\x07\"\n", i, i % 2);
    const DataView view({.data = {.dataset = folder.write("odd.csv", text), .target = "b\nc"}});
    const std::string shown = view.summary() + view.rows();
    EXPECT_THAT(shown, HasSubstr("a [2J"));
    EXPECT_THAT(shown, HasSubstr("b c"));
    EXPECT_TRUE(std::ranges::all_of(shown, [](char c) { return c == '\n' || c >= ' '; })) << shown;
}

TEST(DataView, CountsTheClassesOfEachPart) {
    const DataView view({.data = {.dataset = "moons:examples=100"}});
    EXPECT_THAT(view.summary(), HasSubstr("classification, 2 classes; examples of shape 2\n"));
    EXPECT_THAT(view.summary(), testing::ContainsRegex("\n +0 +30 +10 +10\n +1 +30 +10 +10\n"));
}

TEST(DataView, ShowsSoManyRowsAndTheSameForASeed) {
    const auto rows = [](int64_t examples, uint64_t seed) {
        return DataView({.data = {.dataset = "rings", .seed = seed}, .examples = examples}).rows();
    };
    const auto lines = [](const std::string& text) { return std::ranges::count(text, '\n'); };
    EXPECT_EQ(lines(rows(4, 1)), 5);
    EXPECT_EQ(lines(rows(1'000'000, 1)), 1801);
    EXPECT_EQ(rows(4, 1), rows(4, 1));
    EXPECT_NE(rows(4, 1), rows(4, 2));
    EXPECT_THAT(DataView({.data = {.dataset = "blobs:features=20"}, .examples = 1}).rows(),
                testing::ContainsRegex("x11 +... +class\n"));
}

TEST(DataView, DrawsPointsInOneToThreeDimensions) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "points.svg";
    for (const auto& [set, labels] : std::vector<std::pair<std::string, std::vector<std::string>>>{
             {"moons", {">x0<", ">x1<", ">0<", ">1<", "moons (test)"}},
             {"rings", {">x0<", ">x1<", ">x2<", ">2<", "rings (test)"}},
             {"noisy-sine", {">x0<", ">y<", "noisy-sine (test)"}}}) {
        const DataView view({.data = {.dataset = set}, .part = "test", .examples = 50});
        EXPECT_TRUE(view.has_picture());
        view.draw(path);
        for (const auto& label : labels) EXPECT_THAT(read_file(path), HasSubstr(label)) << set;
    }
}

TEST(DataView, WrongPartsAreRefused) {
    expect_error(2, [] { DataView({.data = {.dataset = "moons"}, .part = "tset"}); },
                 {"--part: expected training, validation or test, found 'tset'", "did you mean 'test'?"});
    expect_error(
        2, [] { DataView({.data = {.dataset = "moons", .validation_share = 0.0}, .part = "validation"}); },
        {"moons: has no validation examples"});
}

TEST(DownloadProgress, CountsBytesForPeople) {
    EXPECT_EQ(bytes_text(0), "0 B");
    EXPECT_EQ(bytes_text(999), "999 B");
    EXPECT_EQ(bytes_text(1000), "1.0 kB");
    EXPECT_EQ(bytes_text(9'912'422), "9.9 MB");
    EXPECT_EQ(bytes_text(170'052'171), "170 MB");
    EXPECT_EQ(bytes_text(999'600), "1.0 MB");
    EXPECT_EQ(bytes_text(2.5e9), "2.5 GB");
}

TEST(DownloadProgress, InALogSaysLinesWithoutControlCharacters) {
    std::FILE* out = std::tmpfile();
    {
        DownloadProgress progress(out);
        progress.on_start("f", "http://h/f", 500, 1000);
        progress.on_progress(750);
        progress.on_note("a\x1b[2J\nb");
        progress.on_progress(1000);
        progress.on_done("d/f");
    }
    std::rewind(out);
    std::string text(200, '\0');
    text.resize(std::fread(text.data(), 1, text.size(), out));
    std::fclose(out);
    EXPECT_EQ(text, "f from http://h/f: 1.0 kB, 500 B are here\na [2J b\nd/f: verified, 500 B in 0 s\n");
}

TEST(LabelText, NamesWhatHolds) {
    const Dataset data{.task = Task::multi_label,
                       .feature_shape = {1},
                       .features = std::vector<float>{1, 2},
                       .values = {1, 0, 1, 0, 0, 0},
                       .output_count = 3,
                       .classes = {"sun", "rain", "wind"}};
    data.check();
    EXPECT_EQ(label_text(data, labels_of(data, 0)), "sun + wind");
    EXPECT_EQ(label_text(data, labels_of(data, 1)), "none");
    EXPECT_EQ(label_caption(data, labels_of(data, 0)), "2 labels");
    EXPECT_EQ(label_caption(data, std::vector<float>{0.2F, 0.7F, 0.5F}), "rain");
}

}  // namespace
}  // namespace ravine
