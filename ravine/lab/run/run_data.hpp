#pragma once

#include "ravine/data/data_digest.hpp"
#include "ravine/lab/run/run_folder.hpp"

namespace ravine {

// What a run trains on is recorded in its folder, data.json: a file of data may change under its name.

/// Writes the record, unless there is one already.
void record_data(const RunFolder& folder, const Parts& parts);

/// Throws RequestError, which names the first difference, where the data are not those of the record. A run
/// of an earlier version has none, which a warning says.
void require_recorded_data(const RunFolder& folder, const Parts& parts, DataUse use);

}  // namespace ravine
