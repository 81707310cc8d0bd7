#include "ravine/train/progress.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <limits>

#include "tests/train/support.hpp"

namespace ravine {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

void show(std::FILE* out) {
    Progress progress(out, 3);
    progress.on_progress({6, 2, 0.25, 0.01, 1, 12}, 18);
    progress.on_evaluation({6, 2, 0.5, {0.75, 0.875}, 200});
    progress.on_evaluation({9, 3, 0.5, {undefined, undefined}, 7500});
}

TEST(Progress, IsALineAnEvaluationInALog) {
    std::FILE* file = std::tmpfile();
    show(file);
    std::rewind(file);
    std::string text(1000, '\0');
    text.resize(std::fread(text.data(), 1, text.size(), file));
    std::fclose(file);
    EXPECT_EQ(text,
              "epoch   2/3  update      6  training loss 0.5000  validation loss 0.7500  accuracy 87.50 %  "
              "3 min 20 s\n"
              "epoch   3/3  update      9  training loss 0.5000  2 h 5 min\n");
}

TEST(Progress, IsABarOnATerminal) {
    const int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    if (terminal < 0 || grantpt(terminal) != 0 || unlockpt(terminal) != 0)
        GTEST_SKIP() << "no terminals here";
    std::FILE* file = std::fopen(ptsname(terminal), "r+");
    ASSERT_NE(file, nullptr);
    show(file);
    std::string text(4000, '\0');
    const ssize_t count = read(terminal, text.data(), text.size());
    ASSERT_GT(count, 0);
    text.resize(static_cast<size_t>(count));
    std::fclose(file);
    close(terminal);
    EXPECT_THAT(text, HasSubstr("epoch 2/3 [========                ]  33 %  loss 0.2500"));
    EXPECT_THAT(text, HasSubstr("rate 0.01"));
    EXPECT_THAT(text, HasSubstr("\r\x1b[Kepoch   2/3  update      6"));  // the bar gives way to the line
}

}  // namespace
}  // namespace ravine
