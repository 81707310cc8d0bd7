#include "ravine/data/sources/cifar.hpp"

#include <algorithm>
#include <cstdlib>

#include "ravine/data/files/decoded_files.hpp"
#include "ravine/data/sources/catalog.hpp"
#include "tests/data/archive_support.hpp"

namespace ravine::test {
namespace {

namespace fs = std::filesystem;

constexpr int plane = 32 * 32;

/// A record: the labels, then planes in which the byte of pixel i of colour c is (i + 50 c + shift) % 256.
std::string record(const std::vector<int>& labels, int shift = 0) {
    std::string text;
    for (const int label : labels) text += static_cast<char>(label);
    for (int c = 0; c < 3; ++c)
        for (int i = 0; i < plane; ++i) text += static_cast<char>((i + 50 * c + shift) % 256);
    return text;
}

/// `count` records with labels 0, 1, ..., 9, 0, ...
std::string batch(int count, int shift = 0) {
    std::string text;
    for (int i = 0; i < count; ++i) text += record({i % 10}, shift + i);
    return text;
}

std::vector<Member> cifar_10(const std::string& prefix = "cifar-10-batches-bin/") {
    std::vector<Member> members{{prefix + "test_batch.bin", batch(7, 100)}};  // in any order
    for (int i = 5; i >= 1; --i)
        members.push_back({prefix + "data_batch_" + std::to_string(i) + ".bin", batch(10, 10 * i)});
    members.push_back({prefix + "batches.meta.txt", "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n"});
    return members;
}

std::vector<Member> cifar_100() {
    std::string train;
    for (int i = 0; i < 40; ++i) train += record({i % 20, 99 - i});
    return {{"cifar-100-binary/train.bin", train}, {"cifar-100-binary/test.bin", record({3, 42})}};
}

void write_folder(const TemporaryFolder& folder, const std::vector<Member>& members) {
    for (const auto& member : members) folder.write(member.name, member.contents);
}

std::vector<uint8_t> stored_bytes(const Dataset& data) {
    return std::get<Rows<uint8_t>>(data.features).elements();
}

void refuses(const std::string& path, CifarClasses classes, const std::vector<std::string>& parts) {
    expect_error(
        2, [&] { load_cifar(path, classes); }, parts);
}

TEST(Cifar, PlanesBecomePixelsAndBatchesFollowInOrder) {
    const TemporaryFolder folder;
    write_folder(folder, cifar_10());
    const CifarSet set = load_cifar(folder.path(), CifarClasses::ten);
    EXPECT_EQ(set.training.feature_shape, (Shape{32, 32, 3}));
    ASSERT_EQ(set.training.size(), 50);
    EXPECT_EQ(set.test.size(), 7);
    EXPECT_EQ(set.training.labels[23], 3);
    EXPECT_EQ(set.training.classes[2], "c");
    // Image 13 is the fourth of data_batch_2: shift 23. Pixel 100 has red 123, green 173, blue 223.
    const auto bytes = stored_bytes(set.training);
    const size_t at = (13 * plane + 100) * 3;
    EXPECT_EQ(bytes[at], 123);
    EXPECT_EQ(bytes[at + 1], 173);
    EXPECT_EQ(bytes[at + 2], 223);
    set.training.check();
    set.test.check();
}

TEST(Cifar, ArchivesOfAnyCompressionHoldTheSame) {
    const TemporaryFolder folder;
    write_folder(folder, cifar_10());
    const CifarSet expected = load_cifar(folder.path() / "cifar-10-batches-bin", CifarClasses::ten);
    for (const char* name : {"c.tar", "c.tar.gz", "c.tar.xz", "c.tar.bz2", "c.tar.zst", "c.tgz"}) {
        const std::string path = write_archive(folder, name, cifar_10());
        EXPECT_TRUE(is_tar_path(path)) << name;
        EXPECT_EQ(cifar_in(path), CifarClasses::ten) << name;
        const CifarSet set = load_cifar(path, CifarClasses::ten);
        EXPECT_EQ(stored_bytes(set.training), stored_bytes(expected.training)) << name;
        EXPECT_EQ(set.test.labels, expected.test.labels) << name;
    }
}

TEST(Cifar, AHundredHasFineAndCoarseLabels) {
    const TemporaryFolder folder;
    const std::string path = write_archive(folder, "cifar-100-binary.tar.gz", cifar_100());
    EXPECT_EQ(cifar_in(path), CifarClasses::fine);
    const CifarSet fine = load_cifar(path, CifarClasses::fine),
                   coarse = load_cifar(path, CifarClasses::coarse);
    EXPECT_EQ(fine.training.output_count, 100);
    EXPECT_EQ(fine.training.labels[1], 98);
    EXPECT_EQ(fine.training.classes[42], "leopard");
    EXPECT_EQ(fine.test.labels[0], 42);
    EXPECT_EQ(coarse.training.output_count, 20);
    EXPECT_EQ(coarse.training.labels[1], 1);
    EXPECT_EQ(coarse.test.labels[0], 3);
    EXPECT_EQ(stored_bytes(coarse.training), stored_bytes(fine.training));
    EXPECT_EQ(stored_bytes(fine.training)[0], 0);
    EXPECT_EQ(stored_bytes(fine.training)[1], 50);
}

TEST(Cifar, NamedSetsAreFoundAndSplit) {
    const TemporaryFolder folder;
    write_archive(folder, "cifar-10/cifar-10-binary.tar.xz", cifar_10());
    write_archive(folder, "cifar-100-binary.tar.gz", cifar_100());
    const Parts ten =
        load_parts({.dataset = "cifar-10", .data_dir = folder.path().string(), .validation_share = 0.2});
    EXPECT_EQ(ten.training.size(), 40);
    EXPECT_EQ(ten.validation.size(), 10);
    EXPECT_EQ(ten.test.size(), 7);
    EXPECT_EQ(ten.schema.normalization.channels(), 3);
    const Parts coarse =
        load_parts({.dataset = "cifar-100:labels=coarse", .data_dir = folder.path().string()});
    EXPECT_EQ(coarse.schema.output_count, 20);
    EXPECT_EQ(coarse.validation.size(), 4);
    const Parts by_path = load_parts(
        {.dataset = (folder.path() / "cifar-10/cifar-10-binary.tar.xz").string(), .validation_share = 0.2});
    EXPECT_EQ(by_path.training.labels, ten.training.labels);
    expect_error(2,
                 [&] { load_parts({.dataset = "cifar-100:labels=all", .data_dir = folder.path().string()}); },
                 {"labels", "fine coarse", "'all'"});
    const Environment no_data("RAVINE_DATA", ""), no_cache("XDG_CACHE_HOME", "/nowhere");
    const TemporaryFolder empty;
    expect_error(1, [&] { load_parts({.dataset = "cifar-10", .data_dir = empty.path().string()}); },
                 {"cifar-10", empty.path().string(), "ravine data get cifar-10"});
}

TEST(Cifar, DamagedFilesAreRefusedWithTheirPlace) {
    const TemporaryFolder folder;
    const auto with = [&](const std::string& name, const std::string& contents) {
        auto members = cifar_10();
        for (auto& member : members)
            if (member.name.ends_with(name)) member.contents = contents;
        static int n = 0;
        return write_archive(folder, std::to_string(++n) + ".tar", members);
    };
    refuses(with("data_batch_3.bin", batch(10).substr(0, 30000)), CifarClasses::ten,
            {"data_batch_3.bin", "byte 27657", "records of 3073 bytes", "30000"});
    refuses(with("data_batch_3.bin", batch(10) + "x"), CifarClasses::ten, {"byte 30730", "30731"});
    refuses(with("test_batch.bin", ""), CifarClasses::ten, {"test_batch.bin", "found 0 bytes"});
    refuses(with("data_batch_1.bin", record({0}) + record({10})), CifarClasses::ten,
            {"data_batch_1.bin", "byte 3073", "0 ... 9", "found 10"});
    refuses(with("batches.meta.txt", "a\nb\n"), CifarClasses::ten,
            {"batches.meta.txt", "10 classes", "found 2"});
    auto members = cifar_10();
    members.pop_back();  // names are optional
    const std::string unnamed = write_archive(folder, "unnamed.tar", members);
    EXPECT_EQ(load_cifar(unnamed, CifarClasses::ten).training.classes[9], "truck");
    members.pop_back();
    refuses(write_archive(folder, "missing.tar", members), CifarClasses::ten,
            {"missing.tar", "missing: data_batch_1.bin"});
    auto bad = cifar_100();
    bad[0].contents[1] = static_cast<char>(200);
    refuses(write_archive(folder, "bad.tar", bad), CifarClasses::fine, {"byte 1", "0 ... 99", "found 200"});
}

TEST(Cifar, HostileArchivesWriteNothingAndAreRefused) {
    const TemporaryFolder folder;
    // Nothing would be written, but an archive that tries to is not to be trusted.
    refuses(write_archive(folder, "inside/up.tar.gz", cifar_10("../../../../ravine-escaped/")),
            CifarClasses::ten, {"up.tar.gz", "leads out of it", "../../../../ravine-escaped/"});
    refuses(write_archive(folder, "inside/absolute.tar", cifar_10("/ravine-escaped/")), CifarClasses::ten,
            {"absolute.tar", "leads out of it"});
    EXPECT_FALSE(fs::exists("/ravine-escaped"));
    size_t files = 0;
    for ([[maybe_unused]] const auto& entry : fs::recursive_directory_iterator(folder.path())) ++files;
    EXPECT_EQ(files, 3u);  // a folder and two archives

    auto stranger = cifar_10();
    stranger.insert(stranger.begin(), {"inside/../../stranger", "x"});
    refuses(write_archive(folder, "stranger.tar.xz", stranger), CifarClasses::ten, {"inside/../../stranger"});
    auto dotted = cifar_10("./cifar..10/");  // a name with dots leads nowhere
    EXPECT_EQ(load_cifar(write_archive(folder, "dotted.tar", dotted), CifarClasses::ten).training.size(), 50);

    auto linked = cifar_10();
    linked[0] = {linked[0].name, "", "/etc/passwd"};
    refuses(write_archive(folder, "link.tar", linked), CifarClasses::ten,
            {"link.tar", "missing: test_batch.bin"});
    auto twice = cifar_10();
    twice.push_back({"other/test_batch.bin", batch(1)});
    refuses(write_archive(folder, "twice.tar", twice), CifarClasses::ten, {"twice.tar", "found another"});
    const std::string whole = contents_of(write_archive(folder, "whole.tar.gz", cifar_10()));
    refuses(folder.write("cut.tar.gz", whole.substr(0, whole.size() / 2)), CifarClasses::ten, {"cut.tar.gz"});
    refuses(folder.write("noise.tar.gz", std::string(5000, 'x')), CifarClasses::ten, {"noise.tar.gz"});
    refuses(folder.write_gz("text.tar.gz", "no archive"), CifarClasses::ten, {"text.tar.gz", "missing"});
    refuses((folder.path() / "nowhere.tar").string(), CifarClasses::ten, {"nowhere.tar"});
    expect_error(2, [&] { load_parts({.dataset = folder.write_gz("other.tar.gz", "no archive")}); },
                 {"other.tar.gz", "CIFAR"});
}

TEST(DecodedFiles, AreKeptWhileSomebodyWantsThem) {
    const TemporaryFolder folder;
    const std::string path = folder.write("x", "1");
    int decoded = 0;
    const auto get = [&] { return *DecodedFiles::get<int>(path, "test", [&] { return ++decoded; }); };
    EXPECT_EQ(get(), 1);
    EXPECT_EQ(get(), 2);  // nobody keeps
    {
        const DecodedFiles keep;
        EXPECT_EQ(get(), 3);
        const DecodedFiles also;
        EXPECT_EQ(get(), 3);
        fs::last_write_time(path, fs::last_write_time(path) + std::chrono::seconds(5));
        EXPECT_EQ(get(), 4);  // another file now
    }
    EXPECT_EQ(get(), 5);
}

TEST(Published, Cifar10) {
    const std::string data = published_folder();
    if (!fs::exists(fs::path(data) / "cifar-10")) GTEST_SKIP() << "no CIFAR-10 in " << data;
    const Parts parts = load_parts({.dataset = "cifar-10", .data_dir = data});
    EXPECT_EQ(parts.training.size(), 45'000);
    EXPECT_EQ(parts.test.size(), 10'000);
    EXPECT_EQ(parts.test.labels[0], 3);                             // a cat
    EXPECT_NEAR(parts.schema.normalization.mean[0], 0.4914, 1e-3);  // red, green, blue, as everybody finds
    EXPECT_NEAR(parts.schema.normalization.mean[2], 0.4465, 1e-3);
    EXPECT_NEAR(parts.schema.normalization.deviation[1], 0.2435, 1e-3);
}

}  // namespace
}  // namespace ravine::test
