#pragma once

#include <string>
#include <utility>
#include <vector>

namespace ravine {

/// A name with settings, as people type it: `adam:learning_rate=0.01,beta1=0.9`.
struct Spec {
    std::string name;
    std::vector<std::pair<std::string, std::string>> settings;

    /// Reads `NAME` or `NAME:key=value,key=value`. Throws RequestError where the text has another form.
    static Spec parse(const std::string& text);

    /// The text that parse() reads back to this spec.
    std::string text() const;

    /// The value of a key, or an empty string.
    std::string get(const std::string& key) const;

    /// Sets a key, replacing an earlier value.
    void set(const std::string& key, const std::string& value);

    bool operator==(const Spec&) const = default;
};

/// The specs that are joined by '+', in order; the '+' of a number (1e+3) joins nothing. Throws RequestError,
/// which begins with `what`, where a part is empty.
std::vector<Spec> parse_chain(const std::string& what, const std::string& text);

/// The candidate with the smallest edit distance to `name` (Levenshtein 1966), or an empty string where none
/// is near.
std::string nearest_name(const std::string& name, const std::vector<std::string>& candidates);

/// "; did you mean 'adam'?" or an empty string: the end of an error about an unknown name.
std::string suggestion(const std::string& name, const std::vector<std::string>& candidates);

}  // namespace ravine
