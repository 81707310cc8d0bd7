#include "ravine/core/threads/processor_quota.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <fstream>
#include <string>

namespace ravine {
namespace {

namespace fs = std::filesystem;

/// The files of a system of the test's own.
class ProcessorQuota : public testing::Test {
protected:
    ProcessorQuota() {
        std::string name = (fs::temp_directory_path() / "ravine-test-XXXXXX").string();
        EXPECT_NE(mkdtemp(name.data()), nullptr);
        root_ = name;
    }
    ~ProcessorQuota() override { fs::remove_all(root_); }

    void write(const std::string& path, const std::string& text) const {
        fs::create_directories((root_ / path).parent_path());
        std::ofstream(root_ / path) << text;
    }
    double quota() const { return processor_quota(root_); }

    fs::path root_;
};

constexpr auto version_2 =
    "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/root rw\n"
    "31 23 0:28 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";
constexpr auto version_1 =
    "32 31 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
    "33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw master:4 - cgroup cgroup rw,cpu,cpuacct\n";

TEST_F(ProcessorQuota, WithoutGroupsThereIsNone) {
    EXPECT_TRUE(std::isinf(quota()));
    write("proc/self/mountinfo", "22 1 254:0 / / rw,relatime - ext4 /dev/root rw\n");
    write("proc/self/cgroup", "0::/\n");
    EXPECT_TRUE(std::isinf(quota()));
}

TEST_F(ProcessorQuota, OfVersionTwoIsTheLeastOfTheGroupAndThoseAboveIt) {
    write("proc/self/mountinfo", version_2);
    write("proc/self/cgroup", "0::/user.slice/trial.scope\n");
    EXPECT_TRUE(std::isinf(quota()));
    write("sys/fs/cgroup/user.slice/trial.scope/cpu.max", "max 100000\n");
    EXPECT_TRUE(std::isinf(quota()));
    write("sys/fs/cgroup/user.slice/cpu.max", "150000 100000\n");
    EXPECT_EQ(quota(), 1.5);
    write("sys/fs/cgroup/user.slice/trial.scope/cpu.max", "20000 40000\n");
    EXPECT_EQ(quota(), 0.5);
    write("sys/fs/cgroup/other.slice/cpu.max", "100 100000\n");  // not ours
    EXPECT_EQ(quota(), 0.5);
}

TEST_F(ProcessorQuota, OfVersionOneIsTheProcessorControllers) {
    write("proc/self/mountinfo", version_1);
    write("proc/self/cgroup", "5:memory:/other\n4:cpu,cpuacct:/docker/abc\n0::/\n");
    write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
    write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
    EXPECT_TRUE(std::isinf(quota()));
    write("sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_quota_us", "300000\n");
    write("sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_period_us", "100000\n");
    EXPECT_EQ(quota(), 3);
    write("sys/fs/cgroup/cpu,cpuacct/docker/cpu.cfs_quota_us", "200000\n");
    write("sys/fs/cgroup/cpu,cpuacct/docker/cpu.cfs_period_us", "100000\n");
    EXPECT_EQ(quota(), 2);
}

// Docker mounts a container's own group where the hierarchy would be; with a name space of its own the
// container takes it for the root.
TEST_F(ProcessorQuota, InAContainerIsThatOfTheMountedGroup) {
    write("proc/self/mountinfo", "31 23 0:28 /docker/abc /sys/fs/cgroup rw - cgroup2 cgroup rw\n");
    write("sys/fs/cgroup/cpu.max", "250000 100000\n");
    for (const char* group : {"0::/docker/abc\n", "0::/\n", "0::/../other\n"}) {
        write("proc/self/cgroup", group);
        EXPECT_EQ(quota(), 2.5) << group;
    }
    write("proc/self/cgroup", "0::/docker/abc/inner\n");
    write("sys/fs/cgroup/inner/cpu.max", "100000 100000\n");
    EXPECT_EQ(quota(), 1);
}

TEST_F(ProcessorQuota, FindsAMountWithASpaceInItsPath) {
    write("proc/self/mountinfo", "31 23 0:28 / /control\\040groups rw - cgroup2 cgroup rw\n");
    write("proc/self/cgroup", "0::/\n");
    write("control groups/cpu.max", "100000 50000\n");
    EXPECT_EQ(quota(), 2);
}

TEST_F(ProcessorQuota, WhatMakesNoSenseLimitsNothing) {
    write("proc/self/cgroup", "\n:\n0:\nnothing\n0::/\n");
    write("proc/self/mountinfo", std::string("\n-\n- - -\n1 2 3 4 5 -\n1 2 3 4 5 - cgroup2\n") + version_2);
    for (const char* text : {"", "max", "0 100000", "100000 0", "-5 100000", "100000", "many few"}) {
        write("sys/fs/cgroup/cpu.max", text);
        EXPECT_TRUE(std::isinf(quota())) << text;
    }
    write("sys/fs/cgroup/cpu.max", "1 100000");
    EXPECT_EQ(quota(), 1e-5);
}

}  // namespace
}  // namespace ravine
