#pragma once

#include <filesystem>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace ravine::fuzz {

/// A folder of this process for the files that a target reads; removed at the end of the process.
const std::filesystem::path& scratch();

/// Writes a file in the folder, over what it was, and returns its path.
std::string put(const std::string& name, std::string_view bytes);

/// Writes files into a folder within it, over what they were, and returns its path.
std::filesystem::path put_folder(const std::string& name,
                                 std::initializer_list<std::pair<const char*, std::string_view>> files);

// The ways in, by where they lead to; targets.cpp lists them.
void feed_csv(std::string_view bytes);
void feed_whitespace_table(std::string_view bytes);
void feed_npy(std::string_view bytes);
void feed_npz(std::string_view bytes);
void feed_idx(std::string_view bytes);
void feed_archive(std::string_view bytes);
void feed_image(std::string_view bytes);
void feed_safetensors(std::string_view bytes);
void feed_model(std::string_view bytes);
void feed_model_metadata(std::string_view bytes);
void feed_checkpoint(std::string_view bytes);
void feed_checkpoint_state(std::string_view bytes);
void feed_config(std::string_view bytes);
void feed_summary(std::string_view bytes);
void feed_metrics(std::string_view bytes);
void feed_curriculum(std::string_view bytes);
void feed_study(std::string_view bytes);
void feed_study_file(std::string_view bytes);
void feed_trial(std::string_view bytes);
void feed_acet(std::string_view bytes);
void feed_description(std::string_view bytes);
void feed_spec(std::string_view bytes);

}  // namespace ravine::fuzz
