#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "ravine/core/error.hpp"
#include "tests/support/environment.hpp"
#include "tests/support/published.hpp"

namespace ravine::test {

/// A folder of its own for a test, removed at its end.
class TemporaryFolder {
public:
    TemporaryFolder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "ravine-test-XXXXXX").string();
        if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
        path_ = pattern;
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    const std::filesystem::path& path() const { return path_; }

    /// Writes a file, its folder too, and returns its path.
    std::string write(const std::string& name, const std::string& contents) const {
        const auto path = path_ / name;
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path, std::ios::binary) << contents;
        return path.string();
    }

    /// The same, gzip-compressed.
    std::string write_gz(const std::string& name, const std::string& contents) const {
        const auto path = path_ / name;
        std::filesystem::create_directories(path.parent_path());
        gzFile file = gzopen(path.c_str(), "wb1");  // at level 1, a third of the time
        gzwrite(file, contents.data(), static_cast<unsigned>(contents.size()));
        gzclose(file);
        return path.string();
    }

private:
    std::filesystem::path path_;
};

inline std::string contents_of(const std::filesystem::path& path) {
    std::ostringstream out;
    out << std::ifstream(path, std::ios::binary).rdbuf();
    return out.str();
}

/// Expects that `action` throws one clear line with the given exit status that contains all `parts`.
template <class Action>
void expect_error(int status, const Action& action, const std::vector<std::string>& parts) {
    try {
        action();
        ADD_FAILURE() << "expected an error with " << testing::PrintToString(parts);
    } catch (const Error& error) {
        const std::string message = error.what();
        EXPECT_EQ(error.exit_status(), status) << message;
        EXPECT_EQ(message.find('\n'), std::string::npos) << message;
        for (const auto& part : parts) EXPECT_THAT(message, testing::HasSubstr(part));
    }
}

}  // namespace ravine::test
