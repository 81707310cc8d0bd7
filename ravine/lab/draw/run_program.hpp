#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ravine {

/// What a program left that has ended.
struct ProgramResult {
    int status = 0;  ///< 0 where all went well, else its exit status, or 128 and the number of a signal
    std::string output = {}, errors = {};
};

/// Runs a program, found in PATH, and waits for it. The first of `files` is its standard input, the others
/// are open as descriptors 3, 4, ...; all are files of the memory, which the program can also open by name,
/// file_of_descriptor(), and of which nothing is left whatever happens. Nothing passes through a shell.
/// Returns nothing where there is no such program; throws RunError where it cannot be run.
std::optional<ProgramResult> run_program(const std::vector<std::string>& arguments,
                                         std::span<const std::string_view> files);

/// "/proc/self/fd/3": the name by which a program opens what it has as a descriptor.
std::string file_of_descriptor(int descriptor);

}  // namespace ravine
