#include "ravine/core/values/vector.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "ravine/core/error.hpp"

namespace ravine {
namespace {

constexpr size_t cache_line = 64, huge_page = 2 << 20;

/// Memory that is large begins with a page of two megabytes.
std::align_val_t alignment(size_t bytes) {
    return std::align_val_t{bytes >= 2 * huge_page ? huge_page : cache_line};
}

/// Uninitialised. Large memory lies in huge pages where the system has them: a pass over it then waits less
/// for the translation of addresses.
void* allocate(size_t bytes) {
    void* result = ::operator new(bytes, alignment(bytes));
#ifdef MADV_HUGEPAGE
    // A wish: where it is not granted all works as well.
    if (alignment(bytes) == std::align_val_t{huge_page}) madvise(result, bytes, MADV_HUGEPAGE);
#endif
    return result;
}

}  // namespace

Vector::Vector(int64_t size, Precision precision, double value)
    : size_(size), precision_(storage_precision(precision)) {
    require(size >= 0, "a vector of {} elements", size);
    if (size > 0) data_ = allocate(byte_count());
    fill(value);
}

Vector::Vector(std::span<const double> elements, Precision precision)
    : Vector(static_cast<int64_t>(elements.size()), precision) {
    for (int64_t i = 0; i < size_; ++i) set(i, elements[static_cast<size_t>(i)]);
}

Vector::Vector(const Vector& other) : Vector(other.size_, other.precision_) {
    if (size_ > 0) std::memcpy(data_, other.data_, byte_count());
}

Vector::Vector(Vector&& other) noexcept
    : size_(std::exchange(other.size_, 0)),
      precision_(other.precision_),
      data_(std::exchange(other.data_, nullptr)) {}

Vector& Vector::operator=(Vector other) noexcept {
    std::swap(size_, other.size_);
    std::swap(precision_, other.precision_);
    std::swap(data_, other.data_);
    return *this;
}

Vector::~Vector() { ::operator delete(data_, alignment(byte_count())); }

template <class T>
std::span<T> Vector::as() {
    require(sizeof(T) == element_size(precision_), "a vector of {} read as the other type",
            to_string(precision_));
    return {static_cast<T*>(data_), static_cast<size_t>(size_)};
}

template <class T>
std::span<const T> Vector::as() const {
    return const_cast<Vector*>(this)->as<T>();
}

template std::span<float> Vector::as<float>();
template std::span<double> Vector::as<double>();
template std::span<const float> Vector::as<float>() const;
template std::span<const double> Vector::as<double>() const;

double Vector::at(int64_t index) const {
    require(index >= 0 && index < size_, "element {} of {}", index, size_);
    return precision_ == Precision::f64 ? static_cast<const double*>(data_)[index]
                                        : static_cast<const float*>(data_)[index];
}

void Vector::set(int64_t index, double value) {
    require(index >= 0 && index < size_, "element {} of {}", index, size_);
    if (precision_ == Precision::f64)
        static_cast<double*>(data_)[index] = value;
    else
        static_cast<float*>(data_)[index] = static_cast<float>(value);
}

void Vector::fill(double value) {
    if (precision_ == Precision::f64)
        std::ranges::fill(as<double>(), value);
    else
        std::ranges::fill(as<float>(), static_cast<float>(value));
}

void Vector::assign(const Vector& other) {
    require(size_ == other.size_, "assigning {} elements to {}", other.size_, size_);
    if (precision_ == other.precision_) {
        if (size_ > 0 && data_ != other.data_) std::memcpy(data_, other.data_, byte_count());
    } else {
        for (int64_t i = 0; i < size_; ++i) set(i, other.at(i));
    }
}

std::vector<double> Vector::to_doubles() const {
    std::vector<double> result(static_cast<size_t>(size_));
    for (int64_t i = 0; i < size_; ++i) result[static_cast<size_t>(i)] = at(i);
    return result;
}

}  // namespace ravine
