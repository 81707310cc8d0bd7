#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "ravine/lab/study/study.hpp"

namespace ravine {

/// A study as a person asks for it: settings of experiments, each with one or several values, and options of
/// the study, by their names in files (max_steps); later ones replace earlier ones.
struct StudyRequest {
    std::vector<SettingValues> settings;
    StudyOptions options;
};

/// Sets an option of the study. Throws RequestError("WHERE: ...") for a bad value.
void set_study_option(StudyOptions& options, const std::string& name, const std::string& where,
                      const std::string& text);
bool is_study_option(const std::string& name);

/// Reads a study's file (TOML) into the request: an experiment file in which any setting may be a list, and
/// which may hold the options of a study. Throws RequestError with file and line.
void read_study(StudyRequest& request, const std::filesystem::path& path);

/// The plan of a request. Throws RequestError for bad settings.
StudyPlan plan_of(const StudyRequest& request);

}  // namespace ravine
