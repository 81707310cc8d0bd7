#pragma once

#include <span>
#include <string>
#include <vector>

#include "ravine/data/sources/catalog.hpp"
#include "ravine/lab/draw/image_sheet.hpp"

namespace ravine {

/// Images beside what augmentations make of them.
struct AugmentedSheet {
    Dataset images = {};  ///< originals, then augmented ones, unlabelled
    std::vector<SheetRow> rows = {};
};

/// A row of the originals, in the given order, and a row for each chain (make_augmentation): every image as
/// the first update of a run with this seed would see it. With one chain, rows for the first four updates.
/// Captions say the classes, of a mixture the larger share. Throws RequestError for a bad chain, or one that
/// makes no sense for the data.
AugmentedSheet augmented_sheet(const Parts& parts, const std::vector<std::string>& chains,
                               std::span<const int64_t> examples, uint64_t seed);

}  // namespace ravine
