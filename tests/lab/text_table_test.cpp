#include "ravine/lab/names/text_table.hpp"

#include <gtest/gtest.h>

namespace ravine {
namespace {

TEST(TextTable, AlignsWordsLeftAndNumbersRight) {
    EXPECT_EQ(
        text_table({"name", "n", "what"}, {{"a", "5", "one"}, {"long", "-12.5", "two"}, {"ä", "-", ""}}),
        "name      n  what\n"
        "a         5  one\n"
        "long  -12.5  two\n"
        "ä         -\n");
}

TEST(TextTable, BreaksTheLastColumnBetweenWords) {
    EXPECT_EQ(text_table({}, {{"a", "some words that do not fit into the width of this"}}, 33),
              "a  some words that do not fit\n"
              "   into the width of this\n");
}

TEST(TextTable, WrappingKeepsWordsAndIndents) {
    EXPECT_EQ(wrapped("one two three", 2, 9), "one two\n  three");
    EXPECT_EQ(wrapped("unbreakable", 2, 5), "unbreakable");
    EXPECT_EQ(wrapped("", 2), "");
}

}  // namespace
}  // namespace ravine
