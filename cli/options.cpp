#include "cli/options.hpp"

#include <fmt/ranges.h>

#include <filesystem>

namespace ravine::cli {
namespace {

std::string last_spelling(const std::string& name) { return name.substr(name.rfind(',') + 1); }

}  // namespace

std::string flag_of(std::string name) {
    for (auto& c : name)
        if (c == '_') c = '-';
    return "--" + name;
}

void add_experiment_options(CLI::App& command, GivenSettings& settings) {
    for (const auto& f : experiment_fields()) {
        // The texts are those of one option given several times, which most take only once.
        const auto take = [&settings, name = f.name](const std::vector<std::string>& texts) {
            settings.emplace_back(name, fmt::format("{}", fmt::join(texts, "+")));
        };
        auto* option = command.add_option_function<std::vector<std::string>>(
            f.name == "dataset" ? "dataset" : flag_of(f.name), take, f.meaning);
        option->type_name("TEXT")->default_str(f.get(Experiment{}))->allow_extra_args(false);
        if (!is_chain_setting(f.name)) option->expected(1);
    }
}

Experiment experiment_of(const std::string& file, const GivenSettings& settings) {
    Experiment experiment;
    if (!file.empty()) read_experiment(experiment, file);
    for (const auto& [name, text] : settings) set_experiment(experiment, name, flag_of(name), text);
    return experiment;
}

void add_weights(CLI::App& command, std::string& weights) {
    command
        .add_option(
            "--weights", weights,
            "result: what the run results in; best: those of its best epoch; last: those that training "
            "ended with")
        ->type_name("WHICH")
        ->capture_default_str();
}

std::string dataset_word(const std::string& dataset) {
    auto path = std::filesystem::path(dataset.substr(0, dataset.find(':')));
    if (!path.has_filename()) path = path.parent_path();  // a folder with a slash behind it
    return path.stem().string();
}

CLI::Option* add_integer(CLI::App& command, const std::string& name, int64_t& value, const Range& range,
                         const std::string& meaning) {
    const auto read = [&value, range, what = last_spelling(name)](const std::string& text) {
        value = parse_integer(what, text, range);
    };
    return command.add_option_function<std::string>(name, read, meaning)
        ->type_name("N")
        ->default_str(std::to_string(value));
}

CLI::Option* add_number(CLI::App& command, const std::string& name, double& value, const Range& range,
                        const std::string& meaning) {
    const auto read = [&value, range, what = last_spelling(name)](const std::string& text) {
        value = parse_number(what, text, range);
    };
    return command.add_option_function<std::string>(name, read, meaning)
        ->type_name("X")
        ->default_str(format_number(value));
}

CLI::Option* add_number(CLI::App& command, const std::string& name, std::optional<double>& value,
                        const Range& range, const std::string& meaning) {
    const auto read = [&value, range, what = last_spelling(name)](const std::string& text) {
        value = parse_number(what, text, range);
    };
    return command.add_option_function<std::string>(name, read, meaning)->type_name("X");
}

}  // namespace ravine::cli
