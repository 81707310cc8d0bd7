#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "ravine/core/settings/settings.hpp"

namespace ravine {

/// What is known about a named thing, whatever its kind: the text of `describe`, `list`, `--help` and the
/// docs.
struct Entry {
    std::string kind = {};     ///< "optimizer", "schedule", "model", "loss", "dataset", ...
    std::string name = {};     ///< as people type it: "rmsprop-nesterov"
    std::string summary = {};  ///< one line
    std::string formula = {};  ///< one or more lines of plain text
    std::string source = {};   ///< author, year, equation or algorithm
    std::vector<SettingInfo> settings = {};
};

/// The named products of one kind, each made from a Spec. `Arguments` are handed on to the maker.
///
///     Catalog<std::unique_ptr<UpdateRule>> catalog("optimizer");
///     catalog.add<Adam>({.name = "adam", ...}, {field("beta1", &Adam::beta1, below_one, "...")},
///                       [](Adam adam) { return std::make_unique<Adam>(adam); });
template <class Product, class... Arguments>
class Catalog {
public:
    explicit Catalog(std::string kind) : kind_(std::move(kind)) {}

    /// Adds a named thing with the settings of the aggregate T, whose defaults are those of T{}.
    template <class T, class Maker>
    void add(Entry entry, std::vector<Field<T>> fields, Maker maker) {
        entry.kind = kind_;
        for (const auto& f : fields) entry.settings.push_back({f.name, f.get(T{}), f.expected, f.meaning});
        makers_.push_back([fields = std::move(fields), maker = std::move(maker), kind = kind_](
                              const Spec& spec, Arguments... arguments) -> Product {
            T settings{};
            for (const auto& [key, value] : spec.settings)
                apply(fields, settings, kind, spec.name, key, value);
            return maker(std::move(settings), arguments...);
        });
        entries_.push_back(std::move(entry));
    }

    /// Adds everything of another catalog, whose products `convert` makes into those of this one.
    template <class Other, class Convert>
    void add_all(const Catalog<Other>& other, Convert convert) {
        for (Entry entry : other.entries()) {
            entry.kind = kind_;
            entries_.push_back(std::move(entry));
            makers_.push_back([&other, convert](const Spec& spec, Arguments...) -> Product {
                return convert(other.make(spec));
            });
        }
    }

    /// Makes what `spec` names. Throws RequestError for an unknown name or setting, or a value out of range.
    Product make(const Spec& spec, Arguments... arguments) const {
        for (size_t i = 0; i < entries_.size(); ++i)
            if (entries_[i].name == spec.name) return makers_[i](spec, arguments...);
        std::vector<std::string> names;
        for (const auto& entry : entries_) names.push_back(entry.name);
        fail_request("unknown {} '{}'{} (`ravine list {}{}` shows all)", kind_, spec.name,
                     suggestion(spec.name, names), kind_, kind_.ends_with('s') ? "es" : "s");
    }

    bool contains(const std::string& name) const {
        for (const auto& entry : entries_)
            if (entry.name == name) return true;
        return false;
    }

    const std::string& kind() const { return kind_; }
    const std::vector<Entry>& entries() const { return entries_; }

private:
    template <class T>
    static void apply(const std::vector<Field<T>>& fields, T& settings, const std::string& kind,
                      const std::string& name, const std::string& key, const std::string& value) {
        const auto field = std::ranges::find(fields, key, &Field<T>::name);
        if (field != fields.end()) return field->set(settings, name + ":" + key, value);
        std::vector<std::string> names;
        for (const auto& f : fields) names.push_back(f.name);
        fail_request("{} '{}' has no setting '{}'{} (`ravine describe {}` shows its settings)", kind, name,
                     key, suggestion(key, names), name);
    }

    std::string kind_;
    std::vector<Entry> entries_;
    std::vector<std::function<Product(const Spec&, Arguments...)>> makers_;
};

}  // namespace ravine
