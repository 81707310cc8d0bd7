#include "ravine/data/formats/image_file.hpp"

#include <png.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <csetjmp>
#include <cstdio>  // jpeglib.h needs it
#include <memory>
#include <string>

#include <jpeglib.h>

#include <jerror.h>

#include "ravine/core/error.hpp"
#include "ravine/core/files/file.hpp"

namespace ravine {
namespace {

constexpr int64_t most_side = 1 << 14, most_pixels = 1 << 26;
constexpr uint64_t most_file_bytes = uint64_t{1} << 30;

void check_size(const std::string& path, int64_t height, int64_t width) {
    if (height < 1 || width < 1 || height > most_side || width > most_side || height * width > most_pixels)
        fail_request("{}: expected an image of at most {} pixels a side and {} altogether, found {} x {}",
                     path, most_side, most_pixels, height, width);
}

Image blank(int64_t height, int64_t width, int64_t channels) {
    return {height, width, channels, std::vector<uint8_t>(static_cast<size_t>(height * width * channels))};
}

Image read_png(const std::string& path, const std::string& bytes, int64_t channels) {
    struct Reader : png_image {
        Reader() : png_image{} { version = PNG_IMAGE_VERSION; }
        ~Reader() { png_image_free(this); }
    } reader;
    const auto check = [&](int done) {
        if (done == 0 || (reader.warning_or_error & PNG_IMAGE_ERROR) != 0)
            fail_request("{}: damaged: {}", path, reader.message);
    };
    check(png_image_begin_read_from_memory(&reader, bytes.data(), bytes.size()));
    check_size(path, reader.height, reader.width);
    if (channels == 0) channels = (reader.format & PNG_FORMAT_FLAG_COLOR) != 0 ? 3 : 1;
    reader.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;
    reader.format = channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
    Image image = blank(reader.height, reader.width, channels);
    const png_color white{255, 255, 255};
    check(png_image_finish_read(&reader, &white, image.pixels.data(), 0, nullptr));
    return image;
}

/// What libjpeg calls back. It must not return from an error, and no exception may pass through it.
struct JpegErrors : jpeg_error_mgr {
    std::jmp_buf escape;
    std::array<char, JMSG_LENGTH_MAX> message;

    static void fail(j_common_ptr codec) {
        auto* self = static_cast<JpegErrors*>(codec->err);
        self->format_message(codec, self->message.data());
        std::longjmp(self->escape, 1);
    }
    /// What libjpeg would make up for missing data is an error here; other warnings are let pass.
    static void warn(j_common_ptr codec, int level) {
        const int code = codec->err->msg_code;
        if (level < 0 && (code == JWRN_JPEG_EOF || code == JWRN_HIT_MARKER || code == JWRN_HUFF_BAD_CODE))
            fail(codec);
    }
};

enum class JpegStep { header, pixels };

/// Ends the decoding of an image of many scans, each of which costs time for every pixel: the usual
/// progressive image has ten.
void limit_scans(j_common_ptr codec) {
    constexpr int most_scans = 200;
    if (reinterpret_cast<jpeg_decompress_struct*>(codec)->input_scan_number <= most_scans) return;
    auto* errors = static_cast<JpegErrors*>(codec->err);
    fmt::format_to_n(errors->message.data(), errors->message.size() - 1, "more than {} scans", most_scans);
    std::longjmp(errors->escape, 1);
}

/// One step of decoding; false where libjpeg failed. Nothing in here has a destructor, since longjmp would
/// pass it over.
bool decode(jpeg_decompress_struct& codec, JpegErrors& errors, JpegStep step, uint8_t* out,
            size_t row_bytes) {
    if (setjmp(errors.escape) != 0) return false;  // NOLINT(cert-err52-cpp): the way libjpeg's errors go
    if (step == JpegStep::header) {
        jpeg_read_header(&codec, TRUE);
        return true;
    }
    jpeg_start_decompress(&codec);
    while (codec.output_scanline < codec.output_height) {
        JSAMPROW row = out + codec.output_scanline * row_bytes;
        jpeg_read_scanlines(&codec, &row, 1);
    }
    jpeg_finish_decompress(&codec);
    return true;
}

Image read_jpeg(const std::string& path, const std::string& bytes, int64_t channels) {
    JpegErrors errors{};
    jpeg_decompress_struct codec{};
    codec.err = jpeg_std_error(&errors);
    errors.error_exit = JpegErrors::fail;
    errors.emit_message = JpegErrors::warn;
    jpeg_create_decompress(&codec);
    const std::unique_ptr<jpeg_decompress_struct, decltype(&jpeg_destroy_decompress)> guard(
        &codec, jpeg_destroy_decompress);
    jpeg_progress_mgr progress{};
    progress.progress_monitor = limit_scans;
    codec.progress = &progress;
    jpeg_mem_src(&codec, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
    const auto run = [&](JpegStep step, uint8_t* out, size_t row_bytes) {
        if (!decode(codec, errors, step, out, row_bytes))
            fail_request("{}: damaged: {}", path, errors.message.data());
    };
    run(JpegStep::header, nullptr, 0);
    check_size(path, codec.image_height, codec.image_width);
    if (codec.jpeg_color_space == JCS_CMYK || codec.jpeg_color_space == JCS_YCCK)
        fail_request("{}: expected a grey or RGB image, found CMYK", path);
    if (channels == 0) channels = codec.jpeg_color_space == JCS_GRAYSCALE ? 1 : 3;
    codec.out_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    Image image = blank(codec.image_height, codec.image_width, channels);
    run(JpegStep::pixels, image.pixels.data(), static_cast<size_t>(image.width * channels));
    return image;
}

}  // namespace

bool is_image_path(const std::filesystem::path& path) {
    std::string ending = path.extension().string();
    std::ranges::transform(ending, ending.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return ending == ".png" || ending == ".jpg" || ending == ".jpeg";
}

Image read_image(const std::filesystem::path& path, int64_t channels) {
    const std::string bytes = read_file(path, most_file_bytes), name = path.string();
    if (bytes.starts_with("\x89PNG")) return read_png(name, bytes, channels);
    if (bytes.starts_with("\xFF\xD8")) return read_jpeg(name, bytes, channels);
    fail_request("{}: byte 0: expected the first bytes of a PNG or JPEG image, found others", name);
}

}  // namespace ravine
