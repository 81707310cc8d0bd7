#pragma once

#include <filesystem>
#include <string>

namespace ravine {

/// A run is a folder: config.toml (enough to run it again), data.json, metrics.jsonl, summary.json,
/// model.safetensors, checkpoint.safetensors (enough to go on), pictures, and report.html.
struct RunFolder {
    std::filesystem::path path;

    std::filesystem::path config() const { return path / "config.toml"; }
    /// What it trains on, so that other data are told from it.
    std::filesystem::path data() const { return path / "data.json"; }
    std::filesystem::path metrics() const { return path / "metrics.jsonl"; }
    std::filesystem::path summary() const { return path / "summary.json"; }
    std::filesystem::path model() const { return path / "model.safetensors"; }
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
    /// where it cannot be written or holds a run already.
    static RunFolder create(const std::string& wanted, const std::string& name);
    /// The folder of an earlier run. Throws RequestError where there is none.
    static RunFolder open(const std::string& path);
};

}  // namespace ravine
