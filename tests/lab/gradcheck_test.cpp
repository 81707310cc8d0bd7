#include "ravine/lab/inspect/gradcheck.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/data/support.hpp"

namespace ravine::test {
namespace {

Gradcheck checked(const Experiment& e, const GradcheckOptions& options) {
    return gradcheck(e, options, [](double) {});
}

Experiment experiment(const std::string& dataset, const std::string& model, const std::string& loss = "") {
    Experiment e;
    e.dataset = dataset;
    e.model = model;
    e.loss = loss;
    e.seed = 1;
    return e;
}

TEST(Gradcheck, EveryKindOfModelAndLossPasses) {
    for (const auto& e :
         {experiment("blobs:classes=2", "logistic"), experiment("blobs", "multiclass-logistic"),
          experiment("linear-regression", "linear"), experiment("noisy-sine", "mlp:hidden=8"),
          experiment("noisy-sine", "mlp:hidden=8", "gaussian"), experiment("blobs", "linear", "hinge"),
          experiment("spiral", "mlp:hidden=8", "kl"), experiment("spiral", "mlp:hidden=8,dropout=0.3"),
          experiment("spiral", "mlp:hidden=8,normalization=batch"),
          experiment("spiral", "mlp:hidden=8,activation=tanh"),
          experiment("spiral", "mlp:hidden=8,activation=maxout"),
          experiment("spiral", "mlp:hidden=8,activation=max-plus"),
          experiment("spiral", "mlp:hidden=8,activation=leaky-relu")}) {
        SCOPED_TRACE(e.model + " on " + e.dataset + " " + e.loss);
        Experiment with_penalty = e;
        with_penalty.l2 = 0.01;
        with_penalty.l1 = 0.001;
        const Gradcheck check = checked(with_penalty, {.samples = 20, .examples = 8});
        EXPECT_EQ(check.burn_in, 20);
        EXPECT_LE(check.verdict(), GradientVerdict::acceptable);
        EXPECT_GT(summarize_check(check.elements()).counted, 0);
        EXPECT_EQ(check.elements().size(), [&] {
            size_t total = 0;
            for (const auto& tensor : check.tensors) total += tensor.elements.size();
            return total;
        }());
    }
}

// Where a group of few features is almost constant, its normalised values turn within a step of 1e-5: the
// difference is 2.76 % off, and less by a quarter with each half of the step.
TEST(Gradcheck, TruncationIsToldFromError) {
    for (const char* normalization : {"group", "layer", "batch"})
        for (const int64_t seed : {1, 2, 3, 4}) {
            SCOPED_TRACE(fmt::format("{} {}", normalization, seed));
            Experiment e = experiment(
                "spiral", fmt::format("mlp:hidden=64-64,activation=tanh,normalization={}", normalization));
            e.seed = seed;
            const Gradcheck check = checked(e, {});
            EXPECT_EQ(check.verdict(), GradientVerdict::right);
            EXPECT_GT(summarize_check(check.elements()).counted, 200);
        }
}

TEST(Gradcheck, ErrorsAreFoundWhateverIsBesideThem) {
    const auto largest_of = [](const Vector& gradient, int64_t begin, int64_t end) {
        int64_t largest = begin;
        for (int64_t i = begin; i < end; ++i)
            if (std::abs(gradient.at(i)) > std::abs(gradient.at(largest))) largest = i;
        return largest;
    };
    for (const char* model : {"mlp:hidden=8-8,activation=tanh,normalization=group:groups=4",
                              "mlp:hidden=8-8,activation=tanh,normalization=layer",
                              "mlp:hidden=8-8,activation=tanh,normalization=batch", "mlp:hidden=8-8"})
        for (const double factor : {1.02, 0.98, -1.0, 0.0}) {
            SCOPED_TRACE(fmt::format("{} {}", model, factor));
            const Gradcheck check = gradcheck(
                experiment("spiral", model), {.samples = 0}, [](double) {},
                [&](Vector& gradient) {
                    const int64_t i = largest_of(gradient, 0, 16);
                    gradient.set(i, factor * gradient.at(i));
                });
            EXPECT_EQ(check.verdict(), GradientVerdict::wrong);
        }
}

TEST(Gradcheck, CountsKinks) {
    EXPECT_TRUE(checked(experiment("spiral", "mlp:hidden=4"), {.samples = 1}).has_kinks);
    EXPECT_FALSE(checked(experiment("spiral", "mlp:hidden=4,activation=tanh"), {.samples = 1}).has_kinks);
    // With a step as wide as the weights, ReLUs change sides.
    const Gradcheck wide = checked(experiment("spiral", "mlp:hidden=16"), {.samples = 0, .step = 1});
    EXPECT_GT(summarize_check(wide.elements()).kinks, 10);
}

TEST(Gradcheck, ChecksAllElementsOrADrawnSample) {
    const Experiment e = experiment("spiral", "mlp:hidden=16");
    const Gradcheck all = checked(e, {.samples = 0}), some = checked(e, {.samples = 5});
    ASSERT_EQ(all.tensors.size(), 4u);
    EXPECT_EQ(all.tensors[0].elements.size(), 32u);
    EXPECT_EQ(some.tensors[0].elements.size(), 5u);
    EXPECT_EQ(some.tensors[3].elements.size(), 3u);  // as many as there are
    const auto elements = all.elements();
    for (const auto& tensor : some.tensors)
        for (const auto& element : tensor.elements) {
            const CheckedElement& of_all = elements.at(static_cast<size_t>(element.index));
            EXPECT_EQ(of_all.index, element.index);
            EXPECT_EQ(of_all.numeric, element.numeric);
        }
    Experiment other = e;
    other.seed = 2;
    const auto index = [](const Gradcheck& c) {
        return c.tensors[0].elements[0].index + 100 * c.tensors[2].elements[4].index;
    };
    EXPECT_NE(index(checked(other, {.samples = 5})), index(some));
}

TEST(Gradcheck, TheBurnInMovesTheWeights) {
    const Experiment e = experiment("spiral", "mlp:hidden=4");
    const Gradcheck fresh = checked(e, {.burn_in = 0, .samples = 1}),
                    later = checked(e, {.burn_in = 30, .samples = 1});
    EXPECT_EQ(fresh.burn_in, 0);
    EXPECT_EQ(later.burn_in, 30);
    EXPECT_NE(fresh.loss, later.loss);
    Experiment wild = e;
    wild.optimizer = "sgd:learning_rate=1e300";
    expect_error(1, [&] { checked(wild, {}); }, {"burn-in diverged"});
}

TEST(Gradcheck, WritesARowAnElement) {
    const Gradcheck check = checked(experiment("spiral", "mlp:hidden=4"), {.samples = 2});
    const std::string csv = gradcheck_csv(check);
    EXPECT_EQ(std::ranges::count(csv, '\n'), 1 + 8);
    EXPECT_THAT(csv, testing::StartsWith("tensor,element,analytic,numeric,relative_error"));
    EXPECT_THAT(csv, testing::HasSubstr("\n0.weight,"));
}

}  // namespace
}  // namespace ravine::test
