#pragma once

#include <string>
#include <string_view>

#include "ravine/core/values/shape.hpp"

namespace ravine {

/// The type of an array's items: a number of `bytes` bytes.
struct NpyType {
    enum class Kind { boolean, signed_integer, unsigned_integer, real };
    Kind kind = Kind::real;
    int bytes = 0;
    bool big_endian = false;
    bool operator==(const NpyType&) const = default;
};

/// What stands before the items of an array.
struct NpyHeader {
    NpyType type = {};
    bool fortran_order = false;  ///< the first index varies fastest, else the last one
    Shape shape = {};
    int64_t item_count = 0;  ///< the product of the extents
};

/// Reads the header of a NPY file (NumPy Enhancement Proposal 1): a Python dictionary with exactly the keys
/// 'descr', a type such as '<f4'; 'fortran_order', True or False; and 'shape', a tuple of integers. Throws
/// RequestError("WHAT: byte N: ...") for any other text, for items that are not numbers (objects, which would
/// be Python code to run; records; texts; dates; complex numbers), and for a shape whose bytes cannot be
/// counted. `first_byte` is where the text begins in the file.
NpyHeader parse_npy_header(const std::string& what, std::string_view text, size_t first_byte);

}  // namespace ravine
