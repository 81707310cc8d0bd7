#include "ravine/lab/reproduce/reproduce.hpp"

#include <fmt/format.h>

#include <memory>
#include <string>

#include "cli/commands.hpp"
#include "cli/options.hpp"

namespace ravine::cli {
namespace {

struct FirstOrderRequest {
    FirstOrderStudyOptions options;
    std::string out;
    bool is_quick = false;
};

void tell_of(const Reproduced& study) {
    fmt::print("{}\nstudy folder  {}\nreport        {}\n", study.text, study.folder.string(),
               (study.folder / "report.html").string());
}

struct AcetRequest {
    AcetStudyOptions options;
    std::string out;
    bool is_quick = false;
};

void add_acet(CLI::App& reproduce) {
    auto* command = reproduce.add_subcommand(
        "acet",
        "Training by target evolution beside standard training: spirals, moons, circles, rings, images");
    auto request = std::make_shared<AcetRequest>();
    AcetStudyOptions& o = request->options;
    command
        ->add_option(
            "--only", o.only,
            "Some of spiral, moons, circles, rings, mnist, fashion-mnist, joined by commas; synthetic: "
            "the first four; all")
        ->type_name("SETS")
        ->default_str("synthetic");
    add_integer(*command, "--seeds", o.seeds, Range{0, up_to_thousand.high},
                "Trials of each method; 0: 15, and 3 of images");
    command->add_flag(
        "--rivals", o.rivals,
        "Label smoothing, a curriculum, an annealed loss and ACET without settings beside both");
    command->add_flag("--ablation", o.ablation,
                      "Targets without gate, gate without targets, epsilon, increment and start beside both");
    add_integer(*command, "--jobs", o.jobs, Range{0, 1024},
                "Trials at once; 0: as many as there are processors");
    command->add_option("--data-dir", o.data_dir, "Where MNIST and Fashion-MNIST are looked for first")
        ->type_name("DIR");
    command->add_option("--precision", o.precision, "f32, bf16 or f64")
        ->type_name("P")
        ->capture_default_str();
    command->add_flag("--quick", request->is_quick, "A look in a minute: spiral and circles, 6 seeds");
    command->add_option("--out", request->out, "The study's folder; default runs/acet-DIGEST")
        ->type_name("DIR");
    command->callback([request] {
        if (request->is_quick) request->options.extent = AcetStudyOptions::Extent::quick;
        tell_of(reproduce_acet(request->options, request->out));
    });
}

struct AdaptiveRateRequest {
    AdaptiveRateOptions options;
    std::string out;
    bool is_quick = false;
};

void add_adaptive_rate(CLI::App& reproduce) {
    auto* command = reproduce.add_subcommand(
        "adaptive-rate",
        "A learned learning rate, as published and with exact derivatives, beside plain SGD");
    auto request = std::make_shared<AdaptiveRateRequest>();
    AdaptiveRateOptions& o = request->options;
    command
        ->add_option("--only", o.only,
                     "Some of boston, logistic, lenet, resnet18, cifar100, robustness, joined by commas; all "
                     "takes more than a day")
        ->type_name("PARTS")
        ->default_str("boston,logistic");
    add_integer(*command, "--seeds", o.seeds, Range{0, up_to_thousand.high},
                "Trials of each method; 0: 10 of boston, 6 of logistic, 3 of lenet and robustness, else 1");
    add_integer(*command, "--jobs", o.jobs, Range{0, 1024},
                "Trials at once; 0: as many as there are processors");
    command->add_option("--data-dir", o.data_dir, "Where the data sets are looked for first")
        ->type_name("DIR");
    command->add_flag("--quick", request->is_quick,
                      "A look in a few minutes: fewer examples, epochs and seeds");
    command->add_option("--out", request->out, "The study's folder; default runs/adaptive-rate-DIGEST")
        ->type_name("DIR");
    command->callback([request] {
        if (request->is_quick) request->options.extent = AdaptiveRateOptions::Extent::quick;
        tell_of(reproduce_adaptive_rate(request->options, request->out));
    });
}

}  // namespace

void add_reproduce(CLI::App& app) {
    auto* reproduce = app.add_subcommand("reproduce", "Run a paper's study again, and judge its claims");
    reproduce->require_subcommand(1);
    auto* command = reproduce->add_subcommand(
        "first-order", "SGD, momentum, Nesterov, RMSprop, Adam and others on 4,000 images of CIFAR-10");
    auto request = std::make_shared<FirstOrderRequest>();
    FirstOrderStudyOptions& o = request->options;
    add_integer(*command, "--seeds", o.seeds, up_to_thousand, "Trials of each method");
    add_integer(*command, "--budget", o.budget, up_to_thousand, "Learning rates tried for each method");
    add_integer(*command, "--tuning-seeds", o.tuning_seeds, up_to_thousand, "Trials of each rate");
    command
        ->add_option("--tuned-for", o.tuned_for,
                     "validation_accuracy, train_loss, ...: what chooses the rate")
        ->type_name("METRIC")
        ->capture_default_str();
    add_integer(*command, "--jobs", o.jobs, Range{0, 1024},
                "Trials at once; 0: as many as there are processors");
    command->add_option("--data-dir", o.data_dir, "Where CIFAR-10 is looked for first")->type_name("DIR");
    command->add_flag("--quick", request->is_quick, "A look in about a minute: 2 seeds, 3 rates, 2 epochs");
    command->add_option("--out", request->out, "The study's folder; default runs/first-order-DIGEST")
        ->type_name("DIR");
    command->callback([request] {
        if (request->is_quick) request->options.extent = FirstOrderStudyOptions::Extent::quick;
        tell_of(reproduce_first_order(request->options, request->out));
    });
    add_acet(*reproduce);
    add_adaptive_rate(*reproduce);
}

}  // namespace ravine::cli
