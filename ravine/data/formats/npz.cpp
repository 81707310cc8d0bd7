#include "ravine/data/formats/npz.hpp"

#include <algorithm>
#include <array>

#include "ravine/core/error.hpp"
#include "ravine/data/files/archive_reader.hpp"
#include "ravine/data/files/byte_stream.hpp"
#include "ravine/data/files/excerpt.hpp"
#include "ravine/data/files/unpacked_limit.hpp"

namespace ravine {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view ending = ".npy";

/// Says what is wrong where there is no zip archive: libarchive would take a file of zeros for an empty tar.
void check_zip(const fs::path& path) {
    ByteStream stream(path);
    std::array<uint8_t, 2> start{};
    if (stream.read(start) < start.size() || start[0] != 'P' || start[1] != 'K')
        fail_request(
            "{}: byte 0: expected a zip archive of NPY files, which begins with PK, found other bytes",
            path.string());
}

/// The next array in an archive, by its name without .npy; other files are passed over.
std::optional<std::string> next_array(ArchiveReader& reader) {
    while (const auto member = reader.next()) {
        if (member->path.ends_with(ending))
            return member->path.substr(0, member->path.size() - ending.size());
    }
    return {};
}

}  // namespace

std::vector<std::string> npz_names(const fs::path& path) {
    check_zip(path);
    ArchiveReader reader(path);
    std::vector<std::string> names;
    while (auto name = next_array(reader)) {
        if (std::ranges::find(names, *name) != names.end())
            fail_request("{}: expected arrays of different names, found '{}' twice", path.string(),
                         excerpt(*name));
        names.push_back(std::move(*name));
    }
    return names;
}

NpyArray read_npz(const fs::path& path, const std::string& name, NpyIntegers integers,
                  const ShapeCheck& check_shape) {
    check_zip(path);
    ArchiveReader reader(path);
    std::error_code ignored;
    const uint64_t size = fs::file_size(path, ignored), bytes = ignored ? 0 : size;
    while (const auto found = next_array(reader))
        if (*found == name)
            return read_npy({.what = fmt::format("{}: {}", path.string(), excerpt(name)),
                             .integers = integers,
                             .read = [&](std::span<uint8_t> out) { return reader.read(out); },
                             // Deflate makes at most 1,032 bytes of one.
                             .most = bytes * 1032,
                             .most_decoded = std::max(archive_allowance, bytes * most_times_unpacked),
                             .check_shape = check_shape});
    fail_request("{}: expected an array '{}', found none of that name", path.string(), excerpt(name));
}

}  // namespace ravine
