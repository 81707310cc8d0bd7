#include "ravine/lab/inspect/gradcheck.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "ravine/core/error.hpp"
#include "ravine/core/threads/interrupt.hpp"
#include "ravine/core/values/random.hpp"
#include "ravine/graph/ops.hpp"
#include "ravine/lab/inspect/fixed_sample.hpp"
#include "ravine/lab/names/csv_text.hpp"
#include "ravine/lab/run/run.hpp"

namespace ravine {
namespace {

/// What a node chooses, as a tensor of small integers: its side of a kink, or the element that it takes.
/// Nothing for a smooth operation.
std::optional<Value> choice_of(Value x) {
    switch (x.op()) {
        case Op::relu:
        case Op::abs:
        case Op::sign:
        case Op::step:
            return step(x.argument(0));
        case Op::maximum:
        case Op::minimum:
        case Op::greater:
            return greater(x.argument(0), x.argument(1));
        case Op::equal:
        case Op::max_pool_indices:
            return x;
        case Op::max_to:
            return equal(x.argument(0), broadcast(x, x.argument(0).shape()));
        default:
            return {};
    }
}

/// The loss of a batch with every choice that is made on the way.
class LossProbe {
public:
    LossProbe(const Network& network, const Sample& sample, CompileOptions options) {
        Graph graph;
        const Value loss = network.training_graph(graph, sample.examples()).loss;
        std::vector<Output> outputs{{loss, "loss"}};
        for (size_t id = 0, count = graph.nodes().size(); id < count; ++id)
            if (const auto choice = choice_of({&graph, static_cast<int>(id)}))
                outputs.push_back({*choice, "choice" + std::to_string(id)});
        workspace_ = std::make_unique<SampleWorkspace>(graph, outputs, options);
        workspace_->on(sample);
        const Program& program = workspace_->program();
        parameters_ = program.storage("parameters");
        loss_ = program.storage("loss");
        for (size_t i = 1; i < outputs.size(); ++i) choices_.push_back(program.storage(outputs[i].storage));
    }

    bool has_choices() const { return !choices_.empty(); }

    Probe operator()(const Parameters& at) {
        if (parameters_ >= 0) workspace_->bind(parameters_, at.values());
        workspace_->run();
        Probe probe{.value = workspace_->value(loss_)};
        for (const int choice : choices_) {
            const auto* values = static_cast<const double*>(workspace_->data(choice));
            for (int64_t i = 0; i < workspace_->program().storage_size(choice);
                 ++i)  // as in FNV (Fowler et al.)
                probe.choices = (probe.choices ^ static_cast<uint64_t>(values[i] + 1)) * 1099511628211u;
        }
        return probe;
    }

private:
    std::unique_ptr<SampleWorkspace> workspace_;
    int parameters_, loss_;
    std::vector<int> choices_;
};

/// `count` elements of a tensor, drawn without repeats, in order; all where count is 0.
std::vector<int64_t> draw(const Slice& slice, int64_t count, uint64_t seed) {
    std::vector<int64_t> indices(static_cast<size_t>(slice.size()));
    std::iota(indices.begin(), indices.end(), slice.offset);
    if (count == 0 || count >= slice.size()) return indices;
    const auto order = random_permutation(
        slice.size(),
        {.seed = seed, .purpose = Purpose::sampling, .step = static_cast<uint64_t>(slice.offset)});
    for (int64_t i = 0; i < count; ++i)
        indices[static_cast<size_t>(i)] = slice.offset + order[static_cast<size_t>(i)];
    indices.resize(static_cast<size_t>(count));
    std::ranges::sort(indices);
    return indices;
}

}  // namespace

std::vector<CheckedElement> Gradcheck::elements() const {
    std::vector<CheckedElement> all;
    for (const auto& tensor : tensors) all.insert(all.end(), tensor.elements.begin(), tensor.elements.end());
    return all;
}

GradientVerdict Gradcheck::verdict() const { return judge(summarize_check(elements()), layers, has_kinks); }

Gradcheck gradcheck(Experiment experiment, const GradcheckOptions& options,
                    const std::function<void(double)>& progress,
                    const std::function<void(Vector&)>& distort) {
    experiment.precision = "f64";
    experiment.max_steps = options.burn_in;
    experiment.epochs = std::max<int64_t>(experiment.epochs, options.burn_in);
    Run run(experiment, [](const std::string&) {});
    Gradcheck check;
    if (options.burn_in > 0) {
        const RunResult burned = run.train({});
        if (burned.outcome.reason == StopReason::diverged)
            fail_run("the burn-in diverged at {}; try a smaller learning rate", burned.outcome.failure);
        check.burn_in = run.state().step;
    }

    const FixedSample fixed(run, options.examples);
    const Sample sample = fixed.at_step(check.burn_in);

    Parameters at = run.parameters();
    auto objective = batch_objective(run.network(), sample.examples(), run.compile_options());
    objective->on(sample);
    Vector gradient(at.values().size(), Precision::f64);
    check.loss = objective->value_and_gradient(at, gradient);
    for (const double g : gradient.as<double>())
        check.largest_gradient = std::max(check.largest_gradient, std::abs(g));

    if (distort) distort(gradient);

    LossProbe probe(run.network(), sample, run.compile_options());
    check.has_kinks = probe.has_choices();
    std::vector<std::vector<int64_t>> chosen;
    int64_t total = 0, done = 0;
    for (const auto& slice : at.layout().slices) {
        // What is frozen has no gradient, and nothing to check.
        chosen.push_back(slice.trainable
                             ? draw(slice, options.samples, static_cast<uint64_t>(experiment.seed))
                             : std::vector<int64_t>{});
        total += std::ssize(chosen.back());
        check.layers += slice.shape.size() >= 2 ? 1 : 0;
    }
    for (size_t i = 0; i < chosen.size() && !interrupted(); ++i) {
        const Slice& slice = at.layout().slices[i];
        if (!slice.trainable) continue;
        check.tensors.push_back({.name = slice.name, .offset = slice.offset, .elements = {}});
        check_gradient(gradient, at, chosen[i], options.step, std::ref(probe), [&](const CheckedElement& e) {
            check.tensors.back().elements.push_back(e);
            progress(static_cast<double>(++done) / static_cast<double>(total));
            return !interrupted();
        });
    }
    return check;
}

std::string gradcheck_csv(const Gradcheck& check) {
    std::string csv = "tensor,element,analytic,numeric,relative_error,uncertainty,crosses_kink,explained\n";
    for (const auto& tensor : check.tensors)
        for (const auto& e : tensor.elements)
            csv += csv_line(tensor.name, e.index - tensor.offset, e.analytic, e.numeric, e.error(),
                            e.uncertainty, int64_t{e.crosses_kink}, int64_t{e.is_explained()});
    return csv;
}

}  // namespace ravine
