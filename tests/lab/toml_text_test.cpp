#include "ravine/lab/experiment/toml_text.hpp"

#include "ravine/lab/experiment/experiment.hpp"
#include "ravine/lab/experiment/model_file.hpp"
#include "ravine/lab/study/study_request.hpp"
#include "tests/data/support.hpp"

namespace ravine {
namespace {

using namespace test;

std::string repeated(const std::string& text, int times) {
    std::string result;
    for (int i = 0; i < times; ++i) result += text;
    return result;
}

TEST(TomlText, LevelsAreCountedOutsideStringsAndComments) {
    EXPECT_EQ(line_of_deep_toml("a.b.c = 1", 2), 0);
    EXPECT_EQ(line_of_deep_toml("x = 1\na.b.c.d = 1", 2), 2);
    EXPECT_EQ(line_of_deep_toml("\"a\".'b' . c.d = 1", 2), 1);
    EXPECT_EQ(line_of_deep_toml("[a.b.c.d]", 2), 1);
    EXPECT_EQ(line_of_deep_toml("[[a.b.c]]\nx = [[[1]]]", 2), 2);
    EXPECT_EQ(line_of_deep_toml("x = {a = {b = {}}}", 2), 1);
    EXPECT_EQ(line_of_deep_toml("x = {a.b.c = {}}", 2), 0);
    EXPECT_EQ(line_of_deep_toml("x = '[[[.....' # [[[....\ny = \"\\\"[[[....\"", 2), 0);
    EXPECT_EQ(line_of_deep_toml("x = \"\"\"\n[[[ \\\"\"\" ....\"\"\"\"\"\ny = [[[1]]]", 2), 3);
    EXPECT_EQ(line_of_deep_toml("x = '''[[[ \\'''\ny.y.y.y = 1", 2), 2);
    EXPECT_EQ(line_of_deep_toml("x = [1.5, 2.5, 3.5, 4.5]\ny = 1979-05-27T00:32:00.999", 2), 0);
    EXPECT_EQ(line_of_deep_toml("x = \"\"\ny = ''\nz.z.z.z = 1", 2), 3);
}

TEST(TomlText, WhatIsTooDeepIsRefusedBeforeItIsParsed) {
    const TemporaryFolder folder;
    for (const std::string& text :
         {repeated("a.", 50'000) + "a = 1\n", "[" + repeated("a.", 50'000) + "a]\n",
          "x = " + repeated("[", 50'000) + repeated("]", 50'000), "x = " + repeated("{a=", 50'000) + "1",
          "x = {" + repeated("a.", 50'000) + "a = 1}"}) {
        const auto path = folder.write("deep.toml", "\n" + text);
        Experiment experiment;
        StudyRequest request;
        const std::vector<std::string> says{"deep.toml:2: expected lists, tables and dotted keys at most 32"};
        expect_error(
            2, [&] { read_experiment(experiment, path); }, says);
        expect_error(
            2, [&] { read_study(request, path); }, says);
        expect_error(
            2, [&] { read_description(path); }, says);
        // As in the metadata of a model that somebody shared.
        expect_error(2, [&] { parse_description("[model]\n" + text, "model.safetensors"); },
                     {"model.safetensors:2: expected lists"});
    }
    expect_error(2, [] { parse_description("[model]\n" + std::string(2 << 20, ' '), "m"); },
                 {"at most 1048576 bytes"});
}

TEST(StudyRequest, ATableIsRefused) {
    const TemporaryFolder folder;
    for (const char* text : {"[optimizer]\n", "optimizer = {}", "l2 = {}", "seeds = {}", "seeds = [{}]",
                             "[[epochs]]\n", "[optimizer.adam]\nbeta1 = 0.5"}) {
        const auto path = folder.write("study.toml", std::string("dataset = \"spiral\"\n") + text);
        StudyRequest request;
        expect_error(2,
                     [&] {
                         read_study(request, path);
                         plan_of(request);
                     },
                     {"study.toml:2: ", "expected"});
    }
    const auto path = folder.write("study.toml", "[optimiser]\n");
    StudyRequest request;
    expect_error(2, [&] { read_study(request, path); },
                 {"study.toml:1: optimiser: unknown key", "optimizer"});
}

TEST(StudyRequest, ListsDoNotMultiplyToMillions) {
    const TemporaryFolder folder;
    const std::string list = "[1" + repeated(", 1", 99) + "]\n";
    const auto path =
        folder.write("study.toml", "dataset = \"spiral\"\nepochs = " + list + "batch = " + list);
    StudyRequest request;
    read_study(request, path);
    expect_error(2, [&] { plan_of(request); },
                 {"study.toml:2: epochs: expected at most 1000 contenders, found 100 times 100 values"});
}

}  // namespace
}  // namespace ravine
