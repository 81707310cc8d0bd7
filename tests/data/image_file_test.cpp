#include "ravine/data/formats/image_file.hpp"

#include "tests/data/image_support.hpp"
#include "tests/data/support.hpp"

namespace ravine::test {
namespace {

using Bytes = std::vector<uint8_t>;

class ImageFileTest : public testing::Test {
protected:
    Image read(const std::string& bytes, int64_t channels = 0) {
        return read_image(folder_.write("i.png", bytes), channels);
    }
    void refuses(const std::string& bytes, const std::vector<std::string>& parts) {
        const std::string path = folder_.write("i.png", bytes);
        expect_error(
            2, [&] { read_image(path, 0); }, parts);
    }
    TemporaryFolder folder_;
};

TEST_F(ImageFileTest, ReadsEveryKindOfPng) {
    const Image grey = read(png<uint8_t>(2, 3, {0, 50, 100, 150, 200, 255}, PNG_FORMAT_GRAY));
    EXPECT_EQ(grey.height, 2);
    EXPECT_EQ(grey.width, 3);
    EXPECT_EQ(grey.channels, 1);
    EXPECT_EQ(grey.pixels, (Bytes{0, 50, 100, 150, 200, 255}));
    const std::string rgb = png<uint8_t>(1, 2, {255, 0, 0, 10, 20, 30}, PNG_FORMAT_RGB);
    EXPECT_EQ(read(rgb).pixels, (Bytes{255, 0, 0, 10, 20, 30}));
    EXPECT_EQ(read(rgb, 1).pixels.size(), 2u);
    EXPECT_EQ(read(png<uint8_t>(1, 1, {7}, PNG_FORMAT_GRAY), 3).pixels, (Bytes{7, 7, 7}));
    // Transparent pixels lie over white.
    EXPECT_EQ(read(png<uint8_t>(1, 2, {1, 2, 3, 0, 4, 5, 6, 255}, PNG_FORMAT_RGBA)).pixels,
              (Bytes{255, 255, 255, 4, 5, 6}));
}

TEST_F(ImageFileTest, ReadsJpegWhateverItsName) {
    const Image grey = read(jpeg(8, 16, 1, Bytes(128, 90)));
    EXPECT_EQ(grey.width, 16);
    EXPECT_EQ(grey.channels, 1);
    EXPECT_EQ(grey.pixels, Bytes(128, 90));
    Bytes red;
    for (int i = 0; i < 64; ++i) red.insert(red.end(), {200, 20, 20});
    const Image colour = read(jpeg(8, 8, 3, red));
    EXPECT_EQ(colour.channels, 3);
    EXPECT_NEAR(colour.pixels[0], 200, 3);
    EXPECT_NEAR(colour.pixels[1], 20, 3);
    EXPECT_NEAR(read(jpeg(8, 8, 3, red), 1).pixels[0], 0.299 * 200 + 0.701 * 20, 2);  // ITU-R BT.601
    refuses(jpeg(8, 8, 4, Bytes(256, 9)), {"i.png", "grey or RGB", "CMYK"});
}

TEST_F(ImageFileTest, RefusesEveryTruncation) {
    Bytes noise;
    for (int i = 0; i < 3 * 16 * 16; ++i) noise.push_back(static_cast<uint8_t>(i * i * 31));
    for (const std::string& good : {png<uint8_t>(16, 16, noise, PNG_FORMAT_RGB), jpeg(16, 16, 3, noise)}) {
        read(good);
        for (size_t size = 0; size + 12 < good.size(); size += 7) refuses(good.substr(0, size), {"i.png"});
    }
}

TEST_F(ImageFileTest, RefusesOtherFilesAndBombs) {
    refuses("GIF89a", {"byte 0", "PNG or JPEG"});
    refuses("", {"byte 0"});
    // A header that claims 2^31 - 1 pixels a side; its checksum is right.
    std::string bomb = grey_png(1, 1, 0);
    for (const size_t at : {16u, 20u}) bomb.replace(at, 4, "\x7f\xff\xff\xff");
    const uLong sum = crc32(0, reinterpret_cast<const Bytef*>(bomb.data()) + 12, 17);
    for (int i = 0; i < 4; ++i) bomb[29 + static_cast<size_t>(i)] = static_cast<char>(sum >> (24 - 8 * i));
    refuses(bomb, {"i.png"});
    std::string wide = jpeg(8, 8, 1, Bytes(64, 0));
    const size_t frame = wide.find("\xFF\xC0");
    wide.replace(frame + 5, 4, "\x7F\xFF\x7F\xFF");
    refuses(wide, {"i.png", "at most 16384 pixels a side", "32767 x 32767"});
    expect_error(2, [&] { read_image(folder_.path() / "none.png", 0); }, {"none.png"});
}

TEST(ImageResize, AveragesWhereItShrinksAndInterpolatesWhereItGrows) {
    const Image stripes{2, 4, 1, {0, 0, 200, 200, 0, 0, 200, 200}};
    EXPECT_EQ(resized(stripes, 2, 4).pixels, stripes.pixels);
    const Image half = resized(stripes, 1, 2);
    EXPECT_EQ(half.height, 1);
    // A triangle two old pixels wide around 1 (of 0.5, 1.5, 2.5 with weights 0.75, 0.75, 0.25, and the edge's
    // 0.25).
    EXPECT_NEAR(half.pixels[0], 25, 1);
    EXPECT_NEAR(half.pixels[1], 175, 1);
    const Image grown = resized({1, 2, 3, {0, 10, 20, 100, 110, 120}}, 1, 4);
    ASSERT_EQ(grown.pixels.size(), 12u);
    for (size_t c = 0; c < 3; ++c) {  // new centres at old 0.25, 0.75, 1.25, 1.75; old ones at 0.5 and 1.5
        const int base = 10 * static_cast<int>(c);
        EXPECT_EQ(grown.pixels[c], base);
        EXPECT_NEAR(grown.pixels[3 + c], base + 25, 1);
        EXPECT_NEAR(grown.pixels[6 + c], base + 75, 1);
        EXPECT_EQ(grown.pixels[9 + c], base + 100);
    }
}

}  // namespace
}  // namespace ravine::test
