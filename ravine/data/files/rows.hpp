#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "ravine/data/files/mapped_file.hpp"

namespace ravine {

/// The bytes of features that are decoded into memory; what is larger goes to a temporary file that is
/// mapped. $RAVINE_DATA_MEMORY in MiB where it is set, else a quarter of the machine's memory.
uint64_t data_memory_budget();

/// A table of numbers, row by row: floats, doubles or bytes. The numbers lie in memory or in a mapped file
/// and are shared by copies; a table may be a choice of the rows of another one, which costs an index a row.
template <class T>
class Rows {
public:
    Rows() = default;
    /// All numbers of a table, in memory.
    Rows(std::vector<T> elements);  // NOLINT(google-explicit-constructor): numbers are a table of numbers
    /// `count` numbers of a mapped file from byte `offset` on, which is a multiple of their size.
    Rows(std::shared_ptr<const MappedFile> file, size_t offset, size_t count);

    /// How many numbers there are, over all rows.
    int64_t size() const;
    /// The first number of row `index`; every row has `width` numbers, the same at every call.
    const T* row(int64_t index, int64_t width) const {
        return data_ + (chosen_ ? (*chosen_)[static_cast<size_t>(index)] : index) * width;
    }
    /// The given rows, in their order; repeats are allowed.
    Rows choose(std::span<const int64_t> rows, int64_t width) const;
    /// All numbers in order: a copy.
    std::vector<T> elements() const;
    /// The numbers for writing: of a table in memory that is no choice and has no copies.
    T* write();
    /// The same numbers in the same order, wherever they lie.
    bool operator==(const Rows& other) const { return elements() == other.elements(); }

private:
    std::shared_ptr<std::vector<T>> memory_;
    std::shared_ptr<const MappedFile> file_;
    const T* data_ = nullptr;
    int64_t size_ = 0;  // of the numbers at data_
    std::shared_ptr<const std::vector<int64_t>> chosen_;
    int64_t width_ = 0;  // where rows were chosen
};

extern template class Rows<float>;
extern template class Rows<double>;
extern template class Rows<uint8_t>;

/// Rows that come a piece at a time, more than memory may hold: beyond data_memory_budget() they are kept in
/// an unlinked temporary file.
template <class T>
class RowsBuilder {
public:
    RowsBuilder() = default;
    ~RowsBuilder();
    RowsBuilder(const RowsBuilder&) = delete;
    RowsBuilder& operator=(const RowsBuilder&) = delete;

    /// Throws RunError where the temporary file cannot be written.
    void append(std::span<const T> elements);
    int64_t size() const { return size_; }
    /// Everything appended so far; ends the building.
    Rows<T> finish();

private:
    void spill(std::span<const T> elements);

    std::vector<T> memory_;
    int file_ = -1;
    int64_t size_ = 0;
    uint64_t budget_ = data_memory_budget();
};

extern template class RowsBuilder<float>;
extern template class RowsBuilder<double>;
extern template class RowsBuilder<uint8_t>;

/// The numbers rounded to single precision; not of a choice of rows.
Rows<float> in_single_precision(const Rows<double>& rows);

/// The numbers in single precision where that loses none of their digits, else as they are; not of a choice
/// of rows.
std::variant<Rows<float>, Rows<double>> as_short_as_exact(Rows<double> rows);

}  // namespace ravine
