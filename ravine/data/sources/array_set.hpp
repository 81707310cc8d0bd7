#pragma once

#include <string>

#include "ravine/data/sources/catalog.hpp"

namespace ravine {

/// Whether a path's ending says that it holds NumPy arrays: .npz or .npy.
bool is_array_path(const std::string& path);

/// The examples of a NPZ file, in arrays such as x and y, or x_train, y_train, x_test and y_test, the first
/// index of each counting the examples. Features of rank 1 and 2 are rows of numbers; of rank 3, grey images;
/// of rank 4, images with their channels last, or first where only then they are 1, 3 or 4, which are turned.
/// Bytes mean b / 255. Integer targets are classes and reals are values, which are normalised, unless the
/// request's task says otherwise; labels of a multi-label set are 0 or 1 and called y0, y1, ... Throws
/// RequestError for what does not fit together, and as read_npz() does.
Parts array_parts(const DataRequest& request);

/// Arrays for a saved model: the test part of a NPZ file where it has one, else its examples; a NPY file
/// holds features alone. Throws RequestError as load_like() does.
Dataset load_arrays_like(const Schema& schema, const std::string& path, Targets targets);

}  // namespace ravine
