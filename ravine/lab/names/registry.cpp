#include "ravine/lab/names/registry.hpp"

#include <algorithm>

#include "ravine/core/error.hpp"
#include "ravine/data/augment/augmentation.hpp"
#include "ravine/data/sampler.hpp"
#include "ravine/data/sources/catalog.hpp"
#include "ravine/nn/activation.hpp"
#include "ravine/nn/described/layer.hpp"
#include "ravine/nn/initializer.hpp"
#include "ravine/nn/loss.hpp"
#include "ravine/nn/model.hpp"
#include "ravine/nn/normalization/normalization.hpp"
#include "ravine/optim/functions/functions.hpp"
#include "ravine/optim/hand_over.hpp"
#include "ravine/optim/optimizers.hpp"
#include "ravine/optim/rates/rate_policy.hpp"
#include "ravine/optim/rates/schedule.hpp"
#include "ravine/optim/rules/clipping.hpp"
#include "ravine/train/averages/averaging.hpp"
#include "ravine/train/curriculum/curriculum.hpp"
#include "ravine/train/targets/target_evolution.hpp"
#include "ravine/train/training/annealing.hpp"
#include "ravine/train/training/gate.hpp"
#include "ravine/train/training/stopping.hpp"

namespace ravine {
namespace {

/// A sampler is an order of the examples and nothing else, so it has no catalog of its own.
Entry sampler_entry(const std::string& name, Sampling sampling) {
    Entry entry{.kind = "sampler", .name = name};
    switch (sampling) {
        case Sampling::shuffled:
            entry.summary = "every example once an epoch, in a new random order each time";
            entry.formula =
                "i_1, ..., i_n = a random permutation of 0, ..., n - 1, another one in each epoch";
            entry.source = "Bottou 2012, section 4.1";
            break;
        case Sampling::sequential:
            entry.summary = "every example once an epoch, in the order of the data";
            entry.formula = "i_k = k - 1";
            entry.source = "Bertsekas 2011, the cyclic order";
            break;
        case Sampling::once:
            entry.summary = "every example once an epoch, in one random order that all epochs share";
            entry.formula = "i_1, ..., i_n = a random permutation of 0, ..., n - 1, the same in each epoch";
            entry.source = "Gurbuzbalaban, Ozdaglar and Parrilo 2019 (shuffling once)";
            break;
        case Sampling::iid:
            entry.summary = "each example drawn at random from all of them: some twice in an epoch, some not";
            entry.formula = "i_k uniform on {0, ..., n - 1}, independent of each other";
            entry.source = "Robbins and Monro 1951";
            break;
    }
    return entry;
}

template <class C>
void append(std::vector<Entry>& all, const C& catalog) {
    all.insert(all.end(), catalog.entries().begin(), catalog.entries().end());
}

std::vector<std::string> names_of(const std::vector<Entry>& entries) {
    std::vector<std::string> names;
    for (const auto& entry : entries) names.push_back(entry.name);
    return names;
}

/// Settings that an example shows because the thing does little without them.
std::string with_typical_settings(const Entry& entry) {
    if (entry.name == "image-folder") return "image-folder:path=photos,size=32";
    for (const auto& setting : entry.settings)
        if (setting.name == "learning_rate" || setting.name == "limit")
            return fmt::format("{}:{}={}", entry.name, setting.name, setting.default_value);
    return entry.name;
}

std::string loss_example(const std::string& name) {
    switch (losses().make({name, {}}).prediction) {
        case Prediction::values:
            return "ravine train noisy-sine --loss " + name;
        case Prediction::sigmoid:
            return "ravine train moons --model logistic --loss " + name;
        case Prediction::softmax:
        case Prediction::scores:
            break;
    }
    return "ravine train spiral --loss " + name;
}

std::string model_example(const std::string& name) {
    if (models().make({name, {}}).single_output) return "ravine train moons --model " + name;
    if (name == "linear") return "ravine train linear-regression --model linear";
    const bool for_images = name == "cnn" || name == "lenet" || name == "resnet18";
    return fmt::format("ravine train {} --model {}", for_images ? "mnist" : "spiral", name);
}

}  // namespace

const std::vector<Kind>& kinds() {
    static const std::vector<Kind> all{
        {"optimizer", "optimizers", "How parameters are updated: --optimizer of train and minimize."},
        {"schedule", "schedules",
         "What multiplies the learning rate from update to update: --schedule; several follow each other, "
         "joined by '+'."},
        {"rate", "rates", "What decides the learning rate that the schedule multiplies: --rate."},
        {"hand-over", "hand-overs", "When the optimizer of --then takes over: --hand-over."},
        {"clipping", "clippings", "What keeps gradients within bounds before an update: --clip."},
        {"model", "models", "What is trained: --model."},
        {"activation", "activations", "The functions between layers: the setting activation of a model."},
        {"normalization", "normalizations",
         "What keeps the features between layers in scale: the setting normalization of a model."},
        {"layer", "layers",
         "What a described model is made of, with every activation and, as NAME-norm, every normalization: "
         "[model] of an experiment file."},
        {"loss", "losses", "What wrong outputs cost: --loss."},
        {"initializer", "initializers", "Where weights start: --initializer."},
        {"dataset", "datasets", "What a model learns from: the argument of train."},
        {"target", "targets", "How the targets of training evolve: --targets."},
        {"gate", "gates", "Which batches take no backward pass and no update: --gate."},
        {"augmentation", "augmentations", "How training examples are changed at random: --augment."},
        {"annealing", "annealings", "How the training loss changes over the run: --anneal."},
        {"curriculum", "curriculums", "How training goes from easy to all examples: --curriculum."},
        {"stop", "stops", "When a run ends before its epochs do: --stop."},
        {"average", "averages", "The average of the weights that is evaluated and saved: --average."},
        {"sampler", "samplers", "In which order examples are visited: --sampler."},
        {"function", "functions", "Test functions with known minima: the argument of minimize."}};
    return all;
}

const std::vector<Entry>& registry() {
    static const std::vector<Entry> all = [] {
        std::vector<Entry> entries;
        append(entries, optimizers());
        append(entries, schedules());
        append(entries, rate_policies());
        append(entries, hand_overs());
        append(entries, clippings());
        append(entries, models());
        append(entries, activations());
        append(entries, normalizations());
        append(entries, layers());
        append(entries, losses());
        append(entries, initializers());
        append(entries, datasets());
        append(entries, target_evolutions());
        append(entries, gates());
        append(entries, augmentations());
        append(entries, annealings());
        append(entries, curricula());
        append(entries, stoppings());
        append(entries, averagings());
        for (const auto& [name, sampling] : sampling_names())
            entries.push_back(sampler_entry(name, sampling));
        append(entries, functions());
        return entries;
    }();
    return all;
}

const Kind& find_kind(const std::string& name) {
    std::vector<std::string> names;
    for (const auto& kind : kinds()) {
        if (name == kind.name || name == kind.plural) return kind;
        names.push_back(kind.plural);
    }
    fail_request("unknown kind '{}'{} (kinds: {})", name, suggestion(name, names), fmt::join(names, ", "));
}

std::vector<Entry> entries_of(const Kind& kind) {
    std::vector<Entry> entries;
    std::ranges::copy_if(registry(), std::back_inserter(entries),
                         [&](const Entry& entry) { return entry.kind == kind.name; });
    return entries;
}

std::vector<Entry> find_entries(const std::string& name) {
    const size_t slash = name.find('/');
    const std::vector<Entry> candidates =
        slash == std::string::npos ? registry() : entries_of(find_kind(name.substr(0, slash)));
    const std::string wanted = slash == std::string::npos ? name : name.substr(slash + 1);
    std::vector<Entry> found;
    std::ranges::copy_if(candidates, std::back_inserter(found),
                         [&](const Entry& entry) { return entry.name == wanted; });
    if (found.empty())
        fail_request("unknown name '{}'{} (`ravine list` shows all)", name,
                     suggestion(wanted, names_of(candidates)));
    return found;
}

std::string example_of(const Entry& entry) {
    const std::string& kind = entry.kind;
    const std::string name = with_typical_settings(entry);
    if (kind == "optimizer") return fmt::format("ravine train spiral --optimizer {}", name);
    if (kind == "schedule")
        return fmt::format("ravine train spiral --optimizer sgd --schedule {}{}", name,
                           name == "sgdr" ? " --epochs 30" : "");
    if (kind == "clipping") return fmt::format("ravine train spiral --optimizer sgd --clip {}", name);
    if (kind == "model") return model_example(name);
    if (kind == "activation") return fmt::format("ravine train spiral --model mlp:activation={}", name);
    if (kind == "normalization") return fmt::format("ravine train mnist --model cnn:normalization={}", name);
    if (kind == "layer")
        return fmt::format("ravine train mnist --model net.toml, with {{ layer = \"{}\" }} in it", name);
    if (kind == "loss") return loss_example(name);
    if (kind == "initializer") return fmt::format("ravine train spiral --initializer {}", name);
    if (kind == "dataset") return fmt::format("ravine train {}", name);
    if (kind == "augmentation")
        return fmt::format("ravine train {} --augment {}",
                           name == "noise" || name == "mixup" ? "spiral" : "cifar-10 --model resnet18", name);
    if (kind == "target")
        return fmt::format("ravine train spiral --targets {}{}", name, name == "acet" ? " --epochs 50" : "");
    if (kind == "gate")
        return fmt::format("ravine train spiral --targets acet --gate {} --epochs 50 --schedule constant",
                           name);
    if (kind == "annealing") return fmt::format("ravine train spiral --anneal {}", name);
    if (kind == "curriculum") return fmt::format("ravine train spiral --curriculum {}", name);
    if (kind == "rate")
        return fmt::format("ravine train spiral --epochs 50 --schedule constant --rate {}", name);
    if (kind == "hand-over")
        return fmt::format(
            "ravine train spiral --optimizer sgd --rate exact-newton --then adam --hand-over {}", name);
    if (kind == "stop") return fmt::format("ravine train spiral --epochs 200 --stop {}", name);
    if (kind == "average") return fmt::format("ravine train spiral --average {}", name);
    if (kind == "sampler") return fmt::format("ravine train spiral --sampler {}", name);
    return fmt::format("ravine minimize {} --optimizer sgd:learning_rate=0.001 --steps 100", name);
}

}  // namespace ravine
