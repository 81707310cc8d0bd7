#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "ravine/core/files/console.hpp"
#include "ravine/core/files/file.hpp"
#include "ravine/data/download/download.hpp"
#include "ravine/lab/draw/gnuplot.hpp"
#include "ravine/lab/look/data_report.hpp"
#include "ravine/lab/look/data_show.hpp"
#include "ravine/lab/look/download_progress.hpp"

namespace ravine::cli {
namespace {

struct DataRequest {
    std::vector<std::string> names;
    std::string data_dir, from;
};

void get(const DataRequest& request) {
    std::vector<const PublishedSet*> sets;  // all names are looked at before anything is downloaded
    for (const auto& name : request.names) sets.push_back(&published_set(name));
    for (const auto* set : sets) {
        DownloadProgress progress(stderr);
        const auto folder =
            download_set(*set, {.data_dir = request.data_dir, .from = request.from}, progress);
        fmt::print("{}: {}\n", set->name, folder.string());
    }
}

void check(const DataRequest& request) {
    const auto sets = check_sets(request.names, request.data_dir);
    for (const auto& set : sets) fmt::print("{}", checked_text(set));
    require_ok(sets);
}

CLI::App* add_part(CLI::App& data, const std::string& name, const std::string& meaning,
                   DataRequest& request) {
    auto* command = data.add_subcommand(name, meaning);
    command
        ->add_option(
            "--data-dir", request.data_dir,
            "Where the files of named sets lie: DIR/NAME; default $RAVINE_DATA, then the cache folder")
        ->type_name("DIR");
    return command;
}

int64_t terminal_columns() {
    winsize size{};
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

/// Whether pictures can be printed: a terminal, whose user has not asked for plain text.
bool shows_colours() {
    const char* terminal = std::getenv("TERM");
    const char* plain = std::getenv("NO_COLOR");
    return isatty(STDOUT_FILENO) != 0 && terminal != nullptr && std::string(terminal) != "dumb" &&
           (plain == nullptr || *plain == '\0');
}

void show(const ShowRequest& request, const std::string& out) {
    if (!out.empty()) {
        require_picture_path(out);
        require_writable(out);
    }
    const DataView view(request);
    if (!out.empty()) view.draw(out);
    fmt::print("{}", view.summary());
    if (!view.has_images())
        fmt::print("\n{}", view.rows());
    else if (out.empty() && shows_colours())
        fmt::print("\n{}", view.terminal_images(terminal_columns()));
    std::fflush(stdout);
    if (out.empty() && view.has_picture()) tell(stderr, "--out FILE.png draws examples\n");
}

void add_show(CLI::App& data) {
    struct Show {
        ShowRequest request;
        std::string out;
        int64_t examples = 0, seed = 0;
    };
    auto show_request = std::make_shared<Show>();
    ShowRequest& request = show_request->request;
    auto* command = data.add_subcommand("show", "Summary and examples of a data set, as text or a picture");
    command->add_option("dataset", request.data.dataset, "spiral, mnist, houses.csv, a folder, ...")
        ->type_name("DATASET")
        ->required();
    const auto text = [&](const char* name, std::string& value, const char* type, const char* meaning) {
        return command->add_option(name, value, meaning)->type_name(type);
    };
    text("--part", request.part, "PART", "training, validation or test")->capture_default_str();
    auto* examples = add_integer(*command, "--examples", show_request->examples, at_least_one,
                                 "How many; by default 100 images, 10 rows, 2000 points");
    examples->default_str("");
    add_integer(*command, "--seed", show_request->seed, non_negative,
                "Decides made data, the split and which examples are shown");
    command
        ->add_option("--augment", request.augment,
                     "Draw images beside what augmentations make of them (NAME:key=value,... joined by '+'); "
                     "several times: several of these chains")
        ->type_name("CHAIN")
        ->allow_extra_args(false);
    text("--target", request.data.target, "COLUMN",
         "tables: the column to predict; of labels several, a,b,c");
    text("--task", request.data.task, "TASK", "classification, regression, multi-label or autoencoding");
    text("--data-dir", request.data.data_dir, "DIR", "Where the files of named sets are looked for first");
    text("--out", show_request->out, "FILE.png", "Draw the examples (.png or .svg)");
    command->callback([show_request, examples] {
        if (examples->count() > 0) show_request->request.examples = show_request->examples;
        show_request->request.data.seed = static_cast<uint64_t>(show_request->seed);
        show(show_request->request, show_request->out);
    });
}

}  // namespace

void add_data(CLI::App& app) {
    auto* data = app.add_subcommand("data", "List, download, check and show data sets");
    data->require_subcommand(1);
    auto request = std::make_shared<DataRequest>();

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

    add_show(*data);
}

}  // namespace ravine::cli
