#include "ravine/lab/gnuplot.hpp"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <memory>

#include "ravine/core/error.hpp"
#include "ravine/core/file.hpp"

namespace ravine {
namespace {

/// A temporary file without a name.
class Scratch {
public:
    Scratch() : file_(std::tmpfile(), &std::fclose) {
        if (!file_) fail_run("temporary file: cannot write: {}", std::strerror(errno));
    }

    void write(const std::string& text) {
        if (std::fwrite(text.data(), 1, text.size(), file_.get()) != text.size() ||
            std::fflush(file_.get()) != 0)
            fail_run("temporary file: cannot write: {}", std::strerror(errno));
        std::rewind(file_.get());
    }

    std::string contents() {
        std::string text;
        std::rewind(file_.get());
        char part[1 << 14];
        while (const size_t n = std::fread(part, 1, sizeof part, file_.get())) text.append(part, n);
        return text;
    }

    int descriptor() const { return fileno(file_.get()); }

private:
    std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
};

/// Starts gnuplot and waits for it; returns its status as of waitpid().
int run_child(const Scratch& input, const Scratch& output, const Scratch& errors) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input.descriptor(), 0);
    posix_spawn_file_actions_adddup2(&actions, output.descriptor(), 1);
    posix_spawn_file_actions_adddup2(&actions, errors.descriptor(), 2);
    // Without the settings of the person's own start-up file.
    char program[] = "gnuplot", defaults[] = "--default-settings";
    char* arguments[] = {program, defaults, nullptr};
    pid_t child = 0;
    const int failure = posix_spawnp(&child, program, &actions, nullptr, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failure == ENOENT) fail_run("gnuplot: not found; it draws the plots (Debian's package gnuplot-nox)");
    if (failure != 0) fail_run("gnuplot: cannot start: {}", std::strerror(failure));
    int status = 0;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR) fail_run("gnuplot: {}", std::strerror(errno));
    return status;
}

/// gnuplot's complaint: the last line that says something, without what it says about where.
std::string complaint(const std::string& errors) {
    std::string last;
    for (size_t begin = 0; begin < errors.size();) {
        const size_t end = std::min(errors.find('\n', begin), errors.size());
        if (end > begin) last = errors.substr(begin, end - begin);
        begin = end + 1;
    }
    return last.empty() ? "failed without a message" : last;
}

std::string run_gnuplot(const std::string& script) {
    Scratch input, output, errors;
    input.write(script);
    const int status = run_child(input, output, errors);
    if (WIFEXITED(status) &&
        WEXITSTATUS(status) == 127)  // where the system starts a program before it looks for it
        fail_run("gnuplot: not found; it draws the plots (Debian's package gnuplot-nox)");
    std::string picture = output.contents();
    if (status != 0 || picture.empty()) fail_run("gnuplot: {}", complaint(errors.contents()));
    return picture;
}

bool is_png(const std::filesystem::path& path) { return path.extension() == ".png"; }

/// Length of the UTF-8 character that begins at `i`; 0 where there is none.
size_t character_length(const std::string& text, size_t i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const size_t length = byte < 0x80   ? 1
                          : byte < 0xc2 ? 0
                          : byte < 0xe0 ? 2
                          : byte < 0xf0 ? 3
                          : byte < 0xf5 ? 4
                                        : 0;
    if (i + length > text.size()) return 0;
    for (size_t k = 1; k < length; ++k)
        if ((static_cast<unsigned char>(text[i + k]) & 0xc0) != 0x80) return 0;
    return length;
}

}  // namespace

std::string gnuplot_quoted(const std::string& text) {
    std::string result = "'";
    for (size_t i = 0; i < text.size();) {
        const size_t length = character_length(text, i);
        if (length == 0)
            result += '?';
        else if (length == 1 && (static_cast<unsigned char>(text[i]) < ' ' || text[i] == '\x7f'))
            result += ' ';
        else if (text[i] == '\'')
            result += "''";
        else
            result.append(text, i, length);
        i += std::max<size_t>(length, 1);
    }
    return result + "'";
}

std::string gnuplot_data(const std::string& name, std::span<const std::span<const double>> columns,
                         size_t row_length) {
    fmt::memory_buffer text;
    fmt::format_to(fmt::appender(text), "${} << END\n", name);
    const size_t rows = columns.empty() ? 0 : columns[0].size();
    for (size_t i = 0; i < rows; ++i) {
        for (const auto column : columns) {
            if (std::isfinite(column[i]))
                fmt::format_to(fmt::appender(text), "{:.7g} ", column[i]);
            else
                fmt::format_to(fmt::appender(text), "NaN ");
        }
        text.push_back('\n');
        if (row_length > 0 && (i + 1) % row_length == 0) text.push_back('\n');
    }
    fmt::format_to(fmt::appender(text), "END\n");
    return fmt::to_string(text);
}

void require_picture_path(const std::filesystem::path& path) {
    if (!is_png(path) && path.extension() != ".svg")
        fail_request("{}: a plot's path ends in .svg or .png", path.string());
}

void draw(const std::filesystem::path& path, PictureSize size, const std::string& script) {
    require_picture_path(path);
    // A PNG has twice the pixels, for dense screens; everything in it scales along.
    const std::string terminal =
        is_png(path) ? fmt::format(
                           "set terminal pngcairo size {},{} fontscale 1.55 linewidth 2 pointscale 2 "
                           "background '#ffffff' font 'sans-serif,13'\n",
                           2 * size.width, 2 * size.height)
                     : fmt::format(
                           "set terminal svg size {},{} dynamic background '#ffffff' "
                           "font 'sans-serif,13'\n",
                           size.width, size.height);
    const std::string common = R"(set encoding utf8
set border 3 lc rgb '#606060' lw 1
set tics nomirror out scale 0.6 tc rgb '#404040'
set grid xtics ytics lt 1 lc rgb '#e6e6e6' lw 1
set key noenhanced bmargin center horizontal Left reverse samplen 2 spacing 1.15 width 1 tc rgb '#303030'
)";
    write_file_atomically(path, run_gnuplot(common + terminal + script));
}

}  // namespace ravine
