#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "ravine/core/values/shape.hpp"
#include "ravine/data/files/rows.hpp"

namespace ravine {

/// An array of numbers, row-major. Unsigned bytes stay bytes; other integers and booleans (0 and 1) are
/// widened. Reals are in single precision where that loses no digits, else in double.
struct NpyArray {
    std::string what = {};  ///< where it was read, for messages: "x.npy", "digits.npz: x_train"
    Shape shape = {};
    std::variant<Rows<uint8_t>, std::vector<int64_t>, Rows<float>, Rows<double>> items = {};

    bool holds_reals() const {
        return std::holds_alternative<Rows<float>>(items) || std::holds_alternative<Rows<double>>(items);
    }
};

/// "[2, 0, 5]": the indices of the item at a row-major position.
std::string item_place(const Shape& shape, int64_t position);

/// What becomes of integers other than unsigned bytes.
enum class NpyIntegers { kept, as_reals };

/// Throws where an array, named for messages, has not the shape that it should have.
using ShapeCheck = std::function<void(const std::string& what, const Shape& shape)>;

/// Bytes to read an array from.
struct NpySource {
    std::string what = {};  ///< for messages
    NpyIntegers integers = NpyIntegers::kept;
    /// Fills the span and returns how many bytes there were: fewer than asked for only at the end.
    std::function<size_t(std::span<uint8_t>)> read = {};
    uint64_t most = 0;  ///< there can be no more bytes than that: a header that claims more is not believed
    uint64_t most_decoded = UINT64_MAX;  ///< bytes of memory that the items may take
    ShapeCheck check_shape = {};         ///< asked before any item is read; may be empty
};

/// Reads an array in NumPy's format (NumPy Enhancement Proposal 1, versions 1.0, 2.0 and 3.0), of booleans,
/// integers or reals of any size, in either byte order and either index order. Throws RequestError with the
/// place for what is damaged, truncated, too long or not of numbers, for a real that is not finite or above
/// 3.4e38, and for an integer above 2^63 - 1. Memory is taken only for what the source can hold; bytes and
/// reals beyond data_memory_budget() go to a temporary file, unless the first index varies fastest.
NpyArray read_npy(const NpySource& source);
NpyArray read_npy(const std::filesystem::path& path, NpyIntegers integers = NpyIntegers::kept);

}  // namespace ravine
