#include "ravine/data/files/digest.hpp"

#include "tests/data/support.hpp"

namespace ravine {
namespace {

// FIPS 180-4's examples.
constexpr const char* of_nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr const char* of_abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST(Digest, OfTheStandardsExamples) {
    EXPECT_EQ(Sha256().finish(), of_nothing);
    Sha256 digest;
    for (const uint8_t letter : {'a', 'b', 'c'}) digest.update({&letter, 1});
    EXPECT_EQ(digest.finish(), of_abc);
}

TEST(Digest, OfFiles) {
    const test::TemporaryFolder folder;
    EXPECT_EQ(sha256_of_file(folder.write("empty", "")), of_nothing);
    EXPECT_EQ(sha256_of_file(folder.write("abc", "abc")), of_abc);
    // A million times 'a' takes several pieces.
    EXPECT_EQ(sha256_of_file(folder.write("long", std::string(1'000'000, 'a'))),
              "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    test::expect_error(2, [&] { sha256_of_file(folder.path() / "none"); }, {"none: cannot read"});
    test::expect_error(2, [&] { sha256_of_file(folder.path()); }, {"cannot read"});
}

}  // namespace
}  // namespace ravine
