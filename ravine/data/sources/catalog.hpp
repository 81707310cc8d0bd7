#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ravine/core/settings/catalog.hpp"
#include "ravine/data/dataset.hpp"
#include "ravine/data/schema.hpp"

namespace ravine {

/// What to load.
struct DataRequest {
    std::string dataset = {};   ///< NAME[:key=value,...], a table, or a folder or archive of images
    std::string data_dir = {};  ///< where named sets are looked for first; empty: only the usual places
    std::string target = {};    ///< tables: the column to predict; of labels several, "a,b,c"
    /// What to_string(Task) writes; empty: that of the set, of tables and arrays inferred. Any set takes
    /// "autoencoding".
    std::string task = {};
    uint64_t seed = 0;                            ///< of made data and of the split
    std::optional<double> validation_share = {};  ///< in [0, 1); the default depends on the set
    std::optional<double> test_share = {};        ///< in [0, 1); not for sets with a test part of their own
    int64_t training_examples = 0;                ///< so many of the training part; 0: all

    bool operator==(const DataRequest&) const = default;
};

/// The parts of a data set, disjoint. Training learns from `training`, choices are made on `validation`, and
/// `test` is looked at once, at the end.
struct Parts {
    Dataset training = {}, validation = {}, test = {};
    Schema schema = {};  ///< with the normalisation fitted on `training` alone
    std::vector<std::string> notes =
        {};  ///< what to tell a person: what was inferred, where files were found
};

/// The named sets: made ones with their settings, and those whose files are looked for.
const Catalog<Parts, const DataRequest&>& datasets();

/// Loads and splits what is asked for. Throws RequestError for an unknown name or setting, a bad value or a
/// damaged file, and RunError, listing where it looked, where the files of a named set are not found.
///
/// Usage:
///
///     const Parts parts = load_parts({.dataset = "spiral:noise=0.2", .seed = 1});
///     const int64_t examples = parts.training.size();
Parts load_parts(const DataRequest& request);

/// Reads other data for a saved model, in the form it was trained on. A model of a table (or of a made set,
/// whose columns are x0, x1, ...) reads a table, in which the schema's columns are found by name; a model
/// of images reads an IDX file of images, whose labels, where they are required, stand beside it under the
/// name with `labels-idx1` for `images-idx3`; a folder means its test files. Without targets the data set is
/// not labelled. Throws RequestError for what is missing, damaged, of another shape, or outside the classes.
enum class Targets { required, ignored };
Dataset load_like(const Schema& schema, const std::string& path, Targets targets);

}  // namespace ravine
