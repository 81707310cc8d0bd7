#include "ravine/lab/experiment/experiment.hpp"

#include "tests/data/support.hpp"

namespace ravine {
namespace {

using namespace test;

Experiment read(const std::string& toml) {
    const TemporaryFolder folder;
    Experiment e;
    read_experiment(e, folder.write("e.toml", toml));
    return e;
}

/// Every setting as text.
std::vector<std::string> texts(const Experiment& e) {
    std::vector<std::string> result;
    for (const auto& f : experiment_fields()) result.push_back(f.name + "=" + f.get(e));
    return result;
}

void expect_refused(const std::string& toml, const std::vector<std::string>& parts) {
    SCOPED_TRACE(toml.substr(0, 100));
    const TemporaryFolder folder;
    const std::string path = folder.write("e.toml", toml);
    Experiment e;
    expect_error(
        2, [&] { read_experiment(e, path); }, parts);
}

/// Something other than the default that each setting accepts.
std::string other_value(const std::string& name, const std::string& preset) {
    if (name == "sampler") return "iid";
    if (name == "validation_share" || name == "test_share") return "0.25";
    if (name == "l1" || name == "l2" || name == "weight_decay") return "0.0009765625";
    if (preset == "true" || preset == "false") return preset == "true" ? "false" : "true";
    return preset.find_first_not_of("0123456789") == std::string::npos && !preset.empty() ? "123"
                                                                                          : "some text";
}

TEST(Experiment, EverySettingCanBeReadFromAFileAndSurvivesWriting) {
    for (const auto& f : experiment_fields()) {
        const std::string value = other_value(f.name, f.get(Experiment{}));
        ASSERT_NE(value, f.get(Experiment{})) << f.name;
        Experiment set;
        set_experiment(set, f.name, "--" + f.name, value);
        EXPECT_EQ(f.get(set), value);
        const bool is_text = value.find_first_not_of("0123456789.") != std::string::npos && value != "true" &&
                             value != "false";
        EXPECT_EQ(texts(read(f.name + " = " + (is_text ? "\"" + value + "\"" : value))), texts(set))
            << f.name;
        EXPECT_EQ(texts(read(experiment_to_toml(set))), texts(set)) << f.name;
    }
    EXPECT_EQ(texts(read(experiment_to_toml({}))), texts({}));
}

TEST(Experiment, TextsSurviveWritingWhateverTheyLookLike) {
    for (const char* text : {"007",
                             "1e5",
                             "+5",
                             "1.0",
                             "5",
                             "-3",
                             "0x10",
                             "1_000",
                             "true",
                             "false",
                             "inf",
                             "nan",
                             "1979-05-27",
                             "it's",
                             "\"quoted\"",
                             "'both\" kinds'",
                             "back\\slash",
                             "a\nb\tc",
                             "caf\xc3\xa9 \xe6\xa4\x8d",
                             "",
                             " ",
                             "#no comment",
                             "'''",
                             "\x7f\x01",
                             "9223372036854775808",
                             "1e999",
                             ".5"}) {
        Experiment e;
        e.target = e.dataset = text;
        const Experiment back = read(experiment_to_toml(e));
        EXPECT_EQ(back.target, text);
        EXPECT_EQ(back.dataset, text);
    }
}

TEST(Experiment, NumbersSurviveWritingToTheLastBit) {
    for (const double value : {0.1, 1.0 / 3, 1e-300, 1e300, 3.0, 12345678901234567.0, 5e-324}) {
        Experiment e;
        e.l2 = value;
        EXPECT_EQ(read(experiment_to_toml(e)).l2, value);
    }
    Experiment e;
    e.seed = INT64_MAX;
    EXPECT_EQ(read(experiment_to_toml(e)).seed, INT64_MAX);
}

TEST(Experiment, AFileChangesOnlyWhatItSaysAndLaterSettingsWin) {
    const TemporaryFolder folder;
    Experiment e;
    e.batch = 7;
    read_experiment(e, folder.write("e.toml", "epochs = 4\nmodel = \"linear\"\n"));
    EXPECT_EQ(e.batch, 7);
    EXPECT_EQ(e.epochs, 4);
    set_experiment(e, "epochs", "--epochs", "9");  // a flag beside the file
    EXPECT_EQ(e.epochs, 9);
    EXPECT_EQ(e.model, "linear");
}

TEST(Experiment, TheStepsOfAnAugmentationMayBeAList) {
    const TemporaryFolder folder;
    Experiment e;
    EXPECT_EQ(e.augment, "none");
    read_experiment(e, folder.write("e.toml", "augment = [\"crop:padding=2\", \"flip\"]\n"));
    EXPECT_EQ(e.augment, "crop:padding=2+flip");
    Experiment again;
    read_experiment(again, folder.write("again.toml", experiment_to_toml(e)));
    EXPECT_EQ(again.augment, e.augment);
}

TEST(Experiment, ThePartsOfAScheduleMayBeAList) {
    const TemporaryFolder folder;
    Experiment e;
    read_experiment(e, folder.write("e.toml", "schedule = [\"warmup:steps=20\", \"sgdr:period=2\"]\n"));
    EXPECT_EQ(e.schedule, "warmup:steps=20+sgdr:period=2");
    Experiment again;
    read_experiment(again, folder.write("again.toml", experiment_to_toml(e)));
    EXPECT_EQ(again.schedule, e.schedule);
}

TEST(Experiment, UnknownKeysAreNamedWithTheirLineAndTheNearestKey) {
    expect_refused("epochs = 3\nbatchs = 4\n", {"e.toml:2: batchs: unknown key", "did you mean 'batch'?"});
    expect_refused("max-steps = 4\n", {"e.toml:1: max-steps: unknown key", "'max_steps'"});
    expect_refused("[optimiser]\nname = \"adam\"\n", {"e.toml:1: optimiser: unknown key", "'optimizer'"});
    Experiment e;
    expect_error(2, [&] { set_experiment(e, "epoch", "--epoch", "3"); },
                 {"--epoch: unknown key", "'epochs'"});
}

TEST(Experiment, WrongTypesAndValuesAreNamedWithTheirLine) {
    expect_refused("\nepochs = 0\n", {"e.toml:2: epochs: expected an integer at least 1, found '0'"});
    expect_refused("epochs = 2.5\n", {"e.toml:1: epochs: expected an integer", "'2.5'"});
    expect_refused("epochs = \"many\"\n", {"e.toml:1: epochs", "'many'"});
    expect_refused("epochs = true\n", {"e.toml:1: epochs", "'true'"});
    expect_refused("l2 = -1\n", {"e.toml:1: l2: expected a number at least 0, found '-1'"});
    expect_refused("l2 = nan\n", {"e.toml:1: l2"});
    expect_refused("l2 = inf\n", {"e.toml:1: l2"});
    expect_refused("seed = -1\n", {"e.toml:1: seed"});
    expect_refused("epochs = [1, 2]\n", {"e.toml:1: epochs: expected one value, found 2", "ravine compare"});
    expect_refused("model = {name = \"mlp\"}\n", {"e.toml:1: [model]: expected a list 'layers'"});
    expect_refused("model = 1979-05-27\n", {"e.toml:1: model: expected a string"});
    expect_refused("[model]\nname = \"mlp\"\n", {"e.toml:1: [model]: expected a list 'layers'"});
    for (const char* share : {"-0.5", "1", "-2", "1.5"})
        expect_refused(std::string("validation_share = ") + share,
                       {"e.toml:1: validation_share: expected", share});
}

TEST(Experiment, WhatIsNoTomlIsNamedWithLineAndColumn) {
    expect_refused("epochs = 3\nmodel = mlp\n", {"e.toml:2:9: "});
    expect_refused("epochs = 3 4\n", {"e.toml:1:1"});
    expect_refused("epochs = 3\nepochs = 4\n", {"e.toml:2:"});
    expect_refused("model = \"unclosed\n", {"e.toml:1:"});
    expect_refused(std::string("\x7f"
                               "ELF\x02\x01\x01\0\0\0",
                               10),
                   {"e.toml:1:1: "});
    expect_refused("model = \"\xff\xfe\"", {"e.toml:1:"});
    expect_refused(std::string(5000, '['), {"e.toml:1:"});
    expect_refused("l2 = " + std::string(5000, '['), {"e.toml:1:"});
    expect_refused(std::string((1 << 20) + 1, ' '), {"e.toml: expected at most 1048576 bytes"});
}

TEST(Experiment, FilesThatCannotBeRead) {
    const TemporaryFolder folder;
    Experiment e;
    expect_error(2, [&] { read_experiment(e, folder.path() / "none.toml"); }, {"none.toml: no such file"});
    expect_error(2, [&] { read_experiment(e, folder.path()); }, {"expected a file"});
}

TEST(Experiment, TextThatIsNotUtf8IsRefused) {
    Experiment e;
    expect_error(2, [&] { set_experiment(e, "dataset", "dataset", "caf\xe9.csv"); },
                 {"dataset: expected UTF-8"});
    EXPECT_EQ(e.dataset, "");
}

}  // namespace
}  // namespace ravine
