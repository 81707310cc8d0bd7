#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace ravine {

/// Where data sets are looked for, in this order: `data_dir` where it is given, $RAVINE_DATA, and
/// $XDG_CACHE_HOME/ravine or else ~/.cache/ravine.
std::vector<std::filesystem::path> data_folders(const std::string& data_dir);

/// The folders in which the files of the named set may lie, in order: FOLDER/name and FOLDER for each data
/// folder, without those called after a set whose files have the same names.
std::vector<std::filesystem::path> set_folders(const std::string& name, const std::string& data_dir);

/// Throws the RunError of a published set whose files are nowhere: where it looked, and how to get them.
[[noreturn]] void fail_not_found(const std::string& name, const std::string& data_dir);

/// The four files of an IDX set.
struct IdxFiles {
    std::filesystem::path training_images, training_labels, test_images, test_labels;
};

/// The files train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and
/// t10k-labels-idx1-ubyte, each plain or with .gz, in the first of set_folders() that holds any of them.
/// Throws RunError that lists where it looked, or which of the four is missing.
IdxFiles locate_idx_set(const std::string& name, const std::string& data_dir);

/// Whether a folder holds any of them.
bool holds_idx_files(const std::filesystem::path& folder);

/// The same in one folder; throws RequestError.
IdxFiles locate_idx_files(const std::filesystem::path& folder);

}  // namespace ravine
