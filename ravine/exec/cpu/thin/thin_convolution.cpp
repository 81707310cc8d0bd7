#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "ravine/core/threads/threads.hpp"
#include "ravine/exec/cpu/dnnl/dnnl.hpp"
#include "ravine/exec/cpu/dnnl/pooling.hpp"
#include "ravine/exec/cpu/dnnl/product.hpp"
#include "ravine/exec/cpu/fused/tile.hpp"
#include "ravine/exec/cpu/thin/thin_products.hpp"

namespace ravine {
namespace {

using thin::lanes;

/// A convolution with stride 1: that of a request, or the one that takes output gradients to input gradients,
/// whose kernel is turned by 180 degrees and has in and out exchanged.
struct Geometry {
    explicit Geometry(const ProductRequest& request) : turned(request.op == Op::conv2d_input_gradient) {
        const ConvolutionShapes shapes(request);
        const Shape &from = turned ? shapes.output : shapes.image,
                    &to = turned ? shapes.image : shapes.output;
        examples = from[0], h = from[1], w = from[2], in = from[3];
        rows = to[1], columns = to[2], out = to[3];
        kernel_rows = shapes.kernel[2], kernel_columns = shapes.kernel[3];
        top = turned ? kernel_rows - 1 - request.integers[1] : request.integers[1];
        left = turned ? kernel_columns - 1 - request.integers[1] : request.integers[1];
    }

    /// Where a number of the kernel stands among the parameters.
    int64_t place(int64_t o, int64_t i, int64_t row, int64_t column) const {
        return turned ? ((i * out + o) * kernel_rows + kernel_rows - 1 - row) * kernel_columns +
                            kernel_columns - 1 - column
                      : ((o * in + i) * kernel_rows + row) * kernel_columns + column;
    }
    /// Numbers of a row, and of all rows, of an image with its padding.
    int64_t pitch() const { return (columns + kernel_columns - 1) * in; }
    int64_t framed() const { return (rows + kernel_rows - 1) * pitch(); }
    int64_t kernel_size() const { return out * in * kernel_rows * kernel_columns; }

    bool turned;
    int64_t examples = 0, h = 0, w = 0, in = 0, rows = 0, columns = 0, out = 0;
    int64_t kernel_rows = 0, kernel_columns = 0, top = 0, left = 0;
};

/// The memory of one thread, in bytes from the beginning of its part.
class Parts {
public:
    int64_t add(int64_t bytes) {
        const int64_t begin = size_;
        size_ += whole_lines(bytes);
        return begin;
    }
    int64_t size() const { return size_; }

private:
    int64_t size_ = 0;
};

/// Copies an image to the middle of its frame.
template <class T>
void copy_image(const Geometry& g, const T* image, T* framed) {
    for (int64_t row = 0; row < g.h; ++row)
        std::copy_n(image + row * g.w * g.in, g.w * g.in, framed + (g.top + row) * g.pitch() + g.left * g.in);
}

/// Rows of the output that stay in the first level of cache, besides the image; an even number where there
/// are two.
int64_t band_of(const Geometry& g, int64_t row_bytes) {
    constexpr int64_t band_bytes = 1 << 14;
    return std::min(std::max<int64_t>(2, band_bytes / row_bytes / 2 * 2), g.rows);
}

/// Examples that a thread takes at a time stand in one of so many groups.
int64_t groups_of(const Geometry& g, int threads) {
    constexpr int64_t fewest = 8;  // a group begins with the clearing of memory
    return threads == 1 ? 1 : stealing_parts(threads, g.examples, fewest);
}

std::vector<int32_t> places_for(int64_t count) {
    return std::vector<int32_t>(static_cast<size_t>(ceiling(count, lanes) * lanes), -1);
}

/// A convolution, or its gradient in the input, between so few channels that the library's vectors would
/// stand partly empty. Threads share the examples.
class ThinConvolution : public Kernel {
public:
    explicit ThinConvolution(const ProductRequest& request)
        : request_(request), g_(request), element_(size_of(request.factor_element)) {
        for (int64_t pixels = 1; pixels <= most_pixels; ++pixels)
            if (pixels == 1 || (vectors(pixels) <= 2 && cost(pixels) < cost(pixels_))) pixels_ = pixels;
        vectors_ = vectors(pixels_), words_ = words(pixels_);
        place_kernel();
        bias_places_ = places_for(vectors_ * lanes);
        for (int64_t lane = 0; lane < pixels_ * g_.out; ++lane)
            bias_places_[static_cast<size_t>(lane)] = static_cast<int32_t>(lane % g_.out);
        // Behind the last row there may be windows of pixels that do not exist, and half a word.
        numbers_ = g_.framed() + (pixels_ + 1) * g_.in + per_word();
        band_ = band_of(g_, g_.columns * g_.out * size_of(request.result_element));
        image_at_ = parts_.add(numbers_ * element_);
        if (pools()) band_at_ = parts_.add(band_ * g_.columns * g_.out * size_of(request.result_element));
    }

    int64_t scratch_bytes() const override {
        return kernel_bytes() + bias_bytes() + request_.threads * parts_.size();
    }

    void run(const Context& context, KernelState*) const override {
        if (request_.factor_element == Element::f32)
            run_as<float, float>(context);
        else if (request_.result_element == Element::f32)
            run_as<Bfloat16, float>(context);
        else
            run_as<Bfloat16, Bfloat16>(context);
    }

    std::string describe() const override {
        return fmt::format("{} {} {} [thin]{}", name_of(request_.op), to_string(request_.first),
                           to_string(request_.second), epilogue_text(request_));
    }

private:
    static constexpr int64_t most_pixels = 4;

    bool pools() const { return request_.places_buffer >= 0; }
    int64_t per_word() const { return 4 / element_; }
    int64_t vectors(int64_t pixels) const { return ceiling(pixels * g_.out, lanes); }
    int64_t words(int64_t pixels) const {
        return ceiling((pixels - 1 + g_.kernel_columns) * g_.in, per_word());
    }
    /// Multiplications of vectors for a row of a kernel and a pixel.
    double cost(int64_t pixels) const {
        return static_cast<double>(vectors(pixels) * words(pixels)) / static_cast<double>(pixels);
    }
    int64_t kernel_bytes() const {
        return whole_lines(static_cast<int64_t>(kernel_places_.size()) * element_);
    }
    int64_t bias_bytes() const { return whole_lines(static_cast<int64_t>(bias_places_.size()) * 4); }

    /// Finds out where the numbers of the kernel that thin::Convolution wants stand among the parameters.
    void place_kernel() {
        kernel_places_ = places_for(vectors_ * g_.kernel_rows * words_ * lanes * per_word());
        auto at = kernel_places_.begin();
        const auto place_word = [&](int64_t row, int64_t word, int64_t lane) {
            const int64_t pixel = lane / g_.out;
            for (int64_t number = word * per_word(); number < (word + 1) * per_word(); ++number, ++at) {
                const int64_t column = number / g_.in - pixel;
                if (pixel < pixels_ && column >= 0 && column < g_.kernel_columns)
                    *at = static_cast<int32_t>(g_.place(lane % g_.out, number % g_.in, row, column));
            }
        };
        for (int64_t first = 0; first < vectors_; first += 2)
            for (int64_t row = 0; row < g_.kernel_rows; ++row)
                for (int64_t word = 0; word < words_; ++word)
                    for (int64_t lane = first * lanes; lane < std::min(first + 2, vectors_) * lanes; ++lane)
                        place_word(row, word, lane);
    }

    template <class T, class R>
    void run_as(const Context& context) const {
        auto* kernel = reinterpret_cast<T*>(context.scratch);
        auto* bias = reinterpret_cast<float*>(context.scratch + kernel_bytes());
        thin::pick(context.as<const float>(request_.second_buffer), kernel_places_.data(),
                   static_cast<int64_t>(kernel_places_.size()), kernel);
        if (request_.bias_buffer < 0)
            std::fill_n(bias, bias_places_.size(), 0.0f);
        else
            thin::pick(context.as<const float>(request_.bias_buffer), bias_places_.data(),
                       static_cast<int64_t>(bias_places_.size()), bias);
        const auto part = [&](int64_t thread, int64_t begin) {
            return context.scratch + kernel_bytes() + bias_bytes() + thread * parts_.size() + begin;
        };
        const auto frame = [&](int64_t thread) { return reinterpret_cast<T*>(part(thread, image_at_)); };
        const int64_t taken = g_.h * g_.w * g_.in, made = g_.rows * g_.columns * g_.out;
        thin::Convolution<T, R> convolution{.rows = 0,
                                            .columns = g_.columns,
                                            .out = g_.out,
                                            .pixels = pixels_,
                                            .kernel_rows = g_.kernel_rows,
                                            .words = words_,
                                            .pitch = g_.pitch(),
                                            .step = pixels_ * g_.in,
                                            .top = 0,
                                            .bottom = 0,
                                            .image = nullptr,
                                            .kernel = reinterpret_cast<const thin::Word<T>*>(kernel),
                                            .bias = bias,
                                            .result = nullptr};
        const int64_t groups = groups_of(g_, request_.threads);
        stealing_work(request_.threads, groups, [&](int thread, int64_t group) {
            T* framed = frame(thread);
            std::fill_n(framed, numbers_, T{});
            const int64_t end = g_.examples * (group + 1) / groups;
            for (int64_t example = g_.examples * group / groups; example < end; ++example) {
                copy_image(g_, context.as<const T>(request_.first_buffer) + example * taken, framed);
                auto c = convolution;
                for (int64_t row = 0; row < g_.rows; row += c.rows) {
                    const int64_t behind = g_.rows + g_.kernel_rows - 1 - g_.top - g_.h;
                    c.rows = std::min(band_, g_.rows - row);
                    c.top = std::max<int64_t>(0, g_.top - row);
                    c.bottom = std::max<int64_t>(0, behind - (g_.rows - row - c.rows));
                    c.image = framed + row * g_.pitch();
                    const int64_t at = example * made + row * g_.columns * g_.out;  // maxima: a quarter
                    c.result = pools() ? reinterpret_cast<R*>(part(thread, band_at_))
                                       : context.as<R>(request_.result_buffer) + at;
                    convolve(c);
                    if (pools())
                        find_maxima(c.result, c.rows, g_.columns, g_.out,
                                    context.as<R>(request_.places_buffer) + at / 4,
                                    context.as<R>(request_.result_buffer) + at / 4);
                }
            }
        });
    }

    /// With the activation.
    template <class T, class R>
    void convolve(const thin::Convolution<T, R>& c) const {
        thin::convolve(c);
        if (!request_.activation) return;
        const tile::Loop loop = activation_loop(*request_.activation);
        loop(c.result, nullptr, nullptr, c.result, static_cast<size_t>(c.rows * c.columns * c.out));
    }

    ProductRequest request_;
    Geometry g_;
    int64_t element_;
    int64_t pixels_ = 1, vectors_, words_;  ///< see thin::Convolution
    std::vector<int32_t> kernel_places_, bias_places_;
    int64_t numbers_ = 0;  ///< of an image with its frame
    int64_t band_;         ///< rows that are made, activated and pooled at a time
    Parts parts_;
    int64_t image_at_ = 0, band_at_ = 0;
};

/// The gradient of a kernel between few channels: a sum over all pixels of the products of what a row of the
/// kernel sees with the gradient of the output there. Either the vectors hold what the row sees (all its
/// columns and channels) and the gradients are the words, or the other way round. Threads share the examples.
class ThinKernelGradient : public Kernel {
public:
    explicit ThinKernelGradient(const ProductRequest& request)
        : request_(request), g_(request), element_(size_of(request.factor_element)) {
        const int64_t seen = g_.kernel_columns * g_.in;
        holds_seen_ = ceiling(seen, lanes) * g_.out < ceiling(g_.out, lanes) * seen;
        vectors_ = ceiling(holds_seen_ ? seen : g_.out, lanes);
        columns_ = holds_seen_ ? g_.out : seen;
        positions_ = ceiling(g_.columns, per_word());
        place_sums();
        seen_words_ = g_.framed() + lanes;
        numbers_ = seen_words_ + g_.in;
        band_ = band_of(g_, 4 * positions_ * g_.out);
        gradient_words_ = band_ * positions_ * g_.out + lanes;
        image_at_ = parts_.add(numbers_ * element_);
        seen_at_ = element_ == 4 ? image_at_ : parts_.add(seen_words_ * 4);
        gradient_at_ = parts_.add(gradient_words_ * 4);
    }

    int64_t scratch_bytes() const override {
        return request_.threads * parts_.size() + groups_of(g_, request_.threads) * sum_bytes();
    }

    void run(const Context& context, KernelState*) const override {
        if (request_.factor_element == Element::f32)
            run_as<float>(context);
        else
            run_as<Bfloat16>(context);
    }

    std::string describe() const override {
        return fmt::format("{} {} {} [thin]{}", name_of(request_.op), to_string(request_.first),
                           to_string(request_.second), request_.places_buffer < 0 ? "" : " of pool_scatter");
    }

private:
    int64_t per_word() const { return 4 / element_; }
    int64_t sum_numbers() const { return vectors_ * g_.kernel_rows * columns_ * lanes; }
    int64_t sum_bytes() const { return sum_numbers() * int64_t{sizeof(float)}; }

    /// Finds out where the numbers of the kernel stand among the sums [vectors, kernel rows, columns, lanes].
    void place_sums() {
        places_ = places_for(g_.kernel_size());
        for (int64_t o = 0; o < g_.out; ++o)
            for (int64_t row = 0; row < g_.kernel_rows; ++row)
                for (int64_t seen = 0; seen < g_.kernel_columns * g_.in; ++seen) {
                    const int64_t held = holds_seen_ ? seen : o, column = holds_seen_ ? o : seen;
                    const int64_t sums = (held / lanes * g_.kernel_rows + row) * columns_ + column;
                    places_[static_cast<size_t>(g_.place(o, seen % g_.in, row, seen / g_.in))] =
                        static_cast<int32_t>(sums * lanes + held % lanes);
                }
    }

    template <class T>
    T* part(const Context& context, int64_t thread, int64_t begin) const {
        return reinterpret_cast<T*>(context.scratch + thread * parts_.size() + begin);
    }

    template <class T>
    void run_as(const Context& context) const {
        using Word = thin::Word<T>;
        const int64_t groups = groups_of(g_, request_.threads);
        const auto sums = [&](int64_t group) {  // behind what the threads have
            return part<float>(context, request_.threads, group * sum_bytes());
        };
        const int64_t taken = g_.h * g_.w * g_.in;
        stealing_work(request_.threads, groups, [&](int thread, int64_t group) {
            T* framed = part<T>(context, thread, image_at_);
            auto* seen = part<Word>(context, thread, seen_at_);
            auto* gradient = part<Word>(context, thread, gradient_at_);
            std::fill_n(framed, numbers_, T{});
            std::fill_n(gradient, gradient_words_, Word{});
            std::fill_n(sums(group), sum_numbers(), 0.0f);
            const int64_t end = g_.examples * (group + 1) / groups;
            for (int64_t example = g_.examples * group / groups; example < end; ++example) {
                copy_image(g_, context.as<const T>(request_.first_buffer) + example * taken, framed);
                if constexpr (!std::is_same_v<T, float>) thin::pair(framed, g_.in, seen_words_, seen);
                for (int64_t row = 0; row < g_.rows; row += band_) {
                    const int64_t rows = std::min(band_, g_.rows - row);
                    for (int64_t i = 0; i < rows; i += given_rows())
                        take_gradients<T>(context, (example * g_.rows + row + i) * g_.columns * g_.out,
                                          gradient + i * positions_ * g_.out);
                    correlate<T>(rows, seen + row * g_.pitch(), gradient, sums(group));
                }
            }
        });
        for (int64_t group = 1; group < groups; ++group)
            tile::accumulate(sums(group), sums(0), static_cast<size_t>(sum_numbers()));
        thin::pick(sums(0), places_.data(), g_.kernel_size(), context.as<float>(request_.result_buffer));
    }

    /// Rows of the output whose gradients are taken at a time.
    int64_t given_rows() const { return request_.places_buffer < 0 ? 1 : 2; }

    /// Makes words of the gradients of one row of the output, or two, that begin with number `at` of them
    /// all.
    template <class T>
    void take_gradients(const Context& context, int64_t at, thin::Word<T>* to) const {
        const T* given = context.as<const T>(request_.second_buffer);
        if (request_.places_buffer >= 0)
            thin::scatter_words(given + at / 4, context.as<const T>(request_.places_buffer) + at / 4,
                                g_.columns / 2, g_.out, to, to + positions_ * g_.out);
        else if constexpr (std::is_same_v<T, float>)
            std::copy_n(given + at, g_.columns * g_.out, to);
        else
            thin::pair_neighbours(given + at, g_.columns, g_.out, to);
    }

    /// Adds some rows of the gradients of an example, with what the kernel's first row sees there.
    template <class T>
    void correlate(int64_t rows, const thin::Word<T>* seen, const thin::Word<T>* gradient,
                   float* sums) const {
        const int64_t row_parts = ceiling(g_.kernel_rows, thin::most_kernel_rows);
        const int64_t column_parts = ceiling(columns_, thin::most_columns);
        for (int64_t vector = 0; vector < vectors_; ++vector)
            for (int64_t i = 0; i < row_parts; ++i)
                for (int64_t k = 0; k < column_parts; ++k) {
                    const int64_t row = g_.kernel_rows * i / row_parts, column = columns_ * k / column_parts;
                    thin::Factor<T> of_image{seen + row * g_.pitch(), g_.pitch(), per_word() * g_.in,
                                             g_.pitch()};
                    thin::Factor<T> of_gradient{gradient, positions_ * g_.out, g_.out, 0};
                    auto &held = holds_seen_ ? of_image : of_gradient,
                         &repeated = holds_seen_ ? of_gradient : of_image;
                    held.first += vector * lanes, repeated.first += column;
                    thin::correlate(
                        {.rows = rows,
                         .positions = positions_,
                         .vectors = held,
                         .words = repeated,
                         .kernel_rows = g_.kernel_rows * (i + 1) / row_parts - row,
                         .columns = columns_ * (k + 1) / column_parts - column,
                         .sums = sums + ((vector * g_.kernel_rows + row) * columns_ + column) * lanes,
                         .pitch = columns_});
                }
    }

    ProductRequest request_;
    Geometry g_;
    int64_t element_;
    bool holds_seen_;              ///< whether the vectors hold what a row of the kernel sees
    int64_t vectors_;              ///< that hold one factor at a position
    int64_t columns_;              ///< words that one of them is multiplied by
    int64_t positions_;            ///< words in a row of the output
    int64_t band_;                 ///< rows of the output whose words are made at a time
    std::vector<int32_t> places_;  ///< of the numbers of the kernel among the sums
    int64_t numbers_, seen_words_, gradient_words_;
    Parts parts_;
    int64_t image_at_, seen_at_, gradient_at_;
};

}  // namespace

bool suits_thin(const ProductRequest& request) {
    if (request.integers[0] != 1 || request.kernel_element != Element::f32) return false;
    const Geometry g(request);
    if (g.examples < request.threads) return false;  // which share them
    const int64_t area = g.kernel_rows * g.kernel_columns;
    const bool fills_no_vector = g.out < lanes, fills_no_block = g.in < 8 && g.out <= 2 * lanes;
    if (area == 1 || !(fills_no_vector || fills_no_block) || g.top < 0 || g.left < 0) return false;
    // Tile instructions multiply bfloat16 matrices eight times faster, be they half empty.
    const bool has_tiles = has_instructions(dnnl::cpu_isa::avx512_core_amx);
    return thin::is_available() && !(has_tiles && request.factor_element == Element::bf16);
}

std::unique_ptr<Kernel> make_thin_convolution(const ProductRequest& request) {
    if (request.op == Op::conv2d_weight_gradient) return std::make_unique<ThinKernelGradient>(request);
    return std::make_unique<ThinConvolution>(request);
}

}  // namespace ravine
