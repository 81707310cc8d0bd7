#pragma once

#include <string>
#include <vector>

#include "ravine/data/download/check_files.hpp"

namespace ravine {

/// A table of all named data sets: task, examples over all parts, shape of one, and where its files are, how
/// to get them, or that it is made on the fly.
std::string data_list_text(const std::string& data_dir);

/// The files of a published set, compared with the published ones, and whether they can be loaded.
struct CheckedSet {
    std::string name;
    std::vector<CheckedFile> files;
    FileState state;     ///< the worst of its files; a set that cannot be loaded differs
    std::string loaded;  ///< what loading it said; empty where a file is missing
};

/// Checks the files and, where none is missing, loads the set.
CheckedSet check_set(const PublishedSet& set, const std::string& data_dir);

/// The sets called `names`, each checked; without names those of which a file is here. Throws RequestError
/// for an unknown name, and RunError where there are no names and no files.
std::vector<CheckedSet> check_sets(const std::vector<std::string>& names, const std::string& data_dir);

/// Name, a line for each file, and a line about loading.
std::string checked_text(const CheckedSet& set);

/// Throws the error that the worst state calls for: RequestError where a file differs, RunError where one is
/// missing.
void require_ok(const std::vector<CheckedSet>& sets);

}  // namespace ravine
