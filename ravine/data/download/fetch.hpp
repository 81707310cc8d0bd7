#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace ravine {

/// When a server is given up.
struct FetchLimits {
    double connect_seconds = 20;        ///< for the connection, with its encryption
    double stall_seconds = 30;          ///< over so long the server must send ...
    double slowest_rate = 100;          ///< ... so many bytes a second
    int redirects = 10;                 ///< followed, at most
    uint64_t header_bytes = 64 * 1024;  ///< of one answer, at most
};

/// A file of known size, and from which byte on it is wanted.
struct FetchRequest {
    std::string address = {};  ///< http:// or https://
    uint64_t size = 0;         ///< of the whole file
    uint64_t offset = 0;       ///< 0, or how much of it is here
    FetchLimits limits = {};
};

/// Takes the bytes of a file.
class FetchSink {
public:
    virtual ~FetchSink() = default;
    /// The bytes that follow begin at byte `offset` of the file: where it was asked for, or at 0 where the
    /// server sends the whole file whatever it was asked for.
    virtual void begin(uint64_t offset) = 0;
    virtual void write(std::span<const uint8_t> bytes) = 0;
};

enum class FetchEnd {
    complete,     ///< the file's last byte was written
    failed,       ///< not all of it came; what was written are bytes of it
    misled,       ///< the server sent something else: what was written cannot be trusted
    interrupted,  ///< by Ctrl-C
};

struct FetchOutcome {
    FetchEnd end = FetchEnd::complete;
    std::string reason = {};  ///< where it is not complete: what was expected, what happened
};

/// Reads the file over HTTP, by libcurl. Redirects are followed to other http and https addresses, but never
/// from https to http; certificates are verified, against those of the system or of $SSL_CERT_FILE; the
/// proxies of the usual environment variables are used. No byte beyond request.size reaches the sink. What
/// the sink throws comes through.
FetchOutcome fetch(const FetchRequest& request, FetchSink& sink);

/// Why `to` must not follow `from` in a chain of redirects; nothing where it may.
std::optional<std::string> redirect_objection(const std::string& from, const std::string& to);

/// The address without the name and password that it may hold, for messages.
std::string public_address(const std::string& address);

/// Throws RequestError("WHAT: expected ...") unless this is an http or https address.
void require_web_address(const std::string& what, const std::string& address);

}  // namespace ravine
