#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "ravine/data/formats/npy.hpp"

namespace ravine {

/// The names of the arrays in a NPZ file (a zip archive of NPY files, as numpy.savez and savez_compressed
/// write it): those of its files without .npy. Throws RequestError where it is not a zip archive or is
/// damaged.
std::vector<std::string> npz_names(const std::filesystem::path& path);

/// The array of that name. Throws RequestError where there is none, or it cannot be read, as read_npy() does.
NpyArray read_npz(const std::filesystem::path& path, const std::string& name,
                  NpyIntegers integers = NpyIntegers::kept, const ShapeCheck& check_shape = {});

}  // namespace ravine
