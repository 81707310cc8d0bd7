#include "ravine/data/sources/image_folder.hpp"

#include "tests/data/archive_support.hpp"
#include "tests/data/image_support.hpp"
#include "tests/data/support.hpp"

namespace ravine::test {
namespace {

namespace fs = std::filesystem;
using Names = std::vector<std::string>;
using Labels = std::vector<int32_t>;

class ImageFolderTest : public testing::Test {
protected:
    /// Ten images of each of two classes, cats of grey 10 to 19 and dogs of grey 110 to 119.
    void fill(const std::string& folder, int count = 10) {
        for (int i = 0; i < count; ++i) {
            write(folder + "/cat/" + std::to_string(i) + ".png",
                  grey_png(4, 6, static_cast<uint8_t>(10 + i)));
            write(folder + "/dog/" + std::to_string(i) + ".PNG",
                  grey_png(4, 6, static_cast<uint8_t>(110 + i)));
        }
    }
    void write(const std::string& name, const std::string& bytes) { folder_.write(name, bytes); }
    std::string at(const std::string& name) const { return (folder_.path() / name).string(); }
    void refuses(const std::string& dataset, const Names& parts) {
        expect_error(
            2, [&] { load_parts({.dataset = dataset}); }, parts);
    }
    TemporaryFolder folder_;
};

TEST_F(ImageFolderTest, FoldersAreClasses) {
    fill("pets");
    write("pets/.hidden/x.txt", "");
    write("pets/README.md", "about them");
    write("pets/cat/.DS_Store", "");
    write("pets/dog/more/z.jpg", jpeg(4, 6, 1, std::vector<uint8_t>(24, 120)));
    const Parts parts = load_parts({.dataset = at("pets")});
    EXPECT_EQ(parts.schema.classes, (Names{"cat", "dog"}));
    EXPECT_EQ(parts.training.feature_shape, (Shape{4, 6, 1}));
    EXPECT_EQ(parts.training.size() + parts.validation.size() + parts.test.size(), 21);
    for (const Dataset* part : {&parts.training, &parts.validation, &parts.test})
        for (int64_t i = 0; i < part->size(); ++i)
            EXPECT_EQ(part->feature(i, 5) * 255 > 100, part->labels[static_cast<size_t>(i)] == 1);
    const Parts named = load_parts({.dataset = "image-folder:path=" + at("pets")});
    EXPECT_EQ(named.training.labels, parts.training.labels);
}

TEST_F(ImageFolderTest, PartsOfItsOwnAreKept) {
    fill("pets/train");
    fill("pets/val", 3);
    fill("pets/test", 2);
    const Parts parts = load_parts({.dataset = at("pets")});
    EXPECT_EQ(parts.training.size(), 20);
    EXPECT_EQ(parts.validation.size(), 6);
    EXPECT_EQ(parts.test.labels, (Labels{0, 0, 1, 1}));
    EXPECT_EQ(parts.test.feature(1, 0) * 255, 11);
    expect_error(2, [&] { load_parts({.dataset = at("pets"), .test_share = 0.2}); },
                 {"test part of its own"});
    expect_error(2, [&] { load_parts({.dataset = at("pets"), .validation_share = 0.2}); },
                 {"validation part of its own"});
    write("pets/test/bird/0.png", grey_png(4, 6, 1));
    refuses(at("pets"), {"pets/test", "one of the classes cat, dog", "'bird'"});
}

TEST_F(ImageFolderTest, SizesAndColoursAreMadeAlike) {
    fill("pets");
    write("pets/cat/large.png", grey_png(40, 60, 12));
    refuses(at("pets"), {"large.png", "expected 4 x 6 pixels as in", "0.png", "found 40 x 60", "size=N"});
    EXPECT_EQ(load_parts({.dataset = at("pets") + ":size=8"}).training.feature_shape, (Shape{8, 8, 1}));
    EXPECT_EQ(load_parts({.dataset = at("pets") + ":size=8x4,channels=3"}).training.feature_shape,
              (Shape{8, 4, 3}));
    refuses(at("pets") + ":size=0", {"size", "0"});
    refuses(at("pets") + ":size=8x", {"size"});
    refuses(at("pets") + ":channels=2", {"channels", "2"});
    refuses(at("pets") + ":sizes=8", {"no setting 'sizes'", "did you mean 'size'?"});
}

TEST_F(ImageFolderTest, RefusesWhatIsNoSet) {
    write("flat/a.png", grey_png(2, 2, 1));
    refuses(at("flat"), {"flat", "a folder for each of two classes", "none"});
    write("one/cat/a.png", grey_png(2, 2, 1));
    refuses(at("one"), {"two classes", "found cat"});
    fill("mixed");
    write("mixed/cat/notes.txt", "hello");
    refuses(at("mixed"), {"notes.txt", "expected an image"});
    fill("broken");
    write("broken/cat/0.png", "not an image");
    refuses(at("broken"), {"broken/cat/0.png", "byte 0"});
    refuses("image-folder", {"path=FOLDER"});
    refuses("image-folder:path=" + at("nowhere"), {"nowhere"});
    fs::create_directory(at("empty"));
    refuses(at("empty"), {"empty"});
    fill("loose");
    write("loose/cow.png", grey_png(4, 6, 1));
    refuses(at("loose"), {"loose/cow.png", "in the folders of their classes"});
}

TEST_F(ImageFolderTest, OnlyTheSetItselfMayBeALink) {
    fill("pets");
    fs::create_directory_symlink(at("pets"), at("link"));
    EXPECT_EQ(load_parts({.dataset = at("link")}).schema.classes, (Names{"cat", "dog"}));
    EXPECT_EQ(load_parts({.dataset = at("link") + ":size=8"}).training.feature_shape, (Shape{8, 8, 1}));
    const Schema schema = load_parts({.dataset = at("pets")}).schema;
    EXPECT_EQ(load_like(schema, at("link"), Targets::required).size(), 20);
    EXPECT_EQ(load_like(schema, at("link"), Targets::ignored).size(), 20);
    // Neither is a class left out without a word, nor does a loop of folders go on for ever.
    write("others/cat/0.png", grey_png(4, 6, 1));
    write("others/cow/0.png", grey_png(4, 6, 1));
    fs::create_directory_symlink(at("pets/dog"), at("others/dog"));
    refuses(at("others"), {"others/dog", "found a link"});
    fs::create_directory(at("parts"));
    fs::create_directory_symlink(at("pets"), at("parts/train"));
    refuses(at("parts"), {"parts/train", "found a link"});
    fs::create_directory_symlink(at("pets"), at("pets/cat/again"));
    refuses(at("pets"), {"pets/cat/again", "found a link"});
}

TEST_F(ImageFolderTest, SavedModelsReadImagesOfAnySize) {
    fill("pets");
    const Schema schema = load_parts({.dataset = at("pets")}).schema;
    write("new/b.png", grey_png(8, 12, 200));
    write("new/a.jpg", jpeg(16, 16, 3, std::vector<uint8_t>(768, 100)));
    const Dataset unlabelled = load_like(schema, at("new"), Targets::ignored);
    EXPECT_EQ(unlabelled.feature_shape, (Shape{4, 6, 1}));
    ASSERT_EQ(unlabelled.size(), 2);
    EXPECT_NEAR(unlabelled.feature(0, 0) * 255, 100, 1);  // by name: a.jpg
    EXPECT_EQ(unlabelled.feature(1, 3) * 255, 200);
    EXPECT_EQ(load_like(schema, at("new/b.png"), Targets::ignored).size(), 1);
    fill("others", 2);
    EXPECT_EQ(load_like(schema, at("others"), Targets::required).labels, (Labels{0, 0, 1, 1}));
    expect_error(2, [&] { load_like(schema, at("new/b.png"), Targets::required); }, {"b.png", "each class"});
}

}  // namespace
}  // namespace ravine::test
