#include "ravine/lab/run/metrics_log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "ravine/core/error.hpp"
#include "ravine/core/files/file.hpp"
#include "ravine/core/text/json_text.hpp"
#include "ravine/data/files/excerpt.hpp"

namespace ravine {
namespace {

using Json = nlohmann::ordered_json;

/// Whether a line is a metric: what every other member is optional beside.
bool is_metric(const Json& json) {
    const auto is_count = [&](const char* key) { return json.contains(key) && is_json_integer(json[key]); };
    return json.is_object() && is_count("step") && is_count("epoch");
}

/// The lines that a run had written when it stood at `state`. An evaluation in mid-epoch was made because the
/// run stopped there: one that goes on does not make it.
std::string lines_until(const std::filesystem::path& path, const TrainState& state) {
    if (state.step == 0 || !std::filesystem::exists(path)) return {};
    std::istringstream in(read_file(path));
    std::string kept, line;
    while (std::getline(in, line)) {
        const auto json = try_parse_json(line);
        if (!is_metric(json) || json["step"] > state.step) break;
        if (json.contains("validation_loss") && json["epoch"] > state.epoch) break;
        kept += line + "\n";
    }
    return kept;
}

/// A number, or NaN for JSON's null.
double number(const Json& json, const char* key) {
    const auto found = json.find(key);
    return found == json.end() || !found->is_number() ? std::numeric_limits<double>::quiet_NaN()
                                                      : found->get<double>();
}

/// What stands where a member is left out, or is something else.
double number(const Json& json, const char* key, double otherwise) {
    const double value = number(json, key);
    return std::isnan(value) ? otherwise : value;
}
int64_t integer(const Json& json, const char* key, int64_t otherwise) {
    const auto found = json.find(key);
    return found == json.end() || !is_json_integer(*found) ? otherwise : found->get<int64_t>();
}
bool flag(const Json& json, const char* key) {
    const auto found = json.find(key);
    return found != json.end() && found->is_boolean() && found->get<bool>();
}

}  // namespace

MetricsLog::MetricsLog(const std::filesystem::path& path, const TrainState& state) : path_(path) {
    const std::string kept = lines_until(path, state);
    lines_ = std::ranges::count(kept, '\n');
    write_file_atomically(path, kept);
    descriptor_ = open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
    if (descriptor_ < 0) fail_run("{}: cannot write: {}", path.string(), std::strerror(errno));
}

MetricsLog::~MetricsLog() { close(descriptor_); }

void MetricsLog::write(std::string line) {
    line += '\n';
    for (std::string_view rest = line; !rest.empty();) {
        const ssize_t written = ::write(descriptor_, rest.data(), rest.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) fail_run("{}: cannot write: {}", path_.string(), std::strerror(errno));
        rest.remove_prefix(static_cast<size_t>(written));
    }
    ++lines_;
}

void MetricsLog::sync() {
    // A file system that cannot is no reason to stop a run; a disk that is full or broken is.
    if (fdatasync(descriptor_) != 0 && errno != EINVAL && errno != ENOSYS)
        fail_run("{}: cannot write: {}", path_.string(), std::strerror(errno));
}

int64_t metrics_lines(const std::filesystem::path& path, const TrainState& state) {
    return std::ranges::count(lines_until(path, state), '\n');
}

void MetricsLog::on_step(const StepEvent& event) {
    Json line{{"step", event.step},
              {"epoch", event.epoch},
              {"train_loss", event.train_loss},
              {"learning_rate", event.learning_rate},
              {"gradient_norm", event.gradient_norm},
              {"seconds", event.seconds}};
    if (event.gated) line["gated"] = true;
    if (event.temperature != 1) line["temperature"] = event.temperature;
    write(line.dump());
}

void MetricsLog::on_evaluation(const EvaluationEvent& event) {
    Json line{{"step", event.step},
              {"epoch", event.epoch},
              {"validation_loss", event.validation.loss},
              {"validation_accuracy", event.validation.accuracy},
              {"epoch_train_loss", event.train_loss},
              {"seconds", event.seconds}};
    if (event.updates != event.step) line["updates"] = event.updates;
    if (event.t != 1) line["t"] = event.t;
    if (event.gated > 0) line["gated"] = event.gated;
    if (!std::isnan(event.training.loss)) {
        line["training_loss"] = event.training.loss;
        line["training_accuracy"] = event.training.accuracy;
    }
    write(line.dump());
}

Metrics read_metrics(const std::filesystem::path& path) {
    std::istringstream in(read_file(path));
    Metrics metrics;
    std::string line;
    for (int64_t number_of_line = 1; std::getline(in, line); ++number_of_line) {
        const auto json = try_parse_json(line);
        if (!is_metric(json))
            fail_request("{}:{}: expected a metric, found '{}'", path.string(), number_of_line,
                         excerpt(line));
        const int64_t step = json["step"], epoch = json["epoch"];
        if (json.contains("validation_loss"))
            metrics.evaluations.push_back(
                {.step = step,
                 .epoch = epoch,
                 .train_loss = number(json, "epoch_train_loss"),
                 .validation = {number(json, "validation_loss"), number(json, "validation_accuracy")},
                 .seconds = number(json, "seconds"),
                 .training = {number(json, "training_loss"), number(json, "training_accuracy")},
                 .updates = integer(json, "updates", step),
                 .gated = integer(json, "gated", 0),
                 .t = number(json, "t", 1)});
        else
            metrics.steps.push_back({step, epoch, number(json, "train_loss"), number(json, "learning_rate"),
                                     number(json, "gradient_norm"), number(json, "seconds"),
                                     flag(json, "gated"), number(json, "temperature", 1)});
    }
    return metrics;
}

}  // namespace ravine
