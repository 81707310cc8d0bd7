#include "ravine/lab/study/study_files.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>
#include <fstream>
#include <nlohmann/json.hpp>

#include "ravine/core/error.hpp"
#include "ravine/core/files/file.hpp"
#include "ravine/core/text/json_text.hpp"
#include "ravine/core/threads/threads.hpp"
#include "ravine/lab/names/csv_text.hpp"
#include "ravine/lab/study/comparison.hpp"

namespace ravine {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

std::string status_of(const TrialRecord& trial) { return trial.diverged() ? "diverged" : "done"; }

/// Numbers of a trial that ended badly, or of a target that was missed, are left empty.
double finite_or_nothing(double value) { return std::isfinite(value) ? value : undefined_scores.loss; }

template <class Visit>
void each_trial(const StudyResult& result, Visit visit) {
    for (size_t c = 0; c < result.trials.size(); ++c)
        for (const auto& trial : result.trials[c]) visit(result.plan.contenders[c].label, trial);
}

std::string trials_csv(const StudyResult& result) {
    std::string csv =
        "contender,seed,status,steps,updates,gated,epochs,seconds,forward_passes,backward_passes,work,train_"
        "loss,"
        "final_validation_loss,final_validation_accuracy,best_validation_loss,best_validation_accuracy,"
        "best_epoch,final_test_loss,final_test_accuracy,test_rmse,target_seconds,target_steps,target_work\n";
    const Metric &accuracy = find_metric("validation_accuracy"), &loss = find_metric("validation_loss");
    each_trial(result, [&](const std::string& label, const TrialRecord& t) {
        const auto there = result.reach ? reached(result.metric, t, *result.reach) : std::nullopt;
        csv += csv_line(label, t.experiment.seed, status_of(t), t.batches, t.updates, t.gated, t.epochs,
                        t.seconds, t.work.forward_passes, t.work.backward_passes, t.work.equivalents,
                        finite_or_nothing(t.train_loss), finite_or_nothing(final_value(loss, t)),
                        finite_or_nothing(final_value(accuracy, t)), finite_or_nothing(best_value(loss, t)),
                        finite_or_nothing(best_value(accuracy, t)), t.best_epoch,
                        t.diverged() ? undefined_scores.loss : t.test.loss,
                        t.diverged() ? undefined_scores.loss : t.test.accuracy,
                        t.diverged() ? undefined_scores.loss : t.test_rmse,
                        there ? there->seconds : undefined_scores.loss,
                        there ? std::to_string(there->steps) : std::string(),
                        there ? there->work : undefined_scores.loss);
    });
    return csv;
}

std::string curves_csv(const StudyResult& result) {
    std::string csv =
        "contender,seed,epoch,step,seconds,work,train_loss,train_accuracy,validation_loss,"
        "validation_accuracy,updates,gated,t\n";
    each_trial(result, [&](const std::string& label, const TrialRecord& t) {
        for (const auto& e : t.evaluations)
            csv += csv_line(label, t.experiment.seed, e.epoch, e.step, e.training_seconds,
                            e.training_work.equivalents, finite_or_nothing(e.train_loss),
                            finite_or_nothing(e.training.accuracy), finite_or_nothing(e.validation.loss),
                            finite_or_nothing(e.validation.accuracy), e.updates, e.gated, e.t);
    });
    return csv;
}

std::string steps_csv(const StudyResult& result) {
    std::string csv = "contender,seed,step,train_loss,learning_rate,gradient_norm,temperature\n";
    each_trial(result, [&](const std::string& label, const TrialRecord& t) {
        for (const auto& s : t.steps)
            csv += csv_line(label, t.experiment.seed, s.step, finite_or_nothing(s.train_loss),
                            finite_or_nothing(s.learning_rate), finite_or_nothing(s.gradient_norm),
                            s.temperature);
    });
    return csv;
}

std::string tuning_csv(const StudyResult& result) {
    std::string csv = "contender,setting,value,seed,status,score\n";
    for (const auto& trial : result.tuning)
        csv +=
            csv_line(result.plan.contenders[trial.contender].label, result.plan.options.tune, trial.value,
                     trial.record.experiment.seed, status_of(trial.record), finite_or_nothing(trial.score));
    return csv;
}

std::string summary_csv(const StudyResult& result) {
    std::string csv = "contender,metric,n,mean,deviation,median,min,max,ci_low,ci_high\n";
    for (const auto& [contender, measure, s, unfinished] : summaries(result))
        csv += csv_line(result.plan.contenders[contender].label, measure.name, s.count, s.mean, s.deviation,
                        s.median, s.low, s.high, s.confidence_low, s.confidence_high);
    return csv;
}

std::string comparisons_csv(const StudyResult& result) {
    std::string csv =
        "metric,contender,reference,pairs,ties,mean_difference,difference,ci_low,ci_high,p_value,p_adjusted,"
        "effect_size,verdict\n";
    for (const auto& measure : present_measures(result))
        for (const auto& c : compare_with(result.reference, measure, result))
            csv += csv_line(measure.name, result.plan.contenders[c.contender].label,
                            result.plan.contenders[result.reference].label, c.shift.pairs,
                            c.shift.pairs - c.test.pairs, c.mean_difference, c.shift.estimate, c.shift.low,
                            c.shift.high, c.test.p_value, c.p_adjusted, c.test.effect, c.verdict());
    return csv;
}

std::string today() {
    const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    std::tm utc{};
    gmtime_r(&now, &utc);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
    return text;
}

/// "AMD EPYC, 2 processors"
std::string machine() {
    std::string model = "unknown processor";
    std::ifstream info("/proc/cpuinfo");  // no such file on other systems
    for (std::string line; std::getline(info, line);) {
        const size_t begin = line.find(": ");
        if (!line.starts_with("model name") || begin == std::string::npos) continue;
        model = line.substr(begin + 2);
        break;
    }
    return fmt::format("{}, {} processors", model, available_threads());
}

/// A setting as JSON: numbers as numbers.
Json typed(const std::string& text) {
    if (text == "true" || text == "false") return text == "true";
    try {
        return parse_number("", text, any_number);
    } catch (const RequestError&) {
        return text;
    }
}

/// The settings that all contenders share, and those of each.
void add_settings(Json& json, const StudyResult& result) {
    const auto& contenders = result.plan.contenders;
    Json shared = Json::object(), list = Json::array();
    for (const auto& f : experiment_fields()) {
        const std::string first = f.get(contenders.front().experiment);
        if (f.name != "seed" &&
            std::ranges::all_of(contenders, [&](const auto& c) { return f.get(c.experiment) == first; }))
            shared[f.name] = typed(first);
    }
    for (size_t c = 0; c < contenders.size(); ++c) {
        Json settings = Json::object();
        for (const auto& f : experiment_fields()) settings[f.name] = typed(f.get(contenders[c].experiment));
        Json tuned;
        if (!result.tuned.empty()) tuned[result.plan.options.tune] = typed(result.tuned[c]);
        list.push_back({{"label", contenders[c].label}, {"settings", settings}, {"tuned", tuned}});
    }
    json["contenders"] = list;
    json["shared"] = shared;
}

Json tuning_json(const StudyResult& result) {
    if (result.grid.empty()) return nullptr;
    Json values = Json::array();
    std::vector<int64_t> seeds;
    for (const auto& value : result.grid) values.push_back(typed(value));
    for (const auto& trial : result.tuning)
        if (std::ranges::find(seeds, trial.record.experiment.seed) == seeds.end())
            seeds.push_back(trial.record.experiment.seed);
    const auto& fields = study_fields();
    const auto search = std::ranges::find(fields, "search", &Field<StudyOptions>::name);
    return {{"setting", result.plan.options.tune},
            {"search", search->get(result.plan.options)},
            {"values", values},
            {"seeds", seeds}};
}

std::string study_json(const StudyResult& result, const std::string& digest) {
    const StudyPlan& plan = result.plan;
    Json json{{"kind", plan.kind},
              {"title", plan.title},
              {"digest", digest},
              {"command", plan.command},
              {"ravine", RAVINE_VERSION},
              {"numbers", numbers_version},
              {"created", today()},
              {"machine", machine()},
              {"task", to_string(result.task)},
              {"dataset", plan.contenders.front().experiment.dataset},
              {"metric",
               {{"name", result.metric.name},
                {"better", result.metric.better == Better::higher ? "higher" : "lower"}}},
              {"target", result.reach ? Json(*result.reach) : Json()},
              {"reference", plan.contenders[result.reference].label}};
    add_settings(json, result);
    json["seeds"] = result.seeds();
    json["tuning"] = tuning_json(result);
    json["missing_trials"] = result.missing;
    json["notes"] = result.notes;
    return json.dump(2) + "\n";
}

/// A study that a program with other numbers made is read, but not gone on with.
void check_version(const Json& json, const fs::path& folder) {
    if (!json.is_object() || !json.contains("digest")) return;
    const auto found = json.find("numbers");
    const int64_t version = found != json.end() && found->is_number_integer() ? found->get<int64_t>() : 1;
    if (version != numbers_version)
        fail_request(
            "{}: expected a study of numbers of version {}, found version {}, which another program made; "
            "choose another --out, where every trial is made anew (`ravine report` still reads this one)",
            folder.string(), numbers_version, version);
}

std::string mark_text(const std::string& digest) { return (digest.empty() ? "several" : digest) + "\n"; }

/// Refuses a folder in which something else would be lost, or mixed up.
void require_ours(const StudyFolder& folder, const std::string& digest) {
    std::error_code error;
    const std::string name = folder.path.string();
    const auto is_there = [&](const fs::path& path) { return fs::exists(path, error); };
    const auto require_same = [&](bool is_same) {
        if (!is_same) fail_request("{}: holds another study; choose another --out", name);
    };
    if (is_there(folder.path / "config.toml"))
        fail_request("{}: holds a training run; choose another --out", name);
    if (is_there(folder.description())) {
        const auto json = try_parse_json(read_file(folder.description()));
        check_version(json, folder.path);
        return require_same(json.is_object() && json.contains("digest") && json["digest"] == digest);
    }
    if (is_there(folder.mark())) return require_same(read_file(folder.mark()) == mark_text(digest));
    if (is_there(folder.path / "acet.json")) return require_same(digest.empty());
    if (is_there(folder.trials())) return;  // killed before there were marks
    for (const char* file :
         {"trials.csv", "curves.csv", "steps.csv", "summary.csv", "comparisons.csv", "tuning.csv",
          "boundary.csv", "points.csv", "claims.csv", "table1.csv", "table2.csv", "report.html"})
        if (is_there(folder.path / file))
            fail_request("{}: is there already, and of no study; choose another --out",
                         (folder.path / file).string());
}

}  // namespace

StudyFolder StudyFolder::open_or_create(const std::string& wanted, const std::string& name,
                                        const std::string& digest) {
    StudyFolder folder{wanted.empty() ? fs::path("runs") / name : fs::path(wanted)};
    require_ours(folder, digest);
    std::error_code error;
    fs::create_directories(folder.path, error);
    if (error) fail_request("cannot create the output folder {}: {}", folder.path.string(), error.message());
    if (!fs::is_directory(folder.path, error) || access(folder.path.c_str(), W_OK | X_OK) != 0)
        fail_request("cannot write into the output folder {}", folder.path.string());
    folder.lock = FolderLock(folder.path);
    remove_abandoned_files(folder.trials());
    require_ours(folder, digest);  // another may have begun, and ended, a moment ago
    if (!fs::exists(folder.mark(), error)) write_file_atomically(folder.mark(), mark_text(digest));
    return folder;
}

void require_complete(const StudyResult& result, const StudyFolder& folder) {
    if (result.missing > 0)
        fail_run(
            "interrupted; {} trials are missing; the finished ones are kept in {}, and the same command "
            "completes the rest",
            result.missing, folder.path.string());
}

void write_study(const StudyFolder& folder, const StudyResult& result, const std::string& digest) {
    const auto write = [&](const char* name, const std::string& contents) {
        write_file_atomically(folder.path / name, contents);
    };
    write("trials.csv", trials_csv(result));
    write("curves.csv", curves_csv(result));
    write("steps.csv", steps_csv(result));
    write("summary.csv", summary_csv(result));
    write("comparisons.csv", comparisons_csv(result));
    if (!result.grid.empty()) write("tuning.csv", tuning_csv(result));
    if (result.pictured) {
        std::string boundary = boundary_csv_header;
        for (size_t c = 0; c < result.trials.size(); ++c)
            if (!result.trials[c].empty() && result.trials[c].front().map)
                boundary += boundary_csv_lines(result.plan.contenders[c].label, result.seeds().front(),
                                               *result.trials[c].front().map);
        write("boundary.csv", boundary);
        write("points.csv", points_csv(*result.pictured));
    }
    write("study.json", study_json(result, digest));
}

}  // namespace ravine
