#pragma once

#include <string>
#include <vector>

#include "ravine/core/settings/catalog.hpp"

namespace ravine {

/// A kind of named things: what people choose with one option.
struct Kind {
    std::string name;     ///< "optimizer"
    std::string plural;   ///< "optimizers"
    std::string meaning;  ///< one line: what things of this kind do, and how one is chosen
};

/// All kinds, in the order in which `list` and the reference show them.
const std::vector<Kind>& kinds();

/// Every named thing of every catalog, kind by kind.
const std::vector<Entry>& registry();

/// The kind called so, in the singular or plural. Throws RequestError with the nearest name.
const Kind& find_kind(const std::string& name);

std::vector<Entry> entries_of(const Kind& kind);

/// The things called `name`, which is NAME or KIND/NAME: one of each kind that has the name. Throws
/// RequestError with the nearest name where there is none.
std::vector<Entry> find_entries(const std::string& name);

/// A command line that uses the thing.
std::string example_of(const Entry& entry);

}  // namespace ravine
