// Files of data.
#include "fuzz/scratch.hpp"
#include "ravine/data/download/packed_files.hpp"
#include "ravine/data/formats/csv.hpp"
#include "ravine/data/formats/idx.hpp"
#include "ravine/data/formats/image_file.hpp"
#include "ravine/data/formats/npy.hpp"
#include "ravine/data/formats/safetensors.hpp"
#include "ravine/data/formats/table.hpp"
#include "ravine/data/formats/whitespace_table.hpp"
#include "ravine/data/sources/array_set.hpp"
#include "ravine/data/sources/cifar.hpp"

namespace ravine::fuzz {
namespace {

/// Encodes a table with its last column as the target, as training does and as a saved model does.
void use(const CellTable& table) {
    const EncodedTable encoded = encode_table(table, table.header().back(), "");
    Schema schema = schema_of(encoded.data);
    schema.columns = encoded.schema.columns;
    encode_like(table, schema, true);
}

}  // namespace

void feed_csv(std::string_view bytes) { use(read_csv(put("table.csv", bytes))); }

void feed_whitespace_table(std::string_view bytes) { use(read_whitespace_table(put("table.data", bytes))); }

void feed_npy(std::string_view bytes) {
    const auto path = put("array.npy", bytes);
    read_npy(path);
    read_npy(path, NpyIntegers::as_reals);
}

void feed_npz(std::string_view bytes) { array_parts({.dataset = put("arrays.npz", bytes)}); }

/// Images, or labels where the magic number says so.
void feed_idx(std::string_view bytes) {
    const auto path = put("idx", bytes);
    const bool is_labels = bytes.size() > 3 && bytes[3] == 1;
    read_idx(path, is_labels ? 1 : 3);
    load_idx_pair(path, path, {});
}

void feed_archive(std::string_view bytes) {
    const auto path = put("archive.tar", bytes);
    packed_files(path, {{"cifar-10-batches-bin/test_batch.bin", 30'730'000, ""}});
    load_cifar(path, cifar_in(path).value_or(CifarClasses::ten));
}

void feed_image(std::string_view bytes) { read_image(put("image", bytes), 0); }

void feed_safetensors(std::string_view bytes) { read_safetensors(put("file.safetensors", bytes)); }

}  // namespace ravine::fuzz
