#include "ravine/lab/look/model_summary.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ravine/core/error.hpp"
#include "ravine/graph/flops.hpp"

namespace ravine {
namespace {

using testing::HasSubstr;

const ModelProblem colour{{32, 32, 3}, 10};

const LayerSummary& find(const ModelSummary& summary, const std::string& label) {
    for (const auto& l : summary.layers)
        if (l.label == label) return l;
    throw std::logic_error(label);
}

/// Of the products and convolutions alone, for an evaluation of one example.
int64_t product_flops(const Network& network, bool convolutions) {
    Graph graph;
    network.evaluation_graph(graph, 1);
    int64_t total = 0;
    for (size_t id = 0; id < graph.nodes().size(); ++id) {
        const Op op = graph.nodes()[id].op;
        if (op == (convolutions ? Op::conv2d : Op::matmul)) total += flops_of(graph, static_cast<int>(id));
    }
    return total;
}

TEST(ModelSummary, LenetLayerByLayer) {
    const auto summary = summarize(network_for("lenet:dropout=0.5", "", colour), 8);
    EXPECT_EQ(summary.parameters, 62006);
    std::vector<std::string> labels;
    int64_t parameters = 0, flops = 0;
    for (const auto& l : summary.layers) {
        labels.push_back(l.label);
        parameters += l.parameters;
        flops += l.flops;
    }
    EXPECT_THAT(labels, testing::ElementsAre("0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11",
                                             "12", "13"));
    EXPECT_EQ(parameters, summary.parameters);
    EXPECT_EQ(flops, summary.forward_flops);
    const auto& first = find(summary, "0");
    EXPECT_EQ(first.output, (Shape{28, 28, 6}));
    EXPECT_EQ(first.parameters, 456);
    EXPECT_EQ(first.flops, 28 * 28 * 6 * (2 * 75 + 1));
    EXPECT_EQ(first.tensors, "weight [6, 3, 5, 5], bias [6]");
    EXPECT_EQ(find(summary, "1").output, (Shape{14, 14, 6}));
    EXPECT_EQ(find(summary, "2").operations, "relu");
    EXPECT_EQ(find(summary, "6").output, Shape{400});
    EXPECT_EQ(find(summary, "7").flops, 120 * (2 * 400 + 1));
    EXPECT_EQ(find(summary, "9").flops, 0);  // dropout
    // A step of 8: forward, and about twice as much backward.
    const auto forward = static_cast<double>(8 * summary.forward_flops);
    EXPECT_GT(static_cast<double>(summary.training_flops), 2 * forward);
    EXPECT_LT(static_cast<double>(summary.training_flops), 4 * forward);
    EXPECT_GT(summary.arena_bytes, 4 * 8 * (28 * 28 * 6));
}

TEST(ModelSummary, Resnet18HasItsKnownSizeAndWork) {
    const Network network = network_for("resnet18", "", colour);
    EXPECT_EQ(network.parameters()->size, 11173962);
    EXPECT_EQ(product_flops(network, true), 2 * 555417600LL);
    EXPECT_EQ(product_flops(network, false), 2 * 5120);
}

TEST(ModelSummary, SizesOfTensorsWithoutALayersNameAreTheOutputs) {
    const auto summary = summarize(network_for("linear", "", {{4}, 3}), 2);
    ASSERT_EQ(summary.layers.size(), 1u);
    EXPECT_EQ(summary.layers[0].label, "outputs");
    EXPECT_EQ(summary.layers[0].flops, 3 * (2 * 4 + 1));
    EXPECT_EQ(summary.layers[0].parameters, 15);
}

TEST(ModelSummary, UsualProblemsFitTheModel) {
    const auto usual = [](const std::string& model) { return usual_problem(model, "").feature_shape; };
    EXPECT_EQ(usual("mlp"), Shape{2});
    EXPECT_EQ(usual("lenet"), (Shape{32, 32, 3}));
    EXPECT_EQ(usual("resnet18:width=8"), (Shape{32, 32, 3}));
    EXPECT_EQ(usual("cnn"), (Shape{28, 28, 1}));
    EXPECT_THROW(model_summary_text("lenet", "", {{5}, 2}, 1), RequestError);
}

TEST(ModelSummary, TextHasTheTotals) {
    const std::string text = model_summary_text("lenet", "", colour, 32);
    EXPECT_THAT(text, HasSubstr("layers of lenet with images of 32 x 32 x 3 and 10 classes"));
    EXPECT_THAT(text, testing::ContainsRegex("total +62,006 +1,"));
    EXPECT_THAT(text, testing::ContainsRegex("weights +248 kB"));
    for (size_t begin = 0; begin < text.size();) {
        const size_t end = text.find('\n', begin);
        ASSERT_NE(end, std::string::npos);
        EXPECT_LE(end - begin, 130u) << text.substr(begin, end - begin);
        begin = end + 1;
    }
}

}  // namespace
}  // namespace ravine
