#include "ravine/data/formats/npy.hpp"

#include <limits>

#include "tests/data/npy_support.hpp"
#include "tests/data/support.hpp"

namespace ravine::test {
namespace {

using Floats = std::vector<float>;
using Integers = std::vector<int64_t>;
using Bytes = std::vector<uint8_t>;

class Npy : public testing::Test {
protected:
    NpyArray read(const std::string& text, NpyIntegers integers = NpyIntegers::kept) {
        return read_npy(folder_.write("a.npy", text), integers);
    }
    NpyArray read(const std::string& type, const std::string& shape, const std::string& items) {
        return read(npy(npy_header(type, shape), items));
    }
    static Floats reals(const NpyArray& a) { return std::get<Rows<float>>(a.items).elements(); }
    static std::vector<double> doubles(const NpyArray& a) {
        return std::get<Rows<double>>(a.items).elements();
    }
    static Integers integers(const NpyArray& a) { return std::get<Integers>(a.items); }
    void refuses(const std::string& text, const std::vector<std::string>& parts) {
        SCOPED_TRACE(text.substr(0, 100));
        expect_error(
            2, [&] { read(text); }, parts);
    }
    TemporaryFolder folder_;
};

TEST_F(Npy, LargeIntegersKeepTheirDigitsAsReals) {
    EXPECT_EQ(doubles(read_npy(
                  folder_.write("i.npy", npy(npy_header("<i8", "(2,)"), bytes_of<int64_t>({1700000001, -3}))),
                  NpyIntegers::as_reals)),
              (std::vector<double>{1700000001, -3}));
}

TEST_F(Npy, ReadsEveryTypeInBothByteOrders) {
    for (const bool big : {false, true}) {
        SCOPED_TRACE(big);
        const std::string order = big ? ">" : "<";
        EXPECT_EQ(reals(read(order + "f4", "(3,)", bytes_of<float>({1.5F, -2, 1e30F}, big))),
                  (Floats{1.5F, -2, 1e30F}));
        EXPECT_EQ(doubles(read(order + "f8", "(2,)", bytes_of<double>({0.1, -1e-50}, big))),
                  (std::vector<double>{0.1, -1e-50}));
        EXPECT_EQ(reals(read(order + "f8", "(2,)", bytes_of<double>({0.5, -3}, big))),
                  (Floats{0.5F, -3}));  // in single precision where that loses nothing
        // 1, -2, the smallest subnormal 2^-24, the largest 65504
        EXPECT_EQ(reals(read(order + "f2", "(4,)", bytes_of<uint16_t>({0x3C00, 0xC000, 1, 0x7BFF}, big))),
                  (Floats{1, -2, 0x1p-24F, 65504}));
        EXPECT_EQ(integers(read(order + "i2", "(2,)", bytes_of<int16_t>({-300, 7}, big))),
                  (Integers{-300, 7}));
        EXPECT_EQ(integers(read(order + "i4", "(2,)", bytes_of<int32_t>({-70'000, 7}, big))),
                  (Integers{-70'000, 7}));
        EXPECT_EQ(integers(read(order + "i8", "(1,)", bytes_of<int64_t>({-(int64_t{1} << 40)}, big))),
                  (Integers{-(int64_t{1} << 40)}));
        EXPECT_EQ(integers(read(order + "u2", "(1,)", bytes_of<uint16_t>({65'535}, big))),
                  (Integers{65'535}));
        EXPECT_EQ(integers(read(order + "u4", "(1,)", bytes_of<uint32_t>({4'000'000'000}, big))),
                  (Integers{4'000'000'000}));
        EXPECT_EQ(integers(read(order + "u8", "(1,)", bytes_of<uint64_t>({5}, big))), (Integers{5}));
    }
    EXPECT_EQ(std::get<Rows<uint8_t>>(read("|u1", "(3,)", "\x01\x02\xff").items).elements(),
              (Bytes{1, 2, 255}));
    EXPECT_EQ(integers(read("|i1", "(2,)", "\x01\xff")), (Integers{1, -1}));
    EXPECT_EQ(integers(read("|b1", "(2,)", std::string("\x01\0", 2))), (Integers{1, 0}));
}

TEST_F(Npy, ReadsEveryVersionAndShape) {
    for (const int version : {1, 2, 3}) {
        const NpyArray a =
            read(npy(npy_header("<i2", "(2, 3)"), bytes_of<int16_t>({1, 2, 3, 4, 5, 6}), version));
        EXPECT_EQ(a.shape, (Shape{2, 3}));
        EXPECT_EQ(integers(a), (Integers{1, 2, 3, 4, 5, 6}));
    }
    EXPECT_EQ(read("<i2", "()", bytes_of<int16_t>({7})).shape, Shape{});
    EXPECT_EQ(read("<i2", "(0, 4)", "").shape, (Shape{0, 4}));
    EXPECT_EQ(read("<i2", "(2L,)", bytes_of<int16_t>({7, 8})).shape, Shape{2});  // as Python 2 wrote it
    // The keys in another order, double quotes, no comma at the end.
    EXPECT_EQ(integers(read(npy("{\"shape\": (1,), \"fortran_order\": False, \"descr\": \"<i2\"}",
                                bytes_of<int16_t>({9})))),
              Integers{9});
}

TEST_F(Npy, TurnsFortransOrder) {
    // [[1, 2, 3], [4, 5, 6]], the first index fastest.
    EXPECT_EQ(integers(read(npy(npy_header("<i2", "(2, 3)", "True"), bytes_of<int16_t>({1, 4, 2, 5, 3, 6})))),
              (Integers{1, 2, 3, 4, 5, 6}));
    std::vector<float> stored(24);
    for (int i = 0; i < 2; ++i)
        for (int j = 0; j < 3; ++j)
            for (int k = 0; k < 4; ++k)
                stored[static_cast<size_t>(i + 2 * j + 6 * k)] = static_cast<float>(100 * i + 10 * j + k);
    const NpyArray a = read(npy(npy_header("<f4", "(2, 3, 4)", "True"), bytes_of(stored)));
    EXPECT_EQ(reals(a)[1 * 12 + 2 * 4 + 3], 123);
    EXPECT_EQ(reals(a)[0 * 12 + 1 * 4 + 2], 12);
}

TEST_F(Npy, IntegersBecomeRealsWhereThatIsWanted) {
    const std::string text = npy(npy_header("<i4", "(2,)"), bytes_of<int32_t>({-3, 1 << 20}));
    EXPECT_EQ(reals(read(text, NpyIntegers::as_reals)), (Floats{-3, 1 << 20}));
    const std::string bytes = npy(npy_header("|u1", "(1,)"), "\x05");
    EXPECT_TRUE(std::holds_alternative<Rows<uint8_t>>(read(bytes, NpyIntegers::as_reals).items));
}

TEST_F(Npy, LargeArraysGoToATemporaryFile) {
    const Environment budget("RAVINE_DATA_MEMORY", "1");
    std::vector<float> items(500'000);
    for (size_t i = 0; i < items.size(); ++i) items[i] = static_cast<float>(i % 1000);
    EXPECT_EQ(reals(read(npy(npy_header("<f4", "(1000, 500)"), bytes_of(items)))), items);
}

TEST_F(Npy, RefusesWhatWouldRunCodeAndWhatIsNoNumber) {
    for (const char* type : {"|O", "O", "|O8"})
        refuses(npy(npy_header(type, "(1,)"), "x"), {"Python objects"});
    refuses(npy(npy_header("<U3", "(1,)"), std::string(12, 'x')), {"'<U3'", "texts"});
    refuses(npy(npy_header("|S3", "(1,)"), "abc"), {"texts"});
    refuses(npy(npy_header("<c8", "(1,)"), std::string(8, 'x')), {"complex"});
    refuses(npy(npy_header("<M8[ns]", "(1,)"), std::string(8, 'x')), {"dates"});
    refuses(npy(npy_header("|V8", "(1,)"), std::string(8, 'x')), {"records"});
    refuses(npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", "abcd"), {"structured"});
    for (const char* type : {"", "<", "f4", "<f1", "<f16", "<i3", "=f4x", "|f4", "<f44"})
        refuses(npy(npy_header(type, "(1,)"), std::string(64, 'x')),
                {"a.npy", "expected an array of numbers"});
}

TEST_F(Npy, RefusesNumbersThatCannotBeKept) {
    const float infinity = std::numeric_limits<float>::infinity();
    refuses(npy(npy_header("<f4", "(2, 2)"), bytes_of<float>({1, 2, infinity, 3})),
            {"item [1, 0]", "finite", "inf"});
    refuses(npy(npy_header("<f4", "(2, 2)", "True"), bytes_of<float>({1, 2, std::nanf(""), 3})),
            {"item [0, 1]", "nan"});
    refuses(npy(npy_header("<f8", "(1,)"), bytes_of<double>({1e39})), {"item [0]", "1e+39"});
    refuses(npy(npy_header("<u8", "(1,)"), bytes_of<uint64_t>({uint64_t{1} << 63})), {"item [0]", "at most"});
}

TEST_F(Npy, RefusesClaimsThatTheFileDoesNotHold) {
    refuses(npy(npy_header("<f4", "(1152921504606846976,)"), "abcd"),
            {"a.npy", "bytes of items", "found at most"});
    refuses(npy(npy_header("<f8", "(4294967296, 4294967296)"), "abcd"), {"bytes can be counted"});
    refuses(npy(npy_header("<f4", "(9223372036854775808,)"), "abcd"), {"an extent from 0"});
    refuses(npy(npy_header("<f4", "(-1,)"), "abcd"), {"an extent from 0"});
    refuses(npy(npy_header("<f4", "(2,)"), "abcd"), {"expected 8 bytes of items"});
    refuses(npy(npy_header("<f4", "(1,)"), "abcdx"), {"expected the end after 1 items", "found more"});
}

TEST_F(Npy, RefusesEveryTruncation) {
    const std::string good = npy(npy_header("<f4", "(3,)"), bytes_of<float>({1, 2, 3}));
    EXPECT_EQ(reals(read(good)).size(), 3u);
    for (size_t size = 0; size < good.size(); ++size) {
        folder_.write("a.npy", good.substr(0, size));
        expect_error(2, [&] { read_npy(folder_.path() / "a.npy"); }, {"a.npy"});
    }
}

TEST_F(Npy, RefusesDamagedHeaders) {
    const std::string items = "abcd";
    std::string text = npy(npy_header("<f4", "(1,)"), items);
    text[1] = 'X';
    refuses(text, {"byte 0", "NUMPY"});
    text = npy(npy_header("<f4", "(1,)"), items);
    text[6] = 4;
    refuses(text, {"byte 6", "version", "4.0"});
    text = npy(npy_header("<f4", "(1,)"), items, 2);
    text[11] = '\x7f';  // two thousand million bytes of header
    refuses(text, {"byte 8", "at most"});
    for (const char* header :
         {"", "{", "{}", "[]", "{'descr': '<f4'}", "{'descr': '<f4', 'fortran_order': False}",
          "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}",
          "{'descr': '<f4', 'fortran_order': False, 'shape': (1)}",
          "{'descr': '<f4', 'fortran_order': False, 'shape': [1]}",
          "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'extra': 1}",
          "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}",
          "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x",
          "{'descr': __import__('os').system('true'), 'fortran_order': False, 'shape': (1,)}",
          "{'descr': '<f\\x34', 'fortran_order': False, 'shape': (1,)}"})
        refuses(npy(header, items), {"a.npy", "expected"});
}

}  // namespace
}  // namespace ravine::test
