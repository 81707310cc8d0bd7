#pragma once

#include <span>
#include <string>
#include <string_view>

namespace ravine::fuzz {

/// A way in for bytes that somebody else wrote: a data file, a file of a run or a study, a text on the
/// command line. libFuzzer feeds it (./dev fuzz), and the tests feed it what lies in fuzz/corpus/NAME.
struct Target {
    const char* name;
    void (*run)(std::string_view bytes);
};

/// All ways in, in the order of their names.
std::span<const Target> targets();

/// Throws std::out_of_range where there is none of this name.
const Target& find_target(std::string_view name);

/// Runs the target. What it reads may be refused with an Error, whose message has at most 1,000 bytes;
/// whatever else is thrown comes out of here.
void feed(const Target& target, std::string_view bytes);

}  // namespace ravine::fuzz
