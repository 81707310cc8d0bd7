#include <fmt/format.h>

#include <vector>

#include "ravine/core/error.hpp"
#include "ravine/exec/cpu/dnnl/dnnl.hpp"
#include "ravine/exec/cpu/dnnl/product.hpp"
#include "ravine/exec/plain/plain.hpp"

namespace ravine {
namespace {

using dnnl::memory;

class MatmulKernel : public Kernel {
public:
    explicit MatmulKernel(const ProductRequest& request) : request_(request) {
        const bool ta = request.integers[0], tb = request.integers[1];
        m_ = request.result[0], n_ = request.result[1], k_ = request.first[ta ? 0 : 1];
        const auto factor = data_type_of(request.factor_element);
        const memory::desc a({m_, k_}, factor, ta ? memory::dims{1, m_} : memory::dims{k_, 1});
        const memory::desc b({k_, n_}, factor, tb ? memory::dims{1, k_} : memory::dims{n_, 1});
        const memory::desc c({m_, n_}, data_type_of(request.result_element), memory::dims{n_, 1});
        const memory::desc bias({1, n_}, memory::data_type::f32, memory::dims{n_, 1});
        dnnl::primitive_attr attributes;
        attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
        const DnnlThreads threads(request.threads);
        const auto description =
            request.bias_buffer >= 0 ? dnnl::matmul::desc(a, b, bias, c) : dnnl::matmul::desc(a, b, c);
        descriptor_ = dnnl::matmul::primitive_desc(description, attributes, dnnl_engine());
        primitive_ = dnnl::matmul(descriptor_);
    }

    bool is_slow() const { return is_reference(descriptor_.impl_info_str()); }

    int64_t scratch_bytes() const override {
        return static_cast<int64_t>(descriptor_.scratchpad_desc().get_size());
    }

    std::unique_ptr<KernelState> make_state() const override {
        auto state = std::make_unique<State>();
        const auto add = [&](int argument, const memory::desc& desc) {
            auto& place = state->memories.emplace_back(desc, dnnl_engine(), nullptr);
            state->arguments.add(argument, place);
        };
        add(DNNL_ARG_SRC, descriptor_.src_desc());
        add(DNNL_ARG_WEIGHTS, descriptor_.weights_desc());
        add(DNNL_ARG_DST, descriptor_.dst_desc());
        add(DNNL_ARG_SCRATCHPAD, descriptor_.scratchpad_desc());
        if (request_.bias_buffer >= 0) add(DNNL_ARG_BIAS, descriptor_.bias_desc());
        return state;
    }

    void run(const Context& context, KernelState* kernel_state) const override {
        auto& state = static_cast<State&>(*kernel_state);
        if (state.bindings != context.bindings) {
            auto place = state.memories.begin();  // in the order of make_state()
            for (void* data :
                 {context.buffers[request_.first_buffer], context.buffers[request_.second_buffer],
                  context.buffers[request_.result_buffer], static_cast<void*>(context.scratch)})
                (place++)->set_data_handle(data);
            if (request_.bias_buffer >= 0) place->set_data_handle(context.buffers[request_.bias_buffer]);
            state.bindings = context.bindings;
        }
        const DnnlThreads threads(request_.threads);
        state.arguments.run(primitive_);
        activate(request_, context);
    }

    std::string describe() const override {
        return fmt::format("matmul {}x{}x{} [{}]{}", m_, k_, n_, descriptor_.impl_info_str(),
                           epilogue_text(request_));
    }

private:
    struct State : KernelState {
        std::vector<memory> memories;
        DnnlArguments arguments;
        uint64_t bindings = 0;
    };

    ProductRequest request_;
    int64_t m_, n_, k_;
    dnnl::matmul::primitive_desc descriptor_;
    dnnl::matmul primitive_;
};

/// Large products without an epilogue whose second factor is not transposed: the backward products of dense
/// layers. For these oneDNN's classic sgemm is 5 to 15 % faster than its matmul primitive (measured on a
/// 3072-500-500-500 net).
bool suits_gemm(const ProductRequest& request) {
    constexpr int64_t large = 1 << 22;  // multiplications
    const bool ta = request.integers[0], tb = request.integers[1];
    const bool is_float = request.factor_element == Element::f32 && request.result_element == Element::f32;
    const int64_t work = request.result[0] * request.result[1] * request.first[ta ? 0 : 1];
    return is_float && !tb && request.bias_buffer < 0 && !request.activation && work >= large;
}

std::unique_ptr<Kernel> make_gemm(const ProductRequest& request) {
    const bool ta = request.integers[0];
    const int64_t m = request.result[0], n = request.result[1], k = request.first[ta ? 0 : 1];
    return make_kernel(fmt::format("sgemm {}x{}x{}", m, k, n), [=](const Context& context) {
        const DnnlThreads threads(request.threads);
        const auto status =
            dnnl::sgemm(ta ? 'T' : 'N', 'N', m, n, k, 1.0f, context.as<const float>(request.first_buffer),
                        ta ? m : k, context.as<const float>(request.second_buffer), n, 0.0f,
                        context.as<float>(request.result_buffer), n);
        require(status == dnnl::status::success, "sgemm failed with status {}", static_cast<int>(status));
    });
}

}  // namespace

std::unique_ptr<Kernel> make_matmul(const ProductRequest& request) {
    if (suits_gemm(request)) return make_gemm(request);
    auto kernel = std::make_unique<MatmulKernel>(request);
    if (kernel->is_slow()) return nullptr;
    return kernel;
}

}  // namespace ravine
