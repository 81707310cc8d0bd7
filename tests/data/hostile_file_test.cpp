// Files that somebody made to do harm.
#include <archive.h>
#include <archive_entry.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <random>

#include "ravine/data/files/archive_reader.hpp"
#include "ravine/data/formats/csv.hpp"
#include "ravine/data/formats/idx.hpp"
#include "ravine/data/formats/npz.hpp"
#include "ravine/data/formats/safetensors.hpp"
#include "ravine/data/formats/table_text.hpp"
#include "ravine/data/formats/whitespace_table.hpp"
#include "ravine/data/sources/cifar.hpp"
#include "tests/data/archive_support.hpp"
#include "tests/data/npy_support.hpp"

namespace ravine::test {
namespace {

namespace fs = std::filesystem;

/// A folder first in PATH with programs that only leave a mark.
class MarkingPrograms {
public:
    MarkingPrograms() : path_("PATH", (folder_.path().string() + ":" + std::getenv("PATH")).c_str()) {
        for (const char* name :
             {"lrzip", "grzip", "lzop", "lz4", "gzip", "xz", "bzip2", "zstd", "unzstd", "compress",
              "uncompress", "uudecode", "rpm2cpio", "lzip", "lzma", "unlzma"}) {
            const auto program =
                folder_.write(name, "#!/bin/sh\necho " + std::string(name) + " >>" + mark().string() + "\n");
            fs::permissions(program, fs::perms::owner_all);
        }
    }
    fs::path mark() const { return folder_.path() / "started"; }

private:
    TemporaryFolder folder_;
    Environment path_;
};

TEST(HostileArchive, StartsNoProgram) {
    const MarkingPrograms programs;
    const TemporaryFolder folder;
    using namespace std::string_literals;
    const std::pair<const char*, std::string> starts[] = {
        {"lrzip", "LRZI\0\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\1"s},
        {"grzip", "GRZipII\0\2\4:)"s},
        {"lzop", "\x89LZO\0\r\n\x1a\n\x10\x30\x20\x60\x09\x40\1\5\3\0\0\0"s},
        {"lz4", "\x04\x22\x4d\x18\x64\x40\xa7"s},
        {"compress", "\x1f\x9d\x90"s},
        {"lzip", "LZIP\1\x0c"s},
        {"lzma", "\x5d\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff\0"s},
        {"uu", "begin 644 x\n"s},
        {"rpm", "\xed\xab\xee\xdb\3\0\0\0"s}};
    for (const auto& [kind, start] : starts) {
        SCOPED_TRACE(kind);
        const auto path = folder.write("cifar-10-binary.tar", start + std::string(2000, 'x'));
        EXPECT_THROW(load_cifar(path, CifarClasses::ten), RequestError);
        EXPECT_FALSE(fs::exists(programs.mark())) << contents_of(programs.mark());
    }
    for (const char* name : {"a.tar.gz", "a.tar.xz", "a.tar.bz2", "a.tar.zst", "a.tar"}) {
        ArchiveReader reader(write_archive(folder, name, {{"x", "contents"}}));
        const auto member = reader.next();
        ASSERT_TRUE(member) << name;
        std::array<uint8_t, 20> bytes{};
        EXPECT_EQ(reader.read(bytes), 8) << name;
        EXPECT_FALSE(reader.next()) << name;
    }
    EXPECT_FALSE(fs::exists(programs.mark())) << contents_of(programs.mark());
}

/// A tar archive of a file of `size` bytes that is all hole but its last.
std::string write_hole(const TemporaryFolder& folder, const std::string& member, int64_t size) {
    const std::string path = folder.write("hole.tar", "");
    archive* writer = archive_write_new();
    archive_write_set_format_pax(writer);
    archive_write_open_filename(writer, path.c_str());
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, member.c_str());
    archive_entry_set_size(entry, size);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_sparse_add_entry(entry, size - 1, 1);
    archive_write_header(writer, entry);
    archive_write_data(writer, "x", 1);
    archive_entry_free(entry);
    archive_write_free(writer);
    return path;
}

TEST(Bomb, AFileFullOfHolesIsRefused) {
    const TemporaryFolder folder;
    const auto path = write_hole(folder, "data_batch_1.bin", int64_t{1} << 34);
    EXPECT_LT(fs::file_size(path), 20'000);
    expect_error(2, [&] { load_cifar(path, CifarClasses::ten); }, {"hole.tar", "expected"});
    // One that is passed over costs nothing.
    const auto other = write_hole(folder, "other", int64_t{1} << 50);
    EXPECT_FALSE(cifar_in(other));
}

TEST(Bomb, ACompressedArchiveThatGoesOnIsRefusedWhereItIsPassedOver) {
    const TemporaryFolder folder;
    std::vector<Member> members(9, {"other", std::string(1 << 25, '\0')});
    const auto path = write_archive(folder, "a.tar.zst", members);
    expect_error(2, [&] { cifar_in(path); },
                 {"a.tar.zst", "expected packed data that grow at most 100 times"});
}

TEST(Bomb, CompressedTextAndImagesAreRefused) {
    const TemporaryFolder folder;
    std::string rows = "a,b\n";
    for (int i = 0; i < 18'000'000; ++i) rows += "0,0\n";
    const std::vector<std::string> says{"expected packed data that grow at most 100 times",
                                        "unpack them first"};
    expect_error(
        2, [&] { read_csv(folder.write_gz("table.csv.gz", rows)); }, says);
    std::string images{0, 0, 8, 3, 0x20, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 2};
    images.resize(70'000'000);
    expect_error(
        2, [&] { read_idx(folder.write_gz("images.gz", images), 3); }, says);
}

TEST(Bomb, AnArrayThatGrowsAsItIsDecodedIsRefused) {
    const TemporaryFolder folder;
    std::mt19937 random(1);
    std::string noise(300'000, '\0');
    for (auto& byte : noise) byte = static_cast<char>(random());
    const auto path =
        write_archive(folder, "a.npz",
                      {{"noise", noise},
                       {"x.npy", npy(npy_header("<f4", "(1,)"), std::string(4, '\0'))},
                       {"y.npy", npy(npy_header("|i1", "(100000000,)"), std::string(4000, '\0'))}});
    expect_error(2, [&] { read_npz(path, "y"); },
                 {"a.npz: y", "at most 268435456 bytes", "save them unpacked"});
}

TEST(Bomb, ManyNamesTakeTimeInProportion) {
    const TemporaryFolder folder;
    std::string names, numbers;
    for (int i = 0; i < 200'000; ++i) {
        names += "name" + std::to_string(i) + " ";
        numbers += "1 ";
    }
    const CellTable table = read_whitespace_table(folder.write("a.data", names + "\n" + numbers + "\n"));
    EXPECT_EQ(table.column("name199999", "x"), 199'999);
    EXPECT_EQ(table.find("none"), -1);
    expect_error(2, [&] { read_whitespace_table(folder.write("b.data", names + "name7\n")); },
                 {"'name7' twice"});
    std::string many;
    for (int i = 0; i <= most_columns; ++i) many += "a ";
    expect_error(2, [&] { read_whitespace_table(folder.write("c.data", many)); },
                 {"at most 1048576 columns"});
    std::ranges::replace(many, ' ', ',');
    expect_error(2, [&] { read_csv(folder.write("c.csv", many)); }, {"line 1", "at most 1048576 columns"});
}

TEST(HostileTable, LinesEndAsTheyDoWhereverABlockOfTheFileEnds) {
    const TemporaryFolder folder;
    // The 2^17th byte of the file is the CR of a CRLF, the LF after it, or an ordinary byte.
    for (int shift = 0; shift < 5; ++shift) {
        std::string text = "a,b\r\n" + std::string(static_cast<size_t>(shift), 'x') + ",y\r\n";
        while (text.size() < (1 << 20) + 100) text += "x,y\r\n";
        text += "x,last";
        const CellTable table = read_csv(folder.write("t.csv", text));
        EXPECT_EQ(table.cell(table.row_count() - 1, 1), "last");
        EXPECT_EQ(table.place(table.row_count() - 1, 0),
                  fmt::format("{}, line {}, column 'a'", table.path(), table.row_count() + 1));
    }
    const CellTable table = read_csv(folder.write("cr.csv", "a\r1\r2\r"));  // old Macs
    EXPECT_EQ(table.row_count(), 2);
    EXPECT_EQ(table.place(1, 0), table.path() + ", line 3, column 'a'");
}

TEST(Idx, AFileThatShrinksAfterItWasReadIsReadAllTheSame) {
    const TemporaryFolder folder;
    std::string text{0, 0, 8, 3, 0, 0, 0x10, 0, 0, 0, 0, 0x40, 0, 0, 0, 0x60};
    text.resize(16 + 0x1000 * 0x40 * 0x60, 'x');
    const auto path = folder.write("images", text);
    const IdxArray images = read_idx(path, 3);
    fs::resize_file(path, 100);
    EXPECT_EQ(images.bytes.row(0xFFF, 0x40 * 0x60)[0x40 * 0x60 - 1], 'x');
}

TEST(HostileSafetensors, ADeepHeaderIsRefused) {
    const TemporaryFolder folder;
    const std::string header = "{\"a\":" + std::string(200'000, '[') + std::string(200'000, ']') + "}";
    std::string file(8, '\0');
    const uint64_t size = header.size();
    std::memcpy(file.data(), &size, 8);
    expect_error(2, [&] { read_safetensors(folder.write("x.safetensors", file + header)); }, {"two levels"});
}

}  // namespace
}  // namespace ravine::test
