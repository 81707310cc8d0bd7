#include "ravine/train/curriculum/curriculum.hpp"

#include "tests/train/support.hpp"

namespace ravine {
namespace {

using namespace test;
using testing::HasSubstr;

Curriculum parsed(const std::string& text) { return curricula().make(Spec::parse(text)); }

TEST(Curriculum, GrowsFromTheInitialShareToAll) {
    const Curriculum c = parsed("stochastic:initial=0.2,share=0.5,mix=0.8");
    const Numbers easy{0.2, 0.4, 0.6, 0.8, 1, 1, 1, 1, 1}, mix{0.8, 0.6, 0.4, 0.2, 0, 0, 0, 0, 0};
    for (int64_t epoch = 0; epoch < 9; ++epoch) {
        EXPECT_NEAR(pace_of(c, epoch, 9).easy, easy[static_cast<size_t>(epoch)], 1e-15);
        EXPECT_NEAR(pace_of(c, epoch, 9).mix, mix[static_cast<size_t>(epoch)], 1e-15);
    }
    EXPECT_EQ(pace_of(c, 4, 9).easy, 1);
}

TEST(Curriculum, EndsWithPlainTraining) {
    for (const int64_t epochs : {1, 2, 3, 10}) {
        const Pace last = pace_of(parsed("stochastic:initial=0.1,share=1"), epochs - 1, epochs);
        EXPECT_EQ(last.easy, 1);
        EXPECT_EQ(last.mix, 0);
    }
    EXPECT_EQ(pace_of(parsed("weighted:initial=0.1,share=0.01"), 0, 5).easy, 0.1);
}

TEST(Curriculum, RefusesWhatIsOutOfRange) {
    for (const char* text :
         {"weighted:first_epochs=0", "weighted:initial=0", "deterministic:initial=1.5", "stochastic:share=0",
          "stochastic:mix=1.1", "weighted:mix=0.5", "none:share=1", "easy"})
        EXPECT_THROW(parsed(text), RequestError) << text;
}

std::string refusal(const std::string& text, Sampling sampling, int64_t epochs) {
    try {
        check_curriculum(parsed(text), sampling, epochs);
    } catch (const RequestError& error) {
        return error.what();
    }
    return "";
}

TEST(Curriculum, DrawsFromOrdersWithoutReplacement) {
    for (const char* kind : {"stochastic", "deterministic"}) {
        EXPECT_THAT(refusal(kind, Sampling::iid, 10), HasSubstr("found iid"));
        for (const auto sampling : {Sampling::shuffled, Sampling::once, Sampling::sequential})
            EXPECT_EQ(refusal(kind, sampling, 10), "");
    }
    EXPECT_EQ(refusal("weighted", Sampling::iid, 10), "");
    EXPECT_EQ(refusal("none", Sampling::iid, 1), "");
    EXPECT_THAT(refusal("weighted", Sampling::shuffled, 1), HasSubstr("at least 2 epochs"));
}

}  // namespace
}  // namespace ravine
