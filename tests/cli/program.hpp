#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace ravine::test {

/// What a run of the program said, and how it ended.
struct Outcome {
    int status;  ///< the exit status; 128 + the signal where one ended it
    std::string out, err;
    int64_t peak_megabytes = 0;  ///< the most memory that was in use at once
};

/// Runs the built program with these arguments, without a shell, in the folder `where`.
Outcome run_program(const std::vector<std::string>& arguments, const std::filesystem::path& where = ".");

/// The same with at most 4 GB of addresses, so that a file that would take all of the machine's memory takes
/// nobody else's. (Under the address sanitizer, which needs more, without.)
Outcome run_bounded(const std::vector<std::string>& arguments, const std::filesystem::path& where = ".");

/// Where a stream of the program goes; into what cannot be written, or has no reader, nothing is heard of it.
enum class Stream { heard, full, closed, without_reader };
/// The same with standard output and error going there.
Outcome run_program(const std::vector<std::string>& arguments, const std::filesystem::path& where, Stream out,
                    Stream err);

/// Whether a program that was asked something wrong said so: nothing on standard output, "ravine: ..." on one
/// line of standard error.
bool is_one_line_error(const Outcome& outcome);

/// A folder of its own for one test, removed at its end.
class TestFolder {
public:
    TestFolder();
    ~TestFolder();
    TestFolder(const TestFolder&) = delete;
    TestFolder& operator=(const TestFolder&) = delete;

    const std::filesystem::path& path() const { return path_; }
    std::string operator/(const std::string& name) const { return (path_ / name).string(); }
    /// The names of what is in it, sorted.
    std::vector<std::string> contents() const;

private:
    std::filesystem::path path_;
};

}  // namespace ravine::test
