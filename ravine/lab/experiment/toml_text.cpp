#include "ravine/lab/experiment/toml_text.hpp"

#include <algorithm>

#include "ravine/core/error.hpp"

namespace ravine {
namespace {

constexpr size_t most_bytes = 1 << 20;

/// Goes through a text from left to right.
class Scanner {
public:
    explicit Scanner(std::string_view text) : text_(text) {}

    int64_t line_of_deep(int levels) {
        int depth = 0, dots = 0;
        for (; at_ < text_.size(); ++at_) {
            const char c = text_[at_];
            if (c == '"' || c == '\'') {
                skip_string(c);
                continue;
            }
            if (c == '#') skip_comment();
            if (c == '.' && ++dots > levels) return line();
            if (c == '[' || c == '{') {
                if (++depth > levels) return line();
            } else if (c == ']' || c == '}') {
                depth = std::max(0, depth - 1);
            }
            // Whatever ends a key ends its parts; a number has one dot at most.
            if (c == '\n' || c == '#' || c == '=' || c == ',' || c == '[' || c == ']' || c == '{' || c == '}')
                dots = 0;
        }
        return 0;
    }

private:
    int64_t line() const { return 1 + std::ranges::count(text_.substr(0, at_), '\n'); }

    bool is_at(size_t at, std::string_view token) const { return text_.substr(at).starts_with(token); }

    void skip_comment() {
        while (at_ + 1 < text_.size() && text_[at_ + 1] != '\n') ++at_;
    }

    /// Leaves at_ at the last quote of a string.
    void skip_string(char quote) {
        const std::string three(3, quote);
        const bool is_long = is_at(at_, three);
        for (at_ += is_long ? 3 : 1; at_ < text_.size(); ++at_) {
            if (text_[at_] == '\\' && quote == '"') {
                ++at_;
            } else if (!is_long && (text_[at_] == quote || text_[at_] == '\n')) {
                if (text_[at_] == '\n') --at_;  // it does not end: the library says so
                return;
            } else if (is_long && is_at(at_, three)) {
                at_ += 2;
                // Up to two quotes may stand before the three that end it.
                for (int more = 0; more < 2 && at_ + 1 < text_.size() && text_[at_ + 1] == quote; ++more)
                    ++at_;
                return;
            }
        }
    }

    std::string_view text_;
    size_t at_ = 0;
};

}  // namespace

int64_t line_of_deep_toml(std::string_view text, int levels) { return Scanner(text).line_of_deep(levels); }

toml::table parse_toml(std::string_view text, const std::string& origin) {
    if (text.size() > most_bytes)
        fail_request("{}: expected at most {} bytes, found {}", origin, most_bytes, text.size());
    if (const int64_t line = line_of_deep_toml(text); line > 0)
        fail_request("{}:{}: expected lists, tables and dotted keys at most {} deep, found more", origin,
                     line, most_toml_levels);
    try {
        return toml::parse(text, origin);
    } catch (const toml::parse_error& error) {
        const auto at = error.source().begin;
        fail_request("{}:{}:{}: {}", origin, at.line, at.column, error.description());
    }
}

}  // namespace ravine
