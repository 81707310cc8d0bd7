#include "ravine/lab/experiment/model_file.hpp"

#include <algorithm>
#include <sstream>
#include <type_traits>

#include "ravine/core/error.hpp"
#include "ravine/core/files/file.hpp"
#include "ravine/lab/experiment/toml_text.hpp"
#include "ravine/lab/experiment/toml_value.hpp"

namespace ravine {
namespace {

constexpr const char* heading = "[model]\n";

/// Reads the nodes of one file; every message begins with its path and the line of what it is about.
class Reader {
public:
    explicit Reader(std::string origin) : origin_(std::move(origin)) {}

    ModelDescription model(const toml::table& table, const std::string& default_name) const {
        allow(table, {"name", "layers", "heads"}, "[model]");
        ModelDescription result{.name = default_name, .layers = {}, .heads = {}, .origin = origin_};
        if (const auto* name = table.get("name")) result.name = label(*name);
        result.layers = layers(table, "[model]");
        if (const auto* heads = table.get("heads"))
            for (const auto& item : list_of(*heads, "heads")) result.heads.push_back(head(item));
        return result;
    }

    template <class... Parts>
    [[noreturn]] void refuse(const toml::node& node, fmt::format_string<Parts...> text,
                             Parts&&... parts) const {
        fail_request("{}: {}", at(node), fmt::format(text, std::forward<Parts>(parts)...));
    }

private:
    std::string at(const toml::node& node) const {
        return fmt::format("{}:{}", origin_, node.source().begin.line);
    }

    void allow(const toml::table& table, const std::vector<std::string>& keys, const char* where) const {
        for (const auto& [key, node] : table) {
            const std::string name(key.str());
            if (std::ranges::find(keys, name) == keys.end())
                refuse(node, "{}: unknown key '{}'{} (keys: {})", where, name, suggestion(name, keys),
                       fmt::join(keys, ", "));
        }
    }

    const toml::array& list_of(const toml::node& node, const std::string& what) const {
        const auto* list = node.as_array();
        if (list == nullptr) refuse(node, "{}: expected a list", what);
        return *list;
    }

    const toml::table& table_of(const toml::node& node, const std::string& what) const {
        const auto* table = node.as_table();
        if (table == nullptr) refuse(node, "{}: expected a table", what);
        return *table;
    }

    std::string text_of(const toml::node& node, const std::string& what) const {
        const auto* text = node.as_string();
        if (text == nullptr) refuse(node, "{}: expected a text", what);
        return text->get();
    }

    std::string value_of(const toml::node& node, const std::string& what) const {
        if (const auto* number = node.as_integer()) return std::to_string(number->get());
        if (const auto* number = node.as_floating_point()) return format_number(number->get());
        if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
        if (const auto* text = node.as_string()) return text->get();
        refuse(node, "{}: expected a string, a number or true/false", what);
    }

    /// A model's name is part of a folder's.
    std::string label(const toml::node& node) const {
        const std::string name = text_of(node, "name");
        if (!is_label(name))
            refuse(node, "name: expected letters, digits, '-', '_' and '.', found '{}'", name);
        return name;
    }

    std::vector<LayerDescription> layers(const toml::table& table, const std::string& where) const {
        const auto* list = table.get("layers");
        if (list == nullptr) refuse(table, "{}: expected a list 'layers'", where);
        std::vector<LayerDescription> result;
        for (const auto& item : list_of(*list, "layers")) result.push_back(layer(item, result.size()));
        if (result.empty()) refuse(*list, "layers: expected at least one layer, found an empty list");
        return result;
    }

    LayerDescription layer(const toml::node& node, size_t number) const {
        const std::string where = fmt::format("layer {}", number);
        LayerDescription result{.layer = {}, .place = std::to_string(node.source().begin.line)};
        if (node.is_string()) {
            result.layer = spec_of(node, where);
            return result;
        }
        const toml::table& table = table_of(node, where);
        const auto* kind = table.get("layer");
        if (kind == nullptr) refuse(node, "{}: expected a key 'layer' with its kind", where);
        result.layer = spec_of(*kind, where + ": layer");
        for (const auto& [key, value] : table) {
            const std::string name(key.str());
            if (name == "name")
                result.name = text_of(value, where + ": name");
            else if (name == "from")
                result.from = names(value, where + ": from");
            else if (name != "layer")
                result.layer.set(name, value_of(value, where + ": " + name));
        }
        return result;
    }

    Spec spec_of(const toml::node& node, const std::string& where) const {
        const std::string text = text_of(node, where);
        try {
            return Spec::parse(text);
        } catch (const RequestError& error) {
            refuse(node, "{}: {}", where, error.what());
        }
    }

    std::vector<std::string> names(const toml::node& node, const std::string& where) const {
        if (node.is_string()) return {text_of(node, where)};
        std::vector<std::string> result;
        for (const auto& item : list_of(node, where)) result.push_back(text_of(item, where));
        return result;
    }

    HeadDescription head(const toml::node& node) const {
        const toml::table& table = table_of(node, "heads");
        allow(table, {"at", "weight", "layers"}, "a head");
        HeadDescription result;
        const auto* at = table.get("at");
        if (at == nullptr) refuse(node, "a head: expected a key 'at' with the name of a layer");
        result.at = text_of(*at, "at");
        if (const auto* weight = table.get("weight")) {
            const auto number = weight->value<double>();
            if (!number || !non_negative.contains(*number))
                refuse(*weight, "weight: expected a number {}", non_negative.text());
            result.weight = *number;
        }
        result.layers = layers(table, "a head");
        return result;
    }

public:
    static bool is_label(const std::string& name) {
        return !name.empty() && name != "." && name != ".." && std::ranges::all_of(name, [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                   c == '_' || c == '.';
        });
    }

private:
    std::string origin_;
};

/// The name of a file without ending, as a label.
std::string label_of(const std::filesystem::path& path) {
    std::string name = path.stem().string();
    for (auto& c : name)
        if (!Reader::is_label(std::string(1, c))) c = '-';
    return name.empty() ? "described" : name;
}

ModelDescription description_of(const toml::table& file, const std::string& origin,
                                const std::string& default_name) {
    const Reader reader(origin);
    const auto* model = file.get("model");
    if (model == nullptr) fail_request("{}: expected a table [model]", origin);
    if (!model->is_table()) reader.refuse(*model, "model: expected a table [model]");
    return reader.model(*model->as_table(), default_name);
}

/// The library's spelling of a value.
template <class T>
std::string spelled(const T& value) {
    std::ostringstream out;
    out << toml::value<T>(value);
    return out.str();
}

std::string layer_to_toml(const LayerDescription& l) {
    if (l.name.empty() && l.from.empty() && l.layer.settings.empty()) return spelled(l.layer.name);
    std::string text = "{ layer = " + spelled(l.layer.name);
    for (const auto& [key, value] : l.layer.settings)
        insert_typed(value, [&, &key = key, &value = value](const auto& typed) {
            constexpr bool is_text = std::is_same_v<std::decay_t<decltype(typed)>, std::string>;
            text += fmt::format(", {} = {}", key, is_text ? spelled(value) : value);  // a number as it stands
        });
    if (!l.name.empty()) text += ", name = " + spelled(l.name);
    if (!l.from.empty()) {
        std::string names;
        for (const auto& name : l.from) names += (names.empty() ? "" : ", ") + spelled(name);
        text += ", from = [" + names + "]";
    }
    return text + " }";
}

std::string layers_to_toml(const std::vector<LayerDescription>& layers) {
    std::string text = "layers = [\n";
    for (const auto& l : layers) text += "    " + layer_to_toml(l) + ",\n";
    return text + "]\n";
}

}  // namespace

bool is_description(const std::string& model) { return model.starts_with(heading); }

ModelDescription read_description(const std::filesystem::path& path) {
    const std::string origin = path.string();
    const toml::table file = parse_toml(read_file(path, 1 << 20), origin);
    ModelDescription result = description_of(file, origin, label_of(path));
    make_described(result);
    return result;
}

ModelDescription parse_description(const std::string& text, const std::string& origin) {
    ModelDescription result = description_of(parse_toml(text, origin), origin, "described");
    // Lines of this text are no lines of a file that a person has.
    for (auto& l : result.layers) l.place.clear();
    for (auto& head : result.heads)
        for (auto& l : head.layers) l.place.clear();
    return result;
}

std::string description_to_toml(const ModelDescription& description) {
    std::string text = fmt::format("{}name = {}\n{}", heading, spelled(description.name),
                                   layers_to_toml(description.layers));
    for (const auto& head : description.heads)
        text += fmt::format("\n[[model.heads]]\nat = {}\nweight = {}\n{}", spelled(head.at),
                            format_number(head.weight), layers_to_toml(head.layers));
    return text;
}

void choose_model(NetworkOptions& options, const std::string& model, const std::string& origin) {
    if (is_description(model))
        options.description = parse_description(model, origin.empty() ? "the model" : origin);
    else
        options.model = Spec::parse(model);
}

std::string model_text(const NetworkOptions& options) {
    return options.description ? description_to_toml(*options.description) : options.model.text();
}

std::string model_label(const std::string& model) {
    return is_description(model) ? parse_description(model, "the model").name : model;
}

std::string model_name(const std::string& model) {
    return is_description(model) ? model_label(model) : Spec::parse(model).name;
}

}  // namespace ravine
