#include "tests/support/http_server.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

namespace ravine::test {
namespace {

/// The head of a request, up to its empty line.
std::string read_head(int descriptor) {
    std::string head;
    std::array<char, 4096> piece{};
    while (head.find("\r\n\r\n") == std::string::npos) {
        const ssize_t got = recv(descriptor, piece.data(), piece.size(), 0);
        if (got <= 0) return "";
        head.append(piece.data(), static_cast<size_t>(got));
    }
    return head;
}

/// What stands between `before` and the next `after`; empty where it is not there.
std::string between(const std::string& text, const std::string& before, const std::string& after) {
    const size_t begin = text.find(before);
    if (begin == std::string::npos) return "";
    const size_t start = begin + before.size();
    return text.substr(start, text.find(after, start) - start);
}

}  // namespace

size_t HttpRequest::first_byte() const {
    return range.empty() ? 0 : std::stoul(between(range, "bytes=", "-"));
}

bool HttpConnection::send(std::string_view bytes) const {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
}

void HttpConnection::stall() const {
    std::array<char, 64> ignored{};
    while (recv(descriptor_, ignored.data(), ignored.size(), 0) > 0) {
    }
}

HttpServer::HttpServer(Answer answer)
    : answer_(std::move(answer)), listener_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (listener_ < 0 || bind(listener_, generic, length) != 0 || listen(listener_, 16) != 0 ||
        getsockname(listener_, generic, &length) != 0)
        throw std::runtime_error("no server socket");
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
}

HttpServer::~HttpServer() {
    ends_ = true;
    shutdown(listener_, SHUT_RDWR);
    if (const int open = connection_; open >= 0) shutdown(open, SHUT_RDWR);
    thread_.join();
    close(listener_);
}

std::string HttpServer::address() const { return fmt::format("http://127.0.0.1:{}/", port_); }

std::vector<HttpRequest> HttpServer::requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
}

void HttpServer::serve() {
    while (!ends_) {
        const int descriptor = accept(listener_, nullptr, nullptr);
        if (descriptor < 0) continue;
        connection_ = descriptor;
        if (const std::string head = read_head(descriptor); !head.empty()) {
            const HttpRequest request{between(head, " ", " "), between(head, "Range: ", "\r\n")};
            {
                const std::lock_guard lock(mutex_);
                requests_.push_back(request);
            }
            answer_(request, HttpConnection(descriptor));
        }
        connection_ = -1;
        close(descriptor);
    }
}

std::string http_head(const std::string& status, const std::vector<std::string>& headers) {
    std::string head = "HTTP/1.1 " + status + "\r\nConnection: close\r\n";
    for (const auto& header : headers) head += header + "\r\n";
    return head + "\r\n";
}

void serve_ranges(const std::string& body, const HttpRequest& request, const HttpConnection& connection) {
    const size_t first = request.first_byte();
    const std::string length = fmt::format("Content-Length: {}", body.size() - first);
    if (request.range.empty())
        connection.send(http_head("200 OK", {length}));
    else
        connection.send(http_head(
            "206 Partial Content",
            {length, fmt::format("Content-Range: bytes {}-{}/{}", first, body.size() - 1, body.size())}));
    connection.send(std::string_view(body).substr(first));
}

}  // namespace ravine::test
