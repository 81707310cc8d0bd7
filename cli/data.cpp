#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "cli/commands.hpp"
#include "ravine/data/download.hpp"
#include "ravine/lab/data_report.hpp"
#include "ravine/lab/download_progress.hpp"

namespace ravine::cli {
namespace {

struct Request {
    std::vector<std::string> names;
    std::string data_dir, from;
};

void get(const Request& request) {
    std::vector<const PublishedSet*> sets;  // all names are looked at before anything is downloaded
    for (const auto& name : request.names) sets.push_back(&published_set(name));
    for (const auto* set : sets) {
        DownloadProgress progress(stderr);
        const auto folder =
            download_set(*set, {.data_dir = request.data_dir, .from = request.from}, progress);
        fmt::print("{}: {}\n", set->name, folder.string());
    }
}

void check(const Request& request) {
    const auto sets = check_sets(request.names, request.data_dir);
    for (const auto& set : sets) fmt::print("{}", checked_text(set));
    require_ok(sets);
}

CLI::App* add_part(CLI::App& data, const std::string& name, const std::string& meaning, Request& request) {
    auto* command = data.add_subcommand(name, meaning);
    command
        ->add_option(
            "--data-dir", request.data_dir,
            "Where the files of named sets lie: DIR/NAME; default $RAVINE_DATA, then the cache folder")
        ->type_name("DIR");
    return command;
}

}  // namespace

void add_data(CLI::App& app) {
    auto* data = app.add_subcommand("data", "List, download, check and show data sets");
    data->require_subcommand(1);
    auto request = std::make_shared<Request>();

    add_part(*data, "list", "The named data sets, and where their files are", *request)->callback([request] {
        fmt::print("{}", data_list_text(request->data_dir));
    });

    auto* get_command = add_part(*data, "get", "Download the files of published sets, verified", *request);
    get_command->add_option("name", request->names, "mnist, fashion-mnist, cifar-10, ...")
        ->type_name("NAME")
        ->required();
    get_command->add_option("--from", request->from, "A mirror: the files are at URL/FILE or URL/NAME/FILE")
        ->type_name("URL");
    get_command->callback([request] { get(*request); });

    auto* check_command = add_part(*data, "check", "Compare files with the published ones", *request);
    check_command->add_option("name", request->names, "Some sets; all that are here by default")
        ->type_name("NAME");
    check_command->callback([request] { check(*request); });
}

}  // namespace ravine::cli
