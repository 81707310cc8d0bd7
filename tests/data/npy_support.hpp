#pragma once

#include <bit>
#include <string>
#include <vector>

namespace ravine::test {

/// A NPY file: its header's text, padded as NumPy does, and the bytes of its items.
inline std::string npy(const std::string& dictionary, const std::string& items, int version = 1) {
    const size_t length_bytes = version == 1 ? 2 : 4;
    std::string header = dictionary;
    while ((6 + 2 + length_bytes + header.size() + 1) % 64 != 0) header += ' ';
    header += '\n';
    std::string text = "\x93NUMPY";
    text += static_cast<char>(version);
    text += '\0';
    for (size_t i = 0; i < length_bytes; ++i) text += static_cast<char>(header.size() >> (8 * i));
    return text + header + items;
}

inline std::string npy_header(const std::string& type, const std::string& shape,
                              const std::string& fortran = "False") {
    return "{'descr': '" + type + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }";
}

/// The bytes of numbers as they lie in memory, or turned around.
template <class T>
std::string bytes_of(const std::vector<T>& items, bool big_endian = false) {
    std::string text;
    for (const T item : items) {
        std::string one(reinterpret_cast<const char*>(&item), sizeof(T));
        text += big_endian ? std::string(one.rbegin(), one.rend()) : one;
    }
    return text;
}

}  // namespace ravine::test
