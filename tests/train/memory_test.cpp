#include <fstream>
#include <string>

#include "ravine/train/training/full_batch.hpp"
#include "tests/train/support.hpp"

namespace ravine {
namespace {

using namespace test;

#if defined(__linux__) && !defined(__SANITIZE_ADDRESS__)

/// A line of /proc/self/status in bytes: VmRSS what is resident, VmHWM the most that ever was.
int64_t status_bytes(const std::string& key) {
    std::ifstream in("/proc/self/status");
    for (std::string word; in >> word;) {
        int64_t kilobytes = 0;
        if (word == key + ":" && in >> kilobytes) return kilobytes * 1024;
    }
    return -1;
}

Parts noise(int64_t examples, int64_t width) {
    Dataset data{.name = "noise", .feature_shape = {width}};
    std::vector<float> features(static_cast<size_t>(examples * width));
    for (size_t i = 0; i < features.size(); ++i) features[i] = static_cast<float>(i * 7919 % 1000) / 500 - 1;
    data.features = std::move(features);
    for (int64_t i = 0; i < examples; ++i) data.labels.push_back(static_cast<int32_t>(i % 10));
    data.output_count = 10;
    for (int c = 0; c < 10; ++c) data.classes.push_back(std::to_string(c));
    const std::vector<int64_t> few{0, 1, 2, 3, 4, 5, 6, 7};
    Parts parts{.training = data, .validation = data.subset(few), .test = data.subset({})};
    parts.schema = schema_of(data);
    return parts;
}

/// Trains the 3 x 500 net of the papers on 3072 inputs. Returns 0 where the memory is within bounds.
int train_within_bounds() {
    constexpr int64_t examples = 1000, width = 3072;
    const int64_t before = status_bytes("VmRSS");
    Case given{.model = "mlp:hidden=500-500-500"};
    given.options = {.epochs = 1, .batch = 100};
    Bench bench(given, noise(examples, width));
    bench.run();
    const int64_t weights = static_cast<int64_t>(bench.parameters.values().byte_count());
    const int64_t state = weights * std::ssize(bench.optimizer->state().tensors);
    const int64_t planned = 2 * weights + state + bench.trainer.program().arena_bytes();
    const int64_t most = planned + examples * width * 4 + 100'000'000, used = status_bytes("VmHWM") - before;
    std::fprintf(stderr, "used %.1f MB, planned %.1f MB, at most %.1f MB\n", static_cast<double>(used) / 1e6,
                 static_cast<double>(planned) / 1e6, static_cast<double>(most) / 1e6);
    const bool plausible = used > 2 * weights + state;
    return plausible && used <= most ? 0 : 1;
}

/// The gradient over as many images as MNIST has at once, in chunks of 1,000. Returns 0 where the memory is
/// that of a chunk.
int full_batch_within_bounds() {
    constexpr int64_t examples = 60'000, width = 784, chunk = 1'000;
    Dataset data{.name = "images", .feature_shape = {width}, .output_count = 10};
    std::vector<uint8_t> bytes(static_cast<size_t>(examples * width));
    for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(i * 7919 % 251);
    data.features = std::move(bytes);
    for (int64_t i = 0; i < examples; ++i) data.labels.push_back(static_cast<int32_t>(i % 10));
    for (int c = 0; c < 10; ++c) data.classes.push_back(std::to_string(c));
    const Schema schema = schema_of(data);
    const Network network(
        {.model = Spec::parse("mlp:hidden=30"), .feature_shape = {width}, .target_count = 10});
    Parameters parameters(network.parameters(), Precision::f32);
    network.initialize(parameters, 1);
    const Vector buffers = network.initial_buffers(Precision::f32);
    const int64_t before = status_bytes("VmRSS");
    FullBatch batch(network, data, schema.normalization, schema.target_normalization, buffers, chunk, {});
    Vector gradient(parameters.values().size(), Precision::f32);
    const double loss = batch.objective().value_and_gradient(parameters, gradient);
    const int64_t used = status_bytes("VmHWM") - before, features_of_all = examples * width * 4;
    std::fprintf(stderr, "used %.1f MB for loss %.3f; all features as floats are %.1f MB\n",
                 static_cast<double>(used) / 1e6, loss, static_cast<double>(features_of_all) / 1e6);
    return used < 60'000'000 ? 0 : 1;
}

TEST(MemoryDeathTest, OfAFullBatchIsThatOfAChunk) {
    testing::FLAGS_gtest_death_test_style = "threadsafe";
    EXPECT_EXIT(std::exit(full_batch_within_bounds()), testing::ExitedWithCode(0), "used");
}

TEST(MemoryDeathTest, IsThePlanAndLittleElse) {
    // A process of its own, started afresh: the peak of this one is that of other tests.
    testing::FLAGS_gtest_death_test_style = "threadsafe";
    EXPECT_EXIT(std::exit(train_within_bounds()), testing::ExitedWithCode(0), "used");
}

#endif

}  // namespace
}  // namespace ravine
