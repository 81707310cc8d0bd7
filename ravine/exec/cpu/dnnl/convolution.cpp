#include <fmt/format.h>

#include "ravine/exec/cpu/dnnl/dnnl.hpp"
#include "ravine/exec/cpu/dnnl/product.hpp"

namespace ravine {
namespace {

using dnnl::memory;

/// One of the three convolutions. Activations are dense NHWC; kernels stand in the parameter vector as OIHW
/// and are reordered to the layout and type that the primitive wants (and weight gradients back), once a run.
class ConvolutionKernel : public Kernel {
public:
    explicit ConvolutionKernel(const ProductRequest& request) : request_(request) {
        const auto [image, kernel, output] = ConvolutionShapes(request);
        const auto factor = data_type_of(request.factor_element), made = data_type_of(request.result_element);
        const auto nhwc = [&](const Shape& s, memory::data_type type) {
            return memory::desc({s[0], s[3], s[1], s[2]}, type, memory::format_tag::nhwc);
        };
        const bool makes_kernel = request.op == Op::conv2d_weight_gradient;
        const memory::desc x = nhwc(image, request.op == Op::conv2d_input_gradient ? made : factor);
        const memory::desc y = nhwc(output, request.op == Op::conv2d ? made : factor);
        // The gradient of a kernel is accumulated, and left, in float.
        const memory::desc any(kernel, makes_kernel ? memory::data_type::f32 : factor,
                               memory::format_tag::any);
        plain_kernel_ = memory::desc(kernel, data_type_of(request.kernel_element), memory::format_tag::oihw);
        const memory::dims strides{request.integers[0], request.integers[0]};
        const memory::dims begin{request.integers[1], request.integers[1]};
        // Behind the image so much padding that the windows end exactly with it.
        const auto end = [&, &image = image, &kernel = kernel, &output = output](size_t axis) {
            return (output[axis] - 1) * request.integers[0] + kernel[axis + 1] - image[axis] -
                   request.integers[1];
        };
        const memory::dims behind{end(1), end(2)};
        dnnl::primitive_attr attributes;
        attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);

        const DnnlThreads threads(request.threads);
        const auto direct = dnnl::algorithm::convolution_direct;
        const auto training = dnnl::prop_kind::forward_training;
        const dnnl::convolution_forward::primitive_desc hint(
            {training, direct, nhwc(image, factor), memory::desc(kernel, factor, memory::format_tag::any),
             nhwc(output, factor), strides, begin, behind},
            dnnl_engine());
        if (request.op == Op::conv2d) {
            const memory::desc bias({kernel[0]}, memory::data_type::f32, memory::format_tag::a);
            using Description = dnnl::convolution_forward::desc;
            const auto description =
                request.bias_buffer >= 0
                    ? Description(training, direct, x, any, bias, y, strides, begin, behind)
                    : Description(training, direct, x, any, y, strides, begin, behind);
            use(dnnl::convolution_forward::primitive_desc(description, attributes, dnnl_engine()));
        } else if (request.op == Op::conv2d_input_gradient) {
            use(dnnl::convolution_backward_data::primitive_desc({direct, x, any, y, strides, begin, behind},
                                                                attributes, dnnl_engine(), hint));
        } else {
            use(dnnl::convolution_backward_weights::primitive_desc(
                {direct, x, any, y, strides, begin, behind}, attributes, dnnl_engine(), hint));
        }
        if (packed_kernel_ != plain_kernel_) {
            const bool produces = request.op == Op::conv2d_weight_gradient;
            reorder_ = dnnl::reorder(
                dnnl::reorder::primitive_desc(dnnl_engine(), produces ? packed_kernel_ : plain_kernel_,
                                              dnnl_engine(), produces ? plain_kernel_ : packed_kernel_));
        }
    }

    int64_t scratch_bytes() const override { return static_cast<int64_t>(scratchpad_.get_size()); }

    std::unique_ptr<KernelState> make_state() const override {
        auto state = std::make_unique<State>();
        const auto handle = [](const memory::desc& desc) { return memory(desc, dnnl_engine(), nullptr); };
        state->first = handle(first_);
        state->result = handle(result_);
        state->plain_kernel = handle(plain_kernel_);
        state->packed_kernel = reorder_ ? memory(packed_kernel_, dnnl_engine()) : state->plain_kernel;
        state->scratchpad = handle(scratchpad_);
        if (request_.bias_buffer >= 0)
            state->bias =
                handle(memory::desc({request_.result[3]}, memory::data_type::f32, memory::format_tag::a));
        auto& arguments = state->arguments;
        if (request_.op == Op::conv2d) {
            arguments.add(DNNL_ARG_SRC, state->first);
            arguments.add(DNNL_ARG_WEIGHTS, state->packed_kernel);
            arguments.add(DNNL_ARG_DST, state->result);
            if (request_.bias_buffer >= 0) arguments.add(DNNL_ARG_BIAS, state->bias);
        } else if (request_.op == Op::conv2d_input_gradient) {
            arguments.add(DNNL_ARG_DIFF_DST, state->first);
            arguments.add(DNNL_ARG_WEIGHTS, state->packed_kernel);
            arguments.add(DNNL_ARG_DIFF_SRC, state->result);
        } else {
            arguments.add(DNNL_ARG_SRC, state->first);
            arguments.add(DNNL_ARG_DIFF_DST, state->result);
            arguments.add(DNNL_ARG_DIFF_WEIGHTS, state->packed_kernel);
        }
        arguments.add(DNNL_ARG_SCRATCHPAD, state->scratchpad);
        const bool produces = request_.op == Op::conv2d_weight_gradient;
        state->reorder.add(DNNL_ARG_FROM, produces ? state->packed_kernel : state->plain_kernel);
        state->reorder.add(DNNL_ARG_TO, produces ? state->plain_kernel : state->packed_kernel);
        return state;
    }

    void run(const Context& context, KernelState* kernel_state) const override {
        auto& state = static_cast<State&>(*kernel_state);
        const bool produces = request_.op == Op::conv2d_weight_gradient;
        if (state.bindings != context.bindings) {
            state.first.set_data_handle(context.buffers[request_.first_buffer]);
            // For a weight gradient the second tensor is the output gradient and the result is the kernel.
            state.result.set_data_handle(
                context.buffers[produces ? request_.second_buffer : request_.result_buffer]);
            state.plain_kernel.set_data_handle(
                context.buffers[produces ? request_.result_buffer : request_.second_buffer]);
            state.scratchpad.set_data_handle(context.scratch);
            if (request_.bias_buffer >= 0) state.bias.set_data_handle(context.buffers[request_.bias_buffer]);
            state.bindings = context.bindings;
        }
        const DnnlThreads threads(request_.threads);
        if (reorder_ && !produces) state.reorder.run(reorder_);
        state.arguments.run(primitive_);
        if (reorder_ && produces) state.reorder.run(reorder_);
        activate(request_, context);
    }

    /// Whether oneDNN has only its reference implementation for these shapes on this processor.
    bool is_slow() const { return is_reference(implementation_); }

    std::string describe() const override {
        return fmt::format("{} {} {} [{}]{}", name_of(request_.op), to_string(request_.first),
                           to_string(request_.second), implementation_, epilogue_text(request_));
    }

private:
    struct State : KernelState {
        memory first, result, plain_kernel, packed_kernel, bias, scratchpad;
        DnnlArguments arguments, reorder;
        uint64_t bindings = 0;
    };

    void use(const dnnl::convolution_forward::primitive_desc& descriptor) {
        first_ = descriptor.src_desc(), result_ = descriptor.dst_desc();
        packed_kernel_ = descriptor.weights_desc();
        take(descriptor);
        primitive_ = dnnl::convolution_forward(descriptor);
    }

    void use(const dnnl::convolution_backward_data::primitive_desc& descriptor) {
        first_ = descriptor.diff_dst_desc(), result_ = descriptor.diff_src_desc();
        packed_kernel_ = descriptor.weights_desc();
        take(descriptor);
        primitive_ = dnnl::convolution_backward_data(descriptor);
    }

    void use(const dnnl::convolution_backward_weights::primitive_desc& descriptor) {
        first_ = descriptor.src_desc(), result_ = descriptor.diff_dst_desc();
        packed_kernel_ = descriptor.diff_weights_desc();
        take(descriptor);
        primitive_ = dnnl::convolution_backward_weights(descriptor);
    }

    template <class Descriptor>
    void take(const Descriptor& descriptor) {
        scratchpad_ = descriptor.scratchpad_desc();
        implementation_ = descriptor.impl_info_str();
    }

    ProductRequest request_;
    std::string implementation_;
    memory::desc first_, result_, plain_kernel_, packed_kernel_, scratchpad_;
    dnnl::primitive primitive_;
    dnnl::reorder reorder_;
};

}  // namespace

std::unique_ptr<Kernel> make_convolution(const ProductRequest& request) {
    if (suits_thin(request)) return make_thin_convolution(request);
    if (suits_winograd(request))
        if (auto kernel = make_winograd_convolution(request)) return kernel;
    if (gathers_better(request)) return make_gathered_convolution(request);
    auto kernel = std::make_unique<ConvolutionKernel>(request);
    if (kernel->is_slow()) return nullptr;
    return kernel;
}

}  // namespace ravine
