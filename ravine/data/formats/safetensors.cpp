#include "ravine/data/formats/safetensors.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>
#include <span>

#include "ravine/core/error.hpp"
#include "ravine/core/files/file.hpp"
#include "ravine/core/text/json_text.hpp"
#include "ravine/data/files/excerpt.hpp"
#include "ravine/data/formats/half.hpp"

namespace ravine {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

static_assert(std::endian::native == std::endian::little, "safetensors files are little-endian");

constexpr uint64_t most_header_bytes = 100'000'000;  // the limit of the format's own library

struct Stored {
    std::string name, type;
    Shape shape;
    uint64_t begin = 0, end = 0;
};

/// A member of the header as it stands there, shortened for a message.
std::string brief(const json& member) {
    return excerpt(member.dump(-1, ' ', false, json::error_handler_t::replace));
}

uint64_t stored_size(const std::string& type) {
    if (type == "F64" || type == "I64") return 8;
    if (type == "F32") return 4;
    return type == "F16" || type == "BF16" ? 2 : 0;
}

float widen_bfloat(uint16_t bits) { return std::bit_cast<float>(uint32_t{bits} << 16); }

/// Parses the header; a name given twice, of which a JSON object would keep only the last, is refused.
json parse_header(const std::string& path, std::string_view text) {
    std::vector<std::set<std::string>> seen;
    // Objects within one object, and lists within those.
    if (nests_deeper(text, 3)) fail_request("{}: byte 8: expected a header of two levels, found more", path);
    const auto watch = [&](int, json::parse_event_t event, json& parsed) {
        if (event == json::parse_event_t::object_start)
            seen.emplace_back();
        else if (event == json::parse_event_t::object_end)
            seen.pop_back();
        else if (event == json::parse_event_t::key && !seen.back().insert(parsed.get<std::string>()).second)
            fail_request("{}: byte 8: expected different names in the header, found {} twice", path,
                         brief(parsed));
        return true;
    };
    try {
        json header = json::parse(text, watch);
        if (!header.is_object())
            fail_request("{}: byte 8: expected a JSON object, found {}", path, header.type_name());
        return header;
    } catch (const json::parse_error& error) {
        fail_request("{}: byte {}: expected a JSON header: {}", path, 8 + error.byte, json_complaint(error));
    } catch (const json::exception& error) {
        fail_request("{}: byte 8: expected a JSON header: {}", path, json_complaint(error));
    }
}

std::map<std::string, std::string> read_metadata(const std::string& path, const json& object) {
    try {
        return object.get<std::map<std::string, std::string>>();
    } catch (const json::exception&) {
        fail_request("{}: __metadata__: expected an object of strings, found {}", path, brief(object));
    }
}

/// One entry of the header, with everything that it says checked against itself and the `available` bytes of
/// data.
Stored read_entry(const std::string& path, const std::string& name, const json& object, uint64_t available) {
    const auto fail = [&](const std::string& expected, const std::string& found) {
        fail_request("{}: tensor '{}': expected {}, found {}", path, excerpt(name), expected, found);
    };
    const auto is_list_of_sizes = [](const json& list) {
        return list.is_array() &&
               std::ranges::all_of(list, [](const json& size) { return size.is_number_unsigned(); });
    };
    if (!object.is_object()) fail("an object with dtype, shape and data_offsets", brief(object));
    for (const char* member : {"dtype", "shape", "data_offsets"})
        if (!object.contains(member)) fail(member, brief(object));

    Stored entry{.name = name, .type = {}, .shape = {}};
    if (object["dtype"].is_string()) entry.type = object["dtype"].get<std::string>();
    const uint64_t size = stored_size(entry.type);
    if (size == 0) fail("dtype F64, F32, F16, BF16 or I64", brief(object["dtype"]));

    if (!is_list_of_sizes(object["shape"])) fail("a shape of extents from 0 on", brief(object["shape"]));
    uint64_t bytes = size;
    bool overflow = false;
    for (const json& extent : object["shape"]) {
        const auto value = extent.get<uint64_t>();
        overflow |= __builtin_mul_overflow(bytes, value, &bytes) || value > INT64_MAX;
        entry.shape.push_back(static_cast<int64_t>(value));
    }
    if (overflow) fail("a shape that fits into memory", brief(object["shape"]));

    const json& offsets = object["data_offsets"];
    if (!is_list_of_sizes(offsets) || offsets.size() != 2)
        fail("data_offsets of begin and end", brief(offsets));
    entry.begin = offsets[0].get<uint64_t>();
    entry.end = offsets[1].get<uint64_t>();
    if (entry.begin > entry.end || entry.end > available)
        fail(fmt::format("data_offsets within the {} bytes of data", available), brief(offsets));
    if (entry.end - entry.begin != bytes)
        fail(fmt::format("{} bytes for {} {}", bytes, entry.type, to_string(entry.shape)),
             std::to_string(entry.end - entry.begin));
    return entry;
}

Vector read_data(const Stored& entry, const char* data) {
    const char* begin = data + entry.begin;
    const int64_t count = element_count(entry.shape);
    Vector result(count, stored_size(entry.type) == 8 ? Precision::f64 : Precision::f32);
    if (entry.type == "I64") {  // counters, such as batch normalisation's in PyTorch
        const auto elements = result.as<double>();
        for (size_t i = 0; i < elements.size(); ++i) {
            int64_t value = 0;
            std::memcpy(&value, begin + 8 * i, 8);
            elements[i] = static_cast<double>(value);
        }
        return result;
    }
    if (stored_size(entry.type) > 2) {
        if (count > 0) std::memcpy(result.data(), begin, entry.end - entry.begin);
        return result;
    }
    const auto elements = result.as<float>();
    for (size_t i = 0; i < elements.size(); ++i) {
        uint16_t bits = 0;
        std::memcpy(&bits, begin + 2 * i, 2);
        elements[i] = entry.type == "F16" ? widen_half(bits) : widen_bfloat(bits);
    }
    return result;
}

}  // namespace

const NamedTensor* TensorFile::find(const std::string& name) const {
    const auto found = std::ranges::find(tensors, name, &NamedTensor::name);
    return found == tensors.end() ? nullptr : &*found;
}

TensorFile read_safetensors(const std::filesystem::path& file_path) {
    const std::string path = file_path.string();
    const std::string contents = read_file(file_path);
    uint64_t header_bytes = 0;
    if (contents.size() < 8)
        fail_request(
            "{}: byte {}: expected the 8 bytes of a safetensors header length, found the end of the file",
            path, contents.size());
    std::memcpy(&header_bytes, contents.data(), 8);
    if (header_bytes > most_header_bytes)
        fail_request("{}: byte 0: expected a safetensors header of at most {} bytes, found {}", path,
                     most_header_bytes, header_bytes);
    if (header_bytes > contents.size() - 8)
        fail_request("{}: byte 0: expected a header of {} bytes, found {} before the end of the file", path,
                     header_bytes, contents.size() - 8);
    const json header = parse_header(path, std::string_view(contents).substr(8, header_bytes));
    const uint64_t available = contents.size() - 8 - header_bytes;

    TensorFile file;
    std::vector<Stored> entries;
    for (const auto& [name, object] : header.items()) {
        if (name == "__metadata__")
            file.metadata = read_metadata(path, object);
        else
            entries.push_back(read_entry(path, name, object, available));
    }
    std::ranges::stable_sort(entries, {},
                             [](const Stored& entry) { return std::pair(entry.begin, entry.end); });
    uint64_t end = 0;
    for (const auto& entry : entries) {
        if (entry.begin != end)
            fail_request(
                "{}: tensor '{}': expected its data at byte {} of the data, after the tensor before it, "
                "found "
                "them at {}",
                path, entry.name, end, entry.begin);
        end = entry.end;
    }
    if (end != available)
        fail_request("{}: byte {}: expected the end of the file, found {} more bytes", path,
                     8 + header_bytes + end, available - end);
    for (auto& entry : entries) {
        Vector data = read_data(entry, contents.data() + 8 + header_bytes);
        file.tensors.push_back({std::move(entry.name), std::move(entry.shape), std::move(data)});
    }
    return file;
}

void write_safetensors(const std::filesystem::path& path, const TensorFile& file) {
    std::vector<const NamedTensor*> order;
    for (const auto& tensor : file.tensors) order.push_back(&tensor);
    std::stable_partition(order.begin(), order.end(),
                          [](const auto* t) { return t->data.precision() == Precision::f64; });

    ordered_json header = ordered_json::object();
    if (!file.metadata.empty()) header["__metadata__"] = file.metadata;
    uint64_t offset = 0;
    for (const auto* tensor : order) {
        require(!header.contains(tensor->name) && tensor->name != "__metadata__", "two tensors named '{}'",
                tensor->name);
        require(element_count(tensor->shape) == tensor->data.size(),
                "tensor '{}' of shape {} with {} elements", tensor->name, to_string(tensor->shape),
                tensor->data.size());
        const uint64_t end = offset + tensor->data.byte_count();
        header[tensor->name] = {{"dtype", tensor->data.precision() == Precision::f64 ? "F64" : "F32"},
                                {"shape", tensor->shape},
                                {"data_offsets", {offset, end}}};
        offset = end;
    }
    std::string text = header.dump();
    text.resize((text.size() + 7) / 8 * 8, ' ');  // the data begin at a multiple of 8

    const uint64_t length = text.size();
    std::string prefix(8, '\0');
    std::memcpy(prefix.data(), &length, 8);
    std::vector<std::string_view> pieces = {prefix, text};
    for (const auto* tensor : order)
        pieces.emplace_back(static_cast<const char*>(tensor->data.data()), tensor->data.byte_count());
    write_file_atomically(path, pieces);
}

}  // namespace ravine
