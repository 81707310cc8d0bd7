#include "ravine/lab/experiment/settings_file.hpp"

#include "ravine/core/files/file.hpp"
#include "ravine/core/settings/settings.hpp"
#include "ravine/lab/experiment/model_file.hpp"
#include "ravine/lab/experiment/toml_text.hpp"

namespace ravine {
namespace {

/// The text that a field reads, from a TOML value.
std::string text_of(const toml::node& node, const std::string& where) {
    if (const auto* text = node.as_string()) return text->get();
    if (const auto* number = node.as_integer()) return std::to_string(number->get());
    if (const auto* number = node.as_floating_point()) return format_number(number->get());
    if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
    fail_request("{}: expected a string, a number or true/false", where);
}

}  // namespace

std::vector<FileSetting> read_settings(const std::filesystem::path& path) {
    const toml::table table = parse_toml(read_file(path, 1 << 20), path.string());
    std::vector<FileSetting> settings;
    for (const auto& [key, node] : table) {
        const std::string name(key.str());
        FileSetting setting{.name = name,
                            .where = fmt::format("{}:{}: {}", path.string(), key.source().begin.line, name),
                            .texts = {}};
        if (const auto* list = node.as_array()) {
            if (list->empty()) fail_request("{}: expected a value, found an empty list", setting.where);
            for (const auto& item : *list) setting.texts.push_back(text_of(item, setting.where));
        } else if (name == "model" && node.is_table()) {
            setting.texts.push_back(description_to_toml(read_description(path)));
        } else if (!node.is_table()) {
            setting.texts.push_back(text_of(node, setting.where));
        }
        settings.push_back(std::move(setting));
    }
    return settings;
}

}  // namespace ravine
