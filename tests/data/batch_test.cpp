#include "ravine/data/batch.hpp"

#include <cmath>

#include "tests/data/support.hpp"

namespace ravine {
namespace {

Dataset table() {
    Dataset data{.name = "table", .task = Task::regression, .feature_shape = {2}};
    data.features = std::vector<float>{1, 5, 3, 5, 5, 5};
    data.values = {10, 20, 60};
    data.output_count = 1;
    return data;
}

Dataset images() {
    Dataset data{.name = "images", .task = Task::classification, .feature_shape = {1, 2, 3}};
    data.features = std::vector<uint8_t>{0, 51, 255, 255, 51, 0, 0, 51, 0, 255, 51, 255};
    data.labels = {2, 0};
    data.output_count = 3;
    data.classes = {"a", "b", "c"};
    return data;
}

TEST(Normalization, IsPerFeatureForTables) {
    const Normalization fitted = Normalization::fit(table());
    EXPECT_EQ(fitted.mean, (std::vector<double>{3, 5}));
    EXPECT_EQ(fitted.deviation, (std::vector<double>{std::sqrt(8.0 / 3), 1}));  // the second never varies
    const Normalization values = Normalization::fit_values(table());
    EXPECT_EQ(values.mean, std::vector<double>{30});
    EXPECT_DOUBLE_EQ(values.undo(values.apply(17, 0), 0), 17);
}

TEST(Normalization, IsPerChannelForImages) {
    const Normalization fitted = Normalization::fit(images());
    ASSERT_EQ(fitted.channels(), 3);
    EXPECT_DOUBLE_EQ(fitted.mean[0], 0.5);
    EXPECT_DOUBLE_EQ(fitted.deviation[0], 0.5);
    EXPECT_DOUBLE_EQ(fitted.mean[1], 0.2);
    EXPECT_EQ(fitted.deviation[1], 1);
}

TEST(Normalization, AConstantThatRoundsGetsDeviationOne) {
    Dataset data{.name = "c", .task = Task::regression, .feature_shape = {1}};
    data.features = std::vector<float>(1000, 0.1F);
    EXPECT_EQ(Normalization::fit(data).deviation[0], 1);
}

Dataset column(std::vector<double> numbers) {
    Dataset data{.name = "c", .task = Task::regression, .feature_shape = {1}};
    data.features = Rows<double>(std::move(numbers));
    return data;
}

// As sklearn.preprocessing.StandardScaler of scikit-learn 1.2 has it.
TEST(Normalization, AColumnThatVariesByItsRoundingAloneIsConstant) {
    std::vector<double> rounding, small;
    for (int i = 0; i < 100; ++i) {
        rounding.push_back(1e9 + i % 2 * 1e-6);  // the variance is 2.5e-13; (n eps mean)^2 = 4.9e-10
        small.push_back(1e9 + i % 2 * 1e-4);     // 2.5e-9
    }
    EXPECT_EQ(Normalization::fit(column(rounding)).deviation[0], 1);
    EXPECT_NEAR(Normalization::fit(column(small)).deviation[0], 5e-5, 1e-7);
    EXPECT_EQ(Normalization::fit(column({1e-200, 3e-200})).deviation[0], 1);  // whose squares are 0
    EXPECT_DOUBLE_EQ(Normalization::fit(column({1e-100, 3e-100})).deviation[0], 1e-100);
}

TEST(Normalization, TellsNumbersNearATrillionApart) {
    const Dataset data = column({1e12, 1e12 + 1, 1e12 + 2, 1e12 + 5});
    const Normalization fitted = Normalization::fit(data);
    EXPECT_EQ(fitted.mean[0], 1e12 + 2);
    EXPECT_DOUBLE_EQ(fitted.deviation[0], std::sqrt(3.5));
    std::vector<float> out(4);
    gather_features(data, fitted, std::vector<int64_t>{0, 1, 2, 3}, out.data());
    EXPECT_FLOAT_EQ(out[0], static_cast<float>(-2 / std::sqrt(3.5)));
    EXPECT_EQ(out[2], 0);
    EXPECT_FLOAT_EQ(out[3], static_cast<float>(3 / std::sqrt(3.5)));
}

TEST(Normalization, SurvivesALargeMean) {
    Dataset data{.name = "years", .task = Task::regression, .feature_shape = {1}};
    data.features = std::vector<float>{16777214, 16777216};
    EXPECT_DOUBLE_EQ(Normalization::fit(data).deviation[0], 1);  // the one-pass formula gives 0 or worse
}

TEST(Batch, GathersTheNormalisedFeatures) {
    const std::vector<int64_t> examples = {2, 0, 2};
    const Normalization normalization{{3, 5}, {2, 4}};
    std::vector<double> out(7, -1);
    gather_features(table(), normalization, examples, out.data());
    EXPECT_EQ(out, (std::vector<double>{1, 0, -1, 0, 1, 0, -1}));  // the last stays untouched
}

TEST(Batch, GathersBytesByChannel) {
    const std::vector<int64_t> examples = {1, 0};
    const Normalization normalization{{0, 0.2, 0.5}, {1, 2, 0.5}};
    std::vector<float> out(12);
    gather_features(images(), normalization, examples, out.data());
    EXPECT_EQ(out, (std::vector<float>{0, 0, -1, 1, 0, 1, 0, 0, 1, 1, 0, -1}));
    const Normalization one_for_all{{0.5}, {0.5}};  // any count that divides the example
    gather_features(images(), one_for_all, examples, out.data());
    EXPECT_EQ(out[1], static_cast<float>((0.2 - 0.5) / 0.5));
    EXPECT_THROW(gather_features(images(), Normalization::identity(4), examples, out.data()),
                 std::logic_error);
}

TEST(Batch, GathersTargets) {
    const std::vector<int64_t> examples = {1, 0};
    std::vector<float> out(6, -1);
    gather_targets(images(), examples, out.data());
    EXPECT_EQ(out, (std::vector<float>{1, 0, 0, 0, 0, 1}));
    std::vector<double> values(2);
    gather_targets(table(), examples, values.data());
    EXPECT_EQ(values, (std::vector<double>{20, 10}));
    gather_targets(table(), Normalization{{10}, {5}}, examples, values.data());
    EXPECT_EQ(values, (std::vector<double>{2, 0}));
    Dataset unlabelled = images();
    unlabelled.labels.clear();
    EXPECT_THROW(gather_targets(unlabelled, examples, out.data()), std::logic_error);
}

TEST(DatasetTest, SubsetsKeepTheRest) {
    const Dataset data = images();
    const std::vector<int64_t> examples = {1, 1, 0};
    const Dataset part = data.subset(examples);
    part.check();
    EXPECT_EQ(part.size(), 3);
    EXPECT_EQ(part.labels, (std::vector<int32_t>{0, 0, 2}));
    EXPECT_EQ(part.classes, data.classes);
    EXPECT_EQ(part.feature(2, 2), 1.0);
    EXPECT_THROW(data.subset(std::vector<int64_t>{2}), std::logic_error);
    EXPECT_EQ(table().subset(std::vector<int64_t>{2}).values, std::vector<double>{60});
}

}  // namespace
}  // namespace ravine
