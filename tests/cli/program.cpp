#include "tests/cli/program.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include "tests/support/paths.hpp"

namespace ravine::test {
namespace {

std::string contents_of(std::FILE* file) {
    std::string text;
    std::rewind(file);
    for (int c = std::fgetc(file); c != EOF; c = std::fgetc(file)) text += static_cast<char>(c);
    std::fclose(file);
    return text;
}

/// Makes a descriptor what a stream is to be; `heard` is the file that hears it.
bool redirect(int descriptor, Stream stream, std::FILE* heard) {
    int ends[2];
    switch (stream) {
        case Stream::heard:
            return dup2(fileno(heard), descriptor) == descriptor;
        case Stream::full:
            return dup2(open("/dev/full", O_WRONLY), descriptor) == descriptor;
        case Stream::closed:
            return close(descriptor) == 0;
        default:
            return pipe(ends) == 0 && close(ends[0]) == 0 && dup2(ends[1], descriptor) == descriptor &&
                   close(ends[1]) == 0;
    }
}

/// With at most so many bytes of addresses.
Outcome run(const std::vector<std::string>& arguments, const std::filesystem::path& where, Stream out_to,
            Stream err_to, rlim_t addresses) {
    std::vector<char*> argv{const_cast<char*>("ravine")};
    for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    const std::string program = program_path();
    std::FILE* out = std::tmpfile();
    std::FILE* err = std::tmpfile();
    if (out == nullptr || err == nullptr) throw std::runtime_error("no temporary file");
    const pid_t child = fork();
    if (child == 0) {
        const rlimit limit{addresses, addresses};
        if (addresses != RLIM_INFINITY) setrlimit(RLIMIT_AS, &limit);
        if (chdir(where.c_str()) == 0 && redirect(1, out_to, out) && redirect(2, err_to, err))
            execv(program.c_str(), argv.data());
        _exit(127);
    }
    int status = 0;
    rusage usage{};
    wait4(child, &status, 0, &usage);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), contents_of(out),
            contents_of(err), usage.ru_maxrss / 1024};
}

}  // namespace

Outcome run_program(const std::vector<std::string>& arguments, const std::filesystem::path& where) {
    return run(arguments, where, Stream::heard, Stream::heard, RLIM_INFINITY);
}

Outcome run_program(const std::vector<std::string>& arguments, const std::filesystem::path& where,
                    Stream out_to, Stream err_to) {
    return run(arguments, where, out_to, err_to, RLIM_INFINITY);
}

Outcome run_bounded(const std::vector<std::string>& arguments, const std::filesystem::path& where) {
#ifdef __SANITIZE_ADDRESS__
    return run(arguments, where, Stream::heard, Stream::heard, RLIM_INFINITY);
#else
    return run(arguments, where, Stream::heard, Stream::heard, rlim_t{1} << 32);
#endif
}

bool is_one_line_error(const Outcome& outcome) {
    return outcome.out.empty() && outcome.err.starts_with("ravine: ") && outcome.err.size() > 12 &&
           std::ranges::count(outcome.err, '\n') == 1 && outcome.err.ends_with('\n');
}

TestFolder::TestFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "ravine-test-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = name;
}

TestFolder::~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::vector<std::string> TestFolder::contents() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(path_))
        names.push_back(entry.path().filename().string());
    std::ranges::sort(names);
    return names;
}

}  // namespace ravine::test
