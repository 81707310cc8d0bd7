#include "ravine/lab/report/html_text.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "ravine/core/error.hpp"

namespace ravine {
namespace {

/// Valid UTF-8: every other byte sequence is replaced by U+FFFD.
std::string utf8(std::string_view text) {
    using Json = nlohmann::json;
    return Json::parse(Json(text).dump(-1, ' ', false, Json::error_handler_t::replace)).get<std::string>();
}

const char* name_of(MarkKind kind) {
    switch (kind) {
        case MarkKind::line:
            return "line";
        case MarkKind::steps:
            return "steps";
        case MarkKind::band:
            return "band";
        case MarkKind::dot:
            return "dot";
        case MarkKind::ring:
            return "ring";
        case MarkKind::cross:
            return "cross";
        case MarkKind::points:
            return "points";
        case MarkKind::cells:
            return "cells";
    }
    return "";
}

const char* name_of(FigureLayout layout) {
    if (layout == FigureLayout::strips) return "strips";
    return layout == FigureLayout::map ? "map" : "curves";
}

const char* name_of(Scale scale) { return scale == Scale::logarithmic ? "log" : "linear"; }
const char* name_of(Unit unit) { return unit == Unit::share ? "share" : "number"; }

template <class Items, class ToJson>
std::string array(const Items& items, ToJson to_json) {
    std::string text = "[";
    for (const auto& item : items) text += (text.size() > 1 ? "," : "") + to_json(item);
    return text + "]";
}

std::string strings(const std::vector<std::string>& items) {
    return array(items, [](const std::string& item) { return script_json(item); });
}

std::string figure_json(const Figure& f) {
    const auto column = [](const FigureColumn& c) {
        return fmt::format("{{\"name\":{},\"label\":{},\"unit\":\"{}\"}}", script_json(c.name),
                           script_json(c.label), name_of(c.unit));
    };
    const auto mark = [](const FigureMark& m) {
        return fmt::format("{{\"kind\":\"{}\",\"columns\":{}}}", name_of(m.kind), strings(m.columns));
    };
    const auto rule = [](const FigureRule& r) {
        return fmt::format("{{\"y\":{},\"label\":{}}}", script_json(r.y), script_json(r.label));
    };
    const auto row = [](const std::vector<double>& cells) {
        return array(cells, [](double cell) { return script_json(cell); });
    };
    return fmt::format(
        "{{\"id\":{},\"title\":{},\"description\":{},\"layout\":\"{}\",\"group\":{},\"series\":{},"
        "\"notes\":{},\"x\":{},\"xScale\":\"{}\",\"xCategories\":{},\"yLabel\":{},\"yUnit\":\"{}\","
        "\"yScale\":\"{}\",\"marks\":{},\"rules\":{},\"columns\":{},\n\"rows\":{}}}",
        script_json(f.id), script_json(f.title), script_json(f.description), name_of(f.layout),
        script_json(f.series.group), strings(f.series.names), strings(f.series.notes), strings(f.x),
        name_of(f.x_scale), strings(f.x_categories), script_json(f.y_label), name_of(f.y_unit),
        name_of(f.y_scale), array(f.marks, mark), array(f.rules, rule), array(f.columns, column),
        array(f.rows, row));
}

}  // namespace

std::string html_escaped(std::string_view text) {
    std::string result;
    for (const char c : utf8(text)) {
        if (c == '&')
            result += "&amp;";
        else if (c == '<')
            result += "&lt;";
        else if (c == '>')
            result += "&gt;";
        else if (c == '"')
            result += "&quot;";
        else if (c == '\'')
            result += "&#39;";
        else if (c != '\0')
            result += c;
    }
    return result;
}

std::string script_json(std::string_view text) {
    using Json = nlohmann::json;
    std::string result;
    for (const char c : Json(text).dump(-1, ' ', false, Json::error_handler_t::replace)) {
        if (c == '<' || c == '>' || c == '&')
            result += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        else
            result += c;
    }
    return result;
}

std::string script_json(double value) {
    if (!std::isfinite(value)) return "null";
    if (value == std::trunc(value) && std::abs(value) < 1e15) return fmt::format("{:.0f}", value);
    return fmt::format("{:.7g}", value);
}

std::string figures_json(const Report& report) {
    std::string text;
    for (const auto& section : report.sections)
        for (const auto& block : section.blocks)
            if (const auto* figure = std::get_if<Figure>(&block))
                text += (text.empty() ? "" : ",\n") + figure_json(*figure);
    return "{\"figures\":[" + text + "]}";
}

std::string script_hash(std::string_view script) {
    std::array<unsigned char, 32> digest{};
    if (EVP_Digest(script.data(), script.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1)
        fail_run("no SHA-256 from the system's OpenSSL");
    std::array<unsigned char, 45> base64{};  // 4 characters for 3 bytes, and a 0
    const int length = EVP_EncodeBlock(base64.data(), digest.data(), digest.size());
    return "'sha256-" + std::string(base64.begin(), base64.begin() + length) + "'";
}

}  // namespace ravine
