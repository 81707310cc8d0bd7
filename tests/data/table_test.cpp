#include "ravine/data/formats/table.hpp"

#include <nlohmann/json.hpp>

#include "ravine/data/batch.hpp"
#include "ravine/data/formats/csv.hpp"
#include "ravine/data/sources/catalog.hpp"
#include "tests/data/support.hpp"

namespace ravine {
namespace {

using test::expect_error;
using test::TemporaryFolder;

class Table : public testing::Test {
protected:
    CellTable read(const std::string& text) { return read_csv(folder_.write("t.csv", text)); }
    EncodedTable encode(const std::string& text, const std::string& target, const std::string& task = "") {
        return encode_table(read(text), target, task);
    }
    void refuses(const std::string& text, const std::vector<std::string>& parts,
                 const std::string& task = "") {
        SCOPED_TRACE(text);
        expect_error(
            2, [&] { encode(text, "y", task); }, parts);
    }
    /// A table x,y with x = row and y as given.
    static std::string with_targets(const std::vector<std::string>& targets) {
        std::string text = "x,y\n";
        for (size_t i = 0; i < targets.size(); ++i) text += std::to_string(i) + "," + targets[i] + "\n";
        return text;
    }
    TemporaryFolder folder_;
};

TEST_F(Table, EncodesNumbersAndCategories) {
    const auto [data, schema, notes] =
        encode("area,colour,y\n1.5,red,0.5\n-2e1,blue,1.5\n+3,red,2.5\n", "y", "regression");
    data.check();
    EXPECT_EQ(data.columns, (std::vector<std::string>{"area", "colour=blue", "colour=red"}));
    EXPECT_EQ(std::get<Rows<float>>(data.features).elements(),
              (std::vector<float>{1.5, 0, 1, -20, 1, 0, 3, 0, 1}));
    EXPECT_EQ(data.values, (std::vector<double>{0.5, 1.5, 2.5}));
    EXPECT_EQ(data.feature_shape, Shape{3});
    EXPECT_EQ(schema.columns, (std::vector<Column>{{"area", {}}, {"colour", {"blue", "red"}}}));
    EXPECT_THAT(notes, testing::Contains(testing::HasSubstr("'colour': text, one-hot encoded as blue, red")));
}

TEST_F(Table, KeepsEveryDigitOfLargeNumbers) {
    const auto [data, schema, notes] =
        encode("time,x,price\n1700000001,1,1000000000001.5\n1700000002.25,2,1e12\n", "price", "regression");
    EXPECT_EQ(data.feature(0, 0), 1700000001);
    EXPECT_EQ(data.feature(1, 0), 1700000002.25);
    EXPECT_EQ(data.feature(1, 1), 2);
    EXPECT_EQ(data.values, (std::vector<double>{1000000000001.5, 1e12}));
    const Normalization fitted = Normalization::fit(data);
    EXPECT_EQ(fitted.deviation[0], 0.625);
    std::vector<float> gathered(4), targets(2);
    const std::vector<int64_t> both{0, 1};
    gather_features(data, fitted, both, gathered.data());
    gather_targets(data, Normalization::fit_values(data), both, targets.data());
    EXPECT_EQ(gathered, (std::vector<float>{-1, -1, 1, 1}));
    EXPECT_EQ(targets, (std::vector<float>{1, -1}));

    Schema like = schema_of(data);
    like.columns = schema.columns;
    const Dataset again = encode_like(read("x,time,price\n2,1700000002.25,7.1\n"), like, true);
    EXPECT_EQ(again.feature(0, 0), 1700000002.25);  // also where it stands alone
    EXPECT_EQ(again.values, std::vector<double>{7.1});
}

TEST_F(Table, InfersTheTask) {
    std::vector<std::string> digits, few, fractions;
    for (int i = 0; i < 100; ++i) {
        digits.push_back(std::to_string(i % 20));
        few.push_back(std::to_string(i % 21));
        fractions.push_back(i % 2 == 0 ? "0.5" : "1");
    }
    EXPECT_EQ(encode(with_targets(digits), "y").data.task, Task::classification);  // 20 values, 5 times each
    EXPECT_EQ(encode(with_targets(few), "y").data.task, Task::regression);         // 21 values
    EXPECT_EQ(encode(with_targets(fractions), "y").data.task, Task::regression);
    digits.pop_back();
    const auto short_of_one = encode(with_targets(digits), "y");  // 20 values in 99 rows
    EXPECT_EQ(short_of_one.data.task, Task::regression);
    EXPECT_THAT(short_of_one.notes,
                testing::Contains(testing::HasSubstr("regression, inferred from 20 different")));
    const auto words = encode(with_targets({"b", "a", "b", "a"}), "y");
    EXPECT_EQ(words.data.classes, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(words.data.labels, (std::vector<int32_t>{1, 0, 1, 0}));
    EXPECT_THAT(words.notes,
                testing::Contains(testing::HasSubstr("classification, inferred from 2 classes")));
}

TEST_F(Table, TheTaskCanBeSaid) {
    const auto classes = encode(with_targets({"10", "2.0", "2", "10"}), "y", "classification");
    EXPECT_EQ(classes.data.classes, (std::vector<std::string>{"2", "10"}));  // by value, and 2.0 is 2
    EXPECT_EQ(classes.data.labels, (std::vector<int32_t>{1, 0, 0, 1}));
    EXPECT_TRUE(classes.notes.empty());
    EXPECT_EQ(encode(with_targets({"1", "0", "1", "0"}), "y", "regression").data.values,
              (std::vector<double>{1, 0, 1, 0}));
    refuses(with_targets({"1", "2"}),
            {"task", "expected classification, regression, multi-label or autoencoding", "'classify'"},
            "classify");
    refuses(with_targets({"a", "b", "a"}), {"line 2, column 'y'", "expected a number", "'a'"}, "regression");
}

TEST_F(Table, RefusesCellsThatAreNoNumbers) {
    refuses("x,y\n1,1\n,2\n3,3\n", {"line 3, column 'x'", "empty cell"});
    refuses("x,y\n1,1\n2,\n3,3\n", {"line 3, column 'y'", "empty cell"});
    refuses("x,y\n1,1\n2,2\nthree,3\n", {"line 4, column 'x'", "expected a number", "found 'three'"});
    for (const char* bad : {"nan", "NaN", "inf", "-Infinity", "1e300", "1e999"})
        refuses(std::string("x,y\n1,1\n2,2\n") + bad + ",3\n", {"line 4, column 'x'", "finite", bad});
    refuses("x,y\n1,1\n2,2\n3,nan\n", {"line 4, column 'y'", "finite", "nan"});
    refuses("x,y\na,1\nb,2\nnan,3\n", {"line 4, column 'x'", "finite", "nan"});
    refuses("x,y\n1,1\n2,2\n0x10,3\n", {"expected a number", "0x10"});
    refuses("x,y\n1,1\n2,2\n3,oops\n", {"line 4, column 'y'", "expected a number", "--task classification"});
}

TEST_F(Table, RefusesManyCategoriesAndBadTargets) {
    std::string text = "x,y\n";
    for (int i = 0; i < 51; ++i) text += fmt::format("name{},{}.5\n", i, i);
    refuses(text, {"column 'x'", "at most 50", "found 51"});
    refuses(with_targets({"a", "a", "a"}), {"column 'y'", "at least two classes", "'a'"});
    refuses(with_targets({"a", "b", "c"}),
            {"column 'y'", "classes that repeat", "3 different values in 3 rows"});
    expect_error(2, [&] { encode("x,y\n1,2\n", "z"); }, {"'z' (the target)", "x, y"});
    expect_error(2, [&] { encode("y\n1\n2\n", "y"); }, {"columns beside the target 'y'"});
}

TEST_F(Table, LongOrBrokenCellsStayOneLine) {
    refuses("x,y\n1,1\n2,2\n\"a\nb" + std::string(5000, 'c') + "\",3\n", {"found 'a b", "ccc...'"});
}

TEST_F(Table, SavedSchemaReadsOtherTables) {
    auto [data, schema, notes] = encode("a,colour,y\n1,red,no\n2,blue,yes\n3,red,no\n4,blue,yes\n", "y");
    const auto columns = schema.columns;
    schema = schema_of(data);
    schema.columns = columns;
    schema = schema_from_json(nlohmann::json::parse(schema_to_json(schema).dump()), "model");
    EXPECT_EQ(schema.columns, columns);

    // Other order, one column more, no target.
    const std::string other = folder_.write("other.csv", "extra,colour,a\nx,blue,7\nx,red,8\n");
    const Dataset predicted = load_like(schema, other, Targets::ignored);
    EXPECT_FALSE(predicted.labelled());
    EXPECT_EQ(std::get<Rows<float>>(predicted.features).elements(), (std::vector<float>{7, 1, 0, 8, 0, 1}));
    expect_error(2, [&] { load_like(schema, other, Targets::required); },
                 {"expected a column 'y'", "the target"});

    EXPECT_EQ(encode_like(read("y,a,colour\nyes,1,red\n"), schema, true).labels, std::vector<int32_t>{1});
    expect_error(2, [&] { encode_like(read("a,y\n1,no\n"), schema, true); }, {"expected a column 'colour'"});
    expect_error(2, [&] { encode_like(read("a,colour,y\n1,green,no\n"), schema, true); },
                 {"line 2, column 'colour'", "blue, red", "'green'"});
    expect_error(2, [&] { encode_like(read("a,colour,y\n1,red,maybe\n"), schema, true); },
                 {"line 2, column 'y'", "one of the classes no, yes", "'maybe'"});
}

TEST_F(Table, LabelsAreSeveralColumnsOfZerosAndOnes) {
    const auto [data, schema, notes] = encode("old,x,new\n0,5,1\n1,6,1\n0,7,0\n", "new,old", "multi-label");
    data.check();
    EXPECT_EQ(data.task, Task::multi_label);
    EXPECT_EQ(data.columns, std::vector<std::string>{"x"});
    EXPECT_EQ(data.classes, (std::vector<std::string>{"new", "old"}));
    EXPECT_EQ(data.values, (std::vector<double>{1, 0, 1, 1, 0, 0}));
    Schema like = schema_of(data);
    like.columns = schema.columns;
    EXPECT_EQ(encode_like(read("new,old,x\n1,0,9\n"), like, true).values, (std::vector<double>{1, 0}));
    EXPECT_FALSE(encode_like(read("x\n9\n"), like, false).labelled());
    const auto bad = [&](const std::string& text, const std::string& target,
                         const std::vector<std::string>& parts) {
        expect_error(
            2, [&] { encode(text, target, "multi-label"); }, parts);
    };
    bad("a,x,b\n0,1,1\n1,1,2\n", "a,b", {"line 3, column 'b': expected 0 or 1", "found '2'"});
    bad("a,x,b\n0,1,1\n1,1,2\n", "a,c", {"column 'c'", "a label"});
    bad("a,x,b\n0,1,1\n1,1,2\n", "a,a", {"'a' twice"});
    bad("a,b\n0,1\n", "a,b", {"columns beside the target"});
    expect_error(2, [&] { encode_like(read("x,old\n1,1\n"), like, true); },
                 {"'new'", "a label of the saved model"});
}

}  // namespace
}  // namespace ravine
