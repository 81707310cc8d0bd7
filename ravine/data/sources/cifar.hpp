#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "ravine/data/dataset.hpp"

namespace ravine {

/// CIFAR-10, or CIFAR-100 with its 100 fine or 20 coarse classes.
enum class CifarClasses { ten, fine, coarse };

/// Both parts of a CIFAR set: images of {32, 32, 3} bytes.
struct CifarSet {
    Dataset training, test;
};

/// Reads the binary version of CIFAR (Krizhevsky 2009: records of one label byte, or coarse and fine, then
/// 1,024 red, 1,024 green and 1,024 blue bytes, row by row) from a folder, the published one or one that
/// holds it, or from a tar archive, compressed or not. Classes have the names of batches.meta.txt or
/// fine_label_names.txt and coarse_label_names.txt where they are there, else the published ones. Throws
/// RequestError, with file and byte, where a file is missing, truncated, too long or damaged.
CifarSet load_cifar(const std::filesystem::path& source, CifarClasses classes);

/// What a folder or archive holds, by its file names: CIFAR-10 (`ten`), CIFAR-100 (`fine`) or nothing that is
/// CIFAR. An archive is read to its end. Throws RequestError for a damaged archive.
std::optional<CifarClasses> cifar_in(const std::filesystem::path& source);

/// Whether a path has the ending of a tar archive: .tar, .tar.gz, .tar.xz, .tgz, ...
bool is_tar_path(const std::filesystem::path& path);

/// The folder or archive of cifar-10 or cifar-100 in the first of set_folders() that holds one. Throws
/// RunError that lists where it looked.
std::filesystem::path locate_cifar(const std::string& name, const std::string& data_dir);

}  // namespace ravine
