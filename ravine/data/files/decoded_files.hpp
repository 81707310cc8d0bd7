#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

namespace ravine {

/// While one lives, what was decoded from a file is kept, so that the trials of a study, which differ in how
/// the data are split, decode each file once.
class DecodedFiles {
public:
    DecodedFiles();
    ~DecodedFiles();
    DecodedFiles(const DecodedFiles&) = delete;
    DecodedFiles& operator=(const DecodedFiles&) = delete;

    /// What `decode` makes of the file at `path`, or made of it before as a T for the same `purpose`, if the
    /// file has not changed since. One thread decodes at a time.
    template <class T>
    static std::shared_ptr<const T> get(const std::filesystem::path& path, const std::string& purpose,
                                        const std::function<T()>& decode) {
        return std::static_pointer_cast<const T>(find_or_make(
            path, purpose,
            [&]() -> std::shared_ptr<const void> { return std::make_shared<const T>(decode()); }));
    }

private:
    static std::shared_ptr<const void> find_or_make(const std::filesystem::path& path,
                                                    const std::string& purpose,
                                                    const std::function<std::shared_ptr<const void>()>& make);
};

}  // namespace ravine
