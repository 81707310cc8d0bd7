#pragma once

#include <string>
#include <vector>

#include "ravine/data/dataset.hpp"
#include "ravine/data/formats/cell_table.hpp"
#include "ravine/data/schema.hpp"

namespace ravine {

/// A table turned into numbers, how it was done, and what a person should be told about it.
struct EncodedTable {
    Dataset data;
    Schema schema;  ///< without normalisation: that is fitted after the split
    std::vector<std::string> notes;
};

constexpr int64_t most_categories = 50;  ///< a text column with more different cells is refused

/// Encodes every column but the target as features. A column in which more than half of the cells are numbers
/// is a number column, in which every cell must be a finite number; another is one-hot encoded, if it has at
/// most 50 different cells. `task` is what to_string(Task) writes, or empty: inferred. Of an autoencoding
/// `target` may be empty, of labels it names several columns, "a,b,c", whose cells are 0 or 1. A target that
/// is text, or integers with at most 20 different values, each 5 times on average, is a class; another is a
/// number. Throws RequestError with line and column for an empty or non-finite cell, text among numbers, and
/// a target without two classes.
EncodedTable encode_table(const CellTable& table, const std::string& target, const std::string& task);

/// The columns of `schema`, found by name in any order, encoded as they were for training; other columns are
/// ignored. Throws RequestError for a missing column, an unknown category, and a label outside the classes.
Dataset encode_like(const CellTable& table, const Schema& schema, bool with_targets);

}  // namespace ravine
