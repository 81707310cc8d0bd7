#include "ravine/exec/cpu/dnnl/transposition.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace ravine::test {
namespace {

// Every extent near that of a block, which is 8 x 8 bfloat16 numbers or 4 x 4 floats.
TEST(Transpose, ExchangesRowsAndColumns) {
    for (int64_t rows = 8; rows < 26; ++rows)
        for (const int64_t columns : {8, 9, 15, 16, 23}) {
            std::vector<float> x(static_cast<size_t>(rows * columns)), y(x.size() + 1, -1);
            std::vector<Bfloat16> a(x.size()), b(x.size() + 1, {0xFFFF});
            for (size_t i = 0; i < x.size(); ++i)
                x[i] = static_cast<float>(i), a[i].bits = static_cast<uint16_t>(i);
            transpose(x.data(), rows, columns, y.data());
            transpose(a.data(), rows, columns, b.data());
            for (int64_t i = 0; i < rows; ++i)
                for (int64_t j = 0; j < columns; ++j) {
                    const auto from = static_cast<size_t>(i * columns + j);
                    const auto to = static_cast<size_t>(j * rows + i);
                    ASSERT_EQ(y[to], x[from]) << rows << " x " << columns;
                    ASSERT_EQ(b[to].bits, a[from].bits) << rows << " x " << columns;
                }
            EXPECT_EQ(y.back(), -1);
            EXPECT_EQ(b.back().bits, 0xFFFF);
        }
}

}  // namespace
}  // namespace ravine::test
