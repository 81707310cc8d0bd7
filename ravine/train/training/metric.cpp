#include "ravine/train/training/metric.hpp"

#include <algorithm>

#include "ravine/core/error.hpp"

namespace ravine {

const std::vector<Metric>& metrics() {
    using Event = const EvaluationEvent&;
    static const std::vector<Metric> all{
        {"validation_accuracy", Better::higher, [](Event e) { return e.validation.accuracy; }},
        {"validation_loss", Better::lower, [](Event e) { return e.validation.loss; }},
        {"train_accuracy", Better::higher, [](Event e) { return e.training.accuracy; }},
        {"train_loss", Better::lower, [](Event e) { return e.train_loss; }},
    };
    return all;
}

const Metric& find_metric(const std::string& name, const std::string& what) {
    std::vector<std::string> names;
    for (const auto& metric : metrics()) {
        if (metric.name == name) return metric;
        names.push_back(metric.name);
    }
    fail_request("{}: expected one of {}, found '{}'{}", what, fmt::join(names, ", "), name,
                 suggestion(name, names));
}

}  // namespace ravine
