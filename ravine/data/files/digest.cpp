#include "ravine/data/files/digest.hpp"

#include <openssl/evp.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <vector>

#include "ravine/core/error.hpp"

namespace ravine {

void Sha256::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
    if (!context_ || EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) != 1)
        fail_run("SHA-256: OpenSSL cannot compute it");
}

void Sha256::update(std::span<const uint8_t> bytes) {
    if (EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) != 1)
        fail_run("SHA-256: OpenSSL cannot compute it");
}

std::string Sha256::finish() {
    std::array<uint8_t, EVP_MAX_MD_SIZE> bytes{};
    unsigned length = 0;
    if (EVP_DigestFinal_ex(context_.get(), bytes.data(), &length) != 1)
        fail_run("SHA-256: OpenSSL cannot compute it");
    std::string text;
    for (unsigned i = 0; i < length; ++i) text += fmt::format("{:02x}", bytes[i]);
    return text;
}

std::string sha256_of_file(const std::filesystem::path& path) {
    std::ifstream stream(path, std::ios::binary);
    if (!stream) fail_request("{}: cannot read: {}", path.string(), std::strerror(errno));
    Sha256 digest;
    std::vector<char> piece(1 << 18);
    do {
        stream.read(piece.data(), static_cast<std::streamsize>(piece.size()));
        digest.update({reinterpret_cast<const uint8_t*>(piece.data()), static_cast<size_t>(stream.gcount())});
    } while (stream);
    if (stream.bad()) fail_request("{}: cannot read: {}", path.string(), std::strerror(errno));
    return digest.finish();
}

}  // namespace ravine
