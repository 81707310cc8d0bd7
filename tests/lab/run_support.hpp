#pragma once

#include <spdlog/spdlog.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "ravine/core/threads/interrupt.hpp"
#include "ravine/lab/run/run.hpp"
#include "tests/data/support.hpp"

namespace ravine::test {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

inline void say_nothing(const std::string&) {}

/// A run of 18 updates, 6 an epoch.
inline Experiment small_experiment() {
    Experiment e;
    e.dataset = "spiral:examples=300";
    e.model = "mlp:hidden=8";
    e.epochs = 3;
    e.seed = 1;
    return e;
}

/// Interrupts the run after an update.
struct InterruptAfter : TrainListener {
    int64_t step;
    explicit InterruptAfter(int64_t after) : step(after) {}
    void on_progress(const StepEvent& event, int64_t) override {
        if (event.step == step) interrupt();
    }
};

/// Trains, and forgets an interruption afterwards: it is the process's, and would reach later tests.
inline RunResult train_and_forget(Run& run, const RunFolder& folder, std::vector<TrainListener*> listeners) {
    RunResult result = run.train(folder, std::move(listeners));
    const InterruptGuard forget;
    return result;
}

inline RunResult train_in(const RunFolder& folder, const Experiment& e,
                          std::vector<TrainListener*> listeners = {}) {
    Run run(e, say_nothing);
    return train_and_forget(run, folder, std::move(listeners));
}

/// As `ravine train --resume` does, with a change of its settings.
template <class Change>
RunResult resume_in(const RunFolder& folder, Change change, std::vector<TrainListener*> listeners = {}) {
    Experiment e;
    read_experiment(e, folder.config());
    change(e);
    Run run(e, say_nothing);
    run.resume(folder);
    return train_and_forget(run, folder, std::move(listeners));
}
inline RunResult resume_in(const RunFolder& folder) {
    return resume_in(folder, [](Experiment&) {});
}

inline Json summary_of(const RunFolder& folder) { return Json::parse(contents_of(folder.summary())); }

/// The lines of metrics.jsonl.
inline std::vector<Json> metrics_of(const RunFolder& folder) {
    std::vector<Json> lines;
    std::istringstream in(contents_of(folder.metrics()));
    for (std::string line; std::getline(in, line);) lines.push_back(Json::parse(line));
    return lines;
}

inline std::vector<std::string> keys_of(const Json& object) {
    std::vector<std::string> keys;
    for (const auto& [key, value] : object.items()) keys.push_back(key);
    return keys;
}

/// Tests in a folder of their own, without pictures: gnuplot would take longer than all training.
class RunTest : public testing::Test {
protected:
    RunTest() { spdlog::set_level(spdlog::level::off); }
    ~RunTest() override { spdlog::set_level(spdlog::level::warn); }

    RunFolder folder(const std::string& name) const {
        return RunFolder::create((temporary.path() / name).string(), "");
    }

    TemporaryFolder temporary;
    Environment no_gnuplot{"PATH", "/nowhere"};
};

}  // namespace ravine::test
