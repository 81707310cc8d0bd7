#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "ravine/data/files/digest.hpp"
#include "ravine/lab/report/assets.hpp"
#include "ravine/lab/report/html_page.hpp"
#include "ravine/lab/report/html_text.hpp"
#include "tests/data/support.hpp"
#include "tests/support/paths.hpp"

namespace ravine::test {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr auto hostile = "</script><img src=x onerror=alert(1)>'\"&<!--";

TEST(HtmlText, NothingLeavesTheTextOrTheAttribute) {
    EXPECT_EQ(html_escaped(hostile),
              "&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;&#39;&quot;&amp;&lt;!--");
    EXPECT_EQ(html_escaped("a\xff z"), "a\xef\xbf\xbd z");
}

TEST(HtmlText, JsonInAScriptHasNoTagsAndReadsBack) {
    const std::string json = script_json(std::string_view(hostile));
    EXPECT_EQ(json.find_first_of("<>&"), std::string::npos);
    EXPECT_EQ(nlohmann::json::parse(json).get<std::string>(), hostile);
    EXPECT_EQ(nlohmann::json::parse(script_json(std::string_view("\xff"))).get<std::string>(),
              "\xef\xbf\xbd");
}

TEST(HtmlText, NumbersOfJson) {
    EXPECT_EQ(script_json(0.1), "0.1");
    EXPECT_EQ(script_json(123456789.0), "123456789");
    EXPECT_EQ(script_json(1.0 / 3), "0.3333333");
    EXPECT_EQ(script_json(1e-20), "1e-20");
    EXPECT_EQ(script_json(std::nan("")), "null");
    EXPECT_EQ(script_json(-std::numeric_limits<double>::infinity()), "null");
}

TEST(HtmlText, HashOfAScript) {  // SHA-256 of "abc" (FIPS 180-4), as base64
    EXPECT_EQ(script_hash("abc"), "'sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0='");
}

TEST(ReportLibraries, AreThoseOfTheReadme) {
    const std::string folder = source_folder() + "/ravine/lab/report/vendor/";
    const std::string readme = contents_of(folder + "README.md");
    for (const char* name : {"d3.min.js", "plot.umd.min.js"})
        EXPECT_THAT(readme, HasSubstr(sha256_of_file(folder + name))) << name;
    EXPECT_EQ(std::string(assets::d3), contents_of(folder + "d3.min.js"));
    // A library with this inside would end the element that carries it.
    EXPECT_THAT(std::string(assets::d3), Not(HasSubstr("</script")));
    EXPECT_THAT(std::string(assets::plot), Not(HasSubstr("</script")));
}

TEST(HtmlPage, TextsAreShownWhateverTheyHold) {
    const Figure figure{.id = "figure",
                        .title = hostile,
                        .caption = hostile,
                        .description = hostile,
                        .source = hostile,
                        .series = {.group = "g", .names = {hostile}, .notes = {}},
                        .columns = {{hostile, hostile}},
                        .rows = {{0, 1}},
                        .y_label = hostile,
                        .rules = {{1, hostile}}};
    const ReportTable table{.caption = hostile, .header = {hostile}, .rows = {{hostile}}};
    const Report report{
        .title = hostile,
        .subtitle = hostile,
        .sections = {{.title = hostile,
                      .blocks = {Headline{hostile}, Paragraph{hostile}, CodeBlock{hostile}, table, figure}}}};
    const std::string page = html_page(report);
    EXPECT_THAT(page, Not(HasSubstr("<img")));
    EXPECT_THAT(page, Not(HasSubstr("<!--")));
    const auto count = [&](const std::string& text) {
        size_t found = 0;
        for (size_t at = page.find(text); at != std::string::npos; at = page.find(text, at + 1)) ++found;
        return found;
    };
    EXPECT_EQ(count("<script"), 4u);  // the data, two libraries and the page's own
    EXPECT_EQ(count("</script>"), 4u);
    EXPECT_EQ(html_page(report), page);
}

TEST(HtmlPage, NumbersStandOnTheRight) {
    const ReportTable table{.caption = "t", .header = {"name", "value"}, .rows = {{"a", "−1.5"}, {"b", "–"}}};
    const std::string page =
        html_page({.title = "t", .subtitle = "", .sections = {{.title = "s", .blocks = {table}}}});
    EXPECT_THAT(page, HasSubstr("<th scope=\"col\">name</th><th scope=\"col\" class=\"number\">value</th>"));
    EXPECT_THAT(page, HasSubstr("<td class=\"number\">−1.5</td>"));
}

}  // namespace
}  // namespace ravine::test
