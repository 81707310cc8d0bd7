// What the comments of headers show as usage compiles: every line of it stands in a test.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "tests/support/paths.hpp"

namespace {

namespace fs = std::filesystem;

/// With one space for every run of white space.
std::string squeezed(const std::string& text) {
    std::istringstream in(text);
    std::string result, word;
    while (in >> word) result += word + " ";
    return result;
}

std::string contents_of(const fs::path& path) {
    std::ostringstream out;
    out << std::ifstream(path).rdbuf();
    return out.str();
}

TEST(Usage, InHeadersIsWhatCompiles) {
    const fs::path root = ravine::test::source_folder();
    std::string compiled;
    for (const auto& entry : fs::recursive_directory_iterator(root / "tests"))
        if (entry.path().extension() == ".cpp") compiled += squeezed(contents_of(entry.path()));
    int lines = 0;
    for (const auto& entry : fs::recursive_directory_iterator(root / "ravine")) {
        if (entry.path().extension() != ".hpp") continue;
        std::ifstream source(entry.path());
        bool in_usage = false;
        int number = 0;
        for (std::string line; std::getline(source, line);) {
            ++number;
            const size_t begin = line.find_first_not_of(' ');
            line.erase(0, std::min(begin, line.size()));
            if (!line.starts_with("///")) in_usage = false;
            if (in_usage && line.starts_with("///     ")) {
                ++lines;
                EXPECT_NE(compiled.find(squeezed(line.substr(3))), std::string::npos)
                    << entry.path().string() << ":" << number << ": " << line;
            }
            if (line.starts_with("///") && line.ends_with("Usage:")) in_usage = true;
        }
    }
    EXPECT_GT(lines, 50);
}

}  // namespace
