#include "ravine/data/formats/npy.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>

#include "ravine/core/error.hpp"
#include "ravine/data/files/byte_stream.hpp"
#include "ravine/data/files/excerpt.hpp"
#include "ravine/data/formats/half.hpp"
#include "ravine/data/formats/npy_header.hpp"

namespace ravine {
namespace {

static_assert(std::endian::native == std::endian::little, "items of big-endian arrays are turned around");

struct Half {
    uint16_t bits;
};

double widen(Half half) { return widen_half(half.bits); }
double widen(float value) { return value; }
double widen(double value) { return value; }

/// Reads the parts of one array, and knows which byte it is at.
class ArrayReader {
public:
    explicit ArrayReader(const NpySource& source) : source_(source), header_(read_header()) {
        if (source_.check_shape) source_.check_shape(source_.what, header_.shape);
        check_size();
    }

    NpyArray read() {
        NpyArray array{.what = source_.what, .shape = header_.shape, .items = read_items()};
        std::array<uint8_t, 1> rest{};
        if (source_.read(rest) != 0)
            fail_request("{}: byte {}: expected the end after {} items, found more bytes", source_.what,
                         position_, header_.item_count);
        return array;
    }

private:
    void fill(std::span<uint8_t> out, const char* what) {
        const size_t got = source_.read(out);
        position_ += got;
        if (got < out.size())
            fail_request("{}: byte {}: expected {}, found the end", source_.what, position_, what);
    }

    NpyHeader read_header() {
        std::array<uint8_t, 8> start{};
        fill(start, "the start of a NPY file");
        constexpr std::array<uint8_t, 6> magic{0x93, 'N', 'U', 'M', 'P', 'Y'};
        if (!std::ranges::equal(magic, std::span(start).first(magic.size())))
            fail_request("{}: byte 0: expected the bytes \\x93NUMPY of a NPY file, found others",
                         source_.what);
        const int version = start[6];
        if (version < 1 || version > 3 || start[7] != 0)
            fail_request("{}: byte 6: expected version 1.0, 2.0 or 3.0 of the NPY format, found {}.{}",
                         source_.what, version, start[7]);
        std::array<uint8_t, 4> length_bytes{};
        fill(std::span(length_bytes).first(version == 1 ? 2 : 4), "the length of the NPY header");
        const auto length = std::bit_cast<uint32_t>(length_bytes);
        constexpr uint32_t most_header_bytes = 10'000;  // NumPy's own limit
        if (length > most_header_bytes)
            fail_request("{}: byte 8: expected a NPY header of at most {} bytes, found {}", source_.what,
                         most_header_bytes, length);
        std::string text(length, ' ');
        const uint64_t first_byte = position_;
        fill({reinterpret_cast<uint8_t*>(text.data()), text.size()}, "a NPY header as long as it says");
        return parse_npy_header(source_.what, text, first_byte);
    }

    /// Refuses a header that claims more than the source can hold, before any memory is taken for it.
    void check_size() const {
        const auto claimed = static_cast<uint64_t>(header_.item_count) * bytes_each();
        if (claimed > source_.most || position_ > source_.most - claimed)
            fail_request("{}: expected {} bytes of items (shape {}) after the header of {}, found at most {}",
                         source_.what, claimed, to_string(header_.shape), position_,
                         source_.most - std::min(source_.most, position_));
        if (static_cast<uint64_t>(header_.item_count) > source_.most_decoded / decoded_bytes_each())
            fail_request(
                "{}: expected packed items that take at most {} bytes, found shape {} (if that is right, "
                "save them unpacked)",
                source_.what, source_.most_decoded, excerpt(to_string(header_.shape)));
    }

    /// Bytes of an item in memory while read_items() reads it.
    size_t decoded_bytes_each() const {
        using enum NpyType::Kind;
        if (header_.type.kind == unsigned_integer && header_.type.bytes == 1) return 1;
        return header_.type.kind == real && header_.type.bytes <= 4 ? 4 : 8;
    }

    size_t bytes_each() const { return static_cast<size_t>(header_.type.bytes); }

    decltype(NpyArray::items) read_items() {
        using enum NpyType::Kind;
        switch (header_.type.kind) {
            case boolean:
                return read_integers<uint8_t, int64_t>(1);
            case unsigned_integer:
                switch (header_.type.bytes) {
                    case 1:
                        return read_integers<uint8_t, uint8_t>(255);
                    case 2:
                        return read_integers<uint16_t, int64_t>();
                    case 4:
                        return read_integers<uint32_t, int64_t>();
                    default:
                        return read_integers<uint64_t, int64_t>();
                }
            case signed_integer:
                switch (header_.type.bytes) {
                    case 1:
                        return read_integers<int8_t, int64_t>();
                    case 2:
                        return read_integers<int16_t, int64_t>();
                    case 4:
                        return read_integers<int32_t, int64_t>();
                    default:
                        return read_integers<int64_t, int64_t>();
                }
            default:
                break;
        }
        if (header_.type.bytes == 2) return read_reals<Half>();
        return header_.type.bytes == 4 ? read_reals<float>() : read_reals<double>();
    }

    template <class Stored, class Item>
    decltype(NpyArray::items) read_integers(int64_t most = std::numeric_limits<int64_t>::max()) {
        const auto checked = [this, most](Stored value, int64_t index) {
            if (!std::in_range<int64_t>(value) || static_cast<int64_t>(value) > most)
                fail_request("{}: item {}: expected an integer of at most {}, found {}", source_.what,
                             stored_place(index), most, value);
            return static_cast<Item>(value);
        };
        if constexpr (std::is_same_v<Item, uint8_t>) {
            return read_rows<Stored, Item>(checked);
        } else {
            if (source_.integers == NpyIntegers::kept) return read_vector<Stored, Item>(checked);
            return compact(read_rows<Stored, double>(
                [&](Stored value, int64_t index) { return static_cast<double>(checked(value, index)); }));
        }
    }

    static decltype(NpyArray::items) compact(Rows<double> rows) {
        return std::visit([](auto&& items) -> decltype(NpyArray::items) { return std::move(items); },
                          as_short_as_exact(std::move(rows)));
    }

    template <class Stored>
    decltype(NpyArray::items) read_reals() {
        using Item = std::conditional_t<std::is_same_v<Stored, double>, double, float>;
        auto rows = read_rows<Stored, Item>([this](Stored value, int64_t index) {
            const double number = widen(value);
            if (!(std::abs(number) <= std::numeric_limits<float>::max()))
                fail_request("{}: item {}: expected a finite number (at most 3.4e38), found {}", source_.what,
                             stored_place(index), number);
            return static_cast<Item>(number);
        });
        if constexpr (std::is_same_v<Item, double>)
            return compact(std::move(rows));
        else
            return rows;
    }

    /// All items in the order of the file, converted by convert(stored value, index in the file), a block at
    /// a time to take(items).
    template <class Stored, class Item, class Convert, class Take>
    void read_blocks(const Convert& convert, const Take& take) {
        constexpr int64_t block_items = 1 << 14;
        std::vector<uint8_t> bytes(static_cast<size_t>(std::min(header_.item_count, block_items)) *
                                   sizeof(Stored));
        std::vector<Item> items;
        for (int64_t done = 0; done < header_.item_count; done += std::ssize(items)) {
            const auto count = static_cast<size_t>(std::min(block_items, header_.item_count - done));
            const auto block = std::span(bytes).first(count * sizeof(Stored));
            fill(block, "more items");
            items.clear();
            for (size_t i = 0; i < count; ++i) {
                std::array<uint8_t, sizeof(Stored)> raw;
                std::copy_n(block.begin() + static_cast<std::ptrdiff_t>(i * raw.size()), raw.size(),
                            raw.begin());
                if (header_.type.big_endian) std::ranges::reverse(raw);
                items.push_back(convert(std::bit_cast<Stored>(raw), done + static_cast<int64_t>(i)));
            }
            take(std::span<const Item>(items));
        }
    }

    /// All items, converted, in row-major order.
    template <class Stored, class Item, class Convert>
    std::vector<Item> read_vector(const Convert& convert) {
        std::vector<Item> items;  // not reserved: a compressed file can claim a thousand times what it holds
        read_blocks<Stored, Item>(convert, [&](std::span<const Item> block) {
            items.insert(items.end(), block.begin(), block.end());
        });
        return header_.fortran_order ? to_row_major(std::move(items)) : items;
    }

    template <class Stored, class Item, class Convert>
    Rows<Item> read_rows(const Convert& convert) {
        if (header_.fortran_order) return read_vector<Stored, Item>(convert);
        RowsBuilder<Item> rows;
        read_blocks<Stored, Item>(convert, [&](std::span<const Item> block) { rows.append(block); });
        return rows.finish();
    }

    /// The place of the item that stands at `index` in the file.
    std::string stored_place(int64_t index) const {
        if (!header_.fortran_order) return item_place(header_.shape, index);
        Shape indices;
        for (const int64_t extent : header_.shape) {
            indices.push_back(index % extent);
            index /= extent;
        }
        return to_string(indices);
    }

    /// From items whose first index varies fastest.
    template <class Item>
    std::vector<Item> to_row_major(std::vector<Item> stored) const {
        const Shape& shape = header_.shape;
        if (shape.size() < 2) return stored;
        const auto strides = dense_strides(shape);
        std::vector<Item> result(stored.size());
        Shape indices(shape.size(), 0);
        int64_t target = 0;
        for (const Item item : stored) {
            result[static_cast<size_t>(target)] = item;
            for (size_t axis = 0; axis < shape.size(); ++axis) {
                target += strides[axis];
                if (++indices[axis] < shape[axis]) break;
                target -= strides[axis] * shape[axis];
                indices[axis] = 0;
            }
        }
        return result;
    }

    const NpySource& source_;
    uint64_t position_ = 0;
    NpyHeader header_;
};

}  // namespace

std::string item_place(const Shape& shape, int64_t position) {
    Shape indices(shape.size(), 0);
    for (size_t axis = shape.size(); axis-- > 0; position /= shape[axis])
        indices[axis] = position % shape[axis];
    return to_string(indices);
}

NpyArray read_npy(const NpySource& source) { return ArrayReader(source).read(); }

NpyArray read_npy(const std::filesystem::path& path, NpyIntegers integers) {
    ByteStream stream(path);
    std::error_code ignored;  // the stream has seen the file; one that is gone now has no bytes
    const auto size = std::filesystem::file_size(path, ignored);
    return read_npy({.what = path.string(),
                     .integers = integers,
                     .read = [&](std::span<uint8_t> out) { return stream.read(out); },
                     .most = ignored ? 0 : size,
                     .most_decoded = UINT64_MAX});
}

}  // namespace ravine
