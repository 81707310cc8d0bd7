#include "ravine/nn/described/description.hpp"

#include <algorithm>
#include <map>
#include <memory>

#include "ravine/core/error.hpp"
#include "ravine/nn/described/layer.hpp"

namespace ravine {
namespace {

constexpr size_t most_layers = 10'000;
constexpr const char* input_name = "input";  ///< the examples themselves, where from names layers

bool is_valid_name(const std::string& name) {
    const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    return !name.empty() && is_letter(name[0]) && std::ranges::all_of(name, [&](char c) {
        return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-';
    });
}

/// A layer with what builds it.
struct Step {
    LayerDescription description;
    Layer layer;
    std::string where;  ///< "net.toml: layer 3 (dense 'fc')"
    bool before_rectifier = false;
};

struct Head {
    std::string at, where;
    double weight;
    std::vector<Step> steps;
};

struct Described {
    std::vector<Step> steps;
    std::vector<Head> heads;
    std::string origin;
};

/// Calls `action`; a RequestError of its gets `where` in front.
template <class Action>
auto located(const std::string& where, const Action& action) {
    try {
        return action();
    } catch (const RequestError& error) {
        fail_request("{}: {}", where, error.what());
    }
}

class Maker {
public:
    explicit Maker(const ModelDescription& description) : description_(description) {}

    Described make() {
        Described result{.steps = {}, .heads = {}, .origin = description_.origin};
        result.steps = steps(description_.layers, "");
        const auto main = names_;
        for (size_t k = 0; k < description_.heads.size(); ++k) {
            const auto& head = description_.heads[k];
            const std::string prefix = "head " + std::to_string(k);
            const std::string where = fmt::format("{}: {}", description_.origin, prefix);
            located(where, [&] { require_known(head.at, main); });
            result.heads.push_back({head.at, where, head.weight, steps(head.layers, prefix + ", ")});
        }
        return result;
    }

private:
    static void require_known(const std::string& name, const std::vector<std::string>& names) {
        if (std::ranges::find(names, name) == names.end())
            fail_request("no layer before is called '{}'{}", name, suggestion(name, names));
    }

    void declare(const std::string& name) {
        if (!is_valid_name(name))
            fail_request("name: expected a letter, then letters, digits, '-' and '_', found '{}'", name);
        if (name == input_name || name == "heads" || name == "loss")
            fail_request("name: '{}' has a meaning of its own; choose another", name);
        if (std::ranges::find(names_, name) != names_.end())
            fail_request("name: an earlier layer is called '{}' too", name);
        names_.push_back(name);
    }

    std::vector<Step> steps(const std::vector<LayerDescription>& layers, const std::string& prefix) {
        if (layers.size() > most_layers)
            fail_request("{}: {}expected at most {} layers, found {}", description_.origin, prefix,
                         most_layers, layers.size());
        std::vector<Step> result;
        for (size_t i = 0; i < layers.size(); ++i) {
            const auto& l = layers[i];
            const std::string place = l.place.empty() ? "" : ":" + l.place;
            Step step{.description = l,
                      .layer = {},
                      .where = fmt::format("{}{}: {}layer {} ({}{})", description_.origin, place, prefix, i,
                                           l.layer.name, l.name.empty() ? "" : " '" + l.name + "'")};
            located(step.where, [&] {
                step.layer = make_layer(l.layer);
                for (const auto& name : l.from) require_known(name, names_);
                if (step.layer.joins && l.from.empty())
                    fail_request("from: expected the name of a layer to join with, found none");
                if (!step.layer.joins && l.from.size() > 1)
                    fail_request("from: expected one name, found {}; add or concatenate takes several",
                                 l.from.size());
                if (!l.name.empty()) declare(l.name);
            });
            result.push_back(std::move(step));
        }
        if (result.empty()) fail_request("{}: {}expected at least one layer", description_.origin, prefix);
        for (size_t i = 0; i < result.size(); ++i) {
            size_t next = i + 1;
            while (next < result.size() && result[next].layer.keeps_features) ++next;
            result[i].before_rectifier = next < result.size() && result[next].layer.is_rectifier;
        }
        return result;
    }

    const ModelDescription& description_;
    std::vector<std::string> names_{input_name};
};

using Named = std::map<std::string, Value>;

Value build_steps(const std::vector<Step>& steps, Builder& b, Value x, int64_t outputs, Named& named) {
    for (size_t i = 0; i < steps.size(); ++i) {
        const Step& step = steps[i];
        const LayerDescription& l = step.description;
        std::vector<Value> inputs;
        if (step.layer.joins || l.from.empty()) inputs.push_back(x);
        for (const auto& name : l.from) inputs.push_back(named.at(name));
        const Builder::Scope scope(b, l.name.empty() ? std::to_string(i) : l.name);
        x = located(step.where, [&] {
            return step.layer.build(b, inputs,
                                    {.outputs = outputs, .before_rectifier = step.before_rectifier});
        });
        if (!l.name.empty()) named.insert_or_assign(l.name, x);
    }
    const Shape& s = x.shape();
    if (s.size() != 2 || s[1] != outputs)
        fail_request(
            "{}: the last layer must give as many numbers as the data ask for: expected [{}], found {}",
            steps.back().where, outputs, to_string(Shape(s.begin() + 1, s.end())));
    return x;
}

Value build(const Described& described, Builder& b, Value x, int64_t outputs) {
    Named named{{input_name, x}};
    const Value result = build_steps(described.steps, b, x, outputs, named);
    for (size_t k = 0; k < described.heads.size(); ++k) {
        const Head& head = described.heads[k];
        const Builder::Scope scope(b, "heads." + std::to_string(k));
        b.add_auxiliary(build_steps(head.steps, b, named.at(head.at), outputs, named), head.weight);
    }
    return result;
}

}  // namespace

Model make_described(const ModelDescription& description) {
    const auto described = std::make_shared<const Described>(Maker(description).make());
    return {[described](Builder& b, Value x, int64_t outputs) { return build(*described, b, x, outputs); }};
}

}  // namespace ravine
