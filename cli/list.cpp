#include <fmt/format.h>

#include <memory>
#include <string>

#include "cli/commands.hpp"
#include "ravine/lab/names/describe.hpp"

namespace ravine::cli {

void add_list(CLI::App& app) {
    auto* command = app.add_subcommand("list", "List what has a name: optimizers, models, data sets, ...");
    auto kind = std::make_shared<std::string>();
    command->add_option("kind", *kind, "Only this kind: optimizers, schedules, clippings, models, ...")
        ->type_name("KIND");
    command->callback([kind] {
        if (!kind->empty()) {
            fmt::print("{}", list_text(find_kind(*kind)));
            return;
        }
        std::string text;
        for (const auto& each : kinds()) text += list_text(each) + "\n";
        fmt::print("{}`ravine describe NAME` shows the formula and the settings of one.\n", text);
    });
}

}  // namespace ravine::cli
