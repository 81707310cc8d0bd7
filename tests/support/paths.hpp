#pragma once

#include <string>

namespace ravine::test {

/// The root of the checkout that the tests were built from.
std::string source_folder();
/// The program `ravine` that was built with them.
std::string program_path();

}  // namespace ravine::test
