#include "ravine/lab/run/metrics_log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <sstream>

#include "ravine/core/error.hpp"
#include "ravine/core/files/file.hpp"
#include "ravine/core/text/json_text.hpp"
#include "ravine/data/files/excerpt.hpp"
#include "ravine/lab/run/event_fields.hpp"

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

void MetricsLog::on_step(const StepEvent& event) { write(to_log(event).dump()); }

void MetricsLog::on_evaluation(const EvaluationEvent& event) { write(to_log(event).dump()); }

Metrics read_metrics(const std::filesystem::path& path) {
    std::istringstream in(read_file(path));
    Metrics metrics;
    std::string line;
    for (int64_t number_of_line = 1; std::getline(in, line); ++number_of_line) {
        const auto json = try_parse_json(line);
        if (!is_metric(json))
            fail_request("{}:{}: expected a metric, found '{}'", path.string(), number_of_line,
                         excerpt(line));
        if (json.contains("validation_loss"))
            metrics.evaluations.push_back(evaluation_from_log(json));
        else
            metrics.steps.push_back(step_from_log(json));
    }
    return metrics;
}

}  // namespace ravine
