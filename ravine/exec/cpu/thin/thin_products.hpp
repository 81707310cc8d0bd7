#pragma once

#include <cstdint>
#include <type_traits>

#include "ravine/exec/plan/kernel.hpp"

namespace ravine::thin {

// Sums of products of vectors with single words, which a processor repeats over a vector as it multiplies: no
// window of an image is ever copied. A word is a float or two bfloat16 numbers, whose products one
// instruction adds (AVX512_BF16). Vectorised with Highway, for AVX-512 alone: nothing else has registers
// enough.

constexpr int64_t lanes = 16;  ///< words of a vector

/// Whether this processor, and Highway, have what it takes: nothing else here works without.
bool is_available();

struct Pair {
    Bfloat16 first, second;
};
template <class T>
using Word = std::conditional_t<std::is_same_v<T, float>, float, Pair>;
/// Numbers of a word.
template <class T>
constexpr int64_t per_word = sizeof(Word<T>) / sizeof(T);

/// A convolution with stride 1 of one image that has its padding around it. A vector holds all output
/// channels of `pixels` neighbours in a row, or a part of them: vectors that would stand half empty are so
/// filled, and the kernel that is multiplied with them has zeros where a pixel does not see its neighbour's
/// window. (NaN and infinities there reach the pixel all the same.)
template <class T, class R>
struct Convolution {
    int64_t rows, columns, out;  ///< of the output
    int64_t pixels;              ///< whose channels stand in a vector, or several
    int64_t kernel_rows;
    int64_t words;        ///< of a row of the windows of `pixels` neighbours
    int64_t pitch;        ///< numbers from one row of the image to the next
    int64_t step;         ///< numbers from one window to that `pixels` further
    int64_t top, bottom;  ///< rows of padding, which no sum needs
    const T* image;
    const Word<T>* kernel;  ///< [vectors / 2, kernel_rows, words, 2, lanes]; of an odd number the last alone
    const float* bias;      ///< [vectors, lanes]
    R* result;              ///< [rows, columns, out]

    int64_t vectors() const { return ceiling(pixels * out, lanes); }
};

void convolve(const Convolution<float, float>& c);
void convolve(const Convolution<Bfloat16, float>& c);
void convolve(const Convolution<Bfloat16, Bfloat16>& c);

/// Where one factor of a correlation stands: words from a row or a position to the next, and from what one
/// row of the kernel meets to what the next does.
template <class T>
struct Factor {
    const Word<T>* first;
    int64_t row, position, kernel_row;
};

/// sums[i, k] += sum over rows and positions of vector(row, position, i) word(row, position, i, k), for the
/// rows i and columns k of a part of a kernel.
template <class T>
struct Correlation {
    int64_t rows, positions;
    Factor<T> vectors, words;
    int64_t kernel_rows, columns;  ///< at most most_kernel_rows and most_columns
    float* sums;                   ///< [.., lanes] with `pitch` vectors from a row to the next
    int64_t pitch;
};
constexpr int64_t most_kernel_rows = 3, most_columns = 8;

void correlate(const Correlation<float>& c);
void correlate(const Correlation<Bfloat16>& c);

/// to[i] = from[places[i]], or 0 where that is negative. There are places for whole vectors.
void pick(const float* from, const int32_t* places, int64_t count, float* to);
void pick(const float* from, const int32_t* places, int64_t count, Bfloat16* to);

/// to[i] = (from[i], from[i + distance]).
void pair(const Bfloat16* from, int64_t distance, int64_t count, Pair* to);
/// The pixels of a row two by two, channel by channel; the last of an odd number has zeros beside it.
void pair_neighbours(const Bfloat16* from, int64_t pixels, int64_t channels, Pair* to);

/// Two rows of the words of a gradient that max-pooling of 2 x 2 passes back: that of the maxima of a row of
/// windows, each at its place in the window, and zeros elsewhere.
void scatter_words(const float* maxima, const float* places, int64_t windows, int64_t channels, float* upper,
                   float* lower);
void scatter_words(const Bfloat16* maxima, const Bfloat16* places, int64_t windows, int64_t channels,
                   Pair* upper, Pair* lower);

}  // namespace ravine::thin
