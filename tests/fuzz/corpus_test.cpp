// What the fuzzer starts from, and every input that once broke something, through the same ways in.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "fuzz/targets.hpp"
#include "tests/support/paths.hpp"

namespace ravine::fuzz {
namespace {

namespace fs = std::filesystem;

std::string contents_of(const fs::path& path) {
    std::ostringstream out;
    out << std::ifstream(path, std::ios::binary).rdbuf();
    return out.str();
}

TEST(Corpus, IsReadOrRefusedInOneLine) {
    const fs::path corpus = fs::path(test::source_folder()) / "fuzz/corpus";
    for (const auto& target : targets()) {
        int inputs = 0;
        for (const auto& entry : fs::directory_iterator(corpus / target.name)) {
            SCOPED_TRACE(entry.path().string());
            EXPECT_NO_THROW(feed(target, contents_of(entry.path())));
            ++inputs;
        }
        EXPECT_GT(inputs, 0) << target.name;
    }
    for (const auto& folder : fs::directory_iterator(corpus))
        EXPECT_NO_THROW(find_target(folder.path().filename().string())) << folder.path();
}

}  // namespace
}  // namespace ravine::fuzz
