#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "ravine/core/error.hpp"
#include "ravine/lab/bench/bench_augmentation.hpp"
#include "ravine/lab/bench/bench_gate.hpp"
#include "ravine/lab/bench/bench_rates.hpp"
#include "ravine/lab/bench/bench_sharing.hpp"
#include "ravine/lab/bench/bench_steps.hpp"
#include "ravine/lab/bench/step_profile.hpp"
#include "ravine/lab/statistics/statistics.hpp"

namespace ravine::cli {
namespace {

constexpr double giga = 1e-9;

struct BenchRequest {
    int64_t threads = 1;
    std::string precision = "f32";
    double seconds = 0.5;
    bool as_json = false;

    CompileOptions compile_options() const {
        return {.precision = parse_precision(precision), .threads = static_cast<int>(threads)};
    }
};

struct StepsRequest : BenchRequest {
    std::vector<std::string> workloads;
};

struct AugmentRequest : BenchRequest {
    std::vector<std::string> workloads{"mnist-cnn", "lenet", "resnet18"}, chains{"none", "crop+flip"};
};

struct GateRequest : BenchRequest {
    std::vector<std::string> workloads{"spiral", "fc500", "mnist-cnn", "lenet"};
};

struct RatesRequest : BenchRequest {
    std::vector<std::string> workloads{"fc500", "resnet18"};
    int64_t rounds = 3;
};

struct SharingRequest : BenchRequest {
    std::vector<std::string> workloads;
    int64_t rounds = 3;
};

struct ProfileRequest : BenchRequest {
    CustomWorkload workload;
    std::string by = "kernel";
    bool as_csv = false;
};

void add_common_options(CLI::App& command, BenchRequest& request) {
    add_integer(command, "--threads", request.threads, Range{1, 1024}, "Threads of a step");
    command.add_option("--precision", request.precision, "f32, bf16 or f64")
        ->type_name("P")
        ->capture_default_str();
    add_number(command, "--seconds", request.seconds, positive, "At least so long for each workload");
}

std::string workload_names() {
    std::string names;
    for (const auto& workload : step_workloads()) names += (names.empty() ? "" : ", ") + workload.name;
    return names;
}

void bench_steps(const StepsRequest& request) {
    const CompileOptions options = request.compile_options();
    std::vector<StepWorkload> workloads;
    for (const auto& name : request.workloads) workloads.push_back(find_step_workload(name));
    if (workloads.empty()) workloads = step_workloads();
    const MachinePeak peak = measure_machine_peak(options);
    if (!request.as_json)
        fmt::print("{:<10}  precision  threads  ms a step  GFLOP/s  of the peak, {:.4g} GFLOP/s\n",
                   "workload", giga * peak.flops);
    for (const auto& workload : workloads) {
        const double ms = step_milliseconds(workload, options, request.seconds);
        const int64_t flops = step_flops(workload);
        const double rate = static_cast<double>(flops) / (1e-3 * ms);
        if (request.as_json)
            fmt::print("{}\n", nlohmann::ordered_json{{"workload", workload.name},
                                                      {"precision", to_string(options.precision)},
                                                      {"threads", options.threads},
                                                      {"ms", ms},
                                                      {"flops", flops},
                                                      {"gflop_per_second", giga * rate},
                                                      {"peak_gflop_per_second", giga * peak.flops},
                                                      {"share_of_peak", rate / peak.flops}}
                                   .dump());
        else
            fmt::print("{:<10}  {:<9}  {:>7}  {:>9.4g}  {:>7.4g}  {:>9.1f} %\n", workload.name,
                       to_string(options.precision), options.threads, ms, giga * rate,
                       100 * rate / peak.flops);
        std::fflush(stdout);  // a line as soon as it is known
    }
}

void bench_augment(const AugmentRequest& request) {
    const CompileOptions options = request.compile_options();
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

void bench_gate(const GateRequest& request) {
    const CompileOptions options = request.compile_options();
    std::vector<StepWorkload> workloads;
    for (const auto& name : request.workloads) workloads.push_back(find_step_workload(name));
    fmt::print("{:<10}  threads  ms a step  gate open  gated  forward alone  gated/forward  gated/step\n",
               "workload");
    for (const auto& workload : workloads) {
        const auto [plain, open, gated, forward] =
            gated_step_milliseconds(workload, options, request.seconds);
        fmt::print("{:<10}  {:>7}  {:>9.4g}  {:>9.4g}  {:>5.3g}  {:>13.4g}  {:>13.3f}  {:>10.3f}\n",
                   workload.name, options.threads, plain, open, gated, forward, gated / forward,
                   gated / plain);
        std::fflush(stdout);
    }
}

void bench_rates(const RatesRequest& request) {
    const CompileOptions options = request.compile_options();
    std::vector<StepWorkload> workloads;
    for (const auto& name : request.workloads) workloads.push_back(find_step_workload(name));
    if (options.precision == Precision::bf16)
        fail_request(
            "--precision: expected f32 or f64, found bf16, in which nothing goes on from a gradient");
    if (!request.as_json)
        fmt::print("{:<10}  {:<36}  threads  {:>9}  in plain steps or gradients of the same round\n",
                   "workload", "rate or product", "ms");
    for (const auto& workload : workloads)
        for (const auto& cost : rate_costs(workload, options, request.rounds, request.seconds)) {
            if (request.as_json)
                fmt::print("{}\n", nlohmann::ordered_json{{"workload", workload.name},
                                                          {"name", cost.name},
                                                          {"precision", to_string(options.precision)},
                                                          {"threads", options.threads},
                                                          {"ms", cost.milliseconds},
                                                          {"unit", cost.unit},
                                                          {"ratio", quantile(cost.ratios, 0.5)},
                                                          {"ratios", cost.ratios}}
                                       .dump());
            else
                fmt::print("{:<10}  {:<36}  {:>7}  {:>9.4g}  {:.2f} ({:.2f} to {:.2f}) {}s\n", workload.name,
                           cost.name, options.threads, cost.milliseconds, quantile(cost.ratios, 0.5),
                           quantile(cost.ratios, 0), quantile(cost.ratios, 1), cost.unit);
            std::fflush(stdout);
        }
}

/// The median of a number of each round, and between what they lie.
std::string spread(const std::vector<SharedStepTimes>& rounds, double (SharedStepTimes::*number)() const) {
    std::vector<double> values;
    for (const auto& round : rounds) values.push_back((round.*number)());
    return fmt::format("{:.2f} ({:.2f} to {:.2f})", quantile(values, 0.5), quantile(values, 0),
                       quantile(values, 1));
}

double median_of(const std::vector<SharedStepTimes>& rounds, double SharedStepTimes::*number) {
    std::vector<double> values;
    for (const auto& round : rounds) values.push_back(round.*number);
    return quantile(values, 0.5);
}

void bench_sharing(const SharingRequest& request) {
    using Times = SharedStepTimes;
    const CompileOptions options = request.compile_options();
    std::vector<StepWorkload> workloads;
    for (const auto& name : request.workloads) workloads.push_back(find_step_workload(name));
    if (workloads.empty()) workloads = step_workloads();
    if (!request.as_json)
        fmt::print(
            "ms a step            alone            beside a busy processor    two programs\n"
            "{:<10}  threads  {:>7}  {:>7}  {:>7}  {:>7}  {:<19}  {:>7}  share of one after the other\n",
            "workload", "1", "N", "1", "N", "N / 1", "N each");
    for (const auto& workload : workloads) {
        std::vector<Times> rounds;
        for (int64_t round = 0; round < request.rounds; ++round) {
            const Times& times =
                rounds.emplace_back(shared_step_milliseconds(workload, options, request.seconds));
            if (request.as_json)
                fmt::print("{}\n", nlohmann::ordered_json{{"workload", workload.name},
                                                          {"precision", to_string(options.precision)},
                                                          {"threads", options.threads},
                                                          {"round", round},
                                                          {"ms_one_alone", times.one_alone},
                                                          {"ms_alone", times.alone},
                                                          {"ms_one_beside_busy", times.one_beside_busy},
                                                          {"ms_beside_busy", times.beside_busy},
                                                          {"ms_of_two_programs", times.of_two_programs},
                                                          {"busy_ratio", times.busy_ratio()},
                                                          {"two_programs_ratio", times.two_programs_ratio()}}
                                       .dump());
            std::fflush(stdout);
        }
        if (request.as_json) continue;
        fmt::print("{:<10}  {:>7}  {:>7.4g}  {:>7.4g}  {:>7.4g}  {:>7.4g}  {:<19}  {:>7.4g}  {}\n",
                   workload.name, options.threads, median_of(rounds, &Times::one_alone),
                   median_of(rounds, &Times::alone), median_of(rounds, &Times::one_beside_busy),
                   median_of(rounds, &Times::beside_busy), spread(rounds, &Times::busy_ratio),
                   median_of(rounds, &Times::of_two_programs), spread(rounds, &Times::two_programs_ratio));
        std::fflush(stdout);
    }
}

void bench_profile(const ProfileRequest& request) {
    const ProfileBy by = parse_profile_by(request.by);
    if (request.as_json && request.as_csv) fail_request("--json, --csv: expected one of them");
    const CompileOptions options = request.compile_options();
    const StepProfile profile = profile_step(make_workload(request.workload), options, request.seconds);
    const auto write = request.as_json ? profile_json : request.as_csv ? profile_csv : profile_text;
    fmt::print("{}", write(profile, by));
}

void add_steps(CLI::App& bench) {
    auto* command = bench.add_subcommand("steps", "Time one training step: forward, backward, update");
    auto request = std::make_shared<StepsRequest>();
    command
        ->add_option("workload", request->workloads,
                     "Some of " + workload_names() + "; all of them by default")
        ->type_name("WORKLOAD");
    add_common_options(*command, *request);
    command->add_flag("--json", request->as_json, "One JSON object a line");
    command->callback([request] { bench_steps(*request); });
}

void add_augment(CLI::App& bench) {
    auto* command = bench.add_subcommand(
        "augment", "Time a training step on augmented batches beside the same step on one fixed batch");
    auto request = std::make_shared<AugmentRequest>();
    request->seconds = 3;
    command->add_option("workload", request->workloads, "As of bench steps")
        ->type_name("WORKLOAD")
        ->capture_default_str();
    command->add_option("--augment", request->chains, "NAME:key=value,... joined by '+'; several times")
        ->type_name("CHAIN")
        ->allow_extra_args(false)
        ->capture_default_str();
    add_common_options(*command, *request);
    command->callback([request] { bench_augment(*request); });
}

void add_gate(CLI::App& bench) {
    auto* command = bench.add_subcommand(
        "gate", "Time a batch that the equilibrium gate closes on, beside a step and a forward pass alone");
    auto request = std::make_shared<GateRequest>();
    request->seconds = 3;
    command->add_option("workload", request->workloads, "As of bench steps")
        ->type_name("WORKLOAD")
        ->capture_default_str();
    add_common_options(*command, *request);
    command->callback([request] { bench_gate(*request); });
}

void add_rates(CLI::App& bench) {
    auto* command = bench.add_subcommand(
        "rates", "Time steps whose rate is learned, and curvature products, in plain steps and gradients");
    auto request = std::make_shared<RatesRequest>();
    command->add_option("workload", request->workloads, "As of bench steps")
        ->type_name("WORKLOAD")
        ->capture_default_str();
    add_common_options(*command, *request);
    add_integer(*command, "--rounds", request->rounds, Range{1, 1000}, "So often; medians are shown");
    command->add_flag("--json", request->as_json, "One JSON object a line");
    command->callback([request] { bench_rates(*request); });
}

void add_sharing(CLI::App& bench) {
    auto* command = bench.add_subcommand(
        "sharing", "Time a step where other programs compute too: beside a busy processor, and two at once");
    auto request = std::make_shared<SharingRequest>();
    request->threads = 2;
    command->add_option("workload", request->workloads, "As of bench steps; all of them by default")
        ->type_name("WORKLOAD");
    add_common_options(*command, *request);
    add_integer(*command, "--rounds", request->rounds, Range{1, 1000}, "So often; medians are shown");
    command->add_flag("--json", request->as_json, "One JSON object a line, for each round");
    command->callback([request] { bench_sharing(*request); });
}

void add_profile(CLI::App& bench) {
    auto* command = bench.add_subcommand("profile", "Where the time of a training step goes, by operation");
    auto request = std::make_shared<ProfileRequest>();
    CustomWorkload& workload = request->workload;
    const auto text = [&](const char* name, std::string& value, const char* type,
                          const std::string& meaning) {
        return command->add_option(name, value, meaning)->type_name(type);
    };
    text("model", workload.model, "MODEL",
         "One of " + workload_names() + ", or a model, or a file .toml with one, with --dataset or --shape")
        ->required();
    text("--dataset", workload.dataset, "NAME", "What an example and its target look like");
    text("--data-dir", workload.data_dir, "DIR", "Where data sets are looked for first");
    text("--shape", workload.shape, "NxN", "The same by hand: 32x32x3 for images, 10 for a table");
    add_integer(*command, "--classes", workload.classes, Range{0, 1e6}, "Classes, with --shape; 0: 10");
    add_integer(*command, "--batch", workload.batch, Range{0, 1e9},
                "Examples of a step; 0: the workload's, or 32");
    text("--optimizer", workload.optimizer, "NAME[:...]",
         "The update rule; without it the workload's, or adam");
    add_common_options(*command, *request);
    text("--by", request->by, "WHAT", "One row for each kernel, kind or layer")->capture_default_str();
    command->add_flag("--json", request->as_json, "One JSON object");
    command->add_flag("--csv", request->as_csv, "Comma-separated values");
    command->callback([request] { bench_profile(*request); });
}

}  // namespace

void add_bench(CLI::App& app) {
    auto* bench = app.add_subcommand("bench", "Measure how fast Ravine is on this machine");
    bench->require_subcommand(1);
    add_steps(*bench);
    add_augment(*bench);
    add_gate(*bench);
    add_rates(*bench);
    add_sharing(*bench);
    add_profile(*bench);
}

}  // namespace ravine::cli
