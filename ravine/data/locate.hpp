#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace ravine {

/// Where data sets are looked for, in this order: `data_dir` where it is given, $RAVINE_DATA, and
/// $XDG_CACHE_HOME/ravine or else ~/.cache/ravine.
std::vector<std::filesystem::path> data_folders(const std::string& data_dir);

/// The four files of an IDX set.
struct IdxFiles {
    std::filesystem::path training_images, training_labels, test_images, test_labels;
};

/// The files train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and
/// t10k-labels-idx1-ubyte, each plain or with .gz, in FOLDER/name or FOLDER itself for the first data folder
/// that holds any of them. Throws RunError that lists where it looked, or which of the four is missing.
IdxFiles locate_idx_set(const std::string& name, const std::string& data_dir);

/// The same in one folder; throws RequestError.
IdxFiles locate_idx_files(const std::filesystem::path& folder);

}  // namespace ravine
