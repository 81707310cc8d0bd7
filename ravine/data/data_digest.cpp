#include "ravine/data/data_digest.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <span>

#include "ravine/data/digest.hpp"

namespace ravine {
namespace {

constexpr int64_t digested_bytes = int64_t{1} << 26;  // of a part's features

template <class T>
void add(Sha256& digest, std::span<const T> numbers) {
    digest.update({reinterpret_cast<const uint8_t*>(numbers.data()), numbers.size_bytes()});
}

void add(Sha256& digest, const Dataset& part) {
    const int64_t count = part.size(), width = element_count(part.feature_shape);
    add(digest, std::span<const int64_t>(&count, 1));
    add(digest, std::span<const int32_t>(part.labels));
    add(digest, std::span<const double>(part.values));
    std::visit(
        [&]<class T>(const Rows<T>& rows) {
            const int64_t bytes = width * static_cast<int64_t>(sizeof(T));
            const int64_t stride = std::max<int64_t>(1, count / std::max<int64_t>(1, digested_bytes / bytes));
            for (int64_t i = 0; i < count; i += stride)
                add(digest, std::span<const T>(rows.row(i, width), static_cast<size_t>(width)));
        },
        part.features);
}

}  // namespace

std::string digest_of(const Parts& parts) {
    Sha256 digest;
    const std::string schema = schema_to_json(parts.schema).dump();
    add(digest, std::span<const char>(schema));
    for (const Dataset* part : {&parts.training, &parts.validation, &parts.test}) add(digest, *part);
    return digest.finish().substr(0, 16);
}

}  // namespace ravine
