#pragma once

#include <filesystem>
#include <string>

#include "ravine/core/files/lock.hpp"

namespace ravine {

/// Which weights of a run.
enum class SavedWeights {
    result,  ///< what it results in: the best ones where it stops early, the average where it keeps one
    best,    ///< those of the epoch with the best metric, the validation loss if nothing else is monitored
    last,    ///< those that training ended with
};
/// "result", "best" or "last"; throws RequestError("--weights: ...") for anything else.
SavedWeights parse_saved_weights(const std::string& text);

/// A run is a folder: config.toml (enough to run it again), data.json, metrics.jsonl, summary.json,
/// model.safetensors, best.safetensors and raw.safetensors, checkpoint.safetensors (enough to go on),
/// pictures, and report.html.
struct RunFolder {
    std::filesystem::path path;
    FolderLock lock{};  ///< of a folder that is written to: of create() and reopen()

    std::filesystem::path config() const { return path / "config.toml"; }
    /// What it trains on, so that other data are told from it.
    std::filesystem::path data() const { return path / "data.json"; }
    std::filesystem::path metrics() const { return path / "metrics.jsonl"; }
    std::filesystem::path summary() const { return path / "summary.json"; }
    std::filesystem::path model() const { return path / "model.safetensors"; }
    std::filesystem::path best() const { return path / "best.safetensors"; }
    /// Those that training ended with, where it results in others.
    std::filesystem::path raw() const { return path / "raw.safetensors"; }
    std::filesystem::path model(SavedWeights weights) const;
    std::filesystem::path checkpoint() const { return path / "checkpoint.safetensors"; }
    /// What the first model of a curriculum found.
    std::filesystem::path curriculum() const { return path / "curriculum.json"; }
    std::filesystem::path curves() const { return path / "curves.svg"; }
    std::filesystem::path boundary() const { return path / "boundary.svg"; }
    std::filesystem::path reconstructions() const { return path / "reconstructions.png"; }
    std::filesystem::path inspection_table() const { return path / "inspect.csv"; }
    std::filesystem::path inspection_picture() const { return path / "inspect.svg"; }
    /// What the report draws besides, for classes in a plane, the regions and the examples.
    std::filesystem::path boundary_csv() const { return path / "boundary.csv"; }
    std::filesystem::path points_csv() const { return path / "points.csv"; }
    std::filesystem::path report() const { return path / "report.html"; }

    /// A new folder: `wanted`, or runs/NAME-N with the first free N where it is empty. Throws RequestError
    /// where it cannot be written, holds a run or a study already, or files that the run's would replace, and
    /// RunError where another process is at work in it.
    static RunFolder create(const std::string& wanted, const std::string& name);
    /// The folder of an earlier run. Throws RequestError where there is none.
    static RunFolder open(const std::string& path);
    /// The same, to go on with the run. Throws RunError where another process is at work in it.
    static RunFolder reopen(const std::string& path);
    /// model(), if it is there. Throws RequestError with the reason where it is not.
    std::filesystem::path saved_model(SavedWeights weights) const;
};

}  // namespace ravine
