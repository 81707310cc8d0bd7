#include "ravine/data/data_digest.hpp"

#include <nlohmann/json.hpp>

#include "tests/data/support.hpp"

namespace ravine::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class DataRecordTest : public testing::Test {
protected:
    /// A table of 50 rows in two classes, or a change of it.
    Parts load(const std::string& header = "a,b,kind", int rows = 50, const std::string& last = "1",
               const std::string& name = "no") {
        std::string text = header + "\n";
        for (int i = 0; i < rows; ++i)
            text +=
                std::to_string(i) + "," + (i == rows - 1 ? last : "1") + "," + (i % 2 ? "yes" : name) + "\n";
        return load_parts({.dataset = folder_.write("t.csv", text), .target = "kind", .seed = 3});
    }
    std::string difference(const Parts& found, DataUse use = DataUse::training) {
        return data_difference(record_, found, use);
    }

    TemporaryFolder folder_;
    DataRecord record_ = record_of(load());
};

TEST_F(DataRecordTest, TheSameDataAreTheSame) {
    EXPECT_THAT(difference(load()), IsEmpty());
    EXPECT_THAT(difference(load(), DataUse::test), IsEmpty());
    const DataRecord again = data_record_from_json(data_record_to_json(record_), "r");
    EXPECT_EQ(data_record_to_json(again), data_record_to_json(record_));
    EXPECT_THAT(data_difference(again, load(), DataUse::training), IsEmpty());
}

TEST_F(DataRecordTest, TheFirstDifferenceIsNamed) {
    EXPECT_EQ(difference(load("a,b,kind", 60)), "expected 30 training examples, found 36");
    EXPECT_EQ(difference(load("a,b,kind", 60), DataUse::test), "expected 10 test examples, found 12");
    EXPECT_EQ(difference(load("a,other,kind")), "expected a column 'b', found none");
    EXPECT_THAT(difference(load("b,a,kind")),
                HasSubstr("expected each column in its place: a, b; found b, a"));
    EXPECT_EQ(difference(load("a,b,kind", 50, "1", "never")), "expected a class 'no', found none");
}

TEST_F(DataRecordTest, OneValueIsEnough) {
    const Parts found = load("a,b,kind", 50, "2");
    // The row is in one part alone.
    const std::string training = difference(found), test = difference(found, DataUse::test);
    EXPECT_NE(training.empty(), test.empty());
    EXPECT_THAT(training + test, HasSubstr("other values or targets among the"));
}

TEST_F(DataRecordTest, LabelsCountToo) {
    Parts found = load();
    found.training.labels[7] = 1 - found.training.labels[7];
    EXPECT_EQ(difference(found), "other values or targets among the 30 training examples");
    EXPECT_THAT(difference(found, DataUse::test), IsEmpty());
}

TEST_F(DataRecordTest, ADamagedRecordIsRefused) {
    auto json = data_record_to_json(record_);
    json["training"]["digest"] = 5;
    expect_error(2, [&] { data_record_from_json(json, "data.json"); },
                 {"data.json: expected the record of a data set"});
    expect_error(2, [&] { data_record_from_json(nlohmann::ordered_json::array(), "x"); }, {"x: expected"});
}

}  // namespace
}  // namespace ravine::test
