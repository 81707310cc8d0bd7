#include "ravine/data/files/unpacked_limit.hpp"

#include "ravine/core/error.hpp"

namespace ravine {

void check_unpacked(const std::string& path, uint64_t packed, uint64_t unpacked, uint64_t allowance) {
    if (unpacked <= allowance || unpacked / most_times_unpacked <= packed) return;
    fail_request(
        "{}: expected packed data that grow at most {} times, found {} bytes that unpack to {} and more (if "
        "that is right, unpack them first)",
        path, most_times_unpacked, packed, unpacked);
}

}  // namespace ravine
