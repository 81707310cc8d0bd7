#include "ravine/lab/metrics_log.hpp"

#include <cerrno>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "ravine/core/error.hpp"
#include "ravine/core/file.hpp"

namespace ravine {
namespace {

using Json = nlohmann::ordered_json;

/// The lines of `contents` up to update `step`.
std::string lines_until(const std::string& contents, int64_t step) {
    std::istringstream in(contents);
    std::string kept, line;
    while (std::getline(in, line)) {
        const auto json = Json::parse(line, nullptr, false);
        if (json.is_discarded() || json.value("step", step + 1) > step) break;
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

}  // namespace

MetricsLog::MetricsLog(const std::filesystem::path& path, int64_t step) : path_(path) {
    const bool goes_on = step > 0 && std::filesystem::exists(path);
    write_file_atomically(path, goes_on ? lines_until(read_file(path), step) : std::string());
    file_ = std::fopen(path.c_str(), "a");
    if (!file_) fail_run("cannot write {}: {}", path.string(), std::strerror(errno));
}

MetricsLog::~MetricsLog() {
    if (file_) std::fclose(file_);
}

void MetricsLog::write(const std::string& line) {
    if (std::fputs((line + "\n").c_str(), file_) < 0 || std::fflush(file_) != 0)
        fail_run("cannot write {}: {}", path_.string(), std::strerror(errno));
}

void MetricsLog::on_step(const StepEvent& event) {
    write(Json{{"step", event.step},
               {"epoch", event.epoch},
               {"train_loss", event.train_loss},
               {"learning_rate", event.learning_rate},
               {"gradient_norm", event.gradient_norm},
               {"seconds", event.seconds}}
              .dump());
}

void MetricsLog::on_evaluation(const EvaluationEvent& event) {
    write(Json{{"step", event.step},
               {"epoch", event.epoch},
               {"validation_loss", event.validation.loss},
               {"validation_accuracy", event.validation.accuracy},
               {"epoch_train_loss", event.train_loss},
               {"seconds", event.seconds}}
              .dump());
}

Metrics read_metrics(const std::filesystem::path& path) {
    std::istringstream in(read_file(path));
    Metrics metrics;
    std::string line;
    for (int64_t number_of_line = 1; std::getline(in, line); ++number_of_line) {
        const auto json = Json::parse(line, nullptr, false);
        if (!json.is_object() || !json.contains("step") || !json.contains("epoch"))
            fail_request("{}:{}: expected a metric, found '{}'", path.string(), number_of_line,
                         line.substr(0, 60));
        const int64_t step = json["step"], epoch = json["epoch"];
        if (json.contains("validation_loss"))
            metrics.evaluations.push_back(
                {step,
                 epoch,
                 number(json, "epoch_train_loss"),
                 {number(json, "validation_loss"), number(json, "validation_accuracy")},
                 number(json, "seconds")});
        else
            metrics.steps.push_back({step, epoch, number(json, "train_loss"), number(json, "learning_rate"),
                                     number(json, "gradient_norm"), number(json, "seconds")});
    }
    return metrics;
}

}  // namespace ravine
