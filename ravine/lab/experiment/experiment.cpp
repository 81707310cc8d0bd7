#include "ravine/lab/experiment/experiment.hpp"

#define TOML_EXCEPTIONS 1
#include <toml++/toml.h>

#include <fmt/ranges.h>
#include <utf8.h>

#include <sstream>

#include "ravine/lab/experiment/model_file.hpp"
#include "ravine/lab/experiment/settings_file.hpp"
#include "ravine/lab/experiment/toml_value.hpp"

namespace ravine {
namespace {

using E = Experiment;

const Field<E>& find_field(const std::string& name, const std::string& where);

/// A share of the examples, in [0, 1), or -1: the data set's own.
Field<E> share(std::string name, double E::*member) {
    Field<E> result = field(std::move(name), member, below_one, "of the examples; -1: the data set's own");
    result.expected = "in [0, 1), or -1";
    result.set = [member](E& e, const std::string& what, const std::string& text) {
        e.*member = parse_number(what, text, text == "-1" ? Range{-1, -1} : below_one);
    };
    return result;
}

/// The model: a spec, or a description, which is kept as its text.
Field<E> model_field() {
    Field<E> result =
        field("model", &E::model, "NAME or NAME:key=value,..., or a file .toml with a table [model]",
              "the model (`ravine list models`), or a file that describes one");
    result.set = [](E& e, const std::string& what, const std::string& text) {
        const bool is_file = text.ends_with(".toml");
        e.model_origin = is_file ? text : what;
        if (is_file) {
            for (const auto& setting : read_settings(text)) find_field(setting.name, setting.where);
            e.model = description_to_toml(read_description(text));
        } else {
            if (is_description(text)) make_described(parse_description(text, what));
            e.model = text;
        }
    };
    return result;
}

std::vector<Field<E>> make_fields() {
    const char* name = "NAME or NAME:key=value,...";
    return {
        field("dataset", &E::dataset,
              "a data set (`ravine list datasets`), a table (.csv, .data, .dat, .txt), arrays (.npz), a "
              "folder of "
              "images, of IDX files or of CIFAR, or CIFAR's archive",
              "what to learn from"),
        model_field(),
        field("optimizer", &E::optimizer, name, "the optimizer (`ravine list optimizers`)"),
        field("loss", &E::loss, name, "the loss (`ravine list losses`); empty: what fits model and task"),
        field("schedule", &E::schedule, "NAME or NAME:key=value,..., several joined by '+'",
              "multiplies the learning rate over the run (`ravine list schedules`)"),
        field("rate", &E::rate, name,
              "decides the learning rate that the schedule multiplies (`ravine list rates`)"),
        field("then", &E::then, "NAME or NAME:key=value,..., or none",
              "the optimizer that goes on after --hand-over; learning_rate=settled: with the rate that was "
              "learned"),
        field("hand_over", &E::hand_over, name,
              "when --then takes over: settled, epochs:count=5, updates:count=500 (`ravine list "
              "hand-overs`)"),
        field("clip", &E::clip, name, "gradient clipping (`ravine list clippings`)"),
        field("freeze", &E::freeze, "names of tensors joined by ',', with * for any characters, or none",
              "which parameters keep their values: '0.*'"),
        field("rate_of", &E::rate_of, "NAME=FACTOR joined by ',', with * in names, or none",
              "which parameters have a multiple of the learning rate: 'head.*=0.1'"),
        field("augment", &E::augment, "NAME or NAME:key=value,... joined by '+', or none",
              "random changes of the training examples (`ravine list augmentations`)"),
        field("targets", &E::targets, name, "how the targets of training evolve (`ravine list targets`)"),
        field("gate", &E::gate, name,
              "which batches take no backward pass and no update (`ravine list gates`)"),
        field("anneal", &E::anneal, name,
              "how the training loss changes over the run (`ravine list annealings`)"),
        field("curriculum", &E::curriculum, name,
              "from easy to all examples, as a first model finds them (`ravine list curriculums`)"),
        field("stop", &E::stop, name, "when the run ends before its epochs do (`ravine list stops`)"),
        field("average", &E::average, name,
              "the average of the weights that is evaluated and saved (`ravine list averages`)"),
        field("epochs", &E::epochs, at_least_one, "passes over the training part"),
        field("max_steps", &E::max_steps, non_negative, "stop after so many batches; 0: the epochs decide"),
        field("batch", &E::batch, at_least_one, "examples an update"),
        field("seed", &E::seed, non_negative,
              "of the initial weights, the split, the order and random layers"),
        field("sampler", &E::sampler, "shuffled, sequential, once or iid", "order of the examples"),
        field("init", &E::init, "a safetensors file", "initial weights, by PyTorch's names"),
        field("initializer", &E::initializer, name,
              "of all weights (`ravine list initializers`); empty: each layer's own"),
        field("l1", &E::l1, non_negative, "penalty l1 * sum |w| in the loss, over weights"),
        field("l2", &E::l2, non_negative, "penalty l2 * sum w^2 in the loss, over weights"),
        field("weight_decay", &E::weight_decay, non_negative,
              "decoupled decay: w <- w - rate * weight_decay * w"),
        field("precision", &E::precision, "f32, bf16 or f64", "of weights and arithmetic"),
        field("threads", &E::threads, Range{0, 1024}, "processors to use; 0: one, or all for a large model"),
        field("log_every", &E::log_every, non_negative,
              "batches between two lines of metrics.jsonl; 0: ten an epoch"),
        field("train_scores", &E::train_scores, "evaluate the whole training part after each epoch too"),
        field("target", &E::target, "a column name",
              "tables: the column to predict; of labels several, a,b,c"),
        field(
            "task", &E::task, "classification, regression, multi-label or autoencoding",
            "tables and arrays; empty: inferred from the target. autoencoding, for any data set: the targets "
            "are the features themselves"),
        share("validation_share", &E::validation_share),
        share("test_share", &E::test_share),
        field("examples", &E::examples, non_negative,
              "train on so many examples, each class in its proportion; 0: all of the training part"),
        field("data_dir", &E::data_dir, "a folder", "where named data sets are looked for first"),
    };
}

std::vector<std::string> field_names() {
    std::vector<std::string> names;
    for (const auto& f : experiment_fields()) names.push_back(f.name);
    return names;
}

const Field<Experiment>& find_field(const std::string& name, const std::string& where) {
    for (const auto& f : experiment_fields())
        if (f.name == name) return f;
    fail_request("{}: unknown key{}", where, suggestion(name, field_names()));
}

}  // namespace

const std::vector<Field<Experiment>>& experiment_fields() {
    static const auto fields = make_fields();
    return fields;
}

void set_experiment(Experiment& experiment, const std::string& name, const std::string& where,
                    const std::string& text) {
    const auto& f = find_field(name, where);
    // Neither config.toml nor the saved model, which is written after hours, could hold other bytes.
    if (!utf8::is_valid(text)) fail_request("{}: expected UTF-8 text", where);
    f.set(experiment, where, text);
}

void check_setting_name(const std::string& name, const std::string& where) { find_field(name, where); }

bool is_chain_setting(const std::string& name) { return name == "augment" || name == "schedule"; }

void read_experiment(Experiment& experiment, const std::filesystem::path& path) {
    for (const auto& [name, where, texts] : read_settings(path)) {
        find_field(name, where);  // an unknown name is the greater mistake than what it is set to
        if (texts.size() > 1 && !is_chain_setting(name))
            fail_request("{}: expected one value, found {}; a list is for `ravine compare --config {}`",
                         where, texts.size(), path.string());
        if (texts.empty())
            fail_request("{}: expected a string, a number or true/false, found a table", where);
        set_experiment(experiment, name, where, fmt::format("{}", fmt::join(texts, "+")));
    }
}

std::string experiment_to_toml(const Experiment& experiment) {
    // Line by line, so that the order is that of the fields; each value is written by the library.
    std::string text;
    for (const auto& f : experiment_fields()) {
        if (f.name == "model" && is_description(experiment.model)) continue;  // a table: after all settings
        toml::table line;
        insert_typed(f.get(experiment), [&](const auto& value) { line.insert(f.name, value); });
        std::ostringstream out;
        out << line;
        text += out.str() + "\n";
    }
    if (is_description(experiment.model)) text += "\n" + experiment.model;
    return text;
}

}  // namespace ravine
