#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ravine/core/values/shape.hpp"
#include "ravine/data/dataset.hpp"

namespace ravine {

/// What is known of a file before it is here.
struct KnownFile {
    std::string name;    ///< within its folder or archive: "cifar-10-batches-bin/test_batch.bin"
    uint64_t size;       ///< bytes
    std::string sha256;  ///< in hexadecimal
};

/// A file as its publisher distributes it, and the files packed in it that make the data; none where it is
/// not packed.
struct PublishedFile {
    KnownFile file;
    std::vector<KnownFile> contents = {};
};

/// A data set that can be downloaded.
struct PublishedSet {
    std::string name;
    Task task = Task::classification;
    int64_t examples = 0;      ///< over all of its files
    Shape feature_shape = {};  ///< of one example
    std::vector<PublishedFile> files = {};
    /// Where the files lie, in the order in which it is tried: "https://.../", with a slash at the end.
    std::vector<std::string> mirrors = {};
};

/// The sets whose files are published: names, sizes and digests of the files, and where they lie.
const std::vector<PublishedSet>& published_sets();

/// The set of that name; nullptr where none is.
const PublishedSet* find_published_set(const std::string& name);

/// The set of that name. Throws RequestError, with the nearest name, for any other: one that is made on the
/// fly, or none.
const PublishedSet& published_set(const std::string& name);

}  // namespace ravine
