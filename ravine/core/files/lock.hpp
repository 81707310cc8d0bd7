#pragma once

#include <filesystem>
#include <memory>

namespace ravine {

/// A file opened with the lock that only one open file at a time has (flock). It ends with the process that
/// has it, however that ends.
struct LockedFile {
    enum class State {
        ours,
        held,       ///< by another; not opened
        unknown,    ///< opened, on a file system without locks
        not_opened  ///< errno says why
    };
    State state;
    int descriptor = -1;  ///< -1 where it is not opened
};

/// Opens a file, with the flags of open(), and locks it: never one that its holder has renamed or removed in
/// the meantime.
LockedFile open_locked(const std::filesystem::path& path, int flags);

/// The right to write into a folder, for as long as it or a copy lives: FOLDER/.lock, which names its holder.
/// What killed processes have left does not block it, and their temporary files are removed.
class FolderLock {
public:
    FolderLock() = default;
    /// Throws RunError where another process is at work in the folder, or the lock cannot be written.
    explicit FolderLock(const std::filesystem::path& folder);

private:
    struct Held;
    std::shared_ptr<const Held> held_;
};

}  // namespace ravine
