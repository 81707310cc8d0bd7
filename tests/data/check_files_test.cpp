#include "ravine/data/download/check_files.hpp"

#include "ravine/data/download/packed_files.hpp"
#include "ravine/data/files/digest.hpp"
#include "tests/data/archive_support.hpp"

namespace ravine {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;

KnownFile known(const std::string& name, const std::string& contents) {
    Sha256 digest;
    digest.update({reinterpret_cast<const uint8_t*>(contents.data()), contents.size()});
    return {name, contents.size(), digest.finish()};
}

const std::string train(1000, 't'), test_part(500, 'e');

/// Two files in an archive, and one that is not packed.
class CheckFiles : public testing::Test {
protected:
    CheckFiles() {
        test::write_archive(published, "letters.tar.gz",
                            {{"letters/train.bin", train}, {"letters/test.bin", test_part}});
        set = {
            .name = "letters",
            .files = {{.file = known("letters.tar.gz", archive()),
                       .contents = {known("letters/train.bin", train), known("letters/test.bin", test_part)}},
                      {.file = known("table.data", "1 2 3\n")}}};
    }

    std::string archive() const { return test::contents_of(published.path() / "letters.tar.gz"); }

    std::vector<std::string> lines() const {
        std::vector<std::string> result;
        for (const auto& file : check_files(set, folder.path().string()))
            result.push_back(to_string(file.state) + " " + file.about);
        return result;
    }

    test::TemporaryFolder published, folder;
    const test::Environment data{"RAVINE_DATA", ""}, cache{"XDG_CACHE_HOME", "/none"};
    PublishedSet set;
};

TEST_F(CheckFiles, ThePublishedOnesAreFine) {
    folder.write("letters/letters.tar.gz", archive());
    folder.write("letters/table.data", "1 2 3\n");
    const std::string place = (folder.path() / "letters").string();
    EXPECT_THAT(lines(), ElementsAre("ok " + place + "/letters.tar.gz", "ok " + place + "/table.data"));
    EXPECT_EQ(find_set(set, folder.path().string()).folder, folder.path() / "letters");
    EXPECT_THAT(find_set(set, folder.path().string()).missing, testing::IsEmpty());
}

TEST_F(CheckFiles, WithoutAnyAllAreMissing) {
    EXPECT_THAT(lines(), ElementsAre(EndsWith("letters/letters.tar.gz"), EndsWith("letters/table.data")));
    EXPECT_THAT(lines(), testing::Each(testing::StartsWith("missing ")));
    EXPECT_EQ(find_set(set, folder.path().string()).folder, "");
}

TEST_F(CheckFiles, APartIsFoundWithWhatItLacks) {
    folder.write("table.data", "1 2 3\n");
    EXPECT_THAT(lines(), ElementsAre("missing " + (folder.path() / "letters.tar.gz").string(),
                                     EndsWith("table.data")));
    EXPECT_THAT(find_set(set, folder.path().string()).missing, ElementsAre("letters.tar.gz"));
}

TEST_F(CheckFiles, AFileThatDiffersIsSaid) {
    folder.write("letters/table.data", "1 2 4\n");
    EXPECT_THAT(lines()[1],
                testing::AllOf(testing::StartsWith("differs "),
                               HasSubstr("table.data: expected SHA-256 " + set.files[1].file.sha256 +
                                         ", found " + known("", "1 2 4\n").sha256)));
    folder.write("letters/table.data", "1 2 3\n4");
    EXPECT_THAT(lines()[1], HasSubstr("table.data: expected 6 bytes, found more"));
    folder.write("letters/table.data", "");
    EXPECT_THAT(lines()[1], HasSubstr("table.data: expected 6 bytes, found 0"));
}

TEST_F(CheckFiles, AnArchivePackedAnewIsComparedByItsFiles) {
    folder.write("table.data", "1 2 3\n");
    for (const char* name :
         {"letters.tar.xz", "letters.tar", "letters.tar.bz2", "letters.tgz", "letters.tar.gz"}) {
        const auto path = test::write_archive(
            folder, name, {{"test.bin", test_part}, {"readme", "x"}, {"./train.bin", train}});
        EXPECT_THAT(lines()[0], testing::AllOf(testing::StartsWith("ok " + path), HasSubstr("packed anew")));
        std::string wrong = train;
        wrong.back() = 'x';
        test::write_archive(folder, name, {{"letters/test.bin", test_part}, {"letters/train.bin", wrong}});
        EXPECT_THAT(lines()[0],
                    testing::StartsWith("differs " + path + ": letters/train.bin: expected SHA-256"));
        test::write_archive(folder, name, {{"letters/test.bin", test_part + "more"}});
        EXPECT_THAT(lines(),
                    ElementsAre(EndsWith("letters/train.bin: expected it, found nothing"),
                                EndsWith("letters/test.bin: expected 500 bytes, found more"), testing::_));
        std::filesystem::remove(path);
    }
}

TEST_F(CheckFiles, ADamagedArchiveIsSaid) {
    const std::string whole = archive();
    for (size_t length = 1; length < whole.size(); length += 7) {
        folder.write("letters.tar.gz", whole.substr(0, length));
        for (const auto& line : lines()) EXPECT_FALSE(line.starts_with("ok ")) << length << ": " << line;
    }
    folder.write("letters.tar.gz", "<html>not found</html>");
    EXPECT_THAT(lines()[0], testing::StartsWith("differs "));
}

TEST_F(CheckFiles, UnpackedFilesAreComparedOneByOne) {
    folder.write("letters/letters/train.bin", train);
    folder.write("letters/test.bin", std::string(500, 'x'));
    EXPECT_THAT(lines(),
                ElementsAre("ok " + (folder.path() / "letters/letters/train.bin").string(),
                            HasSubstr("test.bin: expected SHA-256"), testing::StartsWith("missing ")));
    std::filesystem::remove(folder.path() / "letters/test.bin");
    EXPECT_EQ(lines()[1], "missing " + (folder.path() / "letters/letters/test.bin").string());
}

/// The table of digests against the published files, where they are at hand.
TEST(PublishedFiles, HaveTheDigestsOfTheTable) {
    const std::string folder = test::published_folder();
    for (const char* name : {"mnist", "fashion-mnist", "boston-housing"}) {
        if (!std::filesystem::exists(folder + "/" + name)) GTEST_SKIP() << name << " is not in " << folder;
        const PublishedSet& set = published_set(name);
        for (const auto& file : check_files(set, folder)) EXPECT_EQ(file.state, FileState::ok) << file.about;
        for (const auto& file : set.files) {
            const auto found = packed_files(folder + "/" + name + "/" + file.file.name, file.contents);
            for (size_t i = 0; i < found.size(); ++i) EXPECT_EQ(found[i].sha256, file.contents[i].sha256);
        }
    }
}

TEST(PackedFiles, ACompressedFileHasOneMember) {
    const test::TemporaryFolder folder;
    const auto path = folder.write_gz("anything.gz", train);
    const auto found = packed_files(path, {known("train-labels", train)});
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].size, train.size());
    EXPECT_EQ(found[0].sha256, known("", train).sha256);
    // One byte more than expected is read, however much there is.
    EXPECT_EQ(packed_files(path, {{"short", 10, ""}})[0].size, 11U);
    test::expect_error(2, [&] { packed_files(folder.path() / "none", {}); }, {"none: damaged"});
}

}  // namespace
}  // namespace ravine
