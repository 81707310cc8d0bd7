#include <cmath>
#include <map>

#include "ravine/core/values/random.hpp"
#include "ravine/data/formats/safetensors.hpp"
#include "ravine/lab/run/saved_model.hpp"
#include "ravine/optim/rules/first_order.hpp"
#include "ravine/train/training/trainer.hpp"
#include "tests/lab/pytorch.hpp"

namespace ravine {
namespace {

using namespace test;

using Tensors = std::map<std::string, Vector>;

/// |a - b| / |b| in the 2-norm.
double relative_distance(const Vector& a, const Vector& b) {
    EXPECT_EQ(a.size(), b.size());
    double squares = 0, norm = 0;
    for (int64_t i = 0; i < std::min(a.size(), b.size()); ++i) {
        squares += std::pow(a.at(i) - b.at(i), 2);
        norm += std::pow(b.at(i), 2);
    }
    return std::sqrt(squares / norm);
}

Tensors by_name(const TensorFile& file) {
    Tensors tensors;
    for (const auto& tensor : file.tensors) tensors[tensor.name] = tensor.data;
    return tensors;
}

/// Keeps what every update is made of.
struct Recorder : TrainListener {
    const FirstOrder& descent;
    const ParameterLayout& layout;
    TensorFile gradients;
    std::vector<double> losses;

    Recorder(const FirstOrder& optimizer, const ParameterLayout& tensors)
        : descent(optimizer), layout(tensors) {}
    void on_progress(const StepEvent& event, int64_t) override {
        append_tensors(gradients, std::to_string(losses.size()) + ".", layout, descent.gradient());
        losses.push_back(event.train_loss);
    }
};

/// Gradient descent on random images, each step with a batch of its own, here and in PyTorch.
class PyTorchConvolutions : public PyTorchTest {
protected:
    static constexpr int64_t side = 32, channels = 3, classes = 10;

    /// Draws images, labels and weights, in float32 so that all precisions begin alike.
    void begin(const std::string& model, int64_t steps, int64_t batch, double learning_rate,
               uint64_t seed = 7) {
        network_ = std::make_unique<Network>(NetworkOptions{
            .model = Spec::parse(model), .feature_shape = {side, side, channels}, .target_count = classes});
        learning_rate_ = format_number(learning_rate);
        start_ = {};
        batch_ = batch;
        const int64_t n = steps * batch;
        RandomSequence random({.seed = seed, .purpose = Purpose::data});
        std::vector<float> images(static_cast<size_t>(n * side * side * channels));
        for (auto& x : images) x = static_cast<float>(random.normal());
        Dataset& data = parts_.training = {.name = "images", .feature_shape = {side, side, channels}};
        data.output_count = classes;
        for (int64_t i = 0; i < n; ++i) data.labels.push_back(static_cast<int32_t>(random.below(classes)));
        const std::vector<double> pixels(images.begin(), images.end()),
            labels(data.labels.begin(), data.labels.end());
        data.features = Rows<float>(std::move(images));
        parts_.schema.normalization = Normalization::identity(channels);

        Parameters parameters(network_->parameters(), Precision::f32);
        network_->initialize(parameters, 5);
        append_tensors(start_, "", *network_->parameters(), parameters.values());
        append_tensors(start_, "", network_->buffers(), network_->initial_buffers(Precision::f32));
        TensorFile file = start_;
        file.tensors.push_back(
            {"features", {steps, batch, side, side, channels}, Vector(pixels, Precision::f32)});
        file.tensors.push_back({"labels", {steps, batch}, Vector(labels, Precision::f32)});
        write_safetensors(path("start"), file);
    }

    /// Losses as "losses", the gradients of step K as "K.NAME", and what running statistics and weights
    /// become.
    Tensors theirs(Precision precision) const {
        run_script("convolutional.py", {network_->options().model.text(), to_string(precision),
                                        learning_rate_, path("start"), path("result")});
        return by_name(read_safetensors(path("result")));
    }

    Tensors ours(Precision precision) const {
        Parameters parameters(network_->parameters(), precision);
        Vector buffers(network_->buffers().size, precision);
        assign_tensors(start_, "start", parameters, network_->buffers(), buffers);
        const TrainOptions options{
            .epochs = 1, .batch = batch_, .sampling = Sampling::sequential, .compile = {precision}};
        FirstOrder descent({.rule = update_rules().make({"sgd", {{"learning_rate", learning_rate_}}})},
                           network_->parameters(), options.compile);
        Trainer trainer(*network_, parts_, parameters, buffers, descent, options);
        Recorder recorder(descent, *network_->parameters());
        TrainState state;
        trainer.run(state, {&recorder});
        TensorFile file = std::move(recorder.gradients);
        file.tensors.push_back({"losses", {state.step}, Vector(recorder.losses, Precision::f64)});
        append_tensors(file, "", *network_->parameters(), parameters.values());
        append_tensors(file, "", network_->buffers(), buffers);
        return by_name(file);
    }

    /// Every step, tensor by tensor.
    void expect_same_steps() const {
        const Tensors expected = theirs(Precision::f64), found = ours(Precision::f64);
        ASSERT_EQ(found.size(), expected.size());
        for (const auto& [name, tensor] : expected) {
            ASSERT_TRUE(found.contains(name)) << name;
            EXPECT_LT(relative_distance(found.at(name), tensor), 1e-8) << name;
        }
        const Vector& losses = expected.at("losses");
        for (int64_t i = 0; i < losses.size(); ++i)
            EXPECT_NEAR(found.at("losses").at(i) / losses.at(i), 1, 1e-8) << "update " << i + 1;
    }

private:
    std::unique_ptr<Network> network_;
    Parts parts_;
    TensorFile start_;
    std::string learning_rate_;
    int64_t batch_ = 0;
};

TEST_F(PyTorchConvolutions, TwentyStepsOfLenet) {
    begin("lenet", 20, 4, 0.05);
    expect_same_steps();
}

TEST_F(PyTorchConvolutions, TwentyStepsOfANarrowResidualNet) {
    begin("resnet18:width=4", 20, 4, 0.05);
    expect_same_steps();
}

// Each implementation is compared with what the step is in double precision. Rounding moves single
// activations across the kink of ReLU, which changes gradients by 2 or 3 %: with about six of ten draws of
// images here, and five in PyTorch. A mistake would show with all images; so some must be found with which it
// happens to neither, and there every tensor is as near as PyTorch's.
TEST_F(PyTorchConvolutions, AStepOfTheFullResidualNetInFloat32) {
    constexpr double at_kinks = 0.1, elsewhere = 1e-4;
    bool is_near = false;
    for (uint64_t seed = 5; seed < 15 && !is_near; ++seed) {
        begin("resnet18", 1, 4, 0.05, seed);
        const Tensors exact = theirs(Precision::f64), peer = theirs(Precision::f32),
                      found = ours(Precision::f32);
        ASSERT_EQ(found.size(), exact.size());
        is_near = true;
        for (const auto& [name, tensor] : exact) {
            ASSERT_TRUE(found.contains(name)) << name;
            const double error = relative_distance(found.at(name), tensor),
                         their_error = relative_distance(peer.at(name), tensor);
            EXPECT_LT(error, at_kinks) << name << ", seed " << seed;
            is_near = is_near && their_error < elsewhere && error < 3 * their_error + 1e-7;
        }
    }
    EXPECT_TRUE(is_near);
}

}  // namespace
}  // namespace ravine
