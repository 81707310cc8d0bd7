// The folders of ravine/ are floors: each may include only itself and what is below it. docs/contributing.md
// says why.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <string>
#include <vector>

#include "tests/support/paths.hpp"

namespace {

namespace fs = std::filesystem;

const std::vector<std::string> floors{"core", "graph", "exec", "nn", "data", "optim", "train", "lab"};

/// The floor's height, or -1 for a folder that is none.
int height(const std::string& folder) {
    const auto found = std::find(floors.begin(), floors.end(), folder);
    return found == floors.end() ? -1 : static_cast<int>(found - floors.begin());
}

/// What is wrong with `#include`-ing `included` from a file of `folder`; empty where nothing is.
std::string objection(const std::string& folder, const std::string& included) {
    static const std::regex onednn("(oneapi/)?(dnnl/)?(dnnl|onednn)[^/]*");
    static const std::regex ours("ravine/([^/]+)/.+");
    if (std::regex_match(included, onednn)) return folder == "exec" ? "" : "only exec includes oneDNN";
    if (included.starts_with(".")) return "write the path from the root: ravine/<folder>/<file>";
    if (!included.starts_with("ravine/")) return "";
    std::smatch match;
    if (!std::regex_match(included, match, ours) || height(match[1]) < 0) return "no such floor";
    return height(match[1]) > height(folder) ? folder + " is below " + match[1].str() : "";
}

/// The path that a line includes; empty for any other line.
std::string included_path(const std::string& line) {
    static const std::regex include(R"rx(\s*#\s*include\s*["<]([^">]+)[">].*)rx");
    std::smatch match;
    return std::regex_match(line, match, include) ? match[1].str() : "";
}

TEST(Floors, AnIncludeUpwardsIsRefused) {
    EXPECT_EQ(objection("optim", "ravine/optim/rules/adam.hpp"), "");
    EXPECT_EQ(objection("optim", "ravine/core/values/shape.hpp"), "");
    EXPECT_EQ(objection("optim", "ravine/train/training/trainer.hpp"), "optim is below train");
    EXPECT_EQ(objection("core", "ravine/graph/graph.hpp"), "core is below graph");
    EXPECT_EQ(objection("lab", "ravine/attic/old.hpp"), "no such floor");
    EXPECT_NE(objection("lab", "../core/shape.hpp"), "");
    EXPECT_EQ(objection("core", "hwy/highway.h"), "");
}

TEST(Floors, OneDnnIsSeenInEverySpelling) {
    for (const std::string header : {"dnnl.hpp", "dnnl_types.h", "oneapi/dnnl/dnnl.hpp", "onednn.hpp"}) {
        EXPECT_EQ(objection("exec", header), "") << header;
        EXPECT_NE(objection("nn", header), "") << header;
    }
    EXPECT_EQ(objection("exec", "ravine/exec/cpu/dnnl/dnnl.hpp"), "");
}

TEST(Floors, AnIncludeLineIsRead) {
    EXPECT_EQ(included_path("#include \"ravine/core/values/shape.hpp\"  // shapes"),
              "ravine/core/values/shape.hpp");
    EXPECT_EQ(included_path("  # include <dnnl.hpp>"), "dnnl.hpp");
    EXPECT_EQ(included_path("// #include <dnnl.hpp>"), "");
    EXPECT_EQ(included_path("#include HWY_TARGET_INCLUDE"), "");
}

TEST(Floors, HoldInTheWholeLibrary) {
    const fs::path root = fs::path(ravine::test::source_folder()) / "ravine";
    int files = 0;
    for (const auto& entry : fs::recursive_directory_iterator(root)) {
        const fs::path& path = entry.path();
        if (path.extension() != ".hpp" && path.extension() != ".cpp") continue;
        const std::string folder = fs::relative(path, root).begin()->string();
        if (folder == "ravine.hpp") continue;  // the roof: all that a program needs
        EXPECT_GE(height(folder), 0) << path << " is on no floor";
        std::ifstream source(path);
        int number = 0;
        for (std::string line; std::getline(source, line);) {
            ++number;
            EXPECT_EQ(objection(folder, included_path(line)), "")
                << path.string() << ":" << number << ": " << line;
        }
        ++files;
    }
    EXPECT_GT(files, 0);
}

}  // namespace
