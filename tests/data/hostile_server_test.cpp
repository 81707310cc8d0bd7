// What servers may do wrong.
#include "tests/data/download_support.hpp"

namespace ravine {
namespace {

using test::body;
using test::digest_of;
using test::http_head;
using test::HttpServer;
using test::serve_ranges;
using test::serve_well;
using test::whole_head;
using testing::ElementsAre;

class HostileServer : public test::DownloadTest {};

TEST_F(HostileServer, WrongBytesAreRefused) {
    std::string wrong = body();
    wrong[200'000] = static_cast<char>(wrong[200'000] ^ 1);
    leaves_nothing([&](const auto& request, const auto& out) { serve_ranges(wrong, request, out); },
                   "expected a file with SHA-256 " + digest_of(body()) + ", found " + digest_of(wrong));
}

TEST_F(HostileServer, StatusesAreReported) {
    for (const std::string status :
         {"404 Not Found", "500 Internal Server Error", "403 Forbidden", "204 No Content"})
        leaves_nothing(
            [&](const auto&, const auto& out) {
                out.send(http_head(status, {"Content-Length: 9"}) + "<html>...");
            },
            "expected the file (status 200), found status " + status.substr(0, 3));
}

TEST_F(HostileServer, APageInsteadOfTheFileIsRefusedByItsLength) {
    leaves_nothing(
        [](const auto&, const auto& out) { out.send(http_head("200 OK", {"Content-Length: 6"}) + "<html>"); },
        "expected 300000 bytes, the server announces 6");
}

TEST_F(HostileServer, AnAnnouncedLengthTooLargeIsRefused) {
    leaves_nothing(
        [](const auto&, const auto& out) {
            out.send(http_head("200 OK", {"Content-Length: 9000000000000"}) + body());
        },
        "expected 300000 bytes, the server announces 9000000000000");
}

TEST_F(HostileServer, AnEndlessBodyIsCutOff) {
    leaves_nothing(
        [](const auto&, const auto& out) {
            out.send(http_head("200 OK"));
            while (out.send(body())) {
            }
        },
        "expected 300000 bytes, the server sends more");
}

TEST_F(HostileServer, ABodyWithoutLengthThatEndsEarlyIsKeptToGoOn) {
    const HttpServer server([](const auto&, const auto& out) {
        out.send(http_head("200 OK"));
        out.send(std::string_view(body()).substr(0, 5000));
    });
    fails({server.address()}, "the connection ended after 5000");
    EXPECT_THAT(files(), ElementsAre("data.bin.part"));
}

TEST_F(HostileServer, AStalledServerIsGivenUp) {
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

TEST_F(HostileServer, EndlessHeadersAreCutOff) {
    leaves_nothing(
        [](const auto&, const auto& out) {
            out.send("HTTP/1.1 200 OK\r\n");
            while (out.send("X-More: and more and more and more\r\n")) {
            }
        },
        "expected a header of at most 65536 bytes, found more");
}

TEST_F(HostileServer, AnEndlessHeaderLineIsCutOff) {
    leaves_nothing(
        [](const auto&, const auto& out) {
            out.send("HTTP/1.1 200 OK\r\nX-More: ");
            while (out.send(std::string(1000, 'x'))) {
            }
        },
        "");
}

TEST_F(HostileServer, WhatIsNoHttpIsRefused) {
    leaves_nothing([](const auto&, const auto& out) { out.send("220 ftp ready\r\n" + body()); }, "");
}

TEST_F(HostileServer, AConnectionClosedAtOnceIsReported) {
    leaves_nothing([](const auto&, const auto&) {}, "Empty reply from server");
}

TEST_F(HostileServer, AClosedPortIsReported) {
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

TEST_F(HostileServer, FollowsRedirects) {
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

TEST_F(HostileServer, ALoopOfRedirectsIsLeft) {
    leaves_nothing([](const auto&, const auto& out) { out.send(redirect_to("/data.bin")); },
                   "expected at most 3 redirects, found more");
}

TEST_F(HostileServer, RedirectsToOtherSchemesAreRefused) {
    for (const std::string address :
         {"file:///etc/passwd", "ftp://127.0.0.1/data.bin", "gopher://127.0.0.1/"})
        leaves_nothing([&](const auto&, const auto& out) { out.send(redirect_to(address)); },
                       "expected a redirect to an http or https address, found " + address);
}

TEST_F(HostileServer, ARedirectToNowhereIsRefused) {
    leaves_nothing(
        [](const auto&, const auto& out) { out.send(http_head("302 Found", {"Content-Length: 0"})); },
        "expected a redirect to an address, found none");
}

TEST_F(HostileServer, ARedirectWithAnEndlessBodyIsCutOff) {
    leaves_nothing(
        [](const auto&, const auto& out) {
            out.send(http_head("302 Found", {"Location: /other"}));
            while (out.send(body())) {
            }
        },
        "expected a redirect of at most 65536 bytes, found more");
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

}  // namespace
}  // namespace ravine
