#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "ravine/core/error.hpp"
#include "ravine/core/threads.hpp"
#include "ravine/exec/onednn/product.hpp"
#include "ravine/exec/onednn/tile.hpp"

namespace ravine {
namespace {

// Examples are gathered in groups of at most this many floats (16 MB), or one by one.
constexpr int64_t most_gathered = int64_t{1} << 22;

/// A convolution as a product: row (example, i, j) of the gathered matrix holds the pixels under the window
/// at (i, j) in the order of the kernel [out, in * height * width], so that output = gathered kernel',
/// gathered gradient = output gradient kernel, kernel gradient = output gradient' gathered.
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
            sum_elements_ = rounded(element_count(kernel));
        }
        gathered_elements_ = rounded(rows * window_);
        product_ = make_matmul(product);
        require(product_ != nullptr, "oneDNN has no fast product of {} and {}", to_string(product.first),
                to_string(product.second));
    }

    int64_t scratch_bytes() const override {
        return (gathered_elements_ + sum_elements_) * int64_t{sizeof(float)} + product_->scratch_bytes();
    }

    std::unique_ptr<KernelState> make_state() const override {
        auto state = std::make_unique<State>();
        state->product = product_->make_state();
        return state;
    }

    void run(const Context& context, KernelState* kernel_state) const override {
        auto& state = static_cast<State&>(*kernel_state);
        auto* gathered = reinterpret_cast<float*>(context.scratch);
        float* sum = gathered + gathered_elements_;
        auto* first = context.as<float>(request_.first_buffer);
        auto* second = context.as<float>(request_.second_buffer);
        auto* result = context.as<float>(request_.result_buffer);
        void* bias = request_.bias_buffer < 0 ? nullptr : context.buffers[request_.bias_buffer];
        const auto multiply = [&](void* a, void* b, void* c) {
            const std::array<void*, 4> buffers{a, b, c, bias};
            Context inner = context;
            inner.buffers = buffers.data();
            inner.scratch = reinterpret_cast<std::byte*>(sum + sum_elements_);
            inner.bindings = ++state.products;  // other addresses each time
            product_->run(inner, state.product.get());
        };
        const int64_t image = group_ * element_count(shapes_.image) / shapes_.image[0];
        const int64_t output = group_ * pixels_ * out_;
        for (int64_t i = 0; i < shapes_.image[0] / group_; ++i) {
            if (request_.op == Op::conv2d) {
                gather(first + i * image, gathered);
                multiply(gathered, second, result + i * output);
            } else if (request_.op == Op::conv2d_input_gradient) {
                multiply(first + i * output, second, gathered);
                scatter(gathered, result + i * image);
            } else {
                gather(first + i * image, gathered);
                multiply(second + i * output, gathered, i == 0 ? result : sum);
                if (i > 0) tile::accumulate(sum, result, static_cast<size_t>(out_ * window_));
            }
        }
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

    static int64_t rounded(int64_t elements) { return (elements + 15) / 16 * 16; }  // whole cache lines

    /// Calls body(image offset, gathered offset) for every place of every window of the examples [begin,
    /// end); the image offset is -1 in the padding.
    template <class Body>
    void visit(int64_t begin, int64_t end, Body body) const {
        const int64_t h = shapes_.image[1], w = shapes_.image[2], c = shapes_.image[3];
        const int64_t kh = shapes_.kernel[2], kw = shapes_.kernel[3];
        for (int64_t row = begin * pixels_; row < end * pixels_; ++row) {
            const int64_t example = row / pixels_, pixel = row % pixels_;
            const int64_t top = pixel / shapes_.output[2] * stride_ - padding_;
            const int64_t left = pixel % shapes_.output[2] * stride_ - padding_;
            int64_t at = row * window_;
            for (int64_t channel = 0; channel < c; ++channel)
                for (int64_t y = top; y < top + kh; ++y)
                    for (int64_t x = left; x < left + kw; ++x, ++at) {
                        const bool inside = y >= 0 && y < h && x >= 0 && x < w;
                        body(inside ? ((example * h + y) * w + x) * c + channel : -1, at);
                    }
        }
    }

    void gather(const float* image, float* gathered) const {
        parallel(request_.threads, group_, 1, [&](int64_t begin, int64_t end) {
            visit(begin, end, [&](int64_t from, int64_t to) { gathered[to] = from < 0 ? 0 : image[from]; });
        });
    }

    void scatter(const float* gathered, float* image) const {
        const int64_t elements = element_count(shapes_.image) / shapes_.image[0];
        parallel(request_.threads, group_, 1, [&](int64_t begin, int64_t end) {
            std::fill(image + begin * elements, image + end * elements, 0.0f);
            visit(begin, end, [&](int64_t to, int64_t from) {
                if (to >= 0) image[to] += gathered[from];
            });
        });
    }

    ProductRequest request_;
    ConvolutionShapes shapes_;
    int64_t stride_, padding_, out_, window_, pixels_;
    int64_t group_ = 1, gathered_elements_ = 0, sum_elements_ = 0;
    std::unique_ptr<Kernel> product_;
};

}  // namespace

std::unique_ptr<Kernel> make_gathered_convolution(const ProductRequest& request) {
    return std::make_unique<GatheredConvolution>(request);
}

}  // namespace ravine
