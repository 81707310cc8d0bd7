#include "ravine/data/sources/published.hpp"

#include <fmt/ranges.h>

#include "ravine/core/error.hpp"
#include "ravine/core/settings/spec.hpp"
#include "ravine/data/sources/catalog.hpp"

namespace ravine {
namespace {

/// A gzip-compressed file with one file in it, of the same name without .gz.
PublishedFile compressed(const std::string& name, uint64_t size, const char* sha256, uint64_t plain_size,
                         const char* plain_sha256) {
    return {.file = {name + ".gz", size, sha256}, .contents = {{name, plain_size, plain_sha256}}};
}

PublishedSet mnist() {
    return {
        .name = "mnist",
        .examples = 70'000,
        .feature_shape = {28, 28, 1},
        .files = {compressed("train-images-idx3-ubyte", 9'912'422,
                             "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609", 47'040'016,
                             "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
                  compressed("train-labels-idx1-ubyte", 28'881,
                             "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c", 60'008,
                             "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
                  compressed("t10k-images-idx3-ubyte", 1'648'877,
                             "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6", 7'840'016,
                             "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
                  compressed("t10k-labels-idx1-ubyte", 4'542,
                             "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6", 10'008,
                             "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2")},
        // The publisher's own address, the last one, mostly refuses programs.
        .mirrors = {"https://ossci-datasets.s3.amazonaws.com/mnist/",
                    "https://storage.googleapis.com/cvdf-datasets/mnist/",
                    "http://yann.lecun.com/exdb/mnist/"}};
}

PublishedSet fashion_mnist() {
    return {
        .name = "fashion-mnist",
        .examples = 70'000,
        .feature_shape = {28, 28, 1},
        .files = {compressed("train-images-idx3-ubyte", 26'421'880,
                             "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84", 47'040'016,
                             "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"),
                  compressed("train-labels-idx1-ubyte", 29'515,
                             "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845", 60'008,
                             "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"),
                  compressed("t10k-images-idx3-ubyte", 4'422'102,
                             "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073", 7'840'016,
                             "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"),
                  compressed("t10k-labels-idx1-ubyte", 5'148,
                             "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5", 10'008,
                             "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34")},
        .mirrors = {"http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
                    "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
                    "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/"}};
}

const std::vector<std::string> toronto{"https://www.cs.toronto.edu/~kriz/",
                                       "https://cave.cs.toronto.edu/kriz/"};

PublishedSet cifar_10() {
    constexpr uint64_t batch = 30'730'000;
    const std::string folder = "cifar-10-batches-bin/";
    return {.name = "cifar-10",
            .examples = 60'000,
            .feature_shape = {32, 32, 3},
            .files = {{.file = {"cifar-10-binary.tar.gz", 170'052'171,
                                "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"},
                       .contents = {{folder + "data_batch_1.bin", batch,
                                     "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5"},
                                    {folder + "data_batch_2.bin", batch,
                                     "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed"},
                                    {folder + "data_batch_3.bin", batch,
                                     "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67"},
                                    {folder + "data_batch_4.bin", batch,
                                     "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48"},
                                    {folder + "data_batch_5.bin", batch,
                                     "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add"},
                                    {folder + "test_batch.bin", batch,
                                     "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b"}}}},
            .mirrors = toronto};
}

PublishedSet cifar_100() {
    const std::string folder = "cifar-100-binary/";
    return {.name = "cifar-100",
            .examples = 60'000,
            .feature_shape = {32, 32, 3},
            .files = {{.file = {"cifar-100-binary.tar.gz", 168'513'733,
                                "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec"},
                       .contents = {{folder + "train.bin", 153'700'000,
                                     "f31298fc616915fa142368359df1c4ca2ae984d6915ca468b998a5ec6aeebf29"},
                                    {folder + "test.bin", 30'740'000,
                                     "d8b1e6b7b3bee4020055f0699b111f60b1af1e262aeb93a0b659061746f8224a"}}}},
            .mirrors = toronto};
}

PublishedSet boston_housing() {
    return {.name = "boston-housing",
            .task = Task::regression,
            .examples = 506,
            .feature_shape = {13},
            .files = {{.file = {"housing.data", 49'082,
                                "baadf72995725d76efe787b664e1f083388c79ba21ef9a7990d87f774184735a"}}},
            .mirrors = {"https://archive.ics.uci.edu/ml/machine-learning-databases/housing/",
                        "http://paddlemodels.bj.bcebos.com/uci_housing/"}};
}

}  // namespace

const std::vector<PublishedSet>& published_sets() {
    static const std::vector<PublishedSet> sets{mnist(), fashion_mnist(), cifar_10(), cifar_100(),
                                                boston_housing()};
    return sets;
}

const PublishedSet* find_published_set(const std::string& name) {
    for (const auto& set : published_sets())
        if (set.name == name) return &set;
    return nullptr;
}

const PublishedSet& published_set(const std::string& name) {
    if (const auto* set = find_published_set(name)) return *set;
    std::vector<std::string> names;
    for (const auto& set : published_sets()) names.push_back(set.name);
    if (datasets().contains(name))
        fail_request("data set '{}' is made on the fly: it has no files (published: {})", name,
                     fmt::join(names, ", "));
    fail_request("unknown published data set '{}'{} (published: {})", name, suggestion(name, names),
                 fmt::join(names, ", "));
}

}  // namespace ravine
