#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace ravine::test {

/// What a client asked for.
struct HttpRequest {
    std::string path = {};   ///< "/data.bin"
    std::string range = {};  ///< the value of the header Range; empty without one

    /// N of "bytes=N-"; 0 without a range.
    size_t first_byte() const;
};

/// The server's end of a connection, on which an answer may be as wrong as a test wants it.
class HttpConnection {
public:
    explicit HttpConnection(int descriptor) : descriptor_(descriptor) {}
    /// False once the client has gone.
    bool send(std::string_view bytes) const;
    /// Says nothing more and waits until the client has gone.
    void stall() const;

private:
    int descriptor_;
};

/// A server on a port of its own of this machine, in a thread of its own. Each connection serves one request,
/// which `answer` answers, and is closed.
class HttpServer {
public:
    using Answer = std::function<void(const HttpRequest&, const HttpConnection&)>;

    explicit HttpServer(Answer answer);
    ~HttpServer();
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    /// "http://127.0.0.1:PORT/"
    std::string address() const;
    /// All that was asked so far.
    std::vector<HttpRequest> requests() const;

private:
    void serve();

    Answer answer_;
    int listener_ = -1;
    int port_ = 0;
    std::atomic<int> connection_{-1};
    std::atomic<bool> ends_{false};
    mutable std::mutex mutex_;
    std::vector<HttpRequest> requests_;
    std::thread thread_;
};

/// Heads of answers.
std::string http_head(const std::string& status, const std::vector<std::string>& headers = {});

/// Sends the body, or the part of it that was asked for, as a good server does.
void serve_ranges(const std::string& body, const HttpRequest& request, const HttpConnection& connection);

}  // namespace ravine::test
