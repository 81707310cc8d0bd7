#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "ravine/core/error.hpp"
#include "ravine/core/settings/spec.hpp"
#include "ravine/lab/reproduce/adaptive_rate.hpp"

namespace ravine {
namespace {

/// f' and f'' averaged over about 100 batches, and 0.3 of the way to the minimiser of their model.
/// The minimiser of each batch, all of it and at once; and a small part of a mean of many.
constexpr auto greedy = "exact-newton:share=1,memory=0";
constexpr auto mild = "exact-newton:memory=0.99,share=0.3";
constexpr auto as_published = "five-losses:epsilon=0.00001";

bool is_quick(const AdaptiveRateOptions& options) {
    return options.extent == AdaptiveRateOptions::Extent::quick;
}

/// What all contenders of a part share: a constant schedule, and no help of any other kind.
class Plan {
public:
    Plan(std::string name, std::string title, const AdaptiveRateOptions& options, Experiment shared)
        : part_{std::move(name), std::move(title), {}}, shared_(std::move(shared)) {
        shared_.schedule = "constant";
        shared_.train_scores = true;
        shared_.data_dir = options.data_dir;
        part_.plan = {.kind = "adaptive-rate",
                      .title = part_.title,
                      .contenders = {},
                      .options = {.seeds = options.seeds, .reach = "none", .jobs = options.jobs}};
    }

    /// SGD from a rate, which a policy may change. The experiment may be changed further.
    Experiment& add(const std::string& label, const std::string& start, const std::string& rate) {
        part_.plan.contenders.push_back({.label = label, .experiment = shared_});
        Experiment& e = part_.plan.contenders.back().experiment;
        e.optimizer = "sgd:learning_rate=" + start;
        e.rate = rate;
        return e;
    }

    RatePart with_seeds(int64_t usual) {
        if (part_.plan.options.seeds == 0) part_.plan.options.seeds = usual;
        return std::move(part_);
    }

private:
    RatePart part_;
    Experiment shared_;
};

/// Section 4.2.1. ||XW - Y||^2 with the paper's rate of 1e-6 fits raw features and the mean over the
/// examples alone: 2 / lambda_max is 3.6e-6 there, and 9e-9 for the sum. The 106 other examples are looked at
/// after every step, as the paper's test part is.
RatePart boston(const AdaptiveRateOptions& options) {
    Experiment e;
    e.dataset = "boston-housing:scale=raw";
    e.model = "linear:bias=false";
    e.loss = "squared-error";
    e.batch = 400;
    e.epochs = is_quick(options) ? 400 : 3000;
    e.validation_share = 106.0 / 506;
    e.test_share = 0;
    e.precision = "f64";
    e.log_every = 1;
    Plan plan("boston", "Linear regression on Boston Housing, 400 examples in one batch", options, e);
    plan.add("basic", "0.000001", "constant");
    plan.add("first order", "0.0000001", "first-order:alpha=1e-15,floor=1e-12");
    plan.add("first order, alpha 1e-9", "0.0000001", "first-order:alpha=1e-9,floor=1e-12");
    plan.add("five losses", "0.01", as_published);
    plan.add("five losses, float32", "0.01", as_published).precision = "f32";
    const std::string exact = "exact-newton:curvature=exact,memory=0,growth=1e12";
    plan.add("exact, lagged", "0.01", exact + ",share=1,at=current,applied=next");
    plan.add("exact, lagged, float32", "0.01", exact + ",share=1,at=current,applied=next").precision = "f32";
    plan.add("exact", "0.01", exact + ",share=1");
    plan.add("exact, 0.8", "0.01", exact + ",share=0.8");
    return plan.with_seeds(is_quick(options) ? 3 : 10);
}

/// Section 4.2.2. The paper names neither the batch nor the first rate.
RatePart logistic(const std::string& dataset, const std::string& title, const AdaptiveRateOptions& options) {
    Experiment e;
    e.dataset = dataset;
    e.model = "multiclass-logistic";
    e.batch = 128;
    e.epochs = is_quick(options) ? 4 : 10;
    if (is_quick(options)) e.examples = 6000;
    Plan plan(dataset, "Multi-class logistic regression on " + title, options, e);
    plan.add("basic", "0.01", "constant");
    plan.add("first order", "0.01", "first-order:alpha=1e-6");
    plan.add("first order, alpha 1e-3", "0.01", "first-order:alpha=1e-3");
    plan.add("five losses", "0.01", as_published);
    plan.add("exact", "0.01", greedy);
    plan.add("exact, averaged", "0.01", "exact-newton:share=1,memory=0.99,slope=independent");
    plan.add("exact, memory", "0.01", "exact-newton:share=1,memory=0.99");
    plan.add("exact, mild", "0.01", mild);
    plan.add("exact, linear decay", "0.01", greedy).schedule = "linear";
    for (const char* rate : {"0.001", "0.003", "0.03", "0.1", "0.3"})
        plan.add(fmt::format("constant {}", rate), rate, "constant");
    return plan.with_seeds(is_quick(options) ? 2 : 6);
}

/// Section 4.2.3. The paper gives no probability for its dropout.
RatePart lenet(const AdaptiveRateOptions& options) {
    Experiment e;
    e.dataset = "cifar-10";
    e.model = "lenet:dropout=0.5";
    e.batch = 32;
    e.epochs = is_quick(options) ? 3 : 20;
    if (is_quick(options)) {
        e.examples = 1500;
        e.validation_share = 0.02;
    }
    Plan plan("lenet", "LeNet with dropout on CIFAR-10", options, e);
    plan.add("basic", "0.01", "constant").epochs = is_quick(options) ? 6 : 40;
    plan.add("first order", "0.01", "first-order:alpha=1e-6");
    plan.add("five losses", "0.01", as_published);
    plan.add("exact", "0.01", greedy);
    plan.add("exact, mild", "0.01", mild);
    plan.add("basic, linear decay", "0.01", "constant").schedule = "linear";
    plan.add("exact, linear decay", "0.01", greedy).schedule = "linear";
    return plan.with_seeds(is_quick(options) ? 2 : 3);
}

Experiment resnet(const std::string& dataset, const std::string& width, const AdaptiveRateOptions& options) {
    Experiment e;
    e.dataset = dataset;
    e.model = "resnet18:width=" + (is_quick(options) ? "4" : width);
    e.batch = 256;
    e.epochs = is_quick(options) ? 2 : 15;
    if (is_quick(options)) {
        e.batch = 64;
        e.examples = 512;
        e.validation_share = 0.01;
    }
    return e;
}

RatePart resnet18(const AdaptiveRateOptions& options) {
    Plan plan("resnet18", "ResNet-18 on CIFAR-10", options, resnet("cifar-10", "64", options));
    plan.add("basic", "0.1", "constant").epochs = is_quick(options) ? 4 : 40;
    plan.add("five losses", "0.1", as_published);
    plan.add("exact", "0.1", greedy);
    return plan.with_seeds(1);
}

RatePart narrow_resnet18(const AdaptiveRateOptions& options) {
    Experiment e = resnet("cifar-10", "16", options);
    Plan plan("resnet18-narrow", "ResNet-18 of a quarter of the width on CIFAR-10", options, e);
    for (const char* rate : {"0.1", "0.05", "0.01"}) {
        plan.add(fmt::format("basic, {}", rate), rate, "constant");
        plan.add(fmt::format("five losses, {}", rate), rate, as_published);
        plan.add(fmt::format("first order, {}", rate), rate, "first-order:alpha=1e-5");
        plan.add(fmt::format("exact, {}", rate), rate, greedy);
    }
    for (const char* rate : {"0.0001", "0.001", "1"})
        plan.add(fmt::format("five losses, {}", rate), rate, as_published);
    for (const char* epsilon : {"0.000001", "0.0001", "0.001", "0.01"})
        plan.add(fmt::format("five losses, epsilon {}", epsilon), "0.1",
                 fmt::format("five-losses:epsilon={}", epsilon));
    plan.add("five losses, momentum", "0.1", std::string(as_published) + ",momentum=0.9");
    plan.add("five losses, validation", "0.1", std::string(as_published) + ",batch=validation");
    plan.add("basic, dropout", "0.1", "constant").model += ",dropout=0.5";
    plan.add("five losses, dropout", "0.1", as_published).model += ",dropout=0.5";
    plan.add("adam, 0.1", "0.1", "constant").optimizer = "adam:learning_rate=0.1";
    plan.add("five losses, longer", "0.1", as_published).epochs = is_quick(options) ? 4 : 40;
    return plan.with_seeds(1);
}

RatePart cifar100(const AdaptiveRateOptions& options) {
    Plan plan("cifar100", "ResNet-18 on CIFAR-100", options, resnet("cifar-100", "64", options));
    plan.add("basic", "0.02", "constant");
    plan.add("five losses", "0.02", as_published);
    plan.add("exact", "0.02", greedy);
    return plan.with_seeds(1);
}

}  // namespace

std::vector<std::string> adaptive_rate_names(const std::string& only) {
    const std::vector<std::string> all{"boston", "logistic", "lenet", "resnet18", "cifar100", "robustness"};
    std::vector<std::string> known = all, names;
    known.emplace_back("all");
    std::vector<std::string> wanted;
    std::istringstream in(only.empty() ? "boston,logistic" : only);
    for (std::string name; std::getline(in, name, ',');) {
        if (std::ranges::find(known, name) == known.end())
            fail_request("--only: expected some of {}, found '{}'{}", fmt::join(known, ", "), name,
                         suggestion(name, known));
        wanted.push_back(name);
    }
    for (const auto& name : all)
        if (std::ranges::count(wanted, name) + std::ranges::count(wanted, "all") > 0) names.push_back(name);
    return names;
}

std::vector<RatePart> adaptive_rate_parts(const AdaptiveRateOptions& options) {
    std::vector<RatePart> parts;
    for (const auto& name : adaptive_rate_names(options.only)) {
        if (name == "boston") parts.push_back(boston(options));
        if (name == "logistic") {
            parts.push_back(logistic("mnist", "MNIST", options));
            parts.push_back(logistic("fashion-mnist", "Fashion-MNIST", options));
        }
        if (name == "lenet") parts.push_back(lenet(options));
        if (name == "resnet18") {
            parts.push_back(resnet18(options));
            parts.push_back(narrow_resnet18(options));
        }
        if (name == "cifar100") parts.push_back(cifar100(options));
    }
    return parts;
}

}  // namespace ravine
