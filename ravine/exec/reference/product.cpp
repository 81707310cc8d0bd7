#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "ravine/core/threads/threads.hpp"
#include "ravine/exec/plan/plan.hpp"
#include "ravine/exec/reference/gathered_product.hpp"
#include "ravine/exec/reference/reference.hpp"

namespace ravine {
namespace {

/// 0, step, 2 step, ...
std::vector<int64_t> evenly(int64_t count, int64_t step) {
    std::vector<int64_t> result;
    for (int64_t i = 0; i < count; ++i) result.push_back(i * step);
    return result;
}

/// Images [n, height, width, channels] with zeros around their pixels, and perhaps between them.
struct Padded {
    int64_t n, height, width, channels;   ///< of what is padded
    int64_t padded_height, padded_width;  ///< of what comes of it
    int64_t above = 0, left = 0;          ///< rows and columns of zeros in front
    int64_t step = 1;                     ///< from pixel to pixel

    bool is_needed() const { return step > 1 || padded_height != height || padded_width != width; }
    int64_t elements() const { return n * padded_height * padded_width * channels; }
    /// Where the pixel (y, x) of an example stands.
    int64_t at(int64_t example, int64_t y, int64_t x) const {
        return ((example * padded_height + y) * padded_width + x) * channels;
    }

    void fill(int threads, const double* from, double* to) const {
        parallel(threads, n, 1, [&](int64_t begin, int64_t end) {
            std::fill(to + at(begin, 0, 0), to + at(end, 0, 0), 0.0);
            for (int64_t e = begin; e < end; ++e)
                for (int64_t y = 0; y < height; ++y)
                    for (int64_t x = 0; x < width; ++x)
                        std::copy_n(from + ((e * height + y) * width + x) * channels, channels,
                                    to + at(e, above + y * step, left + x * step));
        });
    }
};

/// A product of matrices, of which one factor may be read from padded images.
class ProductKernel : public Kernel {
public:
    enum class PaddedFactor { none, first, second };

    std::string text;
    int first = -1, second = -1, result = -1;  ///< buffers
    GatheredMatrix a, b;
    PaddedFactor padded_factor = PaddedFactor::none;
    Padded padded{};
    int threads = 1;

    int64_t scratch_bytes() const override { return gathered_product_scratch(threads) + padded_bytes(); }

    void run(const Context& context, KernelState*) const override {
        const double *x = context.as<double>(first), *y = context.as<double>(second);
        if (padded_bytes() > 0) {
            auto& factor = padded_factor == PaddedFactor::first ? x : y;
            auto* copy = reinterpret_cast<double*>(context.scratch);
            padded.fill(context.threads, factor, copy);
            factor = copy;
        }
        gathered_product(context.threads, a, x, b, y, context.as<double>(result),
                         context.scratch + padded_bytes());
    }

    std::string describe() const override { return text; }

private:
    int64_t padded_bytes() const {
        if (padded_factor == PaddedFactor::none || !padded.is_needed()) return 0;
        return whole_lines(padded.elements() * static_cast<int64_t>(sizeof(double)));
    }
};

void set_matmul(ProductKernel& kernel, const PlainRequest& request) {
    const bool ta = request.node.attributes.integers[0], tb = request.node.attributes.integers[1];
    const int64_t m = request.node.shape[0], n = request.node.shape[1], k = request.shapes[0][ta ? 0 : 1];
    kernel.text = fmt::format("matmul {}x{}x{}", m, k, n);
    kernel.a = {evenly(m, ta ? 1 : k), evenly(k, ta ? m : 1)};
    kernel.b = {evenly(k, tb ? 1 : n), evenly(n, tb ? k : 1)};
}

/// A convolution between images [n, h, w, c] and outputs [n, oh, ow, o] by a kernel [o, c, kh, kw].
struct Convolution {
    int64_t n, h, w, c, o, kh, kw, oh, ow, stride, padding;

    explicit Convolution(const PlainRequest& request) {
        const Op op = request.node.op;
        const Shape &first = request.shapes[0], &second = request.shapes[1], &result = request.node.shape;
        const Shape& image = op == Op::conv2d_input_gradient ? result : first;
        const Shape& kernel = op == Op::conv2d_weight_gradient ? result : second;
        const Shape& output = op == Op::conv2d ? result : op == Op::conv2d_input_gradient ? first : second;
        n = image[0], h = image[1], w = image[2], c = image[3];
        o = kernel[0], kh = kernel[2], kw = kernel[3];
        oh = output[1], ow = output[2];
        stride = request.node.attributes.integers[0], padding = request.node.attributes.integers[1];
    }

    Padded padded_image() const { return {n, h, w, c, h + 2 * padding, w + 2 * padding, padding, padding}; }
    /// The output with zeros where the stride has left pixels out, so that every pixel of the image has its
    /// window.
    Padded spread_output() const {
        return {n,
                oh,
                ow,
                o,
                std::max(h + padding + kh - 1, (oh - 1) * stride + kh),
                std::max(w + padding + kw - 1, (ow - 1) * stride + kw),
                kh - 1,
                kw - 1,
                stride};
    }
    /// Where the windows of the outputs begin in the padded image.
    std::vector<int64_t> windows(const Padded& image) const {
        std::vector<int64_t> result;
        for (int64_t e = 0; e < n; ++e)
            for (int64_t i = 0; i < oh; ++i)
                for (int64_t j = 0; j < ow; ++j) result.push_back(image.at(e, i * stride, j * stride));
        return result;
    }
};

/// y[(e, i, j), o] = sum over (a, b, c) of the window (e, i, j) at (a, b, c) times w[o, c, a, b].
void set_forward(ProductKernel& kernel, const Convolution& v) {
    const Padded image = v.padded_image();
    kernel.padded = image, kernel.padded_factor = ProductKernel::PaddedFactor::first;
    kernel.a.rows = v.windows(image);
    for (int64_t a = 0; a < v.kh; ++a)
        for (int64_t b = 0; b < v.kw; ++b)
            for (int64_t l = 0; l < v.c; ++l) {
                kernel.a.columns.push_back(image.at(0, a, b) + l);
                kernel.b.rows.push_back((l * v.kh + a) * v.kw + b);
            }
    kernel.b.columns = evenly(v.o, v.c * v.kh * v.kw);
}

/// dw[o, (c, a, b)] = sum over (e, i, j) of dy[(e, i, j), o] times the window (e, i, j) at (a, b, c).
void set_weight_gradient(ProductKernel& kernel, const Convolution& v) {
    const Padded image = v.padded_image();
    kernel.padded = image, kernel.padded_factor = ProductKernel::PaddedFactor::second;
    std::swap(kernel.first, kernel.second);  // the arguments are the image and dy
    kernel.a = {evenly(v.o, 1), evenly(v.n * v.oh * v.ow, v.o)};
    kernel.b.rows = v.windows(image);
    for (int64_t l = 0; l < v.c; ++l)
        for (int64_t a = 0; a < v.kh; ++a)
            for (int64_t b = 0; b < v.kw; ++b) kernel.b.columns.push_back(image.at(0, a, b) + l);
}

/// dx[(e, y, x), c] = sum over (a, b, o) of dy[e, (y + p - a) / s, (x + p - b) / s, o], where these are whole
/// and inside, times w[o, c, a, b].
void set_input_gradient(ProductKernel& kernel, const Convolution& v) {
    const Padded output = v.spread_output();
    kernel.padded = output, kernel.padded_factor = ProductKernel::PaddedFactor::first;
    for (int64_t e = 0; e < v.n; ++e)
        for (int64_t y = 0; y < v.h; ++y)
            for (int64_t x = 0; x < v.w; ++x)
                kernel.a.rows.push_back(output.at(e, y + v.padding, x + v.padding));
    for (int64_t a = 0; a < v.kh; ++a)
        for (int64_t b = 0; b < v.kw; ++b)
            for (int64_t k = 0; k < v.o; ++k) {
                kernel.a.columns.push_back(output.at(0, v.kh - 1 - a, v.kw - 1 - b) + k);
                kernel.b.rows.push_back((k * v.c * v.kh + a) * v.kw + b);
            }
    kernel.b.columns = evenly(v.c, v.kh * v.kw);
}

}  // namespace

std::unique_ptr<Kernel> make_reference_product(const PlainRequest& request, int threads) {
    auto kernel = std::make_unique<ProductKernel>();
    kernel->first = request.arguments[0];
    kernel->second = request.arguments[1];
    kernel->result = request.result;
    kernel->threads = threads;
    const Op op = request.node.op;
    if (op == Op::matmul) {
        set_matmul(*kernel, request);
        return kernel;
    }
    const Convolution convolution(request);
    kernel->text = fmt::format("{} {}", name_of(op),
                               to_string({convolution.n, convolution.h, convolution.w, convolution.c}));
    if (op == Op::conv2d)
        set_forward(*kernel, convolution);
    else if (op == Op::conv2d_input_gradient)
        set_input_gradient(*kernel, convolution);
    else
        set_weight_gradient(*kernel, convolution);
    return kernel;
}

}  // namespace ravine
