#include "ravine/lab/study/contender.hpp"

#include <algorithm>

#include "ravine/core/error.hpp"

namespace ravine {
namespace {

/// More than anybody waits for; a few lists of values multiply to millions.
constexpr size_t most_contenders = 1000;

/// One entry a setting, the last one given, in the order in which they were first given.
std::vector<SettingValues> last_of_each(const std::vector<SettingValues>& settings) {
    std::vector<SettingValues> result;
    for (const auto& setting : settings) {
        const auto found = std::ranges::find(result, setting.name, &SettingValues::name);
        if (found == result.end())
            result.push_back(setting);
        else
            found->values = setting.values;
    }
    return result;
}

}  // namespace

std::vector<Contender> make_contenders(const std::vector<SettingValues>& settings) {
    std::vector<Contender> contenders(1);
    for (const auto& [name, values] : last_of_each(settings)) {
        if (name == "seed" && values.size() > 1)
            fail_request(
                "{}: expected one seed, the first of the study's (--seeds says how many follow), found {}",
                values[1].first, values.size());
        if (values.empty()) fail_request("{}: expected a value, found none", name);
        if (contenders.size() > most_contenders / values.size())
            fail_request("{}: expected at most {} contenders, found {} times {} values", values[0].first,
                         most_contenders, contenders.size(), values.size());
        std::vector<Contender> next;
        for (const auto& contender : contenders)
            for (const auto& [where, text] : values) {
                Contender with = contender;
                set_experiment(with.experiment, name, where, text);
                if (values.size() > 1) with.label += (with.label.empty() ? "" : ", ") + text;
                next.push_back(std::move(with));
            }
        contenders = std::move(next);
    }
    for (auto& contender : contenders)
        if (contender.label.empty()) contender.label = contender.experiment.optimizer;
    for (size_t i = 0; i < contenders.size(); ++i)
        for (size_t j = 0; j < i; ++j)
            if (contenders[i].label == contenders[j].label)
                fail_request("'{}' takes part twice", contenders[i].label);
    return contenders;
}

}  // namespace ravine
