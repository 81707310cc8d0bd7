#include "ravine/data/sources/cifar.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <sstream>

#include "ravine/core/error.hpp"
#include "ravine/core/files/file.hpp"
#include "ravine/data/download/locate.hpp"
#include "ravine/data/files/archive_reader.hpp"
#include "ravine/data/files/excerpt.hpp"

namespace ravine {
namespace {

namespace fs = std::filesystem;

constexpr int64_t side = 32, plane = side * side, pixels = 3 * plane;

/// One of the two sets as it is published.
struct Format {
    const char* folder;
    const char* archive;                      ///< how the names of its archives begin
    std::vector<std::string> training, test;  ///< files
    int64_t label_bytes;                      ///< before the pixels of a record
};

const Format& format_of(CifarClasses classes) {
    static const Format ten{
        "cifar-10-batches-bin",
        "cifar-10-",
        {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"},
        {"test_batch.bin"},
        1};
    static const Format hundred{"cifar-100-binary", "cifar-100-", {"train.bin"}, {"test.bin"}, 2};
    return classes == CifarClasses::ten ? ten : hundred;
}

const char* names_file(CifarClasses classes) {
    switch (classes) {
        case CifarClasses::ten:
            return "batches.meta.txt";
        case CifarClasses::fine:
            return "fine_label_names.txt";
        default:
            return "coarse_label_names.txt";
    }
}

/// The published names, where the file of names is not there.
std::vector<std::string> published_names(CifarClasses classes) {
    const char* text =
        classes == CifarClasses::ten ? "airplane automobile bird cat deer dog frog horse ship truck"
        : classes == CifarClasses::coarse
            ? "aquatic_mammals fish flowers food_containers fruit_and_vegetables "
              "household_electrical_devices household_furniture insects large_carnivores "
              "large_man-made_outdoor_things large_natural_outdoor_scenes "
              "large_omnivores_and_herbivores medium_mammals non-insect_invertebrates people reptiles "
              "small_mammals trees vehicles_1 vehicles_2"
            : "apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus "
              "butterfly camel can castle caterpillar cattle chair chimpanzee clock cloud cockroach couch "
              "crab crocodile cup dinosaur dolphin elephant flatfish forest fox girl hamster house kangaroo "
              "keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle mountain mouse "
              "mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain plate poppy "
              "porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper "
              "snail snake spider squirrel streetcar sunflower sweet_pepper table tank telephone television "
              "tiger tractor train trout tulip turtle wardrobe whale willow_tree wolf woman worm";
    std::istringstream words(text);
    return {std::istream_iterator<std::string>(words), {}};
}

/// A file of the set: where it was found, for messages, and its bytes.
struct File {
    std::string path;
    std::vector<uint8_t> bytes;
};
using Files = std::map<std::string, File>;

/// The largest published file has 153,700,000.
constexpr size_t most_bytes = size_t{1} << 28;

/// The rest of an archive's member.
std::vector<uint8_t> read_member(ArchiveReader& reader, const std::string& path) {
    std::vector<uint8_t> bytes;
    for (size_t piece = 1 << 16;; piece = bytes.size()) {
        const size_t filled = bytes.size();
        bytes.resize(filled + piece);
        const size_t got = reader.read(std::span(bytes).subspan(filled));
        bytes.resize(filled + got);
        if (got < piece) return bytes;
        if (bytes.size() > most_bytes)
            fail_request("{}: expected at most {} bytes, found more", path, most_bytes);
    }
}

Files read_archive(const fs::path& source, const std::vector<std::string>& wanted) {
    Files files;
    ArchiveReader reader(source);
    while (const auto member = reader.next()) {
        if (member->is_whole_file || std::ranges::find(wanted, member->name()) == wanted.end()) continue;
        const std::string path = source.string() + ": " + excerpt(member->path);
        if (files.count(member->name()) > 0)
            fail_request("{}: expected one file of this name, found another", path);
        files[member->name()] = {path, read_member(reader, path)};
    }
    return files;
}

Files read_folder(const fs::path& source, const Format& format, const std::vector<std::string>& wanted) {
    std::error_code ignored;
    const bool is_inside = fs::is_directory(source / format.folder, ignored);
    const fs::path folder = is_inside ? source / format.folder : source;
    Files files;
    for (const auto& name : wanted) {
        const fs::path path = folder / name;
        if (!fs::is_regular_file(path, ignored)) continue;
        const std::string contents = read_file(path, most_bytes);
        files[name] = {path.string(), {contents.begin(), contents.end()}};
    }
    return files;
}

/// The names of the classes, a line each; the published ones where there is no file of them.
std::vector<std::string> class_names(const Files& files, CifarClasses classes) {
    const auto published = published_names(classes);
    const auto found = files.find(names_file(classes));
    if (found == files.end()) return published;
    std::istringstream text(std::string(found->second.bytes.begin(), found->second.bytes.end()));
    std::vector<std::string> names;
    for (std::string line; std::getline(text, line);) {
        if (line.ends_with('\r')) line.pop_back();
        if (!line.empty()) names.push_back(excerpt(line));
    }
    if (names.size() != published.size())
        fail_request("{}: expected the names of {} classes, found {}", found->second.path, published.size(),
                     names.size());
    return names;
}

/// Appends the records of a file: planes of red, green and blue become pixels of three bytes.
void append_records(const File& file, const Format& format, CifarClasses classes,
                    RowsBuilder<uint8_t>& images, Dataset& data) {
    const int64_t record = format.label_bytes + pixels, size = std::ssize(file.bytes);
    if (size == 0 || size % record != 0)
        fail_request("{}: byte {}: expected records of {} bytes, found {} bytes", file.path,
                     size / record * record, record, size);
    std::array<uint8_t, pixels> image;
    for (int64_t at = 0; at < size; at += record) {
        const uint8_t* in = file.bytes.data() + at;
        const int64_t place = classes == CifarClasses::fine ? 1 : 0;
        if (in[place] >= data.output_count)
            fail_request("{}: byte {}: expected a label in 0 ... {}, found {}", file.path, at + place,
                         data.output_count - 1, in[place]);
        data.labels.push_back(in[place]);
        in += format.label_bytes;
        for (int64_t i = 0; i < pixels; ++i) image[static_cast<size_t>(i)] = in[i % 3 * plane + i / 3];
        images.append(image);
    }
}

Dataset part_of(Files& files, const std::vector<std::string>& names, const Format& format,
                CifarClasses classes, const std::vector<std::string>& class_names, const fs::path& source) {
    Dataset data{.name = classes == CifarClasses::ten ? "cifar-10" : "cifar-100",
                 .feature_shape = {side, side, 3},
                 .output_count = std::ssize(class_names),
                 .classes = class_names};
    RowsBuilder<uint8_t> images;
    for (const auto& name : names) {
        const auto found = files.find(name);
        if (found == files.end()) fail_request("{}: missing: {}", source.string(), name);
        append_records(found->second, format, classes, images, data);
        files.erase(found);  // its bytes are there twice otherwise
    }
    data.features = images.finish();
    return data;
}

}  // namespace

bool is_tar_path(const fs::path& path) {
    const std::string name = path.filename().string();
    return name.ends_with(".tar") || name.find(".tar.") != std::string::npos || name.ends_with(".tgz") ||
           name.ends_with(".txz");
}

CifarSet load_cifar(const fs::path& source, CifarClasses classes) {
    const Format& format = format_of(classes);
    std::vector<std::string> wanted = format.training;
    wanted.insert(wanted.end(), format.test.begin(), format.test.end());
    wanted.emplace_back(names_file(classes));
    std::error_code ignored;
    Files files = fs::is_directory(source, ignored) ? read_folder(source, format, wanted)
                                                    : read_archive(source, wanted);
    const auto names = class_names(files, classes);
    return {.training = part_of(files, format.training, format, classes, names, source),
            .test = part_of(files, format.test, format, classes, names, source)};
}

std::optional<CifarClasses> cifar_in(const fs::path& source) {
    std::error_code ignored;
    const auto kinds = {CifarClasses::ten, CifarClasses::fine};
    if (!fs::is_directory(source, ignored)) {
        ArchiveReader reader(source);
        while (const auto member = reader.next())
            for (const auto kind : kinds)
                if (!member->is_whole_file && member->name() == format_of(kind).training.front()) return kind;
        return {};
    }
    for (const auto kind : kinds)
        for (const auto& folder : {source, source / format_of(kind).folder})
            if (fs::is_regular_file(folder / format_of(kind).training.front(), ignored)) return kind;
    return {};
}

fs::path locate_cifar(const std::string& name, const std::string& data_dir) {
    const Format& format = format_of(name == "cifar-10" ? CifarClasses::ten : CifarClasses::fine);
    std::error_code ignored;
    for (const auto& folder : set_folders(name, data_dir)) {
        for (const auto& place : {folder / format.folder, folder})
            if (fs::is_regular_file(place / format.training.front(), ignored)) return place;
        if (!fs::is_directory(folder, ignored)) continue;
        std::vector<fs::path> archives;
        for (const auto& entry : fs::directory_iterator(folder, ignored))
            if (is_tar_path(entry.path()) && entry.path().filename().string().starts_with(format.archive))
                archives.push_back(entry.path());
        if (!archives.empty()) return *std::ranges::min_element(archives);
    }
    fail_not_found(name, data_dir);
}

}  // namespace ravine
