#include "ravine/data/formats/csv.hpp"

#include "tests/data/support.hpp"

namespace ravine {
namespace {

using test::expect_error;
using test::TemporaryFolder;

class Csv : public testing::Test {
protected:
    CellTable read(const std::string& text) { return read_csv(folder_.write("t.csv", text)); }
    void refuses(const std::string& text, const std::vector<std::string>& parts) {
        SCOPED_TRACE(text);
        expect_error(
            2, [&] { read(text); }, parts);
    }
    TemporaryFolder folder_;
};

TEST_F(Csv, ReadsQuotesLineEndingsAndMarks) {
    const CellTable table = read(
        "\xEF\xBB\xBF"
        "a,\"b, c\"\r\n1 , \"x \"\"y\"\"\"\r\n\r\n\"two\nlines\",é");
    EXPECT_EQ(table.header(), (std::vector<std::string>{"a", "b, c"}));
    ASSERT_EQ(table.row_count(), 2);
    EXPECT_EQ(table.cell(0, 0), "1");
    EXPECT_EQ(table.cell(0, 1), "x \"y\"");
    EXPECT_EQ(table.cell(1, 0), "two\nlines");
    EXPECT_EQ(table.cell(1, 1), "é");
    EXPECT_THAT(table.place(0, 0), testing::EndsWith("t.csv, line 2, column 'a'"));
    EXPECT_THAT(table.place(1, 1), testing::EndsWith("t.csv, line 4, column 'b, c'"));
}

TEST_F(Csv, LineNumbersGoOnAfterACellOfSeveralLines) {
    const CellTable table = read("a,b\n\"1\n2\n3\",4\n5,6\n");
    EXPECT_THAT(table.place(1, 0), testing::HasSubstr("line 5"));
}

TEST_F(Csv, ReadsCompressedFilesAndEveryLineEnding) {
    EXPECT_EQ(read_csv(folder_.write_gz("t.csv.gz", "a,b\n1,2\n")).cell(0, 1), "2");
    EXPECT_EQ(read("a,b\r1,2\r3,4\r").cell(1, 0), "3");
    EXPECT_THAT(read("a,b\r1,2\r3,4\r").place(1, 0), testing::HasSubstr("line 3"));
    EXPECT_EQ(read("a,b\n1,2").row_count(), 1);
}

TEST_F(Csv, RefusesRaggedRows) {
    refuses("a,b\n1,2\n3\n", {"t.csv, line 3", "expected 2 cells", "found 1"});
    refuses("a,b\n1,2\n3,4,5\n", {"line 3", "expected 2 cells", "found 3"});
    refuses("a,b\n1,2\n3,4,", {"line 3", "found 3"});
}

TEST_F(Csv, RefusesBadHeaders) {
    refuses("", {"header", "empty file"});
    refuses("a,b\n", {"expected rows", "none"});
    refuses("a,,c\n1,2,3\n", {"line 1", "a name for column 2"});
    refuses("a,b,a\n1,2,3\n", {"line 1", "'a' twice"});
    refuses("1,2.5\n3,4\n", {"line 1", "expected a header", "only numbers"});
    refuses("a;b\n1;2\n", {"line 1", "separated by commas", "'a;b'"});
}

TEST_F(Csv, RefusesDamagedText) {
    refuses("a,b\n1,x\"y\n", {"line 2, column 2", "stray quote"});
    refuses("a,b\n1,\"x\"y\n", {"line 2, column 2", "stray quote"});
    refuses("a,b\n1,2\n\"3,4\n5,6\n", {"line 3", "closing quote", "end of the file"});
    refuses(std::string("a,b\n1,\0\n", 8), {"line 2, byte 3", "NUL"});
    refuses("a,b\n1,caf\xE9\n", {"line 2, byte 6", "UTF-8", "0xe9"});
    for (const char* bad :
         {"\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xE2\x82"})
        refuses(std::string("a,b\n1,") + bad, {"line 2, byte 3", "UTF-8"});
    refuses(std::string("\xFF\xFE"
                        "a\0",
                        4),
            {"UTF-16"});
    expect_error(2, [&] { read_csv(folder_.path() / "none.csv"); }, {"none.csv: no such file"});
}

TEST_F(Csv, AcceptsEveryLengthOfUtf8) {
    const CellTable table = read("a,b\n\xC2\xA2,\xE2\x82\xAC\n\xF0\x90\x8D\x88,\xF4\x8F\xBF\xBF\n");
    EXPECT_EQ(table.cell(1, 0), "\xF0\x90\x8D\x88");
}

TEST_F(Csv, FindsColumnsAndSuggestsTheNearest) {
    const CellTable table = read("area,price\n1,2\n");
    EXPECT_EQ(table.column("price", "the target"), 1);
    expect_error(2, [&] { table.column("prise", "the target"); },
                 {"'prise' (the target)", "area, price", "did you mean 'price'?"});
}

}  // namespace
}  // namespace ravine
