#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <type_traits>

#include "ravine/core/error.hpp"
#include "ravine/core/threads/threads.hpp"
#include "ravine/exec/cpu/dnnl/product.hpp"
#include "ravine/exec/cpu/fused/tile.hpp"

namespace ravine {
namespace {

// Examples are gathered in groups of at most this many numbers (16 MB of floats), or one by one.
constexpr int64_t most_gathered = int64_t{1} << 22;

/// Copies one axis order of a kernel [out, in, height, width] to the other: to [out, height, width, in] or
/// from it.
void reorder_kernel(const Shape& kernel, const float* from, float* to, bool from_plain, int threads) {
    const int64_t in = kernel[1], places = kernel[2] * kernel[3];
    const int64_t rows = from_plain ? in : places, columns = from_plain ? places : in;
    parallel(threads, kernel[0], std::max<int64_t>(1, 32768 / (in * places)),
             [&](int64_t begin, int64_t end) {
                 for (int64_t o = begin; o < end; ++o) {
                     const float* matrix = from + o * in * places;  // [rows, columns], to be transposed
                     float* transposed = to + o * in * places;
                     for (int64_t c = 0; c < columns; ++c)
                         for (int64_t r = 0; r < rows; ++r)
                             transposed[c * rows + r] = matrix[r * columns + c];
                 }
             });
}

/// A convolution as a product: row (example, i, j) of the gathered matrix holds the pixels under the window
/// at (i, j), all channels of one after another, so that with the kernel as [out, height * width * in] output
/// = gathered kernel', gathered gradient = output gradient kernel, kernel gradient = output gradient'
/// gathered.
class GatheredConvolution : public Kernel {
public:
    explicit GatheredConvolution(const ProductRequest& request)
        : request_(request),
          shapes_(request),
          stride_(request.integers[0]),
          padding_(request.integers[1]),
          out_(shapes_.kernel[0]),
          window_(element_count(shapes_.kernel) / shapes_.kernel[0]),
          pixels_(shapes_.output[1] * shapes_.output[2]) {
        const int64_t examples = shapes_.image[0];
        group_ = std::clamp<int64_t>(most_gathered / (pixels_ * window_), 1, examples);
        while (examples % group_ != 0) --group_;  // groups of one size: one product serves all
        const int64_t rows = group_ * pixels_;
        const Shape gathered{rows, window_}, kernel{out_, window_}, output{rows, out_};
        ProductRequest product{.op = Op::matmul,
                               .integers = {0, 0},
                               .first = {},
                               .second = {},
                               .result = {},
                               .first_buffer = 0,
                               .second_buffer = 1,
                               .result_buffer = 2,
                               .factor_element = request.factor_element,
                               .activation = {},
                               .threads = request.threads};
        if (request.op == Op::conv2d) {
            product.integers = {0, 1};
            product.first = gathered, product.second = kernel, product.result = output;
            if (request.bias_buffer >= 0) product.bias_buffer = 3;
        } else if (request.op == Op::conv2d_input_gradient) {
            product.first = output, product.second = kernel, product.result = gathered;
        } else {
            product.integers = {1, 0};
            product.first = output, product.second = gathered, product.result = kernel;
            sum_bytes_ = whole_lines(element_count(kernel) * int64_t{sizeof(float)});
        }
        require(request.factor_element == Element::f32 || request.op == Op::conv2d_weight_gradient,
                "{} of bfloat16 numbers is not gathered", name_of(request.op));
        kernel_bytes_ = whole_lines(element_count(kernel) * int64_t{sizeof(float)});
        gathered_bytes_ = whole_lines(rows * window_ * size_of(request.factor_element));
        product_ = make_matmul(product);
        require(product_ != nullptr, "oneDNN has no fast product of {} and {}", to_string(product.first),
                to_string(product.second));
    }

    int64_t scratch_bytes() const override {
        return gathered_bytes_ + kernel_bytes_ + sum_bytes_ + product_->scratch_bytes();
    }

    std::unique_ptr<KernelState> make_state() const override {
        auto state = std::make_unique<State>();
        state->product = product_->make_state();
        return state;
    }

    void run(const Context& context, KernelState* kernel_state) const override {
        if (request_.factor_element == Element::bf16)
            run_as<Bfloat16>(context, static_cast<State&>(*kernel_state));
        else
            run_as<float>(context, static_cast<State&>(*kernel_state));
        activate(request_, context);
    }

    std::string describe() const override {
        return fmt::format("{} {} {} [gathered]{}", name_of(request_.op), to_string(request_.first),
                           to_string(request_.second), epilogue_text(request_));
    }

private:
    struct State : KernelState {
        std::unique_ptr<KernelState> product;
        uint64_t products = 0;
    };

    /// T is what the factors are stored as.
    template <class T>
    void run_as(const Context& context, State& state) const {
        auto* gathered = reinterpret_cast<T*>(context.scratch);
        auto* kernel = reinterpret_cast<float*>(context.scratch + gathered_bytes_);
        std::byte* behind = context.scratch + gathered_bytes_ + kernel_bytes_;
        auto* sum = reinterpret_cast<float*>(behind);
        auto* first = context.as<T>(request_.first_buffer);
        void* bias = request_.bias_buffer < 0 ? nullptr : context.buffers[request_.bias_buffer];
        const auto multiply = [&](void* a, void* b, void* c) {
            const std::array<void*, 4> buffers{a, b, c, bias};
            Context inner = context;
            inner.buffers = buffers.data();
            inner.scratch = behind + sum_bytes_;
            inner.bindings = ++state.products;  // other addresses each time
            product_->run(inner, state.product.get());
        };
        const int64_t image = group_ * element_count(shapes_.image) / shapes_.image[0];
        const int64_t output = group_ * pixels_ * out_;
        const bool makes_kernel = request_.op == Op::conv2d_weight_gradient;
        if (!makes_kernel)
            reorder_kernel(shapes_.kernel, context.as<const float>(request_.second_buffer), kernel, true,
                           request_.threads);
        for (int64_t i = 0; i < shapes_.image[0] / group_; ++i) {
            if (makes_kernel) {
                gather(first + i * image, gathered);
                multiply(context.as<T>(request_.second_buffer) + i * output, gathered, i == 0 ? kernel : sum);
                if (i > 0) tile::accumulate(sum, kernel, static_cast<size_t>(out_ * window_));
            } else if constexpr (std::is_same_v<T, float>) {
                auto* result = context.as<float>(request_.result_buffer);
                if (request_.op == Op::conv2d) {
                    gather(first + i * image, gathered);
                    multiply(gathered, kernel, result + i * output);
                } else {
                    multiply(first + i * output, kernel, gathered);
                    scatter(gathered, result + i * image);
                }
            }
        }
        if (makes_kernel)
            reorder_kernel(shapes_.kernel, kernel, context.as<float>(request_.result_buffer), false,
                           request_.threads);
    }

    /// Calls body(image offset, gathered offset) for the first channel of every place of every window of the
    /// examples [begin, end); the image offset is -1 in the padding.
    template <class Body>
    void visit(int64_t begin, int64_t end, Body body) const {
        const int64_t h = shapes_.image[1], w = shapes_.image[2], c = shapes_.image[3];
        const int64_t kh = shapes_.kernel[2], kw = shapes_.kernel[3];
        for (int64_t row = begin * pixels_; row < end * pixels_; ++row) {
            const int64_t example = row / pixels_, pixel = row % pixels_;
            const int64_t top = pixel / shapes_.output[2] * stride_ - padding_;
            const int64_t left = pixel % shapes_.output[2] * stride_ - padding_;
            int64_t at = row * window_;
            for (int64_t y = top; y < top + kh; ++y)
                for (int64_t x = left; x < left + kw; ++x, at += c) {
                    const bool inside = y >= 0 && y < h && x >= 0 && x < w;
                    body(inside ? ((example * h + y) * w + x) * c : -1, at);
                }
        }
    }

    template <class T>
    void gather(const T* image, T* gathered) const {
        const int64_t channels = shapes_.image[3];
        parallel(request_.threads, group_, 1, [&](int64_t begin, int64_t end) {
            visit(begin, end, [&](int64_t from, int64_t to) {
                if (from < 0)
                    std::fill_n(gathered + to, channels, T{});
                else
                    std::copy_n(image + from, channels, gathered + to);
            });
        });
    }

    void scatter(const float* gathered, float* image) const {
        const int64_t elements = element_count(shapes_.image) / shapes_.image[0], channels = shapes_.image[3];
        parallel(request_.threads, group_, 1, [&](int64_t begin, int64_t end) {
            std::fill(image + begin * elements, image + end * elements, 0.0f);
            visit(begin, end, [&](int64_t to, int64_t from) {
                for (int64_t c = 0; to >= 0 && c < channels; ++c) image[to + c] += gathered[from + c];
            });
        });
    }

    ProductRequest request_;
    ConvolutionShapes shapes_;
    int64_t stride_, padding_, out_, window_, pixels_;
    int64_t group_ = 1, gathered_bytes_ = 0, kernel_bytes_ = 0, sum_bytes_ = 0;
    std::unique_ptr<Kernel> product_;
};

}  // namespace

bool gathers_better(const ProductRequest& request) {
    const ConvolutionShapes shapes(request);
    const int64_t pixels = shapes.output[1] * shapes.output[2], places = shapes.kernel[2] * shapes.kernel[3];
    constexpr int64_t few_pixels = 16, many_weights = 1 << 16;
    return request.op == Op::conv2d_weight_gradient && places > 1 &&
           element_count(shapes.kernel) >= many_weights && (pixels <= few_pixels || request.integers[0] > 1);
}

std::unique_ptr<Kernel> make_gathered_convolution(const ProductRequest& request) {
    return std::make_unique<GatheredConvolution>(request);
}

}  // namespace ravine
