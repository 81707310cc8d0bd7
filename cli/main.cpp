#include <fmt/format.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdio>
#include <filesystem>
#include <new>
#include <system_error>

#include "cli/commands.hpp"
#include "cli/parse_error.hpp"
#include "cli/streams.hpp"
#include "ravine/core/error.hpp"
#include "ravine/core/threads/waiting.hpp"

namespace {

constexpr auto description = "Ravine trains neural networks with many optimisation methods.";
constexpr auto examples = R"(examples:
  ravine train spiral --optimizer adam --epochs 200
  ravine compare spiral --optimizer sgd --optimizer adam --seeds 10
  ravine minimize rosenbrock --optimizer nesterov:learning_rate=0.001 --steps 500 --plot paths.svg
  ravine list optimizers
  ravine describe adam

`ravine COMMAND --help` shows the options of a command.)";

void set_up_logging() {
    auto logger = spdlog::stderr_color_mt("ravine");
    logger->set_pattern("ravine: %v");
    logger->set_level(spdlog::level::warn);
    spdlog::set_default_logger(std::move(logger));
}

void add_commands(CLI::App& app) {
    using namespace ravine::cli;
    add_train(app);
    add_evaluate(app);
    add_predict(app);
    add_compare(app);
    add_gradcheck(app);
    add_inspect(app);
    add_rate_finder(app);
    add_reproduce(app);
    add_minimize(app);
    add_data(app);
    add_list(app);
    add_describe(app);
    add_bench(app);
    add_report(app);
    add_docs(app);
    // After the command too, where people write it.
    const auto be_verbose = [](int64_t) { spdlog::set_level(spdlog::level::debug); };
    app.add_flag_function("-v,--verbose", be_verbose, "Say more about what is done");
    for (auto* command : app.get_subcommands({}))
        command->add_flag_function("-v,--verbose", be_verbose, "Say more about what is done");
}

int run(CLI::App& app, int argc, char** argv) {
    try {
        app.parse(argc, argv);
        if (app.get_subcommands().empty()) fmt::print("{}", app.help());
        return 0;
    } catch (const CLI::Success& request) {  // --help, --version
        return app.exit(request);
    } catch (const CLI::ParseError& error) {
        return ravine::cli::report(2, ravine::cli::explain(app, error));
    }
}

/// Does what the arguments say; returns the exit status.
int run_program(int argc, char** argv) try {
    set_up_logging();
    CLI::App app(description, "ravine");
    app.set_version_flag("--version", "ravine " RAVINE_VERSION);
    app.require_subcommand(0, 1);
    add_commands(app);
    app.footer(examples);  // after the commands, which would inherit it
    return run(app, argc, argv);
} catch (const ravine::Error& error) {
    return ravine::cli::report(error.exit_status(), error.what());
} catch (const std::filesystem::filesystem_error& error) {
    return ravine::cli::report(1, fmt::format("{}: {}", error.path1().string(), error.code().message()));
} catch (const std::bad_alloc&) {
    return ravine::cli::report(1, "out of memory");
} catch (const std::system_error& error) {
    if (std::ferror(stdout) != 0) return ravine::cli::report_lost_output(error.code().value());
    return ravine::cli::report(1, error.what());
} catch (const std::exception& error) {
    return ravine::cli::report(1, error.what());
}

}  // namespace

int main(int argc, char** argv) {
    ravine::restart_with_bounded_waiting(argv);
    ravine::cli::prepare_streams();
    return ravine::cli::finish_output(run_program(argc, argv));
}
