#include "cli/parse_error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "ravine/core/settings/spec.hpp"

namespace ravine::cli {
namespace {

/// "--steps" of "--steps=3".
std::string option_name(const std::string& argument) { return argument.substr(0, argument.find('=')); }

std::vector<std::string> option_names(const CLI::App& command) {
    std::vector<std::string> names;
    for (const auto* option : command.get_options())
        for (const auto& name : option->get_lnames()) names.push_back("--" + name);
    return names;
}

std::vector<std::string> command_names(const CLI::App& app) {
    std::vector<std::string> names;
    for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; }))
        if (!command->get_group().empty()) names.push_back(command->get_name());  // hidden ones have no group
    return names;
}

}  // namespace

std::string explain(const CLI::App& app, const CLI::ParseError& error) {
    const CLI::App* command = &app;
    std::string called = "ravine";
    while (!command->get_subcommands().empty()) {
        command = command->get_subcommands().front();
        called += " " + command->get_name();
    }
    const auto unknown = app.remaining(true);
    const auto option = std::ranges::find_if(
        unknown, [](const std::string& argument) { return argument.size() > 1 && argument[0] == '-'; });
    // A mistyped option comes first: whatever else is missing may be missing because of it.
    if (option != unknown.end()) {
        const std::string name = option_name(*option);
        return fmt::format("unknown option '{}'{} (`{} --help` shows all)", name,
                           suggestion(name, option_names(*command)), called);
    }
    if (unknown.empty()) return fmt::format("{} (`{} --help` shows the usage)", error.what(), called);
    const auto names = command_names(*command);
    if (!names.empty())
        return fmt::format("unknown command '{}'{} (`{} --help` shows all)", unknown.front(),
                           suggestion(unknown.front(), names), called);
    return fmt::format("unexpected argument '{}' (`{} --help` shows the usage)", unknown.front(), called);
}

}  // namespace ravine::cli
