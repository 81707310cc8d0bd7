#include "ravine/core/settings/settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "ravine/core/settings/catalog.hpp"

namespace ravine::test {
namespace {

using ::testing::HasSubstr;

/// The message of the RequestError that the function throws.
template <class F>
std::string message_of(F function) {
    try {
        function();
    } catch (const RequestError& error) {
        return error.what();
    }
    ADD_FAILURE() << "no RequestError";
    return {};
}

TEST(SpecText, IsRead) {
    EXPECT_EQ(Spec::parse("adam").name, "adam");
    EXPECT_TRUE(Spec::parse("adam").settings.empty());
    const Spec spec = Spec::parse("adam:learning_rate=0.01,beta1=0.9");
    EXPECT_EQ(spec.name, "adam");
    EXPECT_EQ(spec.get("learning_rate"), "0.01");
    EXPECT_EQ(spec.get("beta1"), "0.9");
    EXPECT_EQ(spec.get("beta2"), "");
    EXPECT_EQ(spec.settings.size(), 2u);
    EXPECT_EQ(Spec::parse("file:path=a:b=c").get("path"), "a:b=c");
}

TEST(SpecText, IsWrittenAsItIsRead) {
    for (const std::string text : {"adam", "adam:learning_rate=0.01", "a:b=1,c=2,d=x-y"})
        EXPECT_EQ(Spec::parse(text).text(), text);
    Spec spec = Spec::parse("adam:beta1=0.9");
    spec.set("beta1", "0.8");
    spec.set("beta2", "0.99");
    EXPECT_EQ(spec.text(), "adam:beta1=0.8,beta2=0.99");
}

TEST(SpecText, OfAnotherFormIsRefused) {
    for (const std::string text : {"", ":a=1", "adam:", "adam:beta1", "adam:=1", "adam:beta1=", "adam:a=1,",
                                   "adam:,a=1", "adam:a=1,,b=2", "adam:a=1,a=2"})
        EXPECT_THROW(Spec::parse(text), RequestError) << text;
    EXPECT_THAT(message_of([] { Spec::parse("adam:a=1,a=2"); }), HasSubstr("'a' is given twice"));
}

TEST(Suggestions, AreTheNearestName) {
    const std::vector<std::string> names{"adam", "adamw", "sgd", "rmsprop", "rmsprop-nesterov"};
    EXPECT_EQ(nearest_name("adma", names), "adam");
    EXPECT_EQ(nearest_name("sdg", names), "sgd");
    EXPECT_EQ(nearest_name("rmsprob", names), "rmsprop");
    EXPECT_EQ(nearest_name("rmsprop-nes", names), "rmsprop-nesterov");
    EXPECT_EQ(nearest_name("adam", names), "adam");
    EXPECT_EQ(nearest_name("transformer", names), "");
    EXPECT_EQ(nearest_name("xyz", names), "");  // all letters wrong is no typing error
    EXPECT_EQ(nearest_name("q", {"lm"}), "");
    EXPECT_EQ(nearest_name("", names), "");
    EXPECT_EQ(nearest_name("adam", {}), "");
    EXPECT_EQ(suggestion("adma", names), "; did you mean 'adam'?");
    EXPECT_EQ(suggestion("transformer", names), "");
}

TEST(Ranges, ContainTheirBoundsOrNot) {
    EXPECT_TRUE(unit_interval.contains(0) && unit_interval.contains(1));
    EXPECT_TRUE(below_one.contains(0) && !below_one.contains(1));
    EXPECT_TRUE(!up_to_one.contains(0) && up_to_one.contains(1));
    EXPECT_TRUE(!inside_unit.contains(0) && !inside_unit.contains(1) && inside_unit.contains(0.5));
    EXPECT_TRUE(!positive.contains(0) && positive.contains(1e-300));
    EXPECT_TRUE(non_negative.contains(0) && !non_negative.contains(-1e-300));
    for (const auto& range : {any_number, positive, non_negative, unit_interval}) {
        EXPECT_FALSE(range.contains(std::numeric_limits<double>::quiet_NaN()));
        EXPECT_FALSE(range.contains(std::numeric_limits<double>::infinity()));
    }
}

TEST(Ranges, SayWhatTheyContain) {
    EXPECT_EQ(any_number.text(), "any finite number");
    EXPECT_EQ(positive.text(), "above 0");
    EXPECT_EQ(non_negative.text(), "at least 0");
    EXPECT_EQ(at_least_one.text(), "at least 1");
    EXPECT_EQ(unit_interval.text(), "in [0, 1]");
    EXPECT_EQ(below_one.text(), "in [0, 1)");
    EXPECT_EQ(up_to_one.text(), "in (0, 1]");
    EXPECT_EQ(inside_unit.text(), "in (0, 1)");
    EXPECT_EQ((Range{-unbounded, 2}).text(), "at most 2");
    EXPECT_EQ((Range{-unbounded, 2.5, false, true}).text(), "below 2.5");
    EXPECT_EQ(integer_text(at_least_one), "an integer at least 1");
    EXPECT_EQ(integer_text(any_number), "an integer");
}

TEST(NumbersAsText, AreReadWhole) {
    EXPECT_EQ(parse_number("x", "0.25", any_number), 0.25);
    EXPECT_EQ(parse_number("x", "-1e-3", any_number), -1e-3);
    EXPECT_EQ(parse_number("x", "+2", any_number), 2);
    EXPECT_EQ(parse_integer("x", "-12", any_number), -12);
    EXPECT_EQ(parse_integer("x", "+12", any_number), 12);
    EXPECT_EQ(parse_integer("x", "9223372036854775807", any_number), INT64_MAX);
    for (const std::string text :
         {"",    " ",   "1 ",  " 1",  "1x",   "x",        "1,5",   "+",    "-",  "+-5", "--5",
          "++5", "nan", "NaN", "inf", "-inf", "infinity", "1e999", "0x10", "1e", "1..2"})
        EXPECT_THROW(parse_number("x", text, any_number), RequestError) << text;
    for (const std::string text : {"", "1.0", "1e3", "9223372036854775808", "+-5", "nan", "1 "})
        EXPECT_THROW(parse_integer("x", text, any_number), RequestError) << text;
}

TEST(NumbersAsText, OutOfRangeAreRefusedWithTheRange) {
    EXPECT_EQ(message_of([] { parse_number("adam:beta1", "1", below_one); }),
              "adam:beta1: expected a number in [0, 1), found '1'");
    EXPECT_EQ(message_of([] { parse_number("a", "nan", any_number); }),
              "a: expected any finite number, found 'nan'");
    EXPECT_EQ(message_of([] { parse_integer("a", "0", at_least_one); }),
              "a: expected an integer at least 1, found '0'");
    EXPECT_EQ(message_of([] { parse_integer("a", "x", any_number); }), "a: expected an integer, found 'x'");
    EXPECT_THROW(parse_number("a", "-0.1", non_negative), RequestError);
    EXPECT_EQ(parse_number("a", "1", unit_interval), 1);
}

TEST(NumbersAsText, ReadBackToTheSameNumber) {
    for (const double value : {0.1, 1.0, -2.5, 1.0 / 3, 1e-300, 5e-324, 9.9e307, 123456789.125})
        EXPECT_EQ(parse_number("x", format_number(value), any_number), value) << format_number(value);
    EXPECT_EQ(format_number(0.1), "0.1");
    EXPECT_EQ(format_number(1), "1");
}

TEST(FlagsAndLists, AreRead) {
    for (const std::string yes : {"true", "1", "yes"}) EXPECT_TRUE(parse_flag("x", yes));
    for (const std::string no : {"false", "0", "no"}) EXPECT_FALSE(parse_flag("x", no));
    for (const std::string text : {"", "True", "2", "maybe"})
        EXPECT_THROW(parse_flag("x", text), RequestError);
    EXPECT_EQ(parse_integers("x", "300-100", at_least_one), (std::vector<int64_t>{300, 100}));
    EXPECT_EQ(parse_integers("x", "7", at_least_one), (std::vector<int64_t>{7}));
    for (const std::string text : {"", "-", "1-", "-1", "1--2", "1-x", "0", "1,2"})
        EXPECT_THROW(parse_integers("x", text, at_least_one), RequestError) << text;
}

enum class Color { red, green };

/// A method with one setting of each kind.
struct Method {
    double rate = 0.1;
    int64_t steps = 3;
    bool nesterov = false;
    std::string file = "none";
    std::vector<int64_t> layers{8, 4};
    Color color = Color::red;
};

Catalog<Method, int> catalog() {
    Catalog<Method, int> result("optimizer");
    const Range few{1, 10};
    result.add<Method>(
        {.name = "descent", .summary = "goes down"},
        {field("rate", &Method::rate, positive, "step length"),
         field("steps", &Method::steps, few, "how many"), field("nesterov", &Method::nesterov, "looks ahead"),
         field("file", &Method::file, "a path", "where"),
         field("layers", &Method::layers, at_least_one, "widths"),
         choice("color", &Method::color, {{"red", Color::red}, {"green", Color::green}}, "paint")},
        [](Method method, int extra) {
            method.steps += extra;
            return method;
        });
    return result;
}

TEST(Catalogs, MakeWhatASpecNames) {
    const auto method = catalog().make(
        Spec::parse("descent:rate=0.5,steps=7,nesterov=true,file=x.csv,layers=5-6-7,color=green"), 100);
    EXPECT_EQ(method.rate, 0.5);
    EXPECT_EQ(method.steps, 107);
    EXPECT_TRUE(method.nesterov);
    EXPECT_EQ(method.file, "x.csv");
    EXPECT_EQ(method.layers, (std::vector<int64_t>{5, 6, 7}));
    EXPECT_EQ(method.color, Color::green);
    EXPECT_EQ(catalog().make(Spec::parse("descent"), 0).rate, 0.1);
}

TEST(Catalogs, KnowDefaultsAndExpectations) {
    const auto all = catalog();
    EXPECT_TRUE(all.contains("descent"));
    EXPECT_FALSE(all.contains("ascent"));
    ASSERT_EQ(all.entries().size(), 1u);
    const auto& entry = all.entries()[0];
    EXPECT_EQ(entry.kind, "optimizer");
    std::string text;
    for (const auto& setting : entry.settings)
        text += setting.name + "=" + setting.default_value + " (" + setting.expected + ") ";
    EXPECT_EQ(text,
              "rate=0.1 (above 0) steps=3 (an integer in [1, 10]) nesterov=false (true or false) "
              "file=none (a path) layers=8-4 (integers joined by '-', each at least 1) "
              "color=red (one of red green) ");
}

TEST(Catalogs, TellWhatIsWrongInOneLine) {
    const auto make = [](const std::string& text) {
        return message_of([&] { catalog().make(Spec::parse(text), 0); });
    };
    EXPECT_EQ(make("decsent"),
              "unknown optimizer 'decsent'; did you mean 'descent'? (`ravine list optimizers` "
              "shows all)");
    EXPECT_EQ(make("descent:stepz=1"),
              "optimizer 'descent' has no setting 'stepz'; did you mean 'steps'? "
              "(`ravine describe descent` shows its settings)");
    EXPECT_EQ(make("descent:steps=11"), "descent:steps: expected an integer in [1, 10], found '11'");
    EXPECT_EQ(make("descent:rate=nan"), "descent:rate: expected a number above 0, found 'nan'");
    EXPECT_EQ(make("descent:color=gren"),
              "descent:color: expected one of red green, found 'gren'; did you mean 'green'?");
    EXPECT_THAT(make("descent:layers=1-0"), HasSubstr("expected an integer at least 1, found '0'"));
}

}  // namespace
}  // namespace ravine::test
