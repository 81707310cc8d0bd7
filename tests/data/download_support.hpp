#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "ravine/core/values/random.hpp"
#include "ravine/data/download/download.hpp"
#include "ravine/data/files/digest.hpp"
#include "tests/data/support.hpp"
#include "tests/support/http_server.hpp"

namespace ravine::test {

/// The contents of the file that is downloaded.
inline const std::string& body() {
    static const std::string bytes = [] {
        std::string text;
        for (uint64_t i = 0; text.size() < 300'000; ++i) text += static_cast<char>(random_words({}, i, 0)[0]);
        return text;
    }();
    return bytes;
}

inline std::string digest_of(const std::string& text) {
    Sha256 digest;
    digest.update({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
    return digest.finish();
}

/// The head of an answer with all of it.
inline std::string whole_head() {
    return http_head("200 OK", {fmt::format("Content-Length: {}", body().size())});
}

inline void serve_well(const HttpRequest& request, const HttpConnection& out) {
    serve_ranges(body(), request, out);
}

/// Keeps what is heard.
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
class DownloadTest : public testing::Test {
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
        EXPECT_THAT(listener.notes, testing::Contains(testing::HasSubstr(reason)));
        EXPECT_THAT(listener.done, testing::IsEmpty());
    }

    /// A server that answers so gets nothing into the folder, and the next mirror is asked.
    void leaves_nothing(const HttpServer::Answer& answer, const std::string& reason) {
        const HttpServer server(answer);
        fails({server.address()}, server.address() + "data.bin: " + reason);
        EXPECT_THAT(files(), testing::IsEmpty());
        EXPECT_FALSE(std::filesystem::exists(folder.path() / "small"));
        const HttpServer good(serve_well);
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
        EXPECT_THAT(files(), testing::ElementsAre("data.bin"));
        EXPECT_TRUE(contents_of(target()) == body());
    }

    std::filesystem::path target() const { return folder.path() / "small" / "data.bin"; }
    void leave_part(const std::string& contents) const { folder.write("small/data.bin.part", contents); }

    TemporaryFolder folder;
    std::string from;
    Recorder listener;
};

}  // namespace ravine::test
