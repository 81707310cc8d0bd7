#include "ravine/data/formats/idx.hpp"

#include <algorithm>
#include <array>

#include "ravine/core/error.hpp"
#include "ravine/data/files/byte_stream.hpp"

namespace ravine {
namespace {

uint32_t big_endian(std::span<const uint8_t, 4> bytes) {
    return uint32_t{bytes[0]} << 24 | uint32_t{bytes[1]} << 16 | uint32_t{bytes[2]} << 8 | bytes[3];
}

uint32_t read_word(ByteStream& stream, const char* what) {
    std::array<uint8_t, 4> bytes{};
    const size_t got = stream.read(bytes);
    if (got != bytes.size())
        fail_request("{}: byte {}: expected an IDX header with {}, found the end of the file", stream.path(),
                     stream.position(), what);
    return big_endian(bytes);
}

const char* meaning(uint32_t magic) {
    if (magic == 0x801) return " (labels)";
    if (magic == 0x803) return " (images)";
    return "";
}

/// Reads `wanted` bytes piece by piece: a header that claims more than is there costs no more memory than the
/// file.
Rows<uint8_t> read_body(ByteStream& stream, uint64_t wanted, const std::string& claim) {
    const uint64_t header = stream.position();
    RowsBuilder<uint8_t> bytes;
    std::vector<uint8_t> piece(std::min<uint64_t>(wanted, 1 << 22));
    while (static_cast<uint64_t>(bytes.size()) < wanted) {
        const size_t most = std::min<uint64_t>(piece.size(), wanted - static_cast<uint64_t>(bytes.size()));
        if (stream.read(std::span(piece).first(most)) < most)
            fail_request("{}: byte {}: expected {} bytes ({}) after the header of {}, found {}",
                         stream.path(), stream.position(), wanted, claim, header, stream.position() - header);
        bytes.append(std::span(piece).first(most));
    }
    return bytes.finish();
}

}  // namespace

IdxArray read_idx(const std::filesystem::path& path, int rank) {
    ByteStream stream(path);
    const uint32_t magic = read_word(stream, "the magic number");
    const uint32_t expected = 0x800 + static_cast<uint32_t>(rank);
    if (magic != expected)
        fail_request("{}: byte 0: expected the IDX magic number 0x{:08x}{}, found 0x{:08x}{}", stream.path(),
                     expected, meaning(expected), magic, meaning(magic));

    IdxArray array;
    uint64_t count = 1;
    bool overflow = false;
    for (int axis = 0; axis < rank; ++axis) {
        const uint32_t extent = read_word(stream, "its extents");
        if (axis > 0 && extent == 0)
            fail_request("{}: byte {}: expected an extent above 0, found 0", stream.path(),
                         stream.position() - 4);
        array.shape.push_back(extent);
        overflow |= __builtin_mul_overflow(count, uint64_t{extent}, &count);
    }
    const std::string claim = fmt::format("shape {}", to_string(array.shape));
    constexpr uint64_t most = uint64_t{1} << 36;  // 64 GiB: more than such a set has, and memory, hold
    if (overflow || count > most)
        fail_request("{}: byte 4: expected at most {} bytes of data, found {}", stream.path(), most, claim);

    array.bytes = read_body(stream, count, claim);
    std::array<uint8_t, 1> rest{};
    if (stream.read(rest) != 0)
        fail_request("{}: byte {}: expected the end of the file ({}), found more bytes", stream.path(),
                     stream.position() - 1, claim);
    return array;
}

Dataset load_idx_pair(const std::filesystem::path& images, const std::filesystem::path& labels,
                      std::vector<std::string> classes) {
    IdxArray pixels = read_idx(images, 3);
    const IdxArray marks = read_idx(labels, 1);
    if (pixels.shape[0] == 0)
        fail_request("{}: byte 4: expected at least one image, found none", images.string());
    if (marks.shape[0] != pixels.shape[0])
        fail_request("{}: byte 4: expected {} labels, one for each image of {}, found {}", labels.string(),
                     pixels.shape[0], images.string(), marks.shape[0]);
    const std::vector<uint8_t> label_bytes = marks.bytes.elements();
    if (classes.empty())
        for (int c = 0; c <= *std::ranges::max_element(label_bytes); ++c)
            classes.push_back(std::to_string(c));

    Dataset data;
    data.task = Task::classification;
    data.feature_shape = {pixels.shape[1], pixels.shape[2], 1};
    data.features = std::move(pixels.bytes);
    data.output_count = std::ssize(classes);
    data.labels.reserve(label_bytes.size());
    for (size_t i = 0; i < label_bytes.size(); ++i) {
        if (label_bytes[i] >= data.output_count)
            fail_request("{}: byte {}: expected a label in 0 ... {}, found {}", labels.string(), i + 8,
                         data.output_count - 1, label_bytes[i]);
        data.labels.push_back(label_bytes[i]);
    }
    data.classes = std::move(classes);
    return data;
}

}  // namespace ravine
