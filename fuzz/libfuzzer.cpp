// libFuzzer's side: `fuzz_ravine --target=NAME CORPUS...` with its own options; ./dev fuzz calls it so.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>

#include "fuzz/targets.hpp"

namespace {

const ravine::fuzz::Target* chosen = nullptr;

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* count, char*** arguments) {
    constexpr const char* option = "--target=";
    for (int i = 1; i < *count; ++i) {
        const char* argument = (*arguments)[i];
        if (std::strncmp(argument, option, std::strlen(option)) == 0)
            chosen = &ravine::fuzz::find_target(argument + std::strlen(option));
    }
    if (chosen == nullptr) {
        for (const auto& target : ravine::fuzz::targets()) std::puts(target.name);
        std::fflush(stdout);
        std::_Exit(2);
    }
    return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    ravine::fuzz::feed(*chosen, {reinterpret_cast<const char*>(data), size});
    return 0;
}
