#include "ravine/core/values/task.hpp"

#include <array>
#include <vector>

#include "ravine/core/error.hpp"
#include "ravine/core/settings/spec.hpp"

namespace ravine {
namespace {

constexpr std::array all{Task::classification, Task::regression, Task::multi_label, Task::autoencoding};

}  // namespace

std::string to_string(Task task) {
    switch (task) {
        case Task::classification:
            return "classification";
        case Task::regression:
            return "regression";
        case Task::multi_label:
            return "multi-label";
        case Task::autoencoding:
            return "autoencoding";
    }
    throw std::logic_error("no task");
}

Task parse_task(const std::string& what, const std::string& text) {
    std::vector<std::string> names;
    for (const Task task : all) {
        if (text == to_string(task)) return task;
        names.push_back(to_string(task));
    }
    fail_request("{}: expected classification, regression, multi-label or autoencoding, found '{}'{}", what,
                 text, suggestion(text, names));
}

bool predicts_numbers(Task task) { return task == Task::regression || task == Task::autoencoding; }

}  // namespace ravine
