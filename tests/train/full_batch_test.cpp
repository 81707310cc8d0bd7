#include "ravine/train/training/full_batch.hpp"

#include "tests/train/support.hpp"

namespace ravine {
namespace {

using namespace test;

struct SpiralNet {
    Parts parts = load_parts({.dataset = "spiral:examples=300", .seed = 1});
    Network network{{.model = Spec::parse("mlp:hidden=8,activation=tanh"),
                     .feature_shape = parts.schema.feature_shape,
                     .target_count = parts.schema.output_count,
                     .l2 = 0.01}};
    Vector buffers = network.initial_buffers(Precision::f64);
    Parameters parameters{network.parameters(), Precision::f64};

    SpiralNet() { network.initialize(parameters, 1); }
    FullBatch in_chunks_of(int64_t chunk) {
        return {network, parts.training, parts.schema.normalization,   parts.schema.target_normalization,
                buffers, chunk,          {.precision = Precision::f64}};
    }
};

TEST(FullBatch, DoesNotDependOnItsChunks) {
    SpiralNet net;
    FullBatch whole = net.in_chunks_of(1'000'000);
    const int64_t n = net.parameters.values().size();
    const Vector direction(n, Precision::f64, 0.1);
    Vector expected(n, Precision::f64), found(n, Precision::f64);
    const double loss = whole.objective().value_and_gradient(net.parameters, expected);
    const Along along = whole.objective().along(net.parameters, direction, 1);
    const auto near = [](const Vector& values) {
        return testing::Pointwise(testing::DoubleNear(1e-13), values.to_doubles());
    };
    ASSERT_NE(net.parts.training.size() % 50, 0);  // the last chunk is smaller
    for (const int64_t chunk : {50, 1, 64}) {
        FullBatch batch = net.in_chunks_of(chunk);
        for (int round = 0; round < 2; ++round) {
            EXPECT_NEAR(batch.objective().value_and_gradient(net.parameters, found), loss, 1e-13) << chunk;
            EXPECT_THAT(found.to_doubles(), near(expected)) << chunk;
        }
        EXPECT_NEAR(batch.objective().along(net.parameters, direction, 1).curvature, along.curvature, 1e-12);
        EXPECT_NEAR(batch.objective().value(net.parameters), loss, 1e-13);
    }
}

TEST(FullBatch, OfOneChunkResumesItsForwardPass) {
    SpiralNet net;
    FullBatch whole = net.in_chunks_of(300);
    Vector gradient(net.parameters.values().size(), Precision::f64);
    const double loss = whole.objective().value(net.parameters);
    EXPECT_EQ(whole.objective().value_and_gradient(net.parameters, gradient), loss);
    EXPECT_EQ(whole.objective().work().forward_passes, 1);
    whole.set("l2", 1);
    EXPECT_GT(whole.objective().value(net.parameters), loss);
}

TEST(FullBatch, IsMinimisedInFewSteps) {
    SpiralNet net;
    FullBatch batch = net.in_chunks_of(64);
    FirstOrder optimizer({.rule = update_rules().make(Spec::parse("adam:learning_rate=0.1"))},
                         net.network.parameters(), {.precision = Precision::f64});
    const double before = batch.objective().value(net.parameters);
    for (int i = 0; i < 100; ++i) optimizer.step(batch.objective(), net.parameters);
    EXPECT_LT(batch.objective().value(net.parameters), 0.75 * before);  // the penalty keeps it up
}

}  // namespace
}  // namespace ravine
