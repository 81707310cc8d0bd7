#include "ravine/data/sources/autoencoding.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

#include "ravine/data/batch.hpp"
#include "ravine/data/data_digest.hpp"
#include "tests/data/support.hpp"

namespace ravine::test {
namespace {

void expect_same_features(const Dataset& one, const Dataset& other) {
    ASSERT_EQ(one.size(), other.size());
    for (int64_t i = 0; i < one.size(); ++i)
        for (int64_t k = 0; k < element_count(one.feature_shape); ++k)
            ASSERT_EQ(one.feature(i, k), other.feature(i, k)) << i << " " << k;
}

Dataset bytes() {
    Dataset data{.name = "bytes", .feature_shape = {1, 2, 2}, .output_count = 2, .classes = {"a", "b"}};
    data.features = std::vector<uint8_t>{0, 51, 255, 7, 102, 51, 0, 7, 0, 51, 0, 7};
    data.labels = {0, 1, 0};
    return data;
}

// Of classes the split is stratified: the labels must not be gone before.
TEST(Autoencoding, SplitAndOrderAreThoseOfTheTask) {
    for (const char* name : {"spiral:examples=101", "linear-regression:examples=50", "overlapping-discs"}) {
        const Parts task = load_parts({.dataset = name, .seed = 5});
        const Parts parts = load_parts({.dataset = name, .task = "autoencoding", .seed = 5});
        expect_same_features(task.training, parts.training);
        expect_same_features(task.validation, parts.validation);
        expect_same_features(task.test, parts.test);
        EXPECT_EQ(parts.schema.task, Task::autoencoding) << name;
        EXPECT_EQ(parts.schema.output_count, element_count(parts.schema.feature_shape)) << name;
        EXPECT_EQ(parts.schema.normalization, task.schema.normalization) << name;
        EXPECT_TRUE(parts.schema.classes.empty()) << name;
        EXPECT_NE(digest_of(parts), digest_of(task)) << name;
        parts.training.check();
    }
    const Parts few = load_parts({.dataset = "spiral", .task = "autoencoding", .training_examples = 30});
    expect_same_features(few.training, load_parts({.dataset = "spiral", .training_examples = 30}).training);
}

TEST(Autoencoding, TargetsAreTheFeaturesEachNormalisedForItself) {
    const Dataset data = autoencoding_of(bytes());
    data.check();
    EXPECT_TRUE(data.labelled());
    EXPECT_TRUE(data.values.empty());  // nothing is copied
    EXPECT_DOUBLE_EQ(data.value(1, 0), 0.4);
    const Normalization normal = Normalization::fit_values(data);
    ASSERT_EQ(normal.channels(), 4);
    EXPECT_NEAR(normal.mean[0], 0.4 / 3, 1e-15);
    EXPECT_NEAR(normal.deviation[0], std::sqrt(0.16 / 3 - 0.16 / 9), 1e-15);
    EXPECT_EQ(normal.deviation[1], 1);  // it never varies
    std::vector<double> raw(8), normalised(8);
    gather_targets(data, std::vector<int64_t>{2, 1}, raw.data());
    gather_targets(data, normal, std::vector<int64_t>{2, 1}, normalised.data());
    for (int64_t k = 0; k < 8; ++k) {
        const auto at = static_cast<size_t>(k);
        EXPECT_EQ(raw[at], data.feature(k < 4 ? 2 : 1, k % 4));
        EXPECT_EQ(normalised[at], normal.apply(raw[at], k % 4));
    }
}

TEST(Autoencoding, PixelsHaveTheirMeansAndOneDeviation) {
    Parts parts{.training = bytes(), .validation = bytes().subset({}), .test = bytes().subset({})};
    parts.schema = schema_of(parts.training);
    const Normalization each = Normalization::fit_values(autoencoding_of(bytes()));
    const Normalization shared = autoencoding_parts(parts).schema.target_normalization;
    double variance = 0;
    for (size_t k = 0; k < 4; ++k)
        if (k % 2 == 0) variance += each.deviation[k] * each.deviation[k] / 4;  // the others never vary
    EXPECT_EQ(shared.mean, each.mean);
    for (const double deviation : shared.deviation) EXPECT_NEAR(deviation, std::sqrt(variance), 1e-12);
}

TEST(Autoencoding, ManyExamplesAreGatheredAsFewOnes) {
    const Dataset data = autoencoding_of(bytes());
    const Normalization normal = Normalization::fit_values(data);
    std::vector<int64_t> many(300);
    for (size_t i = 0; i < many.size(); ++i) many[i] = static_cast<int64_t>(i % 3);
    std::vector<float> at_once(1200), one(4);
    gather_targets(data, normal, many, at_once.data());
    for (size_t i = 0; i < many.size(); ++i) {
        gather_targets(data, normal, std::span(many).subspan(i, 1), one.data());
        EXPECT_TRUE(std::equal(one.begin(), one.end(), at_once.begin() + static_cast<int64_t>(4 * i)));
    }
}

TEST(Autoencoding, ATableNeedsNoTarget) {
    const TemporaryFolder folder;
    std::string text = "area,colour,price\n";
    for (int i = 0; i < 20; ++i)
        text += std::to_string(i) + (i % 2 == 0 ? ",red," : ",blue,") + std::to_string(i * i) + "\n";
    const std::string path = folder.write("t.csv", text);
    const Parts all = load_parts({.dataset = path, .task = "autoencoding"});
    EXPECT_EQ(all.training.columns, (std::vector<std::string>{"area", "colour=blue", "colour=red", "price"}));
    EXPECT_EQ(all.schema.output_count, 4);
    const Parts without = load_parts({.dataset = path, .target = "price", .task = "autoencoding"});
    EXPECT_EQ(without.schema.output_count, 3);
    expect_same_features(without.test, load_parts({.dataset = path, .target = "price"}).test);
    const Dataset again =
        load_like(without.schema, folder.write("u.csv", "colour,area\nred,3\n"), Targets::required);
    EXPECT_EQ(again.value(0, 0), 3);
    EXPECT_EQ(again.value(0, 2), 1);
}

TEST(Autoencoding, ASchemaKeepsAsManyOutputsAsFeatures) {
    const Schema schema = load_parts({.dataset = "spiral", .task = "autoencoding"}).schema;
    EXPECT_EQ(schema_from_json(schema_to_json(schema), "s"), schema);
    auto json = schema_to_json(schema);
    json["output_count"] = 3;
    expect_error(2, [&] { schema_from_json(json, "s"); }, {"as many outputs as the 2 features", "found 3"});
}

TEST(Autoencoding, OtherTasksOfNamedSetsAreRefused) {
    for (const char* task : {"multi-label", "regression"})
        expect_error(2, [&] { load_parts({.dataset = "spiral", .task = task}); },
                     {"--task", task, "autoencoding"});
    EXPECT_EQ(load_parts({.dataset = "spiral", .task = "classification"}).schema.task, Task::classification);
    EXPECT_EQ(load_parts({.dataset = "overlapping-discs", .task = "multi-label"}).schema.output_count, 3);
}

}  // namespace
}  // namespace ravine::test
