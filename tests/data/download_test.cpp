#include "ravine/data/download.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

#include "ravine/core/interrupt.hpp"
#include "ravine/core/random.hpp"
#include "ravine/data/digest.hpp"
#include "ravine/data/part_file.hpp"
#include "tests/data/support.hpp"
#include "tests/support/http_server.hpp"

namespace ravine {
namespace {

using test::expect_error;
using test::http_head;
using test::HttpConnection;
using test::HttpRequest;
using test::HttpServer;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

const std::string& body() {
    static const std::string bytes = [] {
        std::string text;
        for (uint64_t i = 0; text.size() < 300'000; ++i) text += static_cast<char>(random_words({}, i, 0)[0]);
        return text;
    }();
    return bytes;
}

std::string digest_of(const std::string& text) {
    Sha256 digest;
    digest.update({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
    return digest.finish();
}

std::string whole_head() { return http_head("200 OK", {fmt::format("Content-Length: {}", body().size())}); }

class Recorder : public DownloadListener {
public:
    void on_start(const std::string&, const std::string&, uint64_t present, uint64_t) override {
        starts.push_back(present);
    }
    void on_progress(uint64_t now) override {
        EXPECT_GT(now, present);
        EXPECT_LE(now, body().size());
        present = now == body().size() ? 0 : now;
    }
    void on_done(const std::filesystem::path& file) override { done.push_back(file.filename()); }
    void on_note(const std::string& note) override {
        present = 0;  // whatever follows may begin again
        notes.push_back(note);
    }

    std::vector<uint64_t> starts;
    std::vector<std::string> done, notes;
    uint64_t present = 0;
};

/// One file, `data.bin`, that is downloaded into a folder of its own.
class Download : public testing::Test {
protected:
    std::filesystem::path download(const std::vector<std::string>& mirrors) {
        const PublishedSet set{.name = "small",
                               .files = {{.file = {"data.bin", body().size(), digest_of(body())}}},
                               .mirrors = mirrors};
        return download_set(set, options(), listener);
    }

    DownloadOptions options() const {
        return {.data_dir = folder.path().string(),
                .from = from,
                .limits = {.connect_seconds = 5, .stall_seconds = 0.3, .redirects = 3}};
    }

    /// Fails with all of these mirrors.
    void fails(const std::vector<std::string>& mirrors, const std::string& reason) {
        expect_error(1, [&] { download(mirrors); }, {"small: data.bin could not be downloaded"});
        EXPECT_THAT(listener.notes, Contains(HasSubstr(reason)));
        EXPECT_THAT(listener.done, testing::IsEmpty());
    }

    /// A server that answers so gets nothing into the folder, and the next mirror is asked.
    void leaves_nothing(const HttpServer::Answer& answer, const std::string& reason) {
        const HttpServer server(answer);
        fails({server.address()}, server.address() + "data.bin: " + reason);
        EXPECT_THAT(files(), testing::IsEmpty());
        EXPECT_FALSE(std::filesystem::exists(folder.path() / "small"));
        const HttpServer good(
            [](const auto& request, const auto& out) { serve_ranges(body(), request, out); });
        download({server.address(), good.address()});
        holds_the_file();
        std::filesystem::remove_all(folder.path() / "small");
        listener = {};
    }

    std::vector<std::string> files() const {
        std::vector<std::string> names;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path()))
            if (entry.is_regular_file()) names.push_back(entry.path().filename());
        std::ranges::sort(names);
        return names;
    }

    void holds_the_file() const {
        EXPECT_THAT(files(), ElementsAre("data.bin"));
        EXPECT_TRUE(test::contents_of(target()) == body());
    }

    std::filesystem::path target() const { return folder.path() / "small" / "data.bin"; }
    void leave_part(const std::string& contents) const { folder.write("small/data.bin.part", contents); }

    test::TemporaryFolder folder;
    std::string from;
    Recorder listener;
};

void serve_well(const HttpRequest& request, const HttpConnection& out) { serve_ranges(body(), request, out); }

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

TEST_F(Download, WrongBytesAreRefused) {
    std::string wrong = body();
    wrong[200'000] = static_cast<char>(wrong[200'000] ^ 1);
    leaves_nothing([&](const auto& request, const auto& out) { serve_ranges(wrong, request, out); },
                   "expected a file with SHA-256 " + digest_of(body()) + ", found " + digest_of(wrong));
}

TEST_F(Download, StatusesAreReported) {
    for (const std::string status :
         {"404 Not Found", "500 Internal Server Error", "403 Forbidden", "204 No Content"})
        leaves_nothing(
            [&](const auto&, const auto& out) {
                out.send(http_head(status, {"Content-Length: 9"}) + "<html>...");
            },
            "expected the file (status 200), found status " + status.substr(0, 3));
}

TEST_F(Download, APageInsteadOfTheFileIsRefusedByItsLength) {
    leaves_nothing(
        [](const auto&, const auto& out) { out.send(http_head("200 OK", {"Content-Length: 6"}) + "<html>"); },
        "expected 300000 bytes, the server announces 6");
}

TEST_F(Download, AnAnnouncedLengthTooLargeIsRefused) {
    leaves_nothing(
        [](const auto&, const auto& out) {
            out.send(http_head("200 OK", {"Content-Length: 9000000000000"}) + body());
        },
        "expected 300000 bytes, the server announces 9000000000000");
}

TEST_F(Download, AnEndlessBodyIsCutOff) {
    leaves_nothing(
        [](const auto&, const auto& out) {
            out.send(http_head("200 OK"));
            while (out.send(body())) {
            }
        },
        "expected 300000 bytes, the server sends more");
}

TEST_F(Download, ABodyWithoutLengthThatEndsEarlyIsKeptToGoOn) {
    const HttpServer server([](const auto&, const auto& out) {
        out.send(http_head("200 OK"));
        out.send(std::string_view(body()).substr(0, 5000));
    });
    fails({server.address()}, "the connection ended after 5000");
    EXPECT_THAT(files(), ElementsAre("data.bin.part"));
}

TEST_F(Download, AStalledServerIsGivenUp) {
    const HttpServer server([](const auto&, const auto& out) {
        out.send(whole_head());
        out.send(std::string_view(body()).substr(0, 5000));
        out.stall();
    });
    fails({server.address()}, "stalled: ");
    EXPECT_EQ(test::contents_of(target().string() + ".part"), body().substr(0, 5000));
    const HttpServer silent([](const auto&, const auto& out) { out.stall(); });
    fails({silent.address()}, "stalled: 0 bytes came in the last 0.3 s");
}

TEST_F(Download, EndlessHeadersAreCutOff) {
    leaves_nothing(
        [](const auto&, const auto& out) {
            out.send("HTTP/1.1 200 OK\r\n");
            while (out.send("X-More: and more and more and more\r\n")) {
            }
        },
        "expected a header of at most 65536 bytes, found more");
}

TEST_F(Download, AnEndlessHeaderLineIsCutOff) {
    leaves_nothing(
        [](const auto&, const auto& out) {
            out.send("HTTP/1.1 200 OK\r\nX-More: ");
            while (out.send(std::string(1000, 'x'))) {
            }
        },
        "");
}

TEST_F(Download, WhatIsNoHttpIsRefused) {
    leaves_nothing([](const auto&, const auto& out) { out.send("220 ftp ready\r\n" + body()); }, "");
}

TEST_F(Download, AConnectionClosedAtOnceIsReported) {
    leaves_nothing([](const auto&, const auto&) {}, "Empty reply from server");
}

TEST_F(Download, AClosedPortIsReported) {
    std::string address;
    {
        const HttpServer server(serve_well);
        address = server.address();
    }
    fails({address}, "Failed to connect");
    EXPECT_THAT(files(), testing::IsEmpty());
}

std::string redirect_to(const std::string& address) {
    return http_head("302 Found", {"Location: " + address, "Content-Length: 4"}) + "over";
}

TEST_F(Download, FollowsRedirects) {
    const HttpServer server([](const auto& request, const auto& out) {
        if (request.path == "/data.bin")
            out.send(redirect_to("elsewhere/file"));
        else
            serve_well(request, out);
    });
    download({server.address()});
    EXPECT_EQ(server.requests().back().path, "/elsewhere/file");
    holds_the_file();
}

TEST_F(Download, ALoopOfRedirectsIsLeft) {
    leaves_nothing([](const auto&, const auto& out) { out.send(redirect_to("/data.bin")); },
                   "expected at most 3 redirects, found more");
}

TEST_F(Download, RedirectsToOtherSchemesAreRefused) {
    for (const std::string address :
         {"file:///etc/passwd", "ftp://127.0.0.1/data.bin", "gopher://127.0.0.1/"})
        leaves_nothing([&](const auto&, const auto& out) { out.send(redirect_to(address)); },
                       "expected a redirect to an http or https address, found " + address);
}

TEST_F(Download, ARedirectToNowhereIsRefused) {
    leaves_nothing(
        [](const auto&, const auto& out) { out.send(http_head("302 Found", {"Content-Length: 0"})); },
        "expected a redirect to an address, found none");
}

TEST_F(Download, ARedirectWithAnEndlessBodyIsCutOff) {
    leaves_nothing(
        [](const auto&, const auto& out) {
            out.send(http_head("302 Found", {"Location: /other"}));
            while (out.send(body())) {
            }
        },
        "expected a redirect of at most 65536 bytes, found more");
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

TEST(Addresses, EncryptionIsNotLeft) {
    EXPECT_FALSE(redirect_objection("http://a/x", "http://b/x"));
    EXPECT_FALSE(redirect_objection("http://a/x", "https://b/x"));
    EXPECT_FALSE(redirect_objection("https://a/x", "https://b/x"));
    EXPECT_EQ(redirect_objection("https://a/x", "http://b/x"),
              "expected a redirect to an https address, found http://b/x");
    EXPECT_TRUE(redirect_objection("HTTPS://a/x", "HTTP://b/x"));
}

TEST(Addresses, PasswordsAreNotShown) {
    EXPECT_EQ(public_address("https://me:secret@host:8080/a/b"), "https://host:8080/a/b");
    EXPECT_EQ(public_address("http://host/a"), "http://host/a");
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
