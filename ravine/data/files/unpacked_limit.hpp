#pragma once

#include <cstdint>
#include <string>

namespace ravine {

/// How many times its size a packed file may unpack to. Real data shrink to a third or a tenth, and what is
/// mostly zeros to a fiftieth; a bomb unpacks to a thousand times its size (gzip's most) or to millions.
constexpr uint64_t most_times_unpacked = 100;

/// What may be unpacked in any case: of one stream; of an archive or its arrays, which may be mostly zeros.
constexpr uint64_t stream_allowance = uint64_t{1} << 26, archive_allowance = uint64_t{1} << 28;

/// Throws RequestError where `unpacked` bytes came of `packed` ones and are more than both the allowance and
/// most_times_unpacked. `path` begins the message.
void check_unpacked(const std::string& path, uint64_t packed, uint64_t unpacked, uint64_t allowance);

}  // namespace ravine
