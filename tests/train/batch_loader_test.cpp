#include "ravine/train/training/batch_loader.hpp"

#include "tests/train/support.hpp"

namespace ravine {
namespace {

using namespace test;

Dataset three_points() {
    Dataset data{.name = "points", .feature_shape = {2}};
    data.features = std::vector<float>{1, 2, 3, 4, 5, 6};
    data.labels = {0, 2, 1};
    data.output_count = 3;
    data.classes = {"a", "b", "c"};
    return data;
}

TEST(BatchLoader, NormalisesFeaturesAndWritesOneHotTargets) {
    const Dataset data = three_points();
    const Normalization features{{1, 0}, {2, 4}}, targets = Normalization::identity(3);
    for (const auto precision : {Precision::f32, Precision::f64}) {
        BatchLoader loader(data, features, targets, 3, precision);
        const void* place = loader.features().data();
        const std::vector<int64_t> examples{2, 0, 2};
        loader.load(examples);
        EXPECT_EQ(loader.features().to_doubles(), (Numbers{2, 1.5, 0, 0.5, 2, 1.5}));
        EXPECT_EQ(loader.targets().to_doubles(), (Numbers{0, 1, 0, 1, 0, 0, 0, 1, 0}));
        EXPECT_EQ(loader.example_weights().to_doubles(), (Numbers{1, 1, 1}));
        loader.load(std::span(examples).first(1));  // a short batch: the first row only
        EXPECT_EQ(loader.features().at(0), 2);
        EXPECT_EQ(loader.targets().at(1), 1);
        EXPECT_EQ(loader.features().data(), place);
    }
}

TEST(BatchLoader, NormalisesTheValuesOfARegression) {
    Dataset data = three_points();
    data.task = Task::regression;
    data.labels.clear();
    data.classes.clear();
    data.output_count = 1;
    data.values = {10, 20, 30};
    const Normalization features = Normalization::identity(2), targets{{20}, {5}};
    BatchLoader loader(data, features, targets, 2, Precision::f64);
    loader.load(std::vector<int64_t>{2, 0});
    EXPECT_EQ(loader.targets().to_doubles(), (Numbers{2, -2}));
}

}  // namespace
}  // namespace ravine
