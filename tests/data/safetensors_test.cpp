#include "ravine/data/formats/safetensors.hpp"

#include <cmath>
#include <cstring>

#include "tests/data/support.hpp"

namespace ravine {
namespace {

using test::expect_error;
using test::TemporaryFolder;

std::string bytes_of(uint64_t value) {
    std::string bytes(8, '\0');
    std::memcpy(bytes.data(), &value, 8);
    return bytes;
}

std::string file_of(const std::string& header, const std::string& data) {
    return bytes_of(header.size()) + header + data;
}

std::string entry(const std::string& name, const std::string& shape, int begin, int end,
                  const std::string& type = "F32") {
    return fmt::format(R"("{}":{{"dtype":"{}","shape":{},"data_offsets":[{},{}]}})", name, type, shape, begin,
                       end);
}

class Safetensors : public testing::Test {
protected:
    TensorFile read(const std::string& contents) {
        return read_safetensors(folder_.write("m.safetensors", contents));
    }
    void refuses(const std::string& contents, const std::vector<std::string>& parts) {
        SCOPED_TRACE(contents.substr(0, 200));
        expect_error(
            2, [&] { read(contents); }, parts);
    }
    TemporaryFolder folder_;
};

TEST_F(Safetensors, ReadsBackWhatItWrote) {
    const std::vector<double> four = {1, -2.5, 1e-40, INFINITY}, two = {0.1, 1e300};
    TensorFile file;
    file.tensors.push_back({"weight", {2, 2}, Vector(four, Precision::f32)});
    file.tensors.push_back({"moment", {2}, Vector(two, Precision::f64)});
    file.tensors.push_back({"empty", {0, 3}, Vector(0, Precision::f32)});
    file.tensors.push_back({"scalar", {}, Vector(1, Precision::f32, 7)});
    file.metadata = {{"format", "ravine"}, {"schema", "{\"a\": \"é\n\"}"}};
    const auto path = folder_.path() / "m.safetensors";
    write_safetensors(path, file);
    const TensorFile back = read_safetensors(path);
    EXPECT_EQ(back.metadata, file.metadata);
    ASSERT_EQ(back.tensors.size(), 4U);
    EXPECT_EQ(back.tensors[0].name, "moment");  // doubles first
    for (const auto& tensor : file.tensors) {
        const NamedTensor* found = back.find(tensor.name);
        ASSERT_NE(found, nullptr) << tensor.name;
        EXPECT_EQ(found->shape, tensor.shape);
        EXPECT_EQ(found->data.precision(), tensor.data.precision());
        EXPECT_EQ(found->data.to_doubles(), tensor.data.to_doubles());
    }
    EXPECT_EQ(back.find("none"), nullptr);
}

TEST_F(Safetensors, LaysTheFileOutAsTheFormatSays) {
    const std::vector<double> numbers = {1, 2};
    TensorFile file;
    file.tensors.push_back({"a", {2}, Vector(numbers, Precision::f32)});
    write_safetensors(folder_.path() / "m", file);
    std::string header = R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";
    header.resize((header.size() + 7) / 8 * 8, ' ');
    EXPECT_EQ(test::contents_of(folder_.path() / "m"),
              file_of(header, std::string("\0\0\x80\x3F\0\0\0\x40", 8)));
}

TEST_F(Safetensors, WidensHalfPrecisionExactly) {
    // binary16: 1, -2, the smallest subnormal, the largest finite, infinity, -0.
    const std::string half("\x00\x3C\x00\xC0\x01\x00\xFF\x7B\x00\x7C\x00\x80", 12);
    const auto numbers =
        read(file_of("{" + entry("h", "[6]", 0, 12, "F16") + "}", half)).tensors[0].data.to_doubles();
    EXPECT_EQ(numbers, (std::vector<double>{1, -2, 0x1p-24, 65504, INFINITY, 0}));
    EXPECT_TRUE(std::signbit(numbers[5]));
    const std::string brain("\x80\x3F\x49\xC0", 4);  // bfloat16: 1, -3.140625
    const int64_t counters[] = {3, -5};
    EXPECT_EQ(read(file_of("{" + entry("c", "[2]", 0, 16, "I64") + "}",
                           std::string(reinterpret_cast<const char*>(counters), 16)))
                  .tensors[0]
                  .data.to_doubles(),
              (std::vector<double>{3, -5}));
    EXPECT_EQ(read(file_of("{" + entry("b", "[2]", 0, 4, "BF16") + "}", brain)).tensors[0].data.to_doubles(),
              (std::vector<double>{1, -3.140625}));
}

TEST_F(Safetensors, TruncatedAnywhereIsRefused) {
    const std::string whole = file_of("{" + entry("a", "[2]", 0, 8) + "}", "12345678");
    ASSERT_EQ(read(whole).tensors.size(), 1U);
    for (size_t length = 0; length < whole.size(); ++length)
        refuses(whole.substr(0, length), {"expected", "found"});
    refuses(whole.substr(0, 5), {"byte 5", "header length"});
    refuses(whole.substr(0, 30), {"byte 0", "expected a header of", "found 22"});
}

TEST_F(Safetensors, OversizedIsRefused) {
    const std::string header = "{" + entry("a", "[2]", 0, 8) + "}";
    refuses(file_of(header, "12345678x"), {fmt::format("byte {}", 8 + header.size() + 8), "found 1 more"});
    refuses(bytes_of(UINT64_MAX) + "{}", {"byte 0", "at most 100000000", "18446744073709551615"});
    refuses(bytes_of(200'000'000) + "{}", {"byte 0", "at most 100000000"});
}

TEST_F(Safetensors, BrokenHeadersAreRefused) {
    refuses(file_of("{\"a\":", ""), {"byte", "expected a JSON header"});
    refuses(file_of("[]", ""), {"expected a JSON object", "array"});
    refuses(file_of("{\"a\xFF\":1}", ""), {"expected a JSON header"});
    refuses(file_of("{" + entry("a", "[1]", 0, 4) + "," + entry("a", "[1]", 4, 8) + "}", "12345678"),
            {"\"a\" twice"});
    refuses(file_of(R"({"a":{"b":{"c":{}}}})", ""), {"two levels"});
    refuses(file_of(R"({"__metadata__":{"a":1}})", ""), {"__metadata__", "object of strings"});
    refuses(file_of(R"({"a":3})", ""), {"tensor 'a'", "found 3"});
    refuses(file_of(R"({"a":{"dtype":"F32","shape":[1]}})", ""), {"tensor 'a'", "data_offsets"});
    refuses(file_of(std::string(100'000, '['), ""), {"two levels"});
    refuses(
        file_of("{" + entry("a", std::string(100'000, '[') + std::string(100'000, ']'), 0, 4) + "}", "1234"),
        {"two levels"});
}

TEST_F(Safetensors, ContradictionsAreRefused) {
    const std::string data(16, 'x');
    const auto with = [&](const std::string& entries) { return file_of("{" + entries + "}", data); };
    refuses(with(entry("a", "[4]", 0, 16, "I32")), {"tensor 'a'", "dtype F64, F32, F16, BF16 or I64", "I32"});
    refuses(with(entry("a", "[5]", 0, 16)), {"tensor 'a'", "20 bytes for F32 [5]", "found 16"});
    refuses(with(entry("a", "[5]", 0, 20)), {"tensor 'a'", "within the 16 bytes", "[0,20]"});
    refuses(with(entry("a", "[4]", 16, 0)), {"tensor 'a'", "within the 16 bytes", "[16,0]"});
    refuses(with(entry("a", "[-4]", 0, 16)), {"tensor 'a'", "shape", "[-4]"});
    refuses(with(entry("a", "[4.0]", 0, 16)), {"tensor 'a'", "shape", "[4.0]"});
    refuses(with(entry("a", "[4]", -16, 0)), {"tensor 'a'", "data_offsets"});
    // 2^62 x 4 elements of 4 bytes are 0 modulo 2^64, and 2^32 x 2^32 too.
    refuses(with(entry("a", "[4611686018427387904,4]", 0, 0) + "," + entry("b", "[4]", 0, 16)),
            {"fits into memory"});
    refuses(with(entry("a", "[4294967296,4294967296]", 0, 0) + "," + entry("b", "[4]", 0, 16)),
            {"fits into memory"});
    refuses(with(entry("a", "[2]", 0, 8) + "," + entry("b", "[3]", 4, 16)),
            {"tensor 'b'", "at byte 8", "at 4"});
    refuses(with(entry("a", "[1]", 0, 4) + "," + entry("b", "[2]", 8, 16)),
            {"tensor 'b'", "at byte 4", "at 8"});
}

TEST_F(Safetensors, RefusesToWriteNonsense) {
    TensorFile file;
    file.tensors.push_back({"a", {3}, Vector(2, Precision::f32)});
    EXPECT_THROW(write_safetensors(folder_.path() / "m", file), std::logic_error);
    file.tensors = {{"a", {2}, Vector(2, Precision::f32)}, {"a", {2}, Vector(2, Precision::f32)}};
    EXPECT_THROW(write_safetensors(folder_.path() / "m", file), std::logic_error);
    EXPECT_FALSE(std::filesystem::exists(folder_.path() / "m"));
    file.tensors.pop_back();
    expect_error(1, [&] { write_safetensors(folder_.path() / "none" / "m", file); },
                 {"none/m", "cannot write"});
}

}  // namespace
}  // namespace ravine
