#include "ravine/core/text/json_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <stdexcept>

#include "ravine/core/error.hpp"
#include "ravine/core/settings/spec.hpp"
#include "ravine/core/text/printable.hpp"

namespace ravine::test {
namespace {

using Json = nlohmann::ordered_json;
using ::testing::HasSubstr;

std::string refusal(const std::string& text) {
    try {
        parse_json<Json>(text, "x.json");
    } catch (const RequestError& error) {
        return error.what();
    }
    return "none";
}

TEST(JsonText, LevelsAreCountedOutsideStrings) {
    EXPECT_FALSE(nests_deeper("[{\"a\":[1]}]", 3));
    EXPECT_TRUE(nests_deeper("[{\"a\":[1]}]", 2));
    EXPECT_FALSE(nests_deeper("[\"[[[[\", \"\\\"[[[[\", \"\\\\\", 1]", 1));
    EXPECT_TRUE(nests_deeper("[\"\\\\\", [1]]", 1));  // the string ends before the list
    EXPECT_FALSE(nests_deeper("[],[],[]", 1));
}

TEST(JsonText, WhatIsTooDeepIsRefusedBeforeItIsParsed) {
    const std::string deep = std::string(200'000, '[') + std::string(200'000, ']');
    EXPECT_THAT(refusal(deep), HasSubstr("x.json: expected lists and objects at most 64 deep"));
    EXPECT_TRUE(try_parse_json(deep).is_discarded());
    const std::string most = std::string(64, '[') + std::string(64, ']');
    EXPECT_EQ(parse_json<Json>(most, "x").dump(), most);
}

TEST(JsonText, MistakesAreToldInOurWords) {
    EXPECT_THAT(refusal("{\"a\": }"), HasSubstr("x.json: byte 7: expected JSON: "));
    EXPECT_THAT(refusal("{\"a\": }"), Not(HasSubstr("exception")));
    EXPECT_THAT(refusal("1e999"), Not(HasSubstr("exception")));
    try {
        Json(5).get<std::string>();
    } catch (const std::exception& error) {
        EXPECT_EQ(json_complaint(error), "type must be string, but is number");
    }
}

TEST(JsonText, IntegersKeepTheirDigits) {
    EXPECT_EQ(json_integer(Json::parse("-9223372036854775808")), INT64_MIN);
    EXPECT_EQ(json_integer(Json::parse("7")), 7);
    for (const char* text : {"9223372036854775808", "1.5", "1e300", "\"7\"", "null", "true", "[7]"})
        EXPECT_THROW(json_integer(Json::parse(text)), std::out_of_range) << text;
}

TEST(ErrorText, AMessageHasAtMostAThousandBytes) {
    const RequestError error("data.csv: " + std::string(100'000, 'x') + ": no such file");
    const std::string message = error.what();
    EXPECT_EQ(message.size(), 1000);
    EXPECT_TRUE(message.starts_with("data.csv: xxx"));
    EXPECT_TRUE(message.ends_with("xxx: no such file"));
    EXPECT_THAT(message, HasSubstr("x ... x"));
    EXPECT_EQ(std::string(RequestError("short").what()), "short");
    // Characters stay whole.
    std::string text;
    for (int i = 0; i < 1000; ++i) text += "\u20ac";
    const std::string cut = shortened(text, 100);
    EXPECT_LE(cut.size(), 100);
    EXPECT_EQ(cut.find(" ... ") % 3, 0);
    EXPECT_EQ((cut.size() - 5) % 3, 0);
}

TEST(SpecText, ALongTextTakesTimeInProportion) {
    std::string text = "x:a=1";
    for (int i = 0; i < 200'000; ++i) text += ",k" + std::to_string(i) + "=1";
    EXPECT_EQ(Spec::parse(text).settings.size(), 200'001);
    EXPECT_THROW(Spec::parse(text + ",k7=2"), RequestError);
    EXPECT_EQ(nearest_name(std::string(1'000'000, 'x'), {std::string(1'000'000, 'y')}), "");
}

}  // namespace
}  // namespace ravine::test
