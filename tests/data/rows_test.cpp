#include "ravine/data/files/rows.hpp"

#include <fcntl.h>

#include <fstream>
#include <stdexcept>

#include "ravine/data/formats/idx.hpp"
#include "ravine/data/sources/catalog.hpp"
#include "tests/data/support.hpp"

namespace ravine::test {
namespace {

using Floats = std::vector<float>;
using Indices = std::vector<int64_t>;

/// Files of this process that are open or mapped, and have no name any more.
int unnamed_mappings() {
    std::ifstream maps("/proc/self/maps");
    int count = 0;
    for (std::string line; std::getline(maps, line);) count += line.find("(deleted)") != std::string::npos;
    return count;
}

TEST(Rows, AChoiceSharesTheNumbers) {
    const Rows<float> all(Floats{1, 2, 3, 4, 5, 6});
    const Rows<float> some = all.choose(Indices{2, 0, 2}, 2);
    EXPECT_EQ(some.size(), 6);
    EXPECT_EQ(some.row(0, 2), all.row(2, 2));  // the same memory
    EXPECT_EQ(some.elements(), (Floats{5, 6, 1, 2, 5, 6}));
    EXPECT_EQ(some.choose(Indices{1}, 2).elements(), (Floats{1, 2}));
    EXPECT_EQ(all.choose(Indices{}, 2).size(), 0);
    EXPECT_TRUE(all.choose(Indices{}, 2).elements().empty());
    EXPECT_EQ(all.choose(Indices{0, 1, 2}, 2), all);
}

TEST(Rows, OnlyWhatNobodySharesIsWrittenTo) {
    Rows<float> rows(Floats{1, 2});
    rows.write()[1] = 5;
    EXPECT_EQ(rows.elements(), (Floats{1, 5}));
    const Rows<float> copy = rows;
    EXPECT_THROW(rows.write(), std::logic_error);
    EXPECT_THROW(Rows<float>().write(), std::logic_error);
}

TEST(RowsBuilder, AFolderThatIsNotThereIsNamed) {
    const Environment memory("RAVINE_DATA_MEMORY", "0"), folder("TMPDIR", "/nonexistent");
    RowsBuilder<float> rows;
    expect_error(1,
                 [&] {
                     rows.append(Floats{1, 2});
                 },
                 {"cannot create a temporary file: TMPDIR=/nonexistent"});
}

TEST(Rows, AreShortenedWhereThatLosesNothing) {
    EXPECT_EQ(std::get<Rows<float>>(as_short_as_exact(std::vector<double>{0.5, 16777216, 0})).elements(),
              (Floats{0.5F, 16777216, 0}));
    EXPECT_EQ(std::get<Rows<double>>(as_short_as_exact(std::vector<double>{0.5, 16777217})).elements(),
              (std::vector<double>{0.5, 16777217}));
    std::vector<double> many(40000, 0.25);
    many.back() = 3;
    EXPECT_EQ(in_single_precision(many).elements(), Floats(many.begin(), many.end()));
}

TEST(Rows, LieInAMappedFile) {
    const TemporaryFolder folder;
    const Floats numbers{1.5F, -2, 3};
    std::string text(4, 'h');
    text.append(reinterpret_cast<const char*>(numbers.data()), 12);
    const auto mapped = [&](const std::string& path) {
        return std::make_shared<const MappedFile>(open(path.c_str(), O_RDONLY | O_CLOEXEC), path.c_str());
    };
    const auto file = mapped(folder.write("numbers", text));
    EXPECT_EQ(Rows<float>(file, 4, 3).elements(), numbers);
    EXPECT_EQ(*Rows<float>(file, 8, 2).choose(Indices{1}, 1).row(0, 1), 3);
    EXPECT_THROW(Rows<float>(file, 4, 4), std::logic_error);
    EXPECT_THROW(Rows<float>(file, 2, 1), std::logic_error);  // not aligned
    EXPECT_THROW(Rows<float>(file, 4, SIZE_MAX / 2), std::logic_error);
    expect_error(2, [&] { mapped(folder.path()); }, {"expected a file"});
    EXPECT_TRUE(mapped(folder.write("empty", ""))->bytes().empty());
}

TEST(RowsBuilder, BeyondTheBudgetNumbersGoToATemporaryFile) {
    const Environment budget("RAVINE_DATA_MEMORY", "1");  // MiB
    const int before = unnamed_mappings();
    const Floats piece(100'000, 0.5F);
    RowsBuilder<float> small, large;
    small.append(piece);
    for (int i = 0; i < 4; ++i) large.append(piece);
    large.append(Floats{7});
    const Rows<float> in_memory = small.finish(), mapped = large.finish();
    EXPECT_EQ(unnamed_mappings(), before + 1);
    EXPECT_EQ(in_memory.size(), 100'000);
    ASSERT_EQ(mapped.size(), 400'001);
    EXPECT_EQ(*mapped.row(0, 1), 0.5F);
    EXPECT_EQ(*mapped.row(400'000, 1), 7);
    EXPECT_EQ(RowsBuilder<float>().finish().size(), 0);
}

TEST(RowsBuilder, TheBudgetIsAnIntegerOfMebibytes) {
    const Environment budget("RAVINE_DATA_MEMORY", "much");
    expect_error(2, [] { data_memory_budget(); }, {"RAVINE_DATA_MEMORY", "'much'"});
    const Environment none("RAVINE_DATA_MEMORY", "");
    EXPECT_GT(data_memory_budget(), uint64_t{1} << 26);
}

/// An IDX file of `count` images of 28 x 28 whose bytes follow a pattern.
std::string images(uint32_t count) {
    std::string text{0, 0, 8, 3};
    for (const uint32_t extent : {count, 28u, 28u})
        for (int shift = 24; shift >= 0; shift -= 8) text += static_cast<char>(extent >> shift);
    for (uint32_t i = 0; i < count * 28 * 28; ++i) text += static_cast<char>(i * 31 + i / 784);
    return text;
}

TEST(LargeData, GoToATemporaryFile) {
    const TemporaryFolder folder;
    const Environment budget("RAVINE_DATA_MEMORY", "8");
    const std::string text = images(25'000);  // 19.6 MB
    const std::string plain = folder.write("images", text), packed = folder.write_gz("images.gz", text);
    const int before = unnamed_mappings();
    const IdxArray one = read_idx(plain, 3), other = read_idx(packed, 3);
    EXPECT_EQ(unnamed_mappings(), before + 2);
    EXPECT_EQ(one.bytes, other.bytes);
    EXPECT_EQ(one.bytes.row(24'999, 784)[783], static_cast<uint8_t>(text.back()));
    // A file that is longer or shorter than its header says is refused as a small one is.
    folder.write("images", text + "x");
    expect_error(2, [&] { read_idx(plain, 3); }, {"expected the end of the file"});
    folder.write("images", text.substr(0, text.size() - 1));
    expect_error(2, [&] { read_idx(plain, 3); }, {"expected 19600000 bytes"});
}

TEST(LargeData, PartsShareWhatWasRead) {
    const Parts parts = load_parts({.dataset = "blobs:examples=1000"});
    const auto& training = std::get<Rows<float>>(parts.training.features);
    const auto& test = std::get<Rows<float>>(parts.test.features);
    // All parts lie within one table of 1000 rows of 2.
    EXPECT_LT(std::abs(training.row(0, 2) - test.row(0, 2)), 2000);
    EXPECT_EQ(parts.training.size() + parts.validation.size() + parts.test.size(), 1000);
}

}  // namespace
}  // namespace ravine::test
