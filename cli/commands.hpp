#pragma once

#include <CLI/CLI.hpp>

namespace ravine::cli {

// Each subcommand is one file of this folder: it declares its options, and hands what it was given to the
// library. The callback throws ravine::Error; main() says it in one line.
void add_train(CLI::App& app);
void add_evaluate(CLI::App& app);
void add_predict(CLI::App& app);
void add_compare(CLI::App& app);
void add_gradcheck(CLI::App& app);
void add_inspect(CLI::App& app);
void add_rate_finder(CLI::App& app);
void add_reproduce(CLI::App& app);
void add_minimize(CLI::App& app);
void add_list(CLI::App& app);
void add_describe(CLI::App& app);
void add_bench(CLI::App& app);
void add_data(CLI::App& app);
void add_report(CLI::App& app);
void add_docs(CLI::App& app);

}  // namespace ravine::cli
