// What the fuzzer starts from, and every input that once broke something, through the same ways in.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "fuzz/targets.hpp"
#include "ravine/core/error.hpp"
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

/// A fuzzer that starts from refused files alone never comes behind the first check.
TEST(Corpus, WhatRunsAndStudiesWroteIsRead) {
    const fs::path corpus = fs::path(test::source_folder()) / "fuzz/corpus";
    for (const auto& [target, input] :
         std::initializer_list<std::pair<const char*, const char*>>{{"checkpoint", "averaged"},
                                                                    {"checkpoint-state", "averaged"},
                                                                    {"config", "averaged"},
                                                                    {"config", "curriculum"},
                                                                    {"config", "targets"},
                                                                    {"metrics", "averaged"},
                                                                    {"metrics", "targets"},
                                                                    {"model", "averaged"},
                                                                    {"model", "best"},
                                                                    {"model", "raw"},
                                                                    {"study-file", "lists"},
                                                                    {"summary", "averaged"},
                                                                    {"summary", "curriculum"},
                                                                    {"summary", "targets"},
                                                                    {"trial", "trial0"},
                                                                    {"trial", "trial1"}}) {
        SCOPED_TRACE(fs::path(target) / input);
        EXPECT_NO_THROW(find_target(target).run(contents_of(corpus / target / input)));
    }
    EXPECT_THROW(find_target("checkpoint-state").run(contents_of(corpus / "checkpoint-state/targets")),
                 Error);
}

}  // namespace
}  // namespace ravine::fuzz
