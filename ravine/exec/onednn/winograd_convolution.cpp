#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "ravine/core/threads.hpp"
#include "ravine/exec/onednn/dnnl.hpp"
#include "ravine/exec/onednn/product.hpp"
#include "ravine/exec/onednn/winograd.hpp"

namespace ravine {
namespace {

using dnnl::memory;

/// A convolution, or its gradient in the input, as sixteen products over tiles of 2 x 2 outputs: 16
/// multiplications where the definition has 36. Each thread transforms a block of tiles, multiplies and
/// transforms back, all within its caches.
class WinogradConvolution : public Kernel {
public:
    explicit WinogradConvolution(const ProductRequest& request)
        : request_(request), tiles_(winograd::tiles_of(request)) {
        const auto type = data_type_of(request.factor_element);
        const bool packs = request.factor_element == Element::bf16;
        const memory::dims v{16, tiles_.block, tiles_.in}, u{16, tiles_.in, tiles_.out},
            m{16, tiles_.block, tiles_.out};
        plain_kernel_ = memory::desc(u, memory::data_type::f32, memory::format_tag::abc);
        dnnl::primitive_attr attributes;
        attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
        const DnnlThreads one(1);  // threads share the tiles, not the products
        descriptor_ = dnnl::matmul::primitive_desc(
            dnnl::matmul::desc(memory::desc(v, type, memory::format_tag::abc),
                               packs ? memory::desc(u, type, memory::format_tag::any) : plain_kernel_,
                               memory::desc(m, memory::data_type::f32, memory::format_tag::abc)),
            attributes, dnnl_engine());
        product_ = dnnl::matmul(descriptor_);
        if (packs) {
            const DnnlThreads threads(request.threads);
            reorder_ = dnnl::reorder(dnnl::reorder::primitive_desc(
                dnnl_engine(), plain_kernel_, dnnl_engine(), descriptor_.weights_desc()));
        }
        kernel_bytes_ = whole_lines(16 * tiles_.in * tiles_.out * int64_t{sizeof(float)});
        input_bytes_ = whole_lines(16 * tiles_.block * tiles_.in * size_of(request.factor_element));
        output_bytes_ = whole_lines(16 * tiles_.block * tiles_.out * int64_t{sizeof(float)});
        thread_bytes_ = input_bytes_ + output_bytes_ +
                        whole_lines(static_cast<int64_t>(descriptor_.scratchpad_desc().get_size()));
    }

    bool is_slow() const { return is_reference(descriptor_.impl_info_str()); }

    int64_t scratch_bytes() const override { return kernel_bytes_ + request_.threads * thread_bytes_; }

    std::unique_ptr<KernelState> make_state() const override {
        auto state = std::make_unique<State>();
        state->plain = memory(plain_kernel_, dnnl_engine(), nullptr);
        state->packed = reorder_ ? memory(descriptor_.weights_desc(), dnnl_engine()) : state->plain;
        if (reorder_) {
            state->reorder.add(DNNL_ARG_FROM, state->plain);
            state->reorder.add(DNNL_ARG_TO, state->packed);
        }
        for (int i = 0; i < request_.threads; ++i) {
            auto& part = state->parts.emplace_back();
            const auto handle = [](const memory::desc& desc) { return memory(desc, dnnl_engine(), nullptr); };
            part.v = handle(descriptor_.src_desc());
            part.m = handle(descriptor_.dst_desc());
            part.scratchpad = handle(descriptor_.scratchpad_desc());
            part.arguments.add(DNNL_ARG_SRC, part.v);
            part.arguments.add(DNNL_ARG_WEIGHTS, state->packed);
            part.arguments.add(DNNL_ARG_DST, part.m);
            part.arguments.add(DNNL_ARG_SCRATCHPAD, part.scratchpad);
        }
        return state;
    }

    void run(const Context& context, KernelState* kernel_state) const override {
        auto& state = static_cast<State&>(*kernel_state);
        if (state.bindings != context.bindings) {
            state.plain.set_data_handle(context.scratch);
            for (int i = 0; i < request_.threads; ++i) {
                auto& part = state.parts[static_cast<size_t>(i)];
                std::byte* memory = context.scratch + kernel_bytes_ + i * thread_bytes_;
                part.v.set_data_handle(memory);
                part.m.set_data_handle(memory + input_bytes_);
                part.scratchpad.set_data_handle(memory + input_bytes_ + output_bytes_);
            }
            state.bindings = context.bindings;
        }
        const bool forward = request_.op == Op::conv2d;
        parallel(request_.threads, tiles_.in, 16, [&](int64_t begin, int64_t end) {
            winograd::transform_kernel(context.as<const float>(request_.second_buffer),
                                       forward ? tiles_.out : tiles_.in, forward ? tiles_.in : tiles_.out,
                                       forward ? winograd::Direction::forward : winograd::Direction::backward,
                                       begin, end, reinterpret_cast<float*>(context.scratch));
        });
        if (reorder_) {
            const DnnlThreads threads(request_.threads);
            state.reorder.run(reorder_);
        }
        const DnnlThreads one(1);
        parallel(request_.threads, request_.threads, 0, [&](int64_t begin, int64_t end) {
            for (int64_t thread = begin; thread < end; ++thread) {
                if (request_.factor_element == Element::bf16)
                    run_share<Bfloat16>(context, state, thread);
                else
                    run_share<float>(context, state, thread);
            }
        });
        activate(request_, context);
    }

    std::string describe() const override {
        return fmt::format("{} {} {} [winograd]{}", name_of(request_.op), to_string(request_.first),
                           to_string(request_.second), epilogue_text(request_));
    }

private:
    struct Part {
        memory v, m, scratchpad;
        DnnlArguments arguments;
    };
    struct State : KernelState {
        memory plain, packed;
        DnnlArguments reorder;
        std::vector<Part> parts;  // one a thread
        uint64_t bindings = 0;
    };

    /// T is what the factors are stored as.
    template <class T>
    void run_share(const Context& context, State& state, int64_t thread) const {
        const Part& part = state.parts[static_cast<size_t>(thread)];
        std::byte* memory = context.scratch + kernel_bytes_ + thread * thread_bytes_;
        auto* v = reinterpret_cast<T*>(memory);
        const auto* m = reinterpret_cast<const float*>(memory + input_bytes_);
        const float* bias =
            request_.bias_buffer < 0 ? nullptr : context.as<const float>(request_.bias_buffer);
        const int64_t count = tiles_.count;
        const int64_t first = count * thread / request_.threads,
                      last = count * (thread + 1) / request_.threads;
        for (int64_t begin = first; begin < last; begin += tiles_.block) {
            const int64_t end = std::min(begin + tiles_.block, last);
            winograd::transform_input(tiles_, begin, end, context.as<const T>(request_.first_buffer), v);
            part.arguments.run(product_);
            if (request_.result_element == Element::bf16)
                winograd::transform_output(tiles_, begin, end, m, bias,
                                           context.as<Bfloat16>(request_.result_buffer));
            else
                winograd::transform_output(tiles_, begin, end, m, bias,
                                           context.as<float>(request_.result_buffer));
        }
    }

    ProductRequest request_;
    winograd::Tiles tiles_;
    memory::desc plain_kernel_;
    dnnl::matmul::primitive_desc descriptor_;
    dnnl::matmul product_;
    dnnl::reorder reorder_;
    int64_t kernel_bytes_ = 0, input_bytes_ = 0, output_bytes_ = 0, thread_bytes_ = 0;
};

}  // namespace

std::unique_ptr<Kernel> make_winograd_convolution(const ProductRequest& request) {
    if (request.op == Op::conv2d_weight_gradient) return make_winograd_kernel_gradient(request);
    auto kernel = std::make_unique<WinogradConvolution>(request);
    if (kernel->is_slow()) return nullptr;
    return kernel;
}

}  // namespace ravine
