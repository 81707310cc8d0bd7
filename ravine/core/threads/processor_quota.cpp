#include "ravine/core/threads/processor_quota.hpp"

#include <algorithm>
#include <fstream>
#include <limits>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

namespace ravine {
namespace {

namespace fs = std::filesystem;

constexpr double unlimited = std::numeric_limits<double>::infinity();

std::vector<std::string> split(const std::string& text, char at) {
    std::vector<std::string> parts;
    std::istringstream stream(text);
    for (std::string part; std::getline(stream, part, at);) parts.push_back(part);
    return parts;
}

bool has(const std::vector<std::string>& words, const std::string& word) {
    return std::ranges::find(words, word) != words.end();
}

/// A mounted hierarchy of groups: its group `root` lies at `point`.
struct Mount {
    bool is_version_2 = false;
    fs::path root, point;
};

/// A path as mountinfo writes it: `\040` is a space.
fs::path unescaped(const std::string& text) {
    std::string path;
    for (size_t i = 0; i < text.size(); ++i) {
        const bool escape = text[i] == '\\' && i + 3 < text.size() &&
                            std::all_of(text.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                                        text.begin() + static_cast<std::ptrdiff_t>(i) + 4,
                                        [](char c) { return c >= '0' && c <= '7'; });
        path += escape ? static_cast<char>(std::stoi(text.substr(i + 1, 3), nullptr, 8)) : text[i];
        if (escape) i += 3;
    }
    return path;
}

/// A line `36 25 0:30 ROOT POINT rw,... shared:9 ... - TYPE SOURCE OPTIONS` of mountinfo, where it is one of
/// groups that limit processors.
std::optional<Mount> read_mount(const std::string& line) {
    const std::vector<std::string> words = split(line, ' ');
    const auto dash = std::ranges::find(words, "-");
    if (words.size() < 6 || words.end() - dash < 4) return std::nullopt;
    const bool is_version_2 = dash[1] == "cgroup2";
    if (!is_version_2 && !(dash[1] == "cgroup" && has(split(dash[3], ','), "cpu"))) return std::nullopt;
    return Mount{is_version_2, unescaped(words[3]), unescaped(words[4])};
}

/// The group of this process in the hierarchy of a mount: what /proc/self/cgroup says, `ID:CONTROLLERS:PATH`.
std::optional<fs::path> own_group(const fs::path& root, const Mount& mount) {
    std::ifstream file(root / "proc/self/cgroup");
    for (std::string line; std::getline(file, line);) {
        const size_t first = line.find(':');
        const size_t second = first == std::string::npos ? first : line.find(':', first + 1);
        if (second == std::string::npos) continue;
        const std::string controllers = line.substr(first + 1, second - first - 1);
        if (mount.is_version_2 ? controllers.empty() : has(split(controllers, ','), "cpu"))
            return line.substr(second + 1);
    }
    return std::nullopt;
}

double ratio(double quota, double period) { return quota > 0 && period > 0 ? quota / period : unlimited; }

/// What the files of one group say. A `max` or -1 is no limit.
double quota_of(const fs::path& group, bool is_version_2) {
    double quota = 0, period = 0;
    if (is_version_2) {
        std::ifstream(group / "cpu.max") >> quota >> period;
    } else {
        std::ifstream(group / "cpu.cfs_quota_us") >> quota;
        std::ifstream(group / "cpu.cfs_period_us") >> period;
    }
    return ratio(quota, period);
}

/// The least of a group and those above it that the mount shows. Where the group lies outside the mount, as
/// may be in a container that sees its own group as the root, it is the mount's own.
double least_quota(const fs::path& root, const Mount& mount, const fs::path& group) {
    fs::path relative = group.lexically_relative(mount.root);
    if (relative.empty() || *relative.begin() == "..") relative = ".";
    const fs::path top = root / mount.point.relative_path();
    double least = quota_of(top, mount.is_version_2);
    fs::path here = top;
    for (const auto& part : relative) {
        here /= part;
        least = std::min(least, quota_of(here, mount.is_version_2));
    }
    return least;
}

}  // namespace

double processor_quota(const fs::path& root) {
    double least = unlimited;
    std::ifstream file(root / "proc/self/mountinfo");
    for (std::string line; std::getline(file, line);)
        if (const auto mount = read_mount(line))
            if (const auto group = own_group(root, *mount))
                least = std::min(least, least_quota(root, *mount, *group));
    return least;
}

}  // namespace ravine
