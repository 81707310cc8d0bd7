#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "ravine/lab/bench_augmentation.hpp"
#include "ravine/lab/bench_steps.hpp"

namespace ravine::cli {
namespace {

struct Request {
    std::vector<std::string> workloads, chains;
    int64_t threads = 1;
    std::string precision = "f32";
    double seconds = 0.5;
    bool as_json = false;
};

void print_json(const StepWorkload& workload, const CompileOptions& options, double ms) {
    fmt::print("{}\n", nlohmann::ordered_json{{"workload", workload.name},
                                              {"precision", to_string(options.precision)},
                                              {"threads", options.threads},
                                              {"ms", ms}}
                           .dump());
}

void bench_steps(const Request& request) {
    const CompileOptions options{.precision = parse_precision(request.precision),
                                 .threads = static_cast<int>(request.threads)};
    std::vector<StepWorkload> workloads;
    for (const auto& name : request.workloads) workloads.push_back(find_step_workload(name));
    if (workloads.empty()) workloads = step_workloads();
    if (!request.as_json) fmt::print("{:<10}  precision  threads  ms a step\n", "workload");
    for (const auto& workload : workloads) {
        const double ms = step_milliseconds(workload, options, request.seconds);
        if (request.as_json)
            print_json(workload, options, ms);
        else
            fmt::print("{:<10}  {:<9}  {:>7}  {:>9.4g}\n", workload.name, to_string(options.precision),
                       options.threads, ms);
        std::fflush(stdout);  // a line as soon as it is known
    }
}

void bench_augment(const Request& request) {
    const CompileOptions options{.precision = parse_precision(request.precision),
                                 .threads = static_cast<int>(request.threads)};
    std::vector<StepWorkload> workloads;
    for (const auto& name : request.workloads) workloads.push_back(find_step_workload(name));
    fmt::print("{:<10}  {:<20}  threads  ms fixed  ms augmented  ratio  ms to prepare a batch\n", "workload",
               "augment");
    for (const auto& workload : workloads)
        for (const auto& chain : request.chains) {
            const auto [fixed, augmented, prepare] =
                augmented_step_milliseconds(workload, chain, options, request.seconds);
            fmt::print("{:<10}  {:<20}  {:>7}  {:>8.4g}  {:>12.4g}  {:>5.3f}  {:>21.4g}\n", workload.name,
                       chain, options.threads, fixed, augmented, augmented / fixed, prepare);
            std::fflush(stdout);
        }
}

void add_bench_augment(CLI::App& bench) {
    auto* command = bench.add_subcommand(
        "augment", "Time a training step on augmented batches beside the same step on one fixed batch");
    auto request = std::make_shared<Request>();
    request->workloads = {"mnist-cnn", "lenet", "resnet18"};
    request->chains = {"none", "crop+flip"};
    request->seconds = 3;
    command->add_option("workload", request->workloads, "As of bench steps")
        ->type_name("WORKLOAD")
        ->capture_default_str();
    command->add_option("--augment", request->chains, "NAME:key=value,... joined by '+'; several times")
        ->type_name("CHAIN")
        ->allow_extra_args(false)
        ->capture_default_str();
    add_integer(*command, "--threads", request->threads, Range{1, 1024}, "Threads of a step");
    add_number(*command, "--seconds", request->seconds, positive, "At least so long for each line");
    command->callback([request] { bench_augment(*request); });
}

}  // namespace

void add_bench(CLI::App& app) {
    auto* bench = app.add_subcommand("bench", "Measure how fast Ravine is on this machine");
    bench->require_subcommand(1);
    auto* command = bench->add_subcommand("steps", "Time one training step: forward, backward, update");
    auto request = std::make_shared<Request>();
    std::string names;
    for (const auto& workload : step_workloads()) names += (names.empty() ? "" : ", ") + workload.name;
    command->add_option("workload", request->workloads, "Some of " + names + "; all of them by default")
        ->type_name("WORKLOAD");
    add_integer(*command, "--threads", request->threads, Range{1, 1024}, "Threads of a step");
    command->add_option("--precision", request->precision, "f32, bf16 or f64")
        ->type_name("P")
        ->capture_default_str();
    add_number(*command, "--seconds", request->seconds, positive, "At least so long for each workload");
    command->add_flag("--json", request->as_json, "One JSON object a line");
    command->callback([request] { bench_steps(*request); });
    add_bench_augment(*bench);
}

}  // namespace ravine::cli
