// How files come into their place: parts, resumption, mirrors.
#include <chrono>
#include <thread>

#include "ravine/core/threads/interrupt.hpp"
#include "ravine/data/download/part_file.hpp"
#include "tests/data/download_support.hpp"

namespace ravine {
namespace {

using test::body;
using test::digest_of;
using test::expect_error;
using test::http_head;
using test::HttpServer;
using test::serve_well;
using test::whole_head;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

class Download : public test::DownloadTest {};

TEST_F(Download, PutsTheVerifiedFileInItsPlace) {
    const HttpServer server(serve_well);
    EXPECT_EQ(download({server.address()}), folder.path() / "small");
    holds_the_file();
    EXPECT_THAT(listener.done, ElementsAre("data.bin"));
    EXPECT_THAT(listener.notes, testing::IsEmpty());
    ASSERT_EQ(server.requests().size(), 1U);
    EXPECT_EQ(server.requests()[0].path, "/data.bin");
    EXPECT_EQ(server.requests()[0].range, "");

    download({server.address()});  // and does not ask for it again
    EXPECT_EQ(server.requests().size(), 1U);
    EXPECT_THAT(listener.notes, ElementsAre(target().string() + ": already here"));
}

TEST_F(Download, ReplacesADifferingFileOnlyByTheVerifiedOne) {
    folder.write("small/data.bin", "mine");
    const HttpServer none([](const auto&, const auto& out) { out.send(http_head("404 Not Found")); });
    fails({none.address()}, "replaces it");
    EXPECT_EQ(test::contents_of(target()), "mine");
    const HttpServer server(serve_well);
    download({server.address()});
    holds_the_file();
}

TEST_F(Download, ALinkStaysOneAndTheFileThatItLeadsToIsReplaced) {
    const HttpServer server(serve_well);
    std::filesystem::create_directories(folder.path() / "disk");
    std::filesystem::create_directories(folder.path() / "small");
    for (const bool is_there : {false, true}) {
        SCOPED_TRACE(is_there);
        std::filesystem::remove(target());
        std::filesystem::remove(folder.path() / "disk/kept.bin");
        if (is_there) folder.write("disk/kept.bin", "mine");
        std::filesystem::create_symlink("../disk/kept.bin", target());
        download({server.address()});
        EXPECT_TRUE(std::filesystem::is_symlink(target()));
        EXPECT_TRUE(test::contents_of(folder.path() / "disk/kept.bin") == body());
        EXPECT_THAT(files(), testing::UnorderedElementsAre("data.bin", "kept.bin"));  // no part is left
    }
}

TEST_F(Download, GoesOnWhereABrokenOneEnded) {
    const HttpServer broken([](const auto&, const auto& out) {
        out.send(whole_head());
        out.send(std::string_view(body()).substr(0, 100'000));
    });
    fails({broken.address()}, "expected 300000 bytes, the connection ended after 100000");
    EXPECT_THAT(files(), ElementsAre("data.bin.part"));
    EXPECT_EQ(test::contents_of(target().string() + ".part"), body().substr(0, 100'000));

    const HttpServer server(serve_well);
    download({server.address()});
    ASSERT_EQ(server.requests().size(), 1U);
    EXPECT_EQ(server.requests()[0].range, "bytes=100000-");
    EXPECT_THAT(listener.starts, ElementsAre(0U, 100'000U));
    holds_the_file();
}

TEST_F(Download, APartThatIsCompleteIsOnlyVerified) {
    leave_part(body());
    const HttpServer server(serve_well);
    download({server.address()});
    EXPECT_THAT(server.requests(), testing::IsEmpty());
    holds_the_file();
}

TEST_F(Download, BeginsAgainWhereTheServerIgnoresTheRange) {
    leave_part(body().substr(0, 1000));
    const HttpServer server([](const auto&, const auto& out) { out.send(whole_head() + body()); });
    download({server.address()});
    EXPECT_THAT(listener.notes, ElementsAre(HasSubstr("from the beginning again")));
    EXPECT_EQ(server.requests().size(), 1U);
    holds_the_file();
}

TEST_F(Download, AnotherContentRangeIsNotTrusted) {
    for (const std::string range :
         {"bytes 0-298999/300000", "bytes 1000-299999/400000", "bytes 1000-299998/300000",
          "bytes 1000-299999/*", "bytes 1000-299999/300000x", "bytes -1000-299999/300000",
          "items 1000-299999/300000"}) {
        leave_part(body().substr(0, 1000));
        const HttpServer server([&](const auto& request, const auto& out) {
            if (request.range.empty()) return serve_well(request, out);
            out.send(http_head("206 Partial Content", {"Content-Length: 299000", "Content-Range: " + range}));
            out.send(std::string_view(body()).substr(1000));
        });
        download({server.address()});
        EXPECT_THAT(
            listener.notes,
            Contains(HasSubstr("expected Content-Range 'bytes 1000-299999/300000', found '" + range)));
        EXPECT_EQ(server.requests().size(), 2U);
        holds_the_file();
        std::filesystem::remove(target());
        listener = {};
    }
}

TEST_F(Download, APartialAnswerWithoutContentRangeIsNotTrusted) {
    leave_part(body().substr(0, 1000));
    const HttpServer server([](const auto& request, const auto& out) {
        if (request.range.empty()) return serve_well(request, out);
        out.send(http_head("206 Partial Content", {"Content-Length: 299000"}) + body().substr(1000));
    });
    download({server.address()});
    EXPECT_THAT(listener.notes, ElementsAre(HasSubstr("found 'none'")));
    holds_the_file();
}

TEST_F(Download, AWrongPartIsDiscardedOnce) {
    leave_part(std::string(1000, 'x'));
    const HttpServer server(serve_well);
    download({server.address()});
    EXPECT_THAT(listener.notes,
                ElementsAre(testing::AllOf(HasSubstr("expected a file with SHA-256 " + digest_of(body())),
                                           HasSubstr("discarded"))));
    ASSERT_EQ(server.requests().size(), 2U);
    EXPECT_EQ(server.requests()[0].range, "bytes=1000-");
    EXPECT_EQ(server.requests()[1].range, "");
    holds_the_file();
}

TEST_F(Download, APartThatIsTooLongIsDiscarded) {
    leave_part(body() + "x");
    const HttpServer server(serve_well);
    download({server.address()});
    EXPECT_THAT(listener.notes, ElementsAre(HasSubstr("expected at most 300000 bytes, found 300001")));
    EXPECT_EQ(server.requests()[0].range, "");
    holds_the_file();
}

TEST_F(Download, ARefusedRangeIsFollowedByAWholeRequest) {
    leave_part(body().substr(0, 1000));
    const HttpServer server([](const auto& request, const auto& out) {
        if (request.range.empty()) return serve_well(request, out);
        out.send(http_head("416 Range Not Satisfiable", {"Content-Length: 0"}));
    });
    download({server.address()});
    EXPECT_EQ(server.requests().size(), 2U);
    holds_the_file();
}

TEST_F(Download, CtrlCKeepsThePart) {
    const std::string part = target().string() + ".part";
    const HttpServer server([&](const auto&, const auto& out) {
        out.send(whole_head());
        out.send(std::string_view(body()).substr(0, 5000));
        std::error_code ignored;
        for (int i = 0; i < 1000 && std::filesystem::file_size(part, ignored) != 5000; ++i)
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        interrupt();
        out.stall();
    });
    expect_error(1,
                 [&] {
                     download({server.address(), server.address()});
                 },
                 {"interrupted", "`ravine data get small`"});
    EXPECT_EQ(server.requests().size(), 1U);
    EXPECT_EQ(test::contents_of(part), body().substr(0, 5000));
}

TEST_F(Download, APartInUseIsLeftAlone) {
    std::filesystem::create_directories(folder.path() / "small");
    PartFile held(target());
    const std::string_view text = "held";
    held.append({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
    const HttpServer server(serve_well);
    expect_error(1, [&] { download({server.address()}); },
                 {"data.bin.part: another process is downloading it"});
    EXPECT_EQ(test::contents_of(held.path()), "held");
    EXPECT_THAT(server.requests(), testing::IsEmpty());
}

TEST_F(Download, AMirrorIsAskedForTheFileAndForItInTheSetsFolder) {
    for (const std::string slash : {"", "/"}) {
        const HttpServer server([](const auto& request, const auto& out) {
            if (request.path == "/base/small/data.bin")
                serve_well(request, out);
            else
                out.send(http_head("404 Not Found"));
        });
        from = server.address() + "base" + slash;
        download({"http://127.0.0.1:1/never"});
        ASSERT_EQ(server.requests().size(), 2U);
        EXPECT_EQ(server.requests()[0].path, "/base/data.bin");
        holds_the_file();
        std::filesystem::remove(target());
    }
}

TEST_F(Download, AMirrorIsAWebAddress) {
    for (const char* address : {"file:///data", "ftp://host/", "/data", "data", "", "http//x", "https://"}) {
        from = address;
        if (from.empty()) continue;
        expect_error(2, [&] { download({}); }, {"--from: expected an address like https://", from});
    }
    EXPECT_THAT(files(), testing::IsEmpty());
}

TEST_F(Download, AFolderThatCannotBeMadeIsReported) {
    folder.write("small", "a file");
    expect_error(1, [&] { download({"http://127.0.0.1:1/"}); }, {"small: cannot make the folder"});
}

TEST(PublishedFiles, EverySetIsWhole) {
    for (const auto& set : published_sets()) {
        EXPECT_GT(set.examples, 0) << set.name;
        EXPECT_FALSE(set.files.empty() || set.mirrors.empty()) << set.name;
        for (const auto& mirror : set.mirrors) {
            EXPECT_NO_THROW(require_web_address(set.name, mirror));
            EXPECT_TRUE(mirror.ends_with('/')) << mirror;
        }
        for (const auto& file : set.files) {
            EXPECT_EQ(file.file.sha256.size(), 64U) << file.file.name;
            for (const auto& content : file.contents) EXPECT_EQ(content.sha256.size(), 64U) << content.name;
        }
    }
}

TEST(PublishedFiles, OtherNamesAreRefused) {
    expect_error(2, [] { published_set("mnits"); }, {"'mnits'; did you mean 'mnist'?"});
    expect_error(2, [] { published_set("spiral"); }, {"'spiral' is made on the fly"});
}

}  // namespace
}  // namespace ravine
