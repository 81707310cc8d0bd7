#pragma once

#include <filesystem>
#include <string>

#include "ravine/data/sources/catalog.hpp"

namespace ravine {

/// Which images are examples, and what they are made alike to.
struct ImageFolder {
    std::string path = {};
    std::string size = {};  ///< "32" or "24x32", height x width; empty: that of the first image
    int64_t channels = 0;   ///< 1 or 3; 0: those of the first image
};

/// Whether a folder holds images: in it, or in folders in it. Throws RequestError for a link to a folder
/// among what it holds.
bool holds_images(const std::filesystem::path& folder);

/// A folder with a folder for each class, in the order of their names, or with such folders in `train` and,
/// if they are there, in `val` (`valid`, `validation`) and `test`. All images below a class's folder are its
/// examples, in the order of their paths; hidden files and folders are passed over. Throws RequestError for
/// any other file, a link to a folder, an image outside the classes' folders, images of different sizes, and
/// as read_image() does.
Parts image_parts(const ImageFolder& images, const DataRequest& request);

/// Images for a saved model, made alike to those that it was trained on: one image, or all below a folder.
/// With targets the folders are those of the model's classes, in `test` where there is one. Throws
/// RequestError as load_like() does.
Dataset load_images_like(const Schema& schema, const std::filesystem::path& path, Targets targets);

}  // namespace ravine
