#include "ravine/data/download/fetch.hpp"

#include <curl/curl.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <memory>

#include "ravine/core/error.hpp"
#include "ravine/core/threads/clock.hpp"
#include "ravine/core/threads/interrupt.hpp"

namespace ravine {
namespace {

/// "bytes 100-999/1000", read strictly.
struct ContentRange {
    uint64_t first, last, size;

    static std::optional<ContentRange> parse(std::string_view text) {
        ContentRange range{};
        const auto take_number = [&](uint64_t& number) {
            const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
            if (error != std::errc()) return false;
            text.remove_prefix(static_cast<size_t>(end - text.data()));
            return true;
        };
        const auto take = [&](std::string_view token) {
            const bool there = text.starts_with(token);
            if (there) text.remove_prefix(token.size());
            return there;
        };
        const bool holds = take("bytes ") && take_number(range.first) && take("-") &&
                           take_number(range.last) && take("/") && take_number(range.size) && text.empty();
        return holds ? std::optional(range) : std::nullopt;
    }
};

struct MultiCleanup {
    void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
struct EasyCleanup {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};

/// One request and its answer.
class Exchange {
public:
    Exchange(const FetchRequest& request, const std::string& address, FetchSink& sink)
        : request_(request), sink_(sink), multi_(curl_multi_init()), handle_(curl_easy_init()) {
        if (!multi_ || !handle_) fail_run("libcurl: cannot start");
        set(CURLOPT_URL, address.c_str());
        set(CURLOPT_PROTOCOLS_STR, "http,https");
        set(CURLOPT_FOLLOWLOCATION, 0L);  // redirects are judged one by one
        set(CURLOPT_SSL_VERIFYPEER, 1L);
        set(CURLOPT_SSL_VERIFYHOST, 2L);
        // Where a firewall signs with a certificate of its own: the variable that OpenSSL's programs read.
        if (const char* certificates = std::getenv("SSL_CERT_FILE")) set(CURLOPT_CAINFO, certificates);
        set(CURLOPT_USERAGENT, "ravine/" RAVINE_VERSION);
        set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(1000 * request.limits.connect_seconds));
        set(CURLOPT_NOSIGNAL, 1L);
        set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
        set(CURLOPT_ERRORBUFFER, complaint_.data());
        set(CURLOPT_HEADERFUNCTION, &Exchange::on_header);
        set(CURLOPT_HEADERDATA, this);
        set(CURLOPT_WRITEFUNCTION, &Exchange::on_body);
        set(CURLOPT_WRITEDATA, this);
        const std::string range = fmt::format("{}-", request.offset);
        if (request.offset > 0) set(CURLOPT_RANGE, range.c_str());
        curl_multi_add_handle(multi_.get(), handle_.get());
    }
    ~Exchange() { curl_multi_remove_handle(multi_.get(), handle_.get()); }
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

    /// Asks and takes the answer. Nothing where it is a redirect.
    std::optional<FetchOutcome> run() {
        const CURLcode code = transfer();
        if (thrown_) std::rethrow_exception(thrown_);
        if (!outcome_ && is_redirect()) return std::nullopt;
        if (code == CURLE_OK && !accepted_) accept();  // an answer without a body
        if (outcome_) return outcome_;
        if (code == CURLE_OK && position_ == request_.size) return FetchOutcome{};
        if (code == CURLE_OK || code == CURLE_PARTIAL_FILE)
            return FetchOutcome{
                FetchEnd::failed,
                fmt::format("expected {} bytes, the connection ended after {}", request_.size, position_)};
        return FetchOutcome{FetchEnd::failed,
                            complaint_[0] != '\0' ? complaint_.data() : curl_easy_strerror(code)};
    }

    /// The address that a redirect leads to; empty where it names none.
    std::string redirect() const {
        char* address = nullptr;
        curl_easy_getinfo(handle_.get(), CURLINFO_REDIRECT_URL, &address);
        return address == nullptr ? std::string() : std::string(address);
    }

private:
    template <class Value>
    void set(CURLoption option, Value value) {
        if (curl_easy_setopt(handle_.get(), option, value) != CURLE_OK)
            fail_run("libcurl: cannot set option {}", static_cast<int>(option));
    }

    long status() const {
        long code = 0;
        curl_easy_getinfo(handle_.get(), CURLINFO_RESPONSE_CODE, &code);
        return code;
    }

    bool is_redirect() const {
        const long code = status();
        return code == 301 || code == 302 || code == 303 || code == 307 || code == 308;
    }

    bool fail(FetchEnd end, std::string reason) {
        outcome_ = FetchOutcome{end, std::move(reason)};
        return false;
    }

    /// Looks at the head of the answer, before the first byte of its body. False where it is refused.
    bool accept() {
        accepted_ = true;
        const long code = status();
        if (code != 200 && code != 206 && code != 416)
            return fail(FetchEnd::failed,
                        fmt::format("expected the file (status 200), found status {}", code));
        if (code == 416 || (code == 206 && request_.offset == 0))
            return fail(FetchEnd::misled, fmt::format("asked for bytes {} to {}, found status {}",
                                                      request_.offset, request_.size - 1, code));
        if (code == 206 && !accept_range()) return false;
        position_ = code == 206 ? request_.offset : 0;
        curl_off_t length = -1;
        curl_easy_getinfo(handle_.get(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
        if (length >= 0 && position_ + static_cast<uint64_t>(length) != request_.size)
            return fail(FetchEnd::failed, fmt::format("expected {} bytes, the server announces {}",
                                                      request_.size - position_, length));
        sink_.begin(position_);
        return true;
    }

    bool accept_range() {
        curl_header* header = nullptr;
        curl_easy_header(handle_.get(), "Content-Range", 0, CURLH_HEADER, -1, &header);
        const std::string text = header == nullptr ? "none" : header->value;
        const auto range = ContentRange::parse(text);
        if (range && range->first == request_.offset && range->last == request_.size - 1 &&
            range->size == request_.size)
            return true;
        return fail(FetchEnd::misled, fmt::format("expected Content-Range 'bytes {}-{}/{}', found '{}'",
                                                  request_.offset, request_.size - 1, request_.size, text));
    }

    /// The body of a redirect says nothing, but ends before libcurl says where it leads.
    bool skip(size_t count) {
        skipped_ += count;
        return skipped_ <= request_.limits.header_bytes ||
               fail(FetchEnd::failed, fmt::format("expected a redirect of at most {} bytes, found more",
                                                  request_.limits.header_bytes));
    }

    bool take(std::span<const uint8_t> bytes) {
        if (is_redirect()) return skip(bytes.size());
        if (!accepted_ && !accept()) return false;
        if (bytes.size() > request_.size - position_)
            return fail(FetchEnd::misled,
                        fmt::format("expected {} bytes, the server sends more", request_.size));
        sink_.write(bytes);
        position_ += bytes.size();
        return true;
    }

    static size_t on_body(char* bytes, size_t, size_t count, void* self) {
        auto& exchange = *static_cast<Exchange*>(self);
        exchange.received_ += count;
        try {
            return exchange.take({reinterpret_cast<const uint8_t*>(bytes), count}) ? count
                                                                                   : CURL_WRITEFUNC_ERROR;
        } catch (...) {  // must not pass through C
            exchange.thrown_ = std::current_exception();
            return CURL_WRITEFUNC_ERROR;
        }
    }

    static size_t on_header(char*, size_t, size_t count, void* self) {
        auto& exchange = *static_cast<Exchange*>(self);
        exchange.received_ += count;
        exchange.header_bytes_ += count;
        if (exchange.header_bytes_ <= exchange.request_.limits.header_bytes) return count;
        exchange.fail(FetchEnd::failed, fmt::format("expected a header of at most {} bytes, found more",
                                                    exchange.request_.limits.header_bytes));
        return CURL_WRITEFUNC_ERROR;
    }

    CURLcode transfer() {
        const FetchLimits& limits = request_.limits;
        auto window_start = Clock::now();
        uint64_t window_received = 0;
        for (int running = 1;;) {
            curl_multi_perform(multi_.get(), &running);
            if (running == 0) break;
            if (interrupted()) {
                fail(FetchEnd::interrupted, "interrupted");
                return CURLE_ABORTED_BY_CALLBACK;
            }
            if (seconds_since(window_start) >= limits.stall_seconds) {
                const uint64_t received = received_ - window_received;
                if (static_cast<double>(received) < limits.slowest_rate * limits.stall_seconds) {
                    fail(FetchEnd::failed, fmt::format("stalled: {} bytes came in the last {:g} s", received,
                                                       limits.stall_seconds));
                    return CURLE_OPERATION_TIMEDOUT;
                }
                window_start = Clock::now();
                window_received = received_;
            }
            // Short, so that the clock and Ctrl-C are looked at while nothing comes.
            curl_multi_poll(multi_.get(), nullptr, 0, 50, nullptr);
        }
        int left = 0;
        const CURLMsg* message = curl_multi_info_read(multi_.get(), &left);
        return message != nullptr && message->msg == CURLMSG_DONE ? message->data.result : CURLE_RECV_ERROR;
    }

    const FetchRequest& request_;
    FetchSink& sink_;
    std::array<char, CURL_ERROR_SIZE> complaint_{};
    bool accepted_ = false;
    uint64_t position_ = 0;  // of the next byte in the file
    uint64_t received_ = 0, header_bytes_ = 0, skipped_ = 0;
    std::optional<FetchOutcome> outcome_;
    std::exception_ptr thrown_;
    std::unique_ptr<CURLM, MultiCleanup> multi_;
    std::unique_ptr<CURL, EasyCleanup> handle_;
};

void start_libcurl() {
    static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (started != CURLE_OK) fail_run("libcurl: cannot start: {}", curl_easy_strerror(started));
}

}  // namespace

FetchOutcome fetch(const FetchRequest& request, FetchSink& sink) {
    start_libcurl();
    std::string address = request.address;
    for (int redirects = 0;; ++redirects) {
        Exchange exchange(request, address, sink);
        if (const auto outcome = exchange.run()) return *outcome;
        const std::string next = exchange.redirect();
        if (next.empty()) return {FetchEnd::failed, "expected a redirect to an address, found none"};
        if (const auto objection = redirect_objection(address, next)) return {FetchEnd::failed, *objection};
        if (redirects == request.limits.redirects)
            return {FetchEnd::failed, fmt::format("expected at most {} redirects, found more", redirects)};
        address = next;
    }
}

}  // namespace ravine
