#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>

#include "cli/bar.hpp"
#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "ravine/core/error.hpp"
#include "ravine/core/files/file.hpp"
#include "ravine/core/threads/interrupt.hpp"
#include "ravine/lab/experiment/model_file.hpp"
#include "ravine/lab/inspect/gradcheck.hpp"
#include "ravine/lab/names/text_table.hpp"

namespace ravine::cli {
namespace {

struct GradcheckRequest {
    GivenSettings settings;
    GradcheckOptions options;
    std::string config, dataset, out;
};

std::string number(double value) { return fmt::format("{:.3g}", value); }

void print_tensors(const Gradcheck& check) {
    std::vector<std::vector<std::string>> rows;
    for (const auto& tensor : check.tensors) {
        const GradientSummary s = summarize_check(tensor.elements);
        std::vector<std::string> row{tensor.name,
                                     std::to_string(s.checked),
                                     std::to_string(s.kinks),
                                     std::to_string(s.too_small),
                                     std::to_string(s.below_active_range),
                                     s.worst < 0 ? "-" : number(s.median),
                                     s.worst < 0 ? "-" : number(s.largest)};
        if (s.worst < 0) {
            row.insert(row.end(), {"-", "-", "-"});
        } else {
            const CheckedElement& e = tensor.elements[static_cast<size_t>(s.worst)];
            row.insert(row.end(), {fmt::format("[{}]", e.index - tensor.offset),
                                   fmt::format("{:.9g}", e.analytic), fmt::format("{:.9g}", e.numeric)});
        }
        rows.push_back(std::move(row));
    }
    fmt::print("{}", text_table({"tensor", "checked", "kinks", "small", "tiny", "median", "largest", "worst",
                                 "analytic", "numeric"},
                                rows));
}

void print_verdict(const Gradcheck& check, const GradcheckOptions& options) {
    const GradientSummary s = summarize_check(check.elements());
    fmt::print("\n{}\n",
               wrapped(fmt::format(
                           "median, largest: relative error |a - n| / max(|a|, |n|) of the analytic gradient "
                           "and the central difference with step {}, or shorter ones extrapolated to 0",
                           format_number(options.step)),
                       0));
    fmt::print(
        "{}\n",
        wrapped("kinks: a ReLU or maximum changed sides within the step, so the difference is no derivative; "
                "small: what the difference is uncertain by, rounding above all, is more than 1e-4 of the "
                "element; both are left out of the errors. tiny: below 1e-10, out of the active range",
                0));
    fmt::print("largest error that neither rounding nor the step explains: {:.3g}\n", s.unexplained);
    if (2 * s.below_active_range > s.checked)
        fmt::print(
            "{}\n",
            wrapped("most gradients are below 1e-10: multiply the loss by a constant to bring them into the "
                    "range where floating-point numbers are dense",
                    0));
    fmt::print("verdict: {}\n", explain(check.verdict()));
}

void run_gradcheck(const GradcheckRequest& request) {
    if (!request.out.empty()) require_writable(request.out);
    Experiment experiment = experiment_of(request.config, request.settings);
    if (!request.dataset.empty()) set_experiment(experiment, "dataset", "--dataset", request.dataset);
    if (experiment.dataset.empty()) experiment.dataset = "spiral";
    const InterruptGuard guard;
    Gradcheck check;
    {
        Bar bar("checking");
        check = gradcheck(experiment, request.options, [&](double share) { bar(share); });
    }
    if (!request.out.empty()) write_file_atomically(request.out, gradcheck_csv(check));
    fmt::print("{} on {} after {} updates with {}: loss {:.6g} of {} examples, largest gradient {:.3g}\n\n",
               model_label(experiment.model), experiment.dataset, check.burn_in, experiment.optimizer,
               check.loss, request.options.examples, check.largest_gradient);
    print_tensors(check);
    print_verdict(check, request.options);
    if (interrupted()) fail_run("interrupted; the check is not complete");
    const GradientVerdict verdict = check.verdict();
    if (verdict == GradientVerdict::wrong) fail_run("the gradient is wrong");
    if (verdict == GradientVerdict::not_shown) fail_run("the check shows nothing of the gradient");
}

}  // namespace

void add_gradcheck(CLI::App& app) {
    auto* command = app.add_subcommand(
        "gradcheck", "Check the gradient of an experiment against central differences, in double precision");
    auto request = std::make_shared<GradcheckRequest>();
    add_experiment_options(*command, request->settings);
    command->add_option("--dataset", request->dataset, "The data set, as an option; default spiral")
        ->type_name("TEXT");
    command->add_option("--config", request->config, "An experiment file; flags beside it win")
        ->type_name("FILE.toml");
    add_integer(*command, "--burn-in", request->options.burn_in, Range{0, 1e6}, "Updates before the check");
    add_integer(*command, "--samples", request->options.samples, non_negative,
                "Elements checked of each tensor; 0: all");
    add_integer(*command, "--check-examples", request->options.examples, at_least_one,
                "Examples in the batch that is checked");
    add_number(*command, "--step", request->options.step, Range{1e-12, 1},
               "Of the central difference, relative to the element");
    command->add_option("--out", request->out, "Write every element: tensor,element,analytic,numeric,...")
        ->type_name("FILE.csv");
    command->callback([request] { run_gradcheck(*request); });
}

}  // namespace ravine::cli
