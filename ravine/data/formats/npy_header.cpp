#include "ravine/data/formats/npy_header.hpp"

#include <charconv>
#include <optional>

#include "ravine/core/error.hpp"
#include "ravine/data/files/excerpt.hpp"

namespace ravine {
namespace {

/// Reads the few Python literals that a header is made of, from left to right.
class LiteralReader {
public:
    LiteralReader(const std::string& what, std::string_view text, size_t first_byte)
        : what_(what), text_(text), first_byte_(first_byte) {}

    [[noreturn]] void fail(const std::string& expected) {
        const auto rest = text_.substr(at_);
        fail_request("{}: byte {}: expected {} in the NPY header, found {}", what_, first_byte_ + at_,
                     expected, rest.empty() ? "its end" : "'" + excerpt(rest) + "'");
    }

    char peek() {
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
        return at_ < text_.size() ? text_[at_] : '\0';
    }

    bool skip(std::string_view token) {
        peek();
        if (!text_.substr(at_).starts_with(token)) return false;
        at_ += token.size();
        return true;
    }

    void expect(std::string_view token) {
        if (!skip(token)) fail(fmt::format("'{}'", token));
    }

    void expect_end() {
        if (peek() != '\0' || at_ < text_.size()) fail("its end");
    }

    /// A text in single or double quotes, without escapes: no key or type has any.
    std::string text() {
        const char quote = peek();
        if (quote != '\'' && quote != '"') fail("a text in quotes");
        const size_t end = text_.find(quote, at_ + 1);
        if (end == std::string_view::npos) fail("a text that ends");
        const auto result = text_.substr(at_ + 1, end - at_ - 1);
        if (result.find('\\') != std::string_view::npos) fail("a text without escapes");
        at_ = end + 1;
        return std::string(result);
    }

    bool flag() {
        if (skip("True")) return true;
        if (!skip("False")) fail("True or False");
        return false;
    }

    /// A tuple of integers from 0 on: (), (3,), (3, 4). Python 2 wrote 3L.
    Shape shape() {
        Shape result;
        expect("(");
        while (!skip(")")) {
            peek();
            int64_t extent = 0;
            const char* begin = text_.data() + at_;
            const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), extent);
            if (error != std::errc{} || extent < 0) fail("an extent from 0 to 2^63 - 1");
            at_ += static_cast<size_t>(end - begin);
            skip("L");
            result.push_back(extent);
            if (peek() != ')' || result.size() == 1) expect(",");
        }
        return result;
    }

private:
    const std::string& what_;
    std::string_view text_;
    size_t first_byte_;
    size_t at_ = 0;
};

/// What the items are, where they are not numbers.
const char* refused_kind(char kind) {
    switch (kind) {
        case 'O':
            return "Python objects, which only running their code could read (save numbers instead)";
        case 'S':
        case 'a':
        case 'U':
        case 'T':
            return "texts";
        case 'V':
            return "records or raw bytes";
        case 'M':
        case 'm':
            return "dates or times";
        case 'c':
            return "complex numbers";
        default:
            return nullptr;
    }
}

std::optional<NpyType::Kind> kind_of(char kind, int bytes) {
    using enum NpyType::Kind;
    const bool is_integer_size = bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8;
    if (kind == 'b' && bytes == 1) return boolean;
    if (kind == 'i' && is_integer_size) return signed_integer;
    if (kind == 'u' && is_integer_size) return unsigned_integer;
    if (kind == 'f' && is_integer_size && bytes > 1) return real;
    return {};
}

NpyType parse_type(const std::string& what, const std::string& text) {
    const char* numbers = "numbers (f2, f4, f8, i1 to i8, u1 to u8 or b1)";
    const bool has_order = !text.empty() && std::string_view("<>|=").find(text[0]) != std::string_view::npos;
    const std::string_view type = std::string_view(text).substr(has_order ? 1 : 0);
    if (const char* found = type.empty() ? nullptr : refused_kind(type[0]); found != nullptr)
        fail_request("{}: expected an array of {}, found '{}': {}", what, numbers, excerpt(text), found);
    const bool is_known = type.size() == 2 && type[1] >= '1' && type[1] <= '8';
    const auto kind = is_known ? kind_of(type[0], type[1] - '0') : std::nullopt;
    // '|' says that the order does not matter, which holds for single bytes.
    if (!kind || !has_order || (text[0] == '|' && type[1] != '1'))
        fail_request("{}: expected an array of {}, found '{}'", what, numbers, excerpt(text));
    return {.kind = *kind, .bytes = type[1] - '0', .big_endian = text[0] == '>'};
}

int64_t count_items(const std::string& what, const NpyHeader& header) {
    int64_t count = 1, bytes = 0;
    bool overflow = false, is_empty = false;
    for (const int64_t extent : header.shape) {
        is_empty |= extent == 0;
        overflow |= __builtin_mul_overflow(count, extent, &count);
    }
    overflow |= __builtin_mul_overflow(count, int64_t{header.type.bytes}, &bytes);
    if (overflow && !is_empty)
        fail_request("{}: expected a shape whose bytes can be counted, found {}", what,
                     excerpt(to_string(header.shape)));
    return is_empty ? 0 : count;
}

}  // namespace

NpyHeader parse_npy_header(const std::string& what, std::string_view text, size_t first_byte) {
    LiteralReader reader(what, text, first_byte);
    std::optional<NpyType> type;
    std::optional<bool> fortran_order;
    std::optional<Shape> shape;
    reader.expect("{");
    while (!reader.skip("}")) {
        LiteralReader at_key = reader;
        const std::string key = reader.text();
        if ((key != "descr" && key != "fortran_order" && key != "shape") || (key == "descr" && type) ||
            (key == "fortran_order" && fortran_order) || (key == "shape" && shape))
            at_key.fail("'descr', 'fortran_order' and 'shape', once each,");
        reader.expect(":");
        if (key == "fortran_order") {
            fortran_order = reader.flag();
        } else if (key == "shape") {
            shape = reader.shape();
        } else if (reader.peek() == '[') {
            fail_request("{}: expected an array of numbers, found a structured one: save its columns apart",
                         what);
        } else {
            type = parse_type(what, reader.text());
        }
        if (reader.peek() != '}') reader.expect(",");
    }
    reader.expect_end();
    if (!type || !fortran_order || !shape)
        fail_request("{}: expected 'descr', 'fortran_order' and 'shape' in the NPY header, found no '{}'",
                     what,
                     !type            ? "descr"
                     : !fortran_order ? "fortran_order"
                                      : "shape");
    NpyHeader header{.type = *type, .fortran_order = *fortran_order, .shape = *shape};
    header.item_count = count_items(what, header);
    return header;
}

}  // namespace ravine
