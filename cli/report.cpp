#include <fmt/format.h>

#include <memory>
#include <string>

#include "cli/commands.hpp"
#include "ravine/lab/report/any_report.hpp"

namespace ravine::cli {
namespace {

struct ReportRequest {
    std::string folder, out;
};

}  // namespace

void add_report(CLI::App& app) {
    auto* command = app.add_subcommand(
        "report", "Draw the report of a study or a training run again, from the files of its folder");
    auto request = std::make_shared<ReportRequest>();
    command->add_option("folder", request->folder, "The folder of a study or a run")
        ->required()
        ->type_name("FOLDER");
    command->add_option("--out", request->out, "The page to write; default FOLDER/report.html")
        ->type_name("FILE.html");
    command->callback(
        [request] { fmt::print("report  {}\n", write_report(request->folder, request->out).string()); });
}

}  // namespace ravine::cli
