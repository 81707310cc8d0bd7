#include "ravine/lab/names/registry.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "ravine/core/error.hpp"
#include "ravine/lab/names/describe.hpp"

namespace ravine {
namespace {

using ::testing::HasSubstr;

TEST(Registry, EveryEntrySaysWhatAPersonWantsToKnow) {
    for (const auto& entry : registry()) {
        SCOPED_TRACE(entry.kind + "/" + entry.name);
        EXPECT_FALSE(entry.name.empty());
        EXPECT_FALSE(entry.summary.empty());
        EXPECT_EQ(entry.summary.find('\n'), std::string::npos);
        EXPECT_FALSE(entry.summary.ends_with('.'));
        EXPECT_FALSE(entry.formula.empty());
        EXPECT_FALSE(entry.source.empty());
        EXPECT_FALSE(entry.source.ends_with('.'));
        for (const auto& setting : entry.settings) {
            EXPECT_FALSE(setting.name.empty());
            EXPECT_FALSE(setting.expected.empty()) << setting.name;
            EXPECT_FALSE(setting.meaning.empty()) << setting.name;
        }
    }
}

TEST(Registry, NamesAreUniqueWithinAKindAndCanBeTyped) {
    std::set<std::string> seen;
    for (const auto& entry : registry()) {
        EXPECT_TRUE(seen.insert(entry.kind + "/" + entry.name).second) << entry.kind << "/" << entry.name;
        EXPECT_EQ(entry.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-"), std::string::npos)
            << entry.name;
    }
}

TEST(Registry, EveryKindHasEntriesAndEveryEntryAKind) {
    size_t total = 0;
    for (const auto& kind : kinds()) {
        const auto entries = entries_of(kind);
        EXPECT_FALSE(entries.empty()) << kind.name;
        total += entries.size();
    }
    EXPECT_EQ(total, registry().size());
}

TEST(Registry, FindsANameInEveryKindThatHasIt) {
    EXPECT_EQ(find_entries("adam").size(), 1u);
    EXPECT_GT(find_entries("linear").size(), 1u);
    ASSERT_EQ(find_entries("models/linear").size(), 1u);
    EXPECT_EQ(find_entries("model/linear")[0].kind, "model");
    EXPECT_THROW(find_entries("modle/linear"), RequestError);
    EXPECT_THROW(find_entries("adam/"), RequestError);
    EXPECT_THROW(find_entries(""), RequestError);
}

TEST(Registry, ExamplesAreCommandsWithTheName) {
    for (const auto& entry : registry()) {
        EXPECT_THAT(example_of(entry), testing::StartsWith("ravine ")) << entry.name;
        EXPECT_THAT(example_of(entry), HasSubstr(entry.name));
    }
}

TEST(Describe, LinesStayReadable) {
    for (const auto& entry : registry()) {
        const std::string text = describe_text(entry);
        for (size_t begin = 0; begin < text.size();) {
            const size_t end = text.find('\n', begin);
            ASSERT_NE(end, std::string::npos);
            EXPECT_LE(end - begin, 130u) << text.substr(begin, end - begin);
            begin = end + 1;
        }
    }
}

}  // namespace
}  // namespace ravine
