#include "ravine/lab/describe.hpp"

#include <fmt/format.h>

#include <memory>
#include <string>

#include "cli/commands.hpp"

namespace ravine::cli {

void add_describe(CLI::App& app) {
    auto* command = app.add_subcommand("describe", "Show the formula, source and settings of a name");
    auto name = std::make_shared<std::string>();
    command->add_option("name", *name, "adam, spiral, ...; model/linear where several kinds have the name")
        ->type_name("NAME")
        ->required();
    command->callback([name] {
        std::string text;
        for (const auto& entry : find_entries(*name))
            text += (text.empty() ? "" : "\n") + describe_text(entry);
        fmt::print("{}", text);
    });
}

}  // namespace ravine::cli
