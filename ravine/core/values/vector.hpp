#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ravine/core/values/precision.hpp"

namespace ravine {

/// A flat vector of float or double, chosen at run time, aligned to a cache line. Parameters, gradients,
/// optimizer state and averages are such vectors, all with the same layout.
class Vector {
public:
    Vector() = default;
    /// A vector of `size` elements, all equal to `value`, of storage_precision(precision).
    Vector(int64_t size, Precision precision, double value = 0);
    /// A vector with the given elements, rounded to `precision`.
    Vector(std::span<const double> elements, Precision precision);
    Vector(const Vector& other);
    Vector(Vector&& other) noexcept;
    Vector& operator=(Vector other) noexcept;
    ~Vector();

    int64_t size() const { return size_; }
    void* data() { return data_; }
    const void* data() const { return data_; }
    size_t byte_count() const { return static_cast<size_t>(size_) * element_size(precision_); }

    /// f64 or f32.
    Precision precision() const { return precision_; }
    /// The elements, where T is float for f32 and double for f64; std::logic_error for the other type.
    template <class T>
    std::span<T> as();
    template <class T>
    std::span<const T> as() const;

    double at(int64_t index) const;
    void set(int64_t index, double value);
    void fill(double value);
    /// Copies another vector of the same size, converting where the precisions differ.
    void assign(const Vector& other);
    std::vector<double> to_doubles() const;

private:
    int64_t size_ = 0;
    Precision precision_ = Precision::f32;
    void* data_ = nullptr;
};

}  // namespace ravine
