#include "ravine/core/file.hpp"

#include "tests/data/support.hpp"

namespace ravine {
namespace {

using test::expect_error;
using test::TemporaryFolder;

size_t entries_of(const std::filesystem::path& folder) {
    return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
}

TEST(File, ReplacesTheWholeFileAndLeavesNothingElse) {
    const TemporaryFolder folder;
    const std::filesystem::path path = folder.write("a", "the old contents, which are longer");
    const std::vector<std::string_view> pieces = {"new ", "", "contents"};
    write_file_atomically(path, pieces);
    EXPECT_EQ(read_file(path), "new contents");
    EXPECT_EQ(entries_of(folder.path()), 1U);
}

TEST(File, AFailedWriteKeepsTheOldFileAndNoRemains) {
    const TemporaryFolder folder;
    std::filesystem::create_directories(folder.path() / "a" / "b");
    // A file cannot be renamed over a folder that is not empty.
    expect_error(1, [&] { write_file_atomically(folder.path() / "a", "x"); }, {"/a: cannot write"});
    EXPECT_EQ(entries_of(folder.path()), 1U);
    EXPECT_EQ(entries_of(folder.path() / "a"), 1U);
    expect_error(1, [&] { write_file_atomically(folder.path() / "none" / "a", "x"); },
                 {"none/a: cannot write", "No such file"});
}

TEST(File, ReadingSaysWhatIsWrong) {
    const TemporaryFolder folder;
    expect_error(2, [&] { read_file(folder.path() / "none"); }, {"none: no such file"});
    expect_error(2, [&] { read_file(folder.path()); }, {"expected a file"});
    expect_error(2, [&] { read_file(folder.write("a", "12345"), 4); }, {"at most 4 bytes", "found 5"});
    EXPECT_EQ(read_file(folder.write("a", std::string("1\0\n", 3)), 3), std::string("1\0\n", 3));
}

}  // namespace
}  // namespace ravine
