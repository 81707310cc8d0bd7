#include "ravine/data/formats/idx.hpp"

#include "ravine/core/values/random.hpp"
#include "tests/data/support.hpp"

namespace ravine {
namespace {

using test::expect_error;
using test::TemporaryFolder;

std::string idx_word(uint32_t value) {
    return {static_cast<char>(value >> 24), static_cast<char>(value >> 16), static_cast<char>(value >> 8),
            static_cast<char>(value)};
}

/// Two images of 2 x 3 with the bytes 0 ... 11.
std::string two_images() {
    std::string text = idx_word(0x803) + idx_word(2) + idx_word(2) + idx_word(3);
    for (char byte = 0; byte < 12; ++byte) text += byte;
    return text;
}

std::string labels(const std::string& bytes) {
    return idx_word(0x801) + idx_word(static_cast<uint32_t>(bytes.size())) + bytes;
}

TEST(Idx, ReadsPlainAndCompressedFilesAlike) {
    const TemporaryFolder folder;
    for (const auto& path : {folder.write("a", two_images()), folder.write_gz("a.gz", two_images())}) {
        const IdxArray array = read_idx(path, 3);
        EXPECT_EQ(array.shape, (Shape{2, 2, 3}));
        EXPECT_EQ(array.bytes.elements(), (std::vector<uint8_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}));
    }
}

TEST(Idx, PairsImagesWithLabels) {
    const TemporaryFolder folder;
    const auto images = folder.write("images", two_images());
    const auto marks = folder.write("labels", labels({2, 1}));
    const Dataset data = load_idx_pair(images, marks, {});
    data.check();
    EXPECT_EQ(data.feature_shape, (Shape{2, 3, 1}));
    EXPECT_EQ(data.labels, (std::vector<int32_t>{2, 1}));
    EXPECT_EQ(data.classes, (std::vector<std::string>{"0", "1", "2"}));
    EXPECT_DOUBLE_EQ(data.feature(1, 0), 6 / 255.0);
    expect_error(2,
                 [&] {
                     load_idx_pair(images, marks, {"a", "b"});
                 },
                 {marks + ": byte 8", "0 ... 1", "found 2"});
    expect_error(2,
                 [&] {
                     load_idx_pair(images, folder.write("l", labels({1, 0, 1})), {});
                 },
                 {"byte 4", "expected 2 labels", "found 3"});
}

TEST(Idx, TruncatedAnywhereIsRefused) {
    const TemporaryFolder folder;
    const std::string whole = two_images();
    for (size_t length = 0; length < whole.size(); ++length)
        expect_error(2, [&] { read_idx(folder.write("cut", whole.substr(0, length)), 3); },
                     {"cut: byte ", "expected", "found"});
    expect_error(2, [&] { read_idx(folder.write("cut", whole.substr(0, 20)), 3); },
                 {"byte 20", "expected 12 bytes", "shape [2, 2, 3]", "header of 16", "found 4"});
}

TEST(Idx, TruncatedOrDamagedCompressionIsRefused) {
    const TemporaryFolder folder;
    std::string body(50'000, ' ');
    for (size_t i = 0; i < body.size(); i += 4)
        for (size_t k = 0; k < 4; ++k) body[i + k] = static_cast<char>(random_words({}, i, 0)[k]);
    const std::string whole =
        test::contents_of(folder.write_gz("a.gz", idx_word(0x801) + idx_word(50'000) + body));
    expect_error(2, [&] { read_idx(folder.write("cut.gz", whole.substr(0, whole.size() / 2)), 1); },
                 {"cut.gz: byte", "end too early"});
    expect_error(2, [&] { read_idx(folder.write("end.gz", whole.substr(0, whole.size() - 4)), 1); },
                 {"end.gz: byte", "end too early"});
    std::string damaged = whole;
    damaged[whole.size() / 2] = static_cast<char>(damaged[whole.size() / 2] ^ 0x55);
    expect_error(2, [&] { read_idx(folder.write("bad.gz", damaged), 1); }, {"bad.gz: byte", "damaged"});
}

TEST(Idx, TrailingBytesAreRefused) {
    const TemporaryFolder folder;
    expect_error(2, [&] { read_idx(folder.write("long", two_images() + "x"), 3); },
                 {"long: byte 28", "expected the end", "found more"});
}

TEST(Idx, MislabelledFilesAreRefused) {
    const TemporaryFolder folder;
    expect_error(2,
                 [&] {
                     read_idx(folder.write("a", labels({0, 1})), 3);
                 },
                 {"byte 0", "0x00000803 (images)", "found 0x00000801 (labels)"});
    expect_error(2, [&] { read_idx(folder.write("a", idx_word(0xD03) + idx_word(1)), 3); },
                 {"found 0x00000d03"});
    expect_error(2, [&] { read_idx(folder.write("a", "<html><body>not found"), 3); }, {"byte 0", "magic"});
    expect_error(2, [&] { read_idx(folder.path(), 3); }, {"expected a file", "folder"});
    expect_error(2, [&] { read_idx(folder.path() / "none", 3); }, {"none", "no such file"});
}

TEST(Idx, HugeClaimsCostNoMemory) {
    const TemporaryFolder folder;
    // 2^96 and 2^64 bytes overflow; 2^35 bytes are within the limit but not in the file.
    const std::string most = idx_word(0xFFFFFFFF);
    expect_error(2, [&] { read_idx(folder.write("a", idx_word(0x803) + most + most + most), 3); },
                 {"byte 4", "expected at most"});
    expect_error(2,
                 [&] {
                     read_idx(folder.write("a", idx_word(0x803) + idx_word(1U << 31) + idx_word(1U << 31) +
                                                    idx_word(4)),
                              3);
                 },
                 {"byte 4", "expected at most"});
    expect_error(2,
                 [&] {
                     read_idx(folder.write("a", idx_word(0x803) + idx_word(1U << 31) + idx_word(4) +
                                                    idx_word(4) + "xy"),
                              3);
                 },
                 {"expected 34359738368 bytes", "found 2"});
    expect_error(
        2, [&] { read_idx(folder.write("a", idx_word(0x803) + idx_word(5) + idx_word(0) + idx_word(4)), 3); },
        {"byte 8", "above 0"});
}

}  // namespace
}  // namespace ravine
