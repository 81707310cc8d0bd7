#include "ravine/train/training/progress.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <chrono>
#include <limits>
#include <thread>

#include "tests/train/support.hpp"

namespace ravine {
namespace {

using testing::HasSubstr;

constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

void show(std::FILE* out) {
    Progress progress(out, 3);
    progress.on_first_model_progress({1, 1, 2, 0.1, 1, 1}, 2);
    progress.on_first_model_progress({2, 1, 1, 0.1, 1, 2}, 2);
    std::this_thread::sleep_for(std::chrono::milliseconds(110));  // a bar is drawn ten times a second
    progress.on_progress({6, 2, 0.25, 0.01, 1, 12}, 18);
    progress.on_evaluation({6, 2, 0.5, {0.75, 0.875}, 200});
    std::this_thread::sleep_for(std::chrono::milliseconds(110));
    progress.on_progress({8, 3, 0.25, 0.01, 1, 12}, 0);  // of a run without a known end
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
    std::fclose(file);
    std::string text(4000, '\0');
    size_t length = 0;
    for (ssize_t count = 0; (count = read(terminal, text.data() + length, text.size() - length)) > 0;)
        length += static_cast<size_t>(count);  // until all is read, which a terminal hands over in pieces
    text.resize(length);
    close(terminal);
    EXPECT_THAT(text, HasSubstr("first model [============            ]  50 %  loss 2.0000  rate 0.1"));
    EXPECT_THAT(text, HasSubstr("left\x1b[K\r\x1b[K\repoch 2/3"));  // the first bar is gone
    EXPECT_THAT(text, HasSubstr("epoch 2/3 [========                ]  33 %  loss 0.2500"));
    EXPECT_THAT(text, HasSubstr("rate 0.01"));
    EXPECT_THAT(text, HasSubstr("\repoch 3/3  batch 8  loss"));
    EXPECT_THAT(text, HasSubstr("  rate 0.01\x1b[K"));
    EXPECT_THAT(text, HasSubstr("\r\x1b[Kepoch   2/3  update      6"));  // the bar gives way to the line
}

}  // namespace
}  // namespace ravine
