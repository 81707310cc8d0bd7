// Loaded into the program with LD_PRELOAD: makes the n-th call that changes a file the last one, or one that
// fails. torture.py says what for.
//
//     RAVINE_TORTURE_AT     n, 1 for the first such call; 0: none, they are only counted
//     RAVINE_TORTURE_HOW    kill: the process is killed before the call; torn: in the midst of it, where it
//     is
//                           a write; fail: the call says that the disk is full; full: all from then on say so
//     RAVINE_TORTURE_COUNT  a file that gets the number of calls when the program ends
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

template <class Function>
Function* real(const char* name) {
    return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

std::string setting(const char* name) {
    const char* text = std::getenv(name);
    return text == nullptr ? "" : text;
}

struct Torture {
    long at = std::atol(setting("RAVINE_TORTURE_AT").c_str());
    std::string how = setting("RAVINE_TORTURE_HOW"), count_file = setting("RAVINE_TORTURE_COUNT");
    std::atomic<long> calls = 0;

    Torture() { unsetenv("LD_PRELOAD"); }  // not for the programs that it starts
    ~Torture() {
        if (count_file.empty()) return;
        const std::string text = std::to_string(calls.load());
        const int file =
            real<int(const char*, int, ...)>("open")(count_file.c_str(), O_WRONLY | O_CREAT, 0666);
        if (file < 0 || real<ssize_t(int, const void*, size_t)>("write")(file, text.data(), text.size()) < 0)
            std::perror("torture");
    }
};

Torture& torture() {
    static Torture one;
    return one;
}

[[maybe_unused]] const Torture& begun = torture();  // before main(), which may be killed at once

[[noreturn]] void die() {
    kill(getpid(), SIGKILL);
    while (true) pause();
}

enum class Turn { goes_on, torn, fails };

/// What becomes of this call; does not return where the process is killed.
Turn next_turn() {
    Torture& t = torture();
    const long call = ++t.calls;
    if (t.at == 0 || call < t.at) return Turn::goes_on;
    if (t.how == "full") return Turn::fails;
    if (call > t.at) return Turn::goes_on;
    if (t.how == "fail") return Turn::fails;
    if (t.how == "torn") return Turn::torn;
    die();
}

/// For calls that are whole or not made: whether this one fails, with errno set.
bool fails() {
    const Turn turn = next_turn();
    if (turn == Turn::torn) die();
    if (turn == Turn::fails) errno = ENOSPC;
    return turn == Turn::fails;
}

/// For calls that a full disk does not keep from anything.
void count_only() {
    if (next_turn() == Turn::torn) die();
}

}  // namespace

extern "C" {

ssize_t write(int file, const void* data, size_t size) {
    static const auto call = real<ssize_t(int, const void*, size_t)>("write");
    if (file <= 2) return call(file, data, size);
    const Turn turn = next_turn();
    if (turn == Turn::torn) {
        call(file, data, size / 2);
        die();
    }
    if (turn == Turn::fails) errno = ENOSPC;
    return turn == Turn::fails ? -1 : call(file, data, size);
}

int open(const char* path, int flags, ...) {
    static const auto call = real<int(const char*, int, ...)>("open");
    va_list rest;
    va_start(rest, flags);
    const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return (flags & O_CREAT) != 0 && fails() ? -1 : call(path, flags, mode);
}

int open64(const char* path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return open(path, flags, mode);
}

int mkdir(const char* path, mode_t mode) {
    static const auto call = real<int(const char*, mode_t)>("mkdir");
    return fails() ? -1 : call(path, mode);
}

int fsync(int file) {
    static const auto call = real<int(int)>("fsync");
    return fails() ? -1 : call(file);
}

int fdatasync(int file) {
    static const auto call = real<int(int)>("fdatasync");
    return fails() ? -1 : call(file);
}

int rename(const char* from, const char* to) noexcept {
    static const auto call = real<int(const char*, const char*)>("rename");
    return fails() ? -1 : call(from, to);
}

int unlink(const char* path) noexcept {
    static const auto call = real<int(const char*)>("unlink");
    count_only();
    return call(path);
}

int remove(const char* path) noexcept {
    static const auto call = real<int(const char*)>("remove");
    count_only();
    return call(path);
}

int ftruncate(int file, off_t size) noexcept {
    static const auto call = real<int(int, off_t)>("ftruncate");
    count_only();
    return call(file, size);
}
}
