// A type's full name belongs to one definition: where two files define types of one name, a program that sees
// both in different sources is undefined, and no compiler or linker says so.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/paths.hpp"

namespace {

namespace fs = std::filesystem;

using Tokens = std::vector<std::string>;

/// Where the literal or comment that begins at `i` ends, or `i` where none does.
size_t behind_text(const std::string& source, size_t i) {
    const auto behind = [&](const std::string& end, size_t from) {
        return std::min(source.find(end, from), source.size() - end.size()) + end.size();
    };
    const std::string two = source.substr(i, 2);
    if (two == "//") return std::min(source.find('\n', i), source.size());
    if (two == "/*") return behind("*/", i + 2);
    if (two == "R\"") {
        const size_t open = source.find('(', i);
        if (open != std::string::npos) return behind(")" + source.substr(i + 2, open - i - 2) + "\"", open);
    }
    if (source[i] != '"' && source[i] != '\'') return i;
    size_t end = i + 1;
    while (end < source.size() && source[end] != source[i]) end += source[end] == '\\' ? 2 : 1;
    return std::min(end + 1, source.size());
}

/// Where the directive ends whose `#` is at `i`.
size_t behind_directive(const std::string& source, size_t i) {
    while (i < source.size() && source[i] != '\n') i += source[i] == '\\' ? 2 : 1;
    return std::min(i, source.size());
}

/// Names, numbers and single characters, without comments, literals and directives. `::` is one.
Tokens tokens_of(const std::string& source) {
    const auto is_word = [&](size_t i) {
        return i < source.size() && (std::isalnum(static_cast<unsigned char>(source[i])) || source[i] == '_');
    };
    Tokens tokens;
    for (size_t i = 0, end = 0; i < source.size(); i = end) {
        end = source[i] == '#' ? behind_directive(source, i) : behind_text(source, i);
        if (end > i) continue;
        const bool is_number = std::isdigit(static_cast<unsigned char>(source[i]));
        while (is_word(end) || (is_number && source[end] == '\'' && is_word(end + 1))) ++end;
        if (end == i) end += source.compare(i, 2, "::") == 0 ? 2 : 1;
        if (!std::isspace(static_cast<unsigned char>(source[i]))) tokens.push_back(source.substr(i, end - i));
    }
    return tokens;
}

bool is_one_of(const std::string& token, const std::set<std::string>& words) { return words.contains(token); }

bool is_name(const std::string& token) {
    return std::isalpha(static_cast<unsigned char>(token[0])) || token[0] == '_';
}

/// Where the bracket that is at i ends: behind its partner.
size_t behind(const Tokens& tokens, size_t i, const std::string& open, const std::string& close) {
    int depth = 0;
    for (; i < tokens.size(); ++i) {
        if (tokens[i] == open) ++depth;
        if (tokens[i] == close && --depth == 0) return i + 1;
    }
    return i;
}

/// The name of what the `{` behind these tokens begins.
struct Scope {
    enum Kind { space, nameless_space, type, other } kind = other;
    std::string name{};
};

Scope scope_of(const Tokens& words) {
    size_t i = 0;
    while (i < words.size() && (words[i] == "inline" || words[i] == "export")) ++i;
    if (i < words.size() && words[i] == "namespace") {
        std::string name;
        for (++i; i < words.size(); ++i) name += words[i];
        return {name.empty() ? Scope::nameless_space : Scope::space, name};
    }
    while (i + 1 < words.size() && words[i] == "template") i = behind(words, i + 1, "<", ">");
    while (i < words.size() && is_one_of(words[i], {"typedef", "static", "const", "constexpr", "public",
                                                    "private", "protected", ":"}))
        ++i;
    if (i == words.size() || !is_one_of(words[i], {"class", "struct", "union", "enum"})) return {};
    ++i;
    while (i < words.size()) {
        if (words[i] == "[")
            i = behind(words, i, "[", "]");
        else if (words[i] == "alignas")
            i = behind(words, i + 1, "(", ")");
        else if (words[i] == "class" || words[i] == "struct")
            ++i;
        else
            break;
    }
    std::string name;
    for (bool wants_name = true; i < words.size() && (wants_name ? is_name(words[i]) : words[i] == "::");
         ++i) {
        name += words[i];
        wants_name = !wants_name;
    }
    for (const size_t end = i < words.size() && words[i] == "<" ? behind(words, i, "<", ">") : i; i < end;
         ++i)
        name += words[i];
    if (i < words.size() && words[i] == "final") ++i;
    if (name.empty() || (i < words.size() && words[i] != ":")) return {};  // or a variable or a function
    return {Scope::type, name};
}

/// The full names of the types that a source defines for others to see.
std::vector<std::string> types_of(const std::string& source) {
    std::vector<std::string> types;
    std::vector<Scope> scopes;
    Tokens words;
    for (const auto& token : tokens_of(source)) {
        if (token == "{") {
            Scope scope = scope_of(words);
            const bool is_hidden = std::ranges::any_of(scopes, [](const Scope& around) {
                return around.kind == Scope::nameless_space || around.kind == Scope::other;
            });
            if (scope.kind == Scope::type && !is_hidden) {
                std::string name;
                for (const auto& around : scopes) name += around.name + "::";
                types.push_back(name + scope.name);
            }
            scopes.push_back(std::move(scope));
        } else if (token == "}" && !scopes.empty()) {
            scopes.pop_back();
        }
        if (token == "{" || token == "}" || token == ";")
            words.clear();
        else
            words.push_back(token);
    }
    return types;
}

TEST(Types, AreFoundWithTheirFullNames) {
    EXPECT_EQ(
        types_of(R"x(
#include "struct.hpp"  // struct Not {
#define STRUCT struct Macro { \
    int x; }
namespace a::b {
/* class Nor { }; */
struct First { int x = 1'000; struct Inner {}; };
template <class T, class... Rest> class alignas(64) Second final : public First { public: enum Kind { p, q } k; };
enum class [[nodiscard]] Third : int { z };
class Declared;
struct First make(struct First& f) { struct Local {}; return {}; }
struct First variable{};
const char* text = "struct Text {"; const char raw[] = R"y(struct Raw {)y"; char brace = '{';
namespace { struct Hidden {}; }
struct Outer::Late {};
template <> struct Second<int> {};
}
union Global {};
)x"),
        (std::vector<std::string>{"a::b::First", "a::b::First::Inner", "a::b::Second", "a::b::Second::Kind",
                                  "a::b::Third", "a::b::Outer::Late", "a::b::Second<int>", "Global"}));
}

TEST(Types, OfOneNameAreDefinedOnce) {
    std::map<std::string, std::set<std::string>> files;
    for (const char* folder : {"ravine", "cli"})
        for (const auto& entry :
             fs::recursive_directory_iterator(fs::path(ravine::test::source_folder()) / folder)) {
            if (entry.path().extension() != ".hpp" && entry.path().extension() != ".cpp") continue;
            std::ifstream file(entry.path());
            const std::string source((std::istreambuf_iterator<char>(file)), {});
            for (const auto& name : types_of(source)) files[name].insert(entry.path().string());
        }
    EXPECT_TRUE(files.contains("ravine::WorkShare"));
    for (const auto& [name, paths] : files) {
        std::ostringstream list;
        for (const auto& path : paths) list << "\n    " << path;
        EXPECT_EQ(paths.size(), 1) << name << " is defined in" << list.str();
    }
}

}  // namespace
