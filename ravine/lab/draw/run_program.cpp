#include "ravine/lab/draw/run_program.hpp"

#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "ravine/core/error.hpp"

namespace ravine {
namespace {

/// A file of the memory: without a name and a folder, and gone with its last user.
class MemoryFile {
public:
    MemoryFile() : descriptor_(memfd_create("ravine", MFD_CLOEXEC)) {
        if (descriptor_ < 0) fail_run("cannot make a file in memory: {}", std::strerror(errno));
    }
    MemoryFile(MemoryFile&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    MemoryFile& operator=(MemoryFile&&) = delete;
    ~MemoryFile() {
        if (descriptor_ >= 0) close(descriptor_);
    }

    void write(std::string_view text) {
        for (off_t at = 0; !text.empty();) {
            const ssize_t written = pwrite(descriptor_, text.data(), text.size(), at);
            if (written < 0 && errno == EINTR) continue;
            if (written < 0) fail_run("cannot write a file in memory: {}", std::strerror(errno));
            text.remove_prefix(static_cast<size_t>(written));
            at += written;
        }
    }

    std::string contents() const {
        std::string text;
        char part[1 << 14];
        while (true) {
            const ssize_t n = pread(descriptor_, part, sizeof part, std::ssize(text));
            if (n < 0 && errno == EINTR) continue;
            if (n < 0) fail_run("cannot read a file in memory: {}", std::strerror(errno));
            if (n == 0) return text;
            text.append(part, static_cast<size_t>(n));
        }
    }

    int descriptor() const { return descriptor_; }

private:
    int descriptor_;
};

struct Actions {
    posix_spawn_file_actions_t value;

    Actions() { posix_spawn_file_actions_init(&value); }
    ~Actions() { posix_spawn_file_actions_destroy(&value); }
    Actions(const Actions&) = delete;
    Actions& operator=(const Actions&) = delete;

    void give(const MemoryFile& file, int as) {
        posix_spawn_file_actions_adddup2(&value, file.descriptor(), as);
    }
};

}  // namespace

std::string file_of_descriptor(int descriptor) { return fmt::format("/proc/self/fd/{}", descriptor); }

std::optional<ProgramResult> run_program(const std::vector<std::string>& arguments,
                                         std::span<const std::string_view> files) {
    require(!arguments.empty() && !files.empty(), "a program without a name or an input");
    // In the order in which they are given, so that none takes the number of one that is still to be given.
    std::vector<MemoryFile> given(1);
    const MemoryFile output, errors;
    given.resize(files.size());
    for (size_t i = 0; i < files.size(); ++i) given[i].write(files[i]);
    Actions actions;
    actions.give(given[0], 0);
    actions.give(output, 1);
    actions.give(errors, 2);
    for (size_t i = 1; i < given.size(); ++i) actions.give(given[i], static_cast<int>(i) + 2);

    std::vector<char*> words;
    for (const auto& argument : arguments) words.push_back(const_cast<char*>(argument.c_str()));
    words.push_back(nullptr);
    pid_t child = 0;
    const int failure = posix_spawnp(&child, words[0], &actions.value, nullptr, words.data(), environ);
    if (failure == ENOENT) return {};
    if (failure != 0) fail_run("{}: cannot start: {}", arguments[0], std::strerror(failure));
    int status = 0;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR) fail_run("{}: {}", arguments[0], std::strerror(errno));
    status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    if (status == 127) return {};  // where the system starts a program before it looks for it
    return ProgramResult{status, output.contents(), errors.contents()};
}

}  // namespace ravine
