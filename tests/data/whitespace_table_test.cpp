#include "ravine/data/formats/whitespace_table.hpp"

#include "ravine/data/sources/table_parts.hpp"
#include "tests/data/support.hpp"

namespace ravine::test {
namespace {

using Names = std::vector<std::string>;

class WhitespaceTable : public testing::Test {
protected:
    CellTable read(const std::string& text, const Names& names = {}) {
        return read_whitespace_table(folder_.write("t.data", text), names);
    }
    void refuses(const std::string& text, const std::vector<std::string>& parts) {
        SCOPED_TRACE(text);
        expect_error(
            2, [&] { read(text); }, parts);
    }
    TemporaryFolder folder_;
};

TEST_F(WhitespaceTable, CellsStandBetweenBlanksAndTabs) {
    const CellTable table = read(" 0.1  18.00\t2 \r\n\r\n  3 -4e-1   5", {"a", "b", "c"});
    EXPECT_EQ(table.header(), (Names{"a", "b", "c"}));
    ASSERT_EQ(table.row_count(), 2);
    EXPECT_EQ(table.cell(0, 1), "18.00");
    EXPECT_EQ(table.cell(1, 1), "-4e-1");
    EXPECT_EQ(table.cell(1, 2), "5");
    EXPECT_THAT(table.place(1, 2), testing::EndsWith("t.data, line 3, column 'c'"));
}

TEST_F(WhitespaceTable, AFirstLineWithoutNumbersIsAHeader) {
    EXPECT_EQ(read("area price\n1 2\n").header(), (Names{"area", "price"}));
    EXPECT_EQ(read("1 2\n3 4\n").header(), (Names{"c1", "c2"}));
    EXPECT_EQ(read("1 2\n3 4\n").row_count(), 2);
    EXPECT_EQ(read("red 2\nblue 4\n").header(), (Names{"c1", "c2"}));
    EXPECT_EQ(read_whitespace_table(folder_.write_gz("t.data.gz", "a b\n1 2\n")).cell(0, 1), "2");
}

TEST_F(WhitespaceTable, RefusesWhatIsDamagedWithItsLine) {
    refuses("", {"t.data", "expected rows", "none"});
    refuses(" \n\n", {"expected rows"});
    refuses("a b\n", {"expected rows"});
    refuses("1 2\n3\n", {"t.data, line 2", "expected 2 cells, found 1"});
    refuses("1 2\n\n3 4 5\n", {"line 3", "expected 2 cells, found 3"});
    refuses("a b a\n1 2 3\n", {"line 1", "'a' twice"});
    refuses("1,2\n3,4\n", {"line 1", "separated by blanks", "'1,2'"});
    refuses(std::string("1 2\n3 \0\n", 8), {"line 2, byte 3", "NUL"});
    refuses("1 2\n3 caf\xE9\n", {"line 2, byte 6", "UTF-8"});
    expect_error(2, [&] { read_whitespace_table(folder_.path() / "none.data"); }, {"none.data"});
}

TEST_F(WhitespaceTable, IsADataSetByItsPath) {
    std::string text;
    for (int i = 0; i < 50; ++i) text += fmt::format("{} {}.5 {}\n", i, 2 * i, 7 - i);
    const std::string path = folder_.write("numbers.txt", text);
    const Parts parts = load_parts({.dataset = path, .target = "c2"});
    EXPECT_EQ(parts.schema.task, Task::regression);
    EXPECT_EQ(parts.training.columns, (Names{"c1", "c3"}));
    EXPECT_EQ(parts.training.size() + parts.validation.size() + parts.test.size(), 50);
    expect_error(2, [&] { load_parts({.dataset = path}); }, {"numbers.txt", "--target", "c1, c2"});
    folder_.write("numbers.txt", text + "1 2 x\n");
    expect_error(2, [&] { load_parts({.dataset = path, .target = "c2"}); },
                 {"line 51, column 'c3'", "expected a number", "'x'"});
    folder_.write("numbers.txt", text + "1 nan 2\n");
    expect_error(2, [&] { load_parts({.dataset = path, .target = "c2"}); },
                 {"line 51, column 'c2'", "expected a", "'nan'"});
}

/// Rows like those of the published file.
std::string housing(int rows) {
    std::string text;
    for (int i = 0; i < rows; ++i)
        text += fmt::format(
            " 0.{:05}  18.00   2.310  0  0.5380  6.5750  65.20  4.0900   1  296.0  15.30 396.90"
            "   4.98  {}.00\n",
            i, 10 + i % 30);
    return text;
}

TEST_F(WhitespaceTable, BostonHousingIsFoundByName) {
    const Environment unset("RAVINE_DATA", ""), cache("XDG_CACHE_HOME", (folder_.path() / "none").string());
    const DataRequest request{.dataset = "boston-housing", .data_dir = folder_.path().string()};
    expect_error(1, [&] { load_parts(request); }, {"boston-housing", "not found", "data get"});
    const std::string path = folder_.write("housing.data", housing(100));
    const Parts parts = load_parts(request);
    EXPECT_EQ(parts.schema.task, Task::regression);
    EXPECT_EQ(parts.training.size(), 60);
    EXPECT_EQ(parts.training.feature_shape, (Shape{13}));
    EXPECT_EQ(parts.training.columns.front(), "CRIM");
    EXPECT_EQ(parts.training.columns.back(), "LSTAT");
    EXPECT_EQ(parts.training.target, "MEDV");
    EXPECT_EQ(parts.schema.target_normalization.channels(), 1);
    EXPECT_THAT(parts.notes.front(), testing::HasSubstr("housing.data"));
    const Parts raw = load_parts({.dataset = "boston-housing:scale=raw", .data_dir = request.data_dir});
    EXPECT_EQ(raw.schema.normalization, Normalization::identity(13));
    EXPECT_EQ(raw.schema.target_normalization, Normalization::identity(1));
    EXPECT_NE(parts.schema.normalization, raw.schema.normalization);
    DataRequest other = request;
    other.target = "CRIM";
    EXPECT_EQ(load_parts(other).training.columns.back(), "MEDV");
    folder_.write("housing.data", housing(20) + "1 2 3\n");
    expect_error(2, [&] { load_parts(request); }, {"housing.data, line 21", "expected 14 cells, found 3"});
}

TEST(BostonHousing, ThePublishedFile) {
    const std::string folder = published_folder();
    if (!std::filesystem::exists(folder + "/boston-housing/housing.data"))
        GTEST_SKIP() << "no boston-housing in " << folder;
    const Parts parts = load_parts({.dataset = "boston-housing", .data_dir = folder});
    EXPECT_EQ(parts.training.size() + parts.validation.size() + parts.test.size(), 506);
    double total = 0;
    for (const auto* part : {&parts.training, &parts.validation, &parts.test})
        for (const float value : part->values) total += value;
    EXPECT_NEAR(total / 506, 22.5328, 1e-4);  // the published mean of MEDV
}

}  // namespace
}  // namespace ravine::test
