#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ravine/core/catalog.hpp"
#include "ravine/data/dataset.hpp"
#include "ravine/data/schema.hpp"

namespace ravine {

/// What to load.
struct DataRequest {
    std::string
        dataset;  ///< NAME[:key=value,...], the path of a .csv or .csv.gz file, or of a folder of IDX files
    std::string data_dir;          ///< where named sets are looked for first; empty: only the usual places
    std::string target;            ///< CSV: the column to predict
    std::string task;              ///< CSV: "classification" or "regression"; empty: inferred
    uint64_t seed = 0;             ///< of made data and of the split
    double validation_share = -1;  ///< in [0, 1); negative: the default of the set
    double test_share = -1;        ///< in [0, 1); negative: the default of the set
};

/// The parts of a data set, disjoint. Training learns from `training`, choices are made on `validation`, and
/// `test` is looked at once, at the end.
struct Parts {
    Dataset training, validation, test;
    Schema schema;  ///< with the normalisation fitted on `training` alone
    std::vector<std::string>
        notes;  ///< what a person should be told: what was inferred, where files were found
};

/// The named sets: made ones with their settings, and those whose files are looked for.
const Catalog<Parts, const DataRequest&>& datasets();

/// Loads and splits what is asked for. Throws RequestError for an unknown name or setting, a bad value or a
/// damaged file, and RunError, listing where it looked, where the files of a named set are not found.
Parts load_parts(const DataRequest& request);

/// Reads data for a saved model: a labelled table for `evaluate`, or any table for `predict`, in whose
/// columns the schema's are found by name.
enum class Targets { required, ignored };
Dataset load_like(const Schema& schema, const std::string& csv_path, Targets targets);

}  // namespace ravine
