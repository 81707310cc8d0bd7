#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

struct evp_md_ctx_st;  // OpenSSL's EVP_MD_CTX

namespace ravine {

/// The SHA-256 digest (FIPS 180-4) of bytes that come piece by piece.
class Sha256 {
public:
    Sha256();
    void update(std::span<const uint8_t> bytes);
    /// 64 lower-case hexadecimal digits. Nothing can be added afterwards.
    std::string finish();

private:
    struct Free {
        void operator()(evp_md_ctx_st* context) const;
    };
    std::unique_ptr<evp_md_ctx_st, Free> context_;
};

/// The SHA-256 digest of a file, in hexadecimal. Throws RequestError where it cannot be read.
std::string sha256_of_file(const std::filesystem::path& path);

}  // namespace ravine
