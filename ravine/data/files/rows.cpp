#include "ravine/data/files/rows.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "ravine/core/error.hpp"
#include "ravine/core/settings/settings.hpp"

namespace ravine {
namespace {

/// A file without a name: it is gone with its last user.
int open_temporary() {
    std::error_code error;
    const std::string folder = std::filesystem::temp_directory_path(error).string();
    if (error) {
        const char* given = std::getenv("TMPDIR");
        fail_run("cannot create a temporary file: TMPDIR={}: {}", given ? given : "", error.message());
    }
    std::string name = folder + "/ravine-XXXXXX";
    const int descriptor = mkostemp(name.data(), O_CLOEXEC);
    if (descriptor < 0) fail_run("cannot create a temporary file in {}: {}", folder, std::strerror(errno));
    unlink(name.c_str());
    return descriptor;
}

void write_all(int descriptor, const void* data, size_t size) {
    const auto* from = static_cast<const char*>(data);
    while (size > 0) {
        const ssize_t written = write(descriptor, from, size);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) fail_run("cannot write the temporary file of the data: {}", std::strerror(errno));
        from += written;
        size -= static_cast<size_t>(written);
    }
}

}  // namespace

uint64_t data_memory_budget() {
    if (const char* text = std::getenv("RAVINE_DATA_MEMORY"); text != nullptr && *text != '\0')
        return static_cast<uint64_t>(parse_integer("RAVINE_DATA_MEMORY", text, Range{0, 1e9})) << 20;
    return static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE)) / 4;
}

template <class T>
Rows<T>::Rows(std::vector<T> elements)
    : memory_(std::make_shared<std::vector<T>>(std::move(elements))),
      data_(memory_->data()),
      size_(std::ssize(*memory_)) {}

template <class T>
Rows<T>::Rows(std::shared_ptr<const MappedFile> file, size_t offset, size_t count)
    : file_(std::move(file)), size_(static_cast<int64_t>(count)) {
    const auto bytes = file_->bytes();
    require(offset % sizeof(T) == 0 && offset <= bytes.size() && count <= (bytes.size() - offset) / sizeof(T),
            "{} numbers from byte {} on in a mapped file of {} bytes", count, offset, bytes.size());
    data_ = reinterpret_cast<const T*>(bytes.data() + offset);
}

template <class T>
int64_t Rows<T>::size() const {
    return chosen_ ? std::ssize(*chosen_) * width_ : size_;
}

template <class T>
Rows<T> Rows<T>::choose(std::span<const int64_t> rows, int64_t width) const {
    Rows result = *this;
    auto chosen = std::make_shared<std::vector<int64_t>>(rows.begin(), rows.end());
    if (chosen_)
        for (auto& row : *chosen) row = (*chosen_)[static_cast<size_t>(row)];
    result.chosen_ = std::move(chosen);
    result.width_ = width;
    return result;
}

template <class T>
std::vector<T> Rows<T>::elements() const {
    if (!chosen_) return {data_, data_ + size_};
    std::vector<T> all;
    all.reserve(static_cast<size_t>(size()));
    for (int64_t i = 0; i < std::ssize(*chosen_); ++i)
        all.insert(all.end(), row(i, width_), row(i, width_) + width_);
    return all;
}

template <class T>
T* Rows<T>::write() {
    require(memory_ && memory_.use_count() == 1 && !chosen_,
            "a shared table of numbers cannot be written to");
    return memory_->data();
}

template <class T>
RowsBuilder<T>::~RowsBuilder() {
    if (file_ >= 0) close(file_);
}

template <class T>
void RowsBuilder<T>::append(std::span<const T> elements) {
    size_ += std::ssize(elements);
    if (file_ < 0 && static_cast<uint64_t>(size_) * sizeof(T) <= budget_)
        memory_.insert(memory_.end(), elements.begin(), elements.end());
    else
        spill(elements);
}

template <class T>
void RowsBuilder<T>::spill(std::span<const T> elements) {
    if (file_ < 0) {
        file_ = open_temporary();
        write_all(file_, memory_.data(), memory_.size() * sizeof(T));
        memory_ = {};
    }
    write_all(file_, elements.data(), elements.size_bytes());
}

template <class T>
Rows<T> RowsBuilder<T>::finish() {
    if (file_ < 0) {
        memory_.shrink_to_fit();
        return Rows<T>(std::move(memory_));
    }
    auto mapped = std::make_shared<const MappedFile>(std::exchange(file_, -1), "temporary file");
    return Rows<T>(std::move(mapped), 0, static_cast<size_t>(size_));
}

template class Rows<float>;
template class Rows<double>;
template class Rows<uint8_t>;
template class RowsBuilder<float>;
template class RowsBuilder<double>;
template class RowsBuilder<uint8_t>;

Rows<float> in_single_precision(const Rows<double>& rows) {
    constexpr int64_t piece = 1 << 14;
    RowsBuilder<float> builder;
    std::vector<float> rounded;
    for (int64_t begin = 0; begin < rows.size(); begin += piece) {
        const double* from = rows.row(begin, 1);
        rounded.assign(from, from + std::min(piece, rows.size() - begin));
        builder.append(rounded);
    }
    return builder.finish();
}

std::variant<Rows<float>, Rows<double>> as_short_as_exact(Rows<double> rows) {
    const double* first = rows.row(0, 1);
    const auto is_exact = [](double x) { return static_cast<double>(static_cast<float>(x)) == x; };
    if (!std::all_of(first, first + rows.size(), is_exact)) return rows;
    return in_single_precision(rows);
}

}  // namespace ravine
