#pragma once

#include <filesystem>

namespace ravine {

/// How many processors' worth of time the control groups of this process give it, the least of its own groups
/// and those above: 1.5 where a container may use one and a half. Infinite where nothing limits it. Reads
/// `cpu.max` (version 2) and `cpu.cfs_quota_us` with `cpu.cfs_period_us` (version 1), wherever
/// /proc/self/cgroup and /proc/self/mountinfo say that they are; what cannot be read or understood limits
/// nothing (Linux, Documentation/admin-guide/cgroup-v2.rst, scheduler/sched-bwc.rst). All paths are looked
/// for below `root`.
double processor_quota(const std::filesystem::path& root = "/");

}  // namespace ravine
