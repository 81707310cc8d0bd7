#include <memory>
#include <string>

#include "cli/commands.hpp"
#include "ravine/lab/names/reference.hpp"

namespace ravine::cli {

void add_docs(CLI::App& app) {
    auto* command = app.add_subcommand("docs", "Write the reference pages from the registry");
    command->group("");  // for developers: ./dev docs
    auto folder = std::make_shared<std::string>();
    command->add_option("folder", *folder, "Where the pages go")->type_name("DIR")->required();
    command->callback([folder] { write_reference(*folder); });
}

}  // namespace ravine::cli
