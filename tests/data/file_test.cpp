#include "ravine/core/files/file.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <csignal>

#include "ravine/core/files/lock.hpp"
#include "tests/data/support.hpp"

namespace ravine {
namespace {

namespace fs = std::filesystem;

using test::contents_of;
using test::expect_error;
using test::TemporaryFolder;

size_t entries_of(const std::filesystem::path& folder) {
    return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
}

TEST(File, ReplacesTheWholeFileAndLeavesNothingElse) {
    const TemporaryFolder folder;
    const std::filesystem::path path = folder.write("a", "the old contents, which are longer");
    const std::vector<std::string_view> pieces = {"new ", "", "contents"};
    write_file_atomically(path, pieces);
    EXPECT_EQ(read_file(path), "new contents");
    EXPECT_EQ(entries_of(folder.path()), 1U);
}

TEST(File, AFailedWriteKeepsTheOldFileAndNoRemains) {
    const TemporaryFolder folder;
    std::filesystem::create_directories(folder.path() / "a" / "b");
    // A file cannot be renamed over a folder that is not empty.
    expect_error(1, [&] { write_file_atomically(folder.path() / "a", "x"); }, {"/a: cannot write"});
    EXPECT_EQ(entries_of(folder.path()), 1U);
    EXPECT_EQ(entries_of(folder.path() / "a"), 1U);
    expect_error(1, [&] { write_file_atomically(folder.path() / "none" / "a", "x"); },
                 {"none/a: cannot write", "No such file"});
}

TEST(File, ALinkStaysALinkAndItsTargetIsWritten) {
    const TemporaryFolder folder, other;
    const fs::path target = other.write("data/target", "old"), link = folder.path() / "link",
                   chain = folder.path() / "chain";
    fs::create_symlink(target, link);
    fs::create_symlink("link", chain);  // relative to its own folder
    for (const auto& path : {link, chain}) {
        require_writable(path);
        write_file_atomically(path, path.string());
        EXPECT_EQ(contents_of(target), path.string());
        EXPECT_TRUE(fs::is_symlink(path));
    }
    EXPECT_TRUE(fs::is_symlink(link));
    EXPECT_EQ(entries_of(folder.path()), 2U);
    EXPECT_EQ(entries_of(target.parent_path()), 1U);
}

TEST(File, ALinkToNothingYetMakesIt) {
    const TemporaryFolder folder;
    fs::create_directories(folder.path() / "sub");
    fs::create_symlink("sub/new", folder.path() / "link");
    require_writable(folder.path() / "link");
    write_file_atomically(folder.path() / "link", "x");
    EXPECT_TRUE(fs::is_symlink(folder.path() / "link"));
    EXPECT_EQ(contents_of(folder.path() / "sub" / "new"), "x");

    fs::create_symlink("none/new", folder.path() / "lost");
    expect_error(2, [&] { require_writable(folder.path() / "lost"); }, {"lost: cannot write", "none"});
    expect_error(1, [&] { write_file_atomically(folder.path() / "lost", "x"); }, {"none/new: cannot write"});
    fs::create_symlink("round", folder.path() / "round");
    expect_error(1, [&] { write_file_atomically(folder.path() / "round", "x"); }, {"round: cannot write"});
    EXPECT_EQ(entries_of(folder.path()), 4U);
}

TEST(File, AFifoIsWrittenInto) {
    const TemporaryFolder folder;
    const fs::path fifo = folder.path() / "fifo", link = folder.path() / "link";
    ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
    fs::create_symlink("fifo", link);
    const int reader = open(fifo.c_str(), O_RDONLY | O_NONBLOCK);
    ASSERT_GE(reader, 0);
    for (const auto& path : {fifo, link}) {
        require_writable(path);
        const std::vector<std::string_view> pieces = {"two ", "pieces"};
        write_file_atomically(path, pieces);
        char text[32] = {};
        EXPECT_EQ(read(reader, text, sizeof text), 10);
        EXPECT_STREQ(text, "two pieces");
    }
    close(reader);
    EXPECT_TRUE(fs::is_fifo(fifo));
    EXPECT_TRUE(fs::is_symlink(link));
}

TEST(File, ADeviceStaysADevice) {
    const TemporaryFolder folder;
    const fs::path device = folder.path() / "null";  // one of the test's own
    if (mknod(device.c_str(), S_IFCHR | 0600, makedev(1, 3)) != 0) GTEST_SKIP() << "needs the right to mknod";
    const int tried = open(device.c_str(), O_WRONLY);
    if (tried < 0) GTEST_SKIP() << "a file system without devices";
    close(tried);
    require_writable(device);
    write_file_atomically(device, "gone");
    EXPECT_TRUE(fs::is_character_file(device));
    EXPECT_EQ(entries_of(folder.path()), 1U);
}

TEST(File, ASocketIsRefused) {
    const TemporaryFolder folder;
    const fs::path path = folder.path() / "socket";
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.string().copy(address.sun_path, sizeof address.sun_path - 1);
    const int socket_of_ours = socket(AF_UNIX, SOCK_STREAM, 0);
    ASSERT_EQ(bind(socket_of_ours, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    expect_error(2, [&] { require_writable(path); }, {"socket"});
    expect_error(1, [&] { write_file_atomically(path, "x"); }, {"socket: cannot write"});
    EXPECT_TRUE(fs::is_socket(path));
    close(socket_of_ours);
}

TEST(File, WhatKilledWritersLeftIsRemovedAndNothingElse) {
    const TemporaryFolder folder;
    folder.write("a.tmp-123-4", "half");
    for (const char* name : {"a", "a.tmp-", "a.tmp-1", "a.tmp-1-", "a.tmp-x-1", "a.tmp-1-2.txt", "tmp-1-2"})
        folder.write(name, "mine");
    const LockedFile at_work = open_locked(folder.path() / "b.tmp-1-2", O_WRONLY | O_CREAT);
    remove_abandoned_files(folder.path());
    EXPECT_FALSE(fs::exists(folder.path() / "a.tmp-123-4"));
    EXPECT_EQ(entries_of(folder.path()), 8U);
    close(at_work.descriptor);
    remove_abandoned_files(folder.path());
    EXPECT_EQ(entries_of(folder.path()), 7U);
}

TEST(FolderLock, IsHadByOneAtATime) {
    const TemporaryFolder folder;
    {
        const FolderLock lock(folder.path());
        const FolderLock copy = lock;
        expect_error(1, [&] { const FolderLock second(folder.path()); },
                     {folder.path().string(), fmt::format("process {}", getpid()), "at work"});
    }
    EXPECT_EQ(entries_of(folder.path()), 0U);
    folder.write("a.tmp-123-4", "half");
    const FolderLock again(folder.path());
    EXPECT_EQ(entries_of(folder.path()), 1U);  // .lock
}

TEST(FolderLock, OfAKilledProcessDoesNotBlock) {
    const TemporaryFolder folder;
    int ready[2];
    ASSERT_EQ(pipe(ready), 0);
    const pid_t child = fork();
    if (child == 0) {
        const FolderLock lock(folder.path());
        if (write(ready[1], "x", 1) == 1)
            while (true) pause();
        _exit(1);
    }
    char byte = 0;
    ASSERT_EQ(read(ready[0], &byte, 1), 1);
    expect_error(1, [&] { const FolderLock lock(folder.path()); }, {fmt::format("process {}", child)});
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    close(ready[0]), close(ready[1]);
    EXPECT_EQ(contents_of(folder.path() / ".lock"), std::to_string(child) + "\n");
    const FolderLock lock(folder.path());
    EXPECT_EQ(contents_of(folder.path() / ".lock"), std::to_string(getpid()) + "\n");
}

TEST(File, ReadingSaysWhatIsWrong) {
    const TemporaryFolder folder;
    expect_error(2, [&] { read_file(folder.path() / "none"); }, {"none: no such file"});
    expect_error(2, [&] { read_file(folder.path()); }, {"expected a file"});
    expect_error(2, [&] { read_file(folder.write("a", "12345"), 4); }, {"at most 4 bytes", "found 5"});
    EXPECT_EQ(read_file(folder.write("a", std::string("1\0\n", 3)), 3), std::string("1\0\n", 3));
}

}  // namespace
}  // namespace ravine
