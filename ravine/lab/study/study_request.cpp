#include "ravine/lab/study/study_request.hpp"

#include <algorithm>

#include "ravine/core/error.hpp"
#include "ravine/lab/experiment/settings_file.hpp"

namespace ravine {

bool is_study_option(const std::string& name) {
    return std::ranges::any_of(study_fields(), [&](const auto& f) { return f.name == name; });
}

void set_study_option(StudyOptions& options, const std::string& name, const std::string& where,
                      const std::string& text) {
    const auto found = std::ranges::find(study_fields(), name, &Field<StudyOptions>::name);
    require(found != study_fields().end(), "no study option {}", name);
    found->set(options, where, text);
}

void read_study(StudyRequest& request, const std::filesystem::path& path) {
    for (const auto& [name, where, texts] : read_settings(path)) {
        if (!is_study_option(name)) check_setting_name(name, where);  // the greater mistake
        if (texts.empty())
            fail_request("{}: expected a string, a number, true/false or a list of them, found a table",
                         where);
        if (is_study_option(name)) {
            if (texts.size() != 1) fail_request("{}: expected one value, found a list", where);
            set_study_option(request.options, name, where, texts.front());
            continue;
        }
        Experiment checked;  // a bad value is told here, with its line
        SettingValues values{.name = name, .values = {}};
        for (const auto& text : texts) {
            set_experiment(checked, name, where, text);
            values.values.emplace_back(where, text);
        }
        request.settings.push_back(std::move(values));
    }
}

StudyPlan plan_of(const StudyRequest& request) {
    StudyPlan plan{.title = {},
                   .command = {},
                   .contenders = make_contenders(request.settings),
                   .options = request.options};
    std::string labels;
    for (const auto& contender : plan.contenders) labels += (labels.empty() ? "" : " · ") + contender.label;
    plan.title = fmt::format("{} on {}", labels, plan.contenders.front().experiment.dataset);
    return plan;
}

}  // namespace ravine
