#include <curl/curl.h>

#include <memory>

#include "ravine/core/error.hpp"
#include "ravine/data/download/fetch.hpp"

// What is asked of an address before anything is fetched from it.

namespace ravine {
namespace {

using Address = std::unique_ptr<CURLU, decltype(&curl_url_cleanup)>;

/// The address in its parts; nullptr where it is none.
Address parsed(const std::string& text) {
    Address address(curl_url(), &curl_url_cleanup);
    if (address && curl_url_set(address.get(), CURLUPART_URL, text.c_str(), CURLU_NON_SUPPORT_SCHEME) != 0)
        address.reset();
    return address;
}

std::string part(const Address& address, CURLUPart which) {
    char* text = nullptr;
    if (!address || curl_url_get(address.get(), which, &text, 0) != CURLUE_OK) return "";
    const std::unique_ptr<char, decltype(&curl_free)> owned(text, &curl_free);
    return text;
}

bool is_web_scheme(const std::string& scheme) { return scheme == "http" || scheme == "https"; }

}  // namespace

std::optional<std::string> redirect_objection(const std::string& from, const std::string& to) {
    const std::string scheme = part(parsed(to), CURLUPART_SCHEME);
    if (!is_web_scheme(scheme))
        return fmt::format("expected a redirect to an http or https address, found {}", public_address(to));
    if (scheme == "http" && part(parsed(from), CURLUPART_SCHEME) == "https")
        return fmt::format("expected a redirect to an https address, found {}", public_address(to));
    return std::nullopt;
}

std::string public_address(const std::string& address) {
    const Address split = parsed(address);
    if (!split) return address;
    curl_url_set(split.get(), CURLUPART_USER, nullptr, 0);
    curl_url_set(split.get(), CURLUPART_PASSWORD, nullptr, 0);
    const std::string text = part(split, CURLUPART_URL);
    return text.empty() ? address : text;
}

void require_web_address(const std::string& what, const std::string& address) {
    if (!is_web_scheme(part(parsed(address), CURLUPART_SCHEME)))
        fail_request("{}: expected an address like https://example.org/data, found '{}'", what, address);
}

}  // namespace ravine
