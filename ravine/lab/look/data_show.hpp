#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "ravine/data/sources/catalog.hpp"
#include "ravine/lab/look/augmented_sheet.hpp"

namespace ravine {

/// What of a data set is shown.
struct ShowRequest {
    DataRequest data = {};
    std::string part = "training";         ///< or "validation", "test"
    std::optional<int64_t> examples = {};  ///< how many; by default 100 images, 10 rows, 2000 points
    /// Chains of augmentations, to see beside the originals (augmented_sheet): 8 training images by default.
    std::vector<std::string> augment = {};
};

/// A loaded data set, and examples of one of its parts, drawn at random by the seed.
class DataView {
public:
    /// Throws RequestError for an unknown part or one without examples, for augmentations of another part
    /// than the training part, and as load_parts() does.
    explicit DataView(const ShowRequest& request);

    /// Task, shape, examples of each part and of each class; smallest, mean and largest value and deviation
    /// of each column (of images: of each channel) in the part shown.
    std::string summary() const;

    /// Whether the examples are images.
    bool has_images() const;
    /// Whether draw() can draw them: images, and points in one to three dimensions.
    bool has_picture() const;
    /// Rows of a table: every feature and the target, 10 rows by default.
    std::string rows() const;
    /// Images as text, for a terminal of so many columns.
    std::string terminal_images(int64_t columns) const;
    /// A picture: images in rows of their classes; points. Throws RequestError where there is none for such
    /// data, and as the functions of plot.hpp do.
    void draw(const std::filesystem::path& path) const;

private:
    const Dataset& part() const;
    /// All examples of the part, in a random order.
    std::vector<int64_t> shuffled() const;
    /// The examples to show, `usual` of them where the request says no number.
    std::vector<int64_t> chosen(int64_t usual) const;
    int64_t image_count() const;
    AugmentedSheet augmented() const;
    std::string title() const;

    ShowRequest request_;
    Parts parts_;
};

}  // namespace ravine
