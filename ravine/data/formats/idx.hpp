#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "ravine/core/values/shape.hpp"
#include "ravine/data/dataset.hpp"
#include "ravine/data/files/rows.hpp"

namespace ravine {

/// An array of unsigned bytes read from an IDX file.
struct IdxArray {
    Shape shape;
    Rows<uint8_t> bytes;
};

/// Reads an IDX file of unsigned bytes with `rank` dimensions, plain or gzip-compressed (LeCun, Cortes and
/// Burges, "The MNIST database": magic 0, 0, 8, rank; big-endian 32-bit extents; bytes). Throws RequestError
/// with the place for a file that is missing, damaged, truncated, too long, or labelled as something else.
/// Memory grows with the bytes that are there, not with what the header claims.
IdxArray read_idx(const std::filesystem::path& path, int rank);

/// Images (rank 3) with their labels (rank 1), as a classification set of {height, width, 1} bytes. `classes`
/// may be empty: then there are as many classes as the largest label says, named by their numbers.
Dataset load_idx_pair(const std::filesystem::path& images, const std::filesystem::path& labels,
                      std::vector<std::string> classes);

}  // namespace ravine
