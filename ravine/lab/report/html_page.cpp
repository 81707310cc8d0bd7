#include "ravine/lab/report/html_page.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cctype>
#include <vector>

#include "ravine/lab/report/assets.hpp"
#include "ravine/lab/report/html_text.hpp"

namespace ravine {
namespace {

/// A number, with or without a sign, or a dash for none.
bool is_number(const std::string& cell) {
    std::string_view rest = cell;
    for (const std::string_view sign : {"+", "-", "−", "<", "< "})
        if (rest.starts_with(sign)) rest.remove_prefix(sign.size());
    return !rest.empty() && std::isdigit(static_cast<unsigned char>(rest[0]));
}

bool is_numeric(const ReportTable& table, size_t column) {
    bool any = false;
    for (const auto& row : table.rows) {
        if (row[column].empty() || row[column] == "–") continue;
        if (!is_number(row[column])) return false;
        any = true;
    }
    return any;
}

constexpr size_t long_cell = 60;  // more than a line on a phone

/// Tables with long cells are stacked where the page is narrow.
bool has_sentences(const ReportTable& table) {
    const auto is_long = [](const std::string& cell) { return cell.size() > long_cell; };
    return std::ranges::any_of(
        table.rows, [&](const auto& row) { return std::any_of(row.begin() + 1, row.end(), is_long); });
}

std::string html(const ReportTable& table) {
    std::string text = fmt::format(
        "<div class=\"table\" tabindex=\"0\" role=\"region\" aria-label=\"{0}\"><table{1}>"
        "<caption>{0}</caption><thead><tr>",
        html_escaped(table.caption), has_sentences(table) ? " class=\"sentences\"" : "");
    std::vector<const char*> cell_class;
    for (size_t c = 0; c < table.header.size(); ++c) {
        cell_class.push_back(is_numeric(table, c) ? " class=\"number\"" : "");
        text += fmt::format("<th scope=\"col\"{}>{}</th>", cell_class[c], html_escaped(table.header[c]));
    }
    text += "</tr></thead><tbody>\n";
    for (size_t r = 0; r < table.rows.size(); ++r) {
        text += "<tr>";
        for (size_t c = 0; c < table.header.size(); ++c) {
            const std::string cell = html_escaped(table.rows[r][c]);
            if (c > 0)
                text += fmt::format("<td{}>{}</td>", cell_class[c], cell);
            else if (table.rows_are_series)
                text += fmt::format(
                    "<th scope=\"row\" class=\"series\"><span class=\"key s{}\"></span>{}</th>", r % 8, cell);
            else
                text += fmt::format("<th scope=\"row\"{}>{}</th>", cell_class[c], cell);
        }
        text += "</tr>\n";
    }
    return text + "</tbody></table></div>\n";
}

std::string html(const Headline& headline) {
    return fmt::format("<p class=\"headline\">{}</p>\n", html_escaped(headline.text));
}

std::string html(const Paragraph& paragraph) {
    return fmt::format("<p>{}</p>\n", html_escaped(paragraph.text));
}

std::string html(const Picture& picture) {
    const auto bytes = reinterpret_cast<const unsigned char*>(picture.svg.data());
    std::vector<unsigned char> text(4 * (picture.svg.size() / 3 + 1) + 1);
    const int length = EVP_EncodeBlock(text.data(), bytes, static_cast<int>(picture.svg.size()));
    const std::string encoded(text.begin(), text.begin() + length), caption = html_escaped(picture.caption);
    return fmt::format(
        "<figure class=\"picture\"><img src=\"data:image/svg+xml;base64,{}\" alt=\"{}\">"
        "<figcaption>{}</figcaption></figure>\n",
        encoded, caption, caption);
}

std::string html(const CodeBlock& code) {
    return fmt::format("<pre tabindex=\"0\"><code>{}</code></pre>\n", html_escaped(code.text));
}

/// The script fills in the controls, the drawing and the table of the data.
std::string html(const Figure& figure) {
    const std::string caption =
        figure.caption.empty() ? "" : fmt::format("<p>{}</p>", html_escaped(figure.caption));
    return fmt::format(
        "<figure id=\"figure-{}\" class=\"{}\"><h3>{}</h3>\n<div class=\"drawing\"></div>\n"
        "<figcaption>{}<p class=\"source\">Drawn from {}.</p></figcaption></figure>\n",
        html_escaped(figure.id), figure.layout == FigureLayout::map ? "map" : "wide",
        html_escaped(figure.title), caption, html_escaped(figure.source));
}

/// Figures that follow one another share a grid.
std::string html(const std::vector<ReportBlock>& blocks) {
    std::string text;
    bool in_grid = false;
    for (const auto& block : blocks) {
        const bool is_figure = std::holds_alternative<Figure>(block);
        if (is_figure != in_grid) text += is_figure ? "<div class=\"figures\">\n" : "</div>\n";
        in_grid = is_figure;
        text += std::visit([](const auto& b) { return html(b); }, block);
    }
    return text + (in_grid ? "</div>\n" : "");
}

/// "How fast": how-fast.
std::string anchor(const std::string& title) {
    std::string id;
    for (const char c : title)
        id += std::isalnum(static_cast<unsigned char>(c))
                  ? static_cast<char>(std::tolower(static_cast<unsigned char>(c)))
                  : '-';
    return id;
}

std::string contents(const Report& report) {
    std::string text = "<nav aria-label=\"Sections\"><ul>";
    for (const auto& section : report.sections)
        text += fmt::format("<li><a href=\"#{}\">{}</a></li>", anchor(section.title),
                            html_escaped(section.title));
    return text + "</ul></nav>\n";
}

std::string body(const Report& report) {
    std::string text = fmt::format("<header><h1>{}</h1><p class=\"subtitle\">{}</p>\n",
                                   html_escaped(report.title), html_escaped(report.subtitle));
    text += contents(report);
    text +=
        "</header>\n<main>\n<noscript><p class=\"notice\">The figures are drawn by a script that this file "
        "carries; this browser runs none. The tables hold the results, and the CSV files beside this file "
        "hold the numbers of every figure.</p></noscript>\n";
    for (const auto& section : report.sections)
        text += fmt::format("<section id=\"{}\"><h2>{}</h2>\n{}</section>\n", anchor(section.title),
                            html_escaped(section.title), html(section.blocks));
    text += fmt::format(
        "</main>\n<footer><p>Written by Ravine {}. Figures by Observable Plot and D3, whose licences "
        "follow.</p><details><summary>Licences</summary><h4>Observable Plot</h4><pre>{}</pre><h4>D3</h4>"
        "<pre>{}</pre></details></footer>\n",
        RAVINE_VERSION, html_escaped(assets::plot_licence), html_escaped(assets::d3_licence));
    return text;
}

}  // namespace

std::string html_page(const Report& report) {
    std::string script = "(() => {\n\"use strict\";\n";
    for (const auto piece : {assets::format_js, assets::marks_js, assets::figure_js, assets::report_js})
        script += piece;
    script += "})();\n";
    std::string hashes;
    for (const std::string_view s : {assets::d3, assets::plot, std::string_view(script)})
        hashes += " " + script_hash(s);

    std::string page = fmt::format(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src{}; "
        "style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"color-scheme\" content=\"light dark\">\n<title>{}</title>\n<style>\n",
        hashes, html_escaped(report.title));
    page += assets::style;
    page += "</style>\n</head>\n<body>\n" + body(report);
    page +=
        "<script type=\"application/json\" id=\"report-data\">\n" + figures_json(report) + "\n</script>\n";
    for (const std::string_view library : {assets::d3, assets::plot, std::string_view(script)}) {
        page += "<script>";
        page += library;
        page += "</script>\n";
    }
    return page + "</body>\n</html>\n";
}

}  // namespace ravine
