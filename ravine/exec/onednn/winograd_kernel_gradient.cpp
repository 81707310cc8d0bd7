#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <tuple>
#include <vector>

#include "ravine/core/threads.hpp"
#include "ravine/exec/onednn/dnnl.hpp"
#include "ravine/exec/onednn/winograd.hpp"

namespace ravine {
namespace {

using dnnl::memory;

/// The gradient of a kernel in the transformed domain: du = sum over tiles of v' m, sixteen products, with v
/// the transformed tiles of the image and m those of the output gradient. Each thread sums over its tiles;
/// the sums are added while they are transformed back.
class WinogradKernelGradient : public Kernel {
public:
    explicit WinogradKernelGradient(const ProductRequest& request)
        : request_(request), tiles_(winograd::tiles_of(request)) {
        const auto type = data_type_of(request.factor_element);
        const auto& [in, out, block] = std::tie(tiles_.in, tiles_.out, tiles_.block);
        const memory::desc v({16, in, block}, type, memory::dims{in * block, 1, in}),
            m({16, block, out}, type, memory::format_tag::abc),
            du({16, in, out}, memory::data_type::f32, memory::format_tag::abc);
        const DnnlThreads one(1);  // threads share the tiles, not the products
        const auto describe_product = [&](bool adds) {
            dnnl::primitive_attr attributes;
            attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
            if (adds) {
                dnnl::post_ops sum;
                sum.append_sum(1);
                attributes.set_post_ops(sum);
            }
            return dnnl::matmul::primitive_desc(dnnl::matmul::desc(v, m, du), attributes, dnnl_engine());
        };
        first_ = describe_product(false), next_ = describe_product(true);
        first_product_ = dnnl::matmul(first_), next_product_ = dnnl::matmul(next_);
        sum_bytes_ = whole_lines(16 * in * out * int64_t{sizeof(float)});
        input_bytes_ = whole_lines(16 * block * in * size_of(request.factor_element));
        output_bytes_ = whole_lines(16 * block * out * size_of(request.factor_element));
        thread_bytes_ = input_bytes_ + output_bytes_ +
                        whole_lines(static_cast<int64_t>(std::max(first_.scratchpad_desc().get_size(),
                                                                  next_.scratchpad_desc().get_size())));
    }

    bool is_slow() const {
        return is_reference(first_.impl_info_str()) || is_reference(next_.impl_info_str());
    }

    int64_t scratch_bytes() const override { return request_.threads * (sum_bytes_ + thread_bytes_); }

    std::unique_ptr<KernelState> make_state() const override {
        auto state = std::make_unique<State>();
        const auto handle = [](const memory::desc& desc) { return memory(desc, dnnl_engine(), nullptr); };
        for (int i = 0; i < request_.threads; ++i) {
            auto& part = state->parts.emplace_back();
            part.v = handle(first_.src_desc());
            part.m = handle(first_.weights_desc());
            part.du = handle(first_.dst_desc());
            part.scratchpads = {handle(first_.scratchpad_desc()), handle(next_.scratchpad_desc())};
            for (size_t adds : {0, 1}) {
                auto& arguments = part.arguments[adds];
                arguments.add(DNNL_ARG_SRC, part.v);
                arguments.add(DNNL_ARG_WEIGHTS, part.m);
                arguments.add(DNNL_ARG_DST, part.du);
                arguments.add(DNNL_ARG_SCRATCHPAD, part.scratchpads[adds]);
            }
        }
        return state;
    }

    void run(const Context& context, KernelState* kernel_state) const override {
        auto& state = static_cast<State&>(*kernel_state);
        if (state.bindings != context.bindings) {
            for (int i = 0; i < request_.threads; ++i) {
                auto& part = state.parts[static_cast<size_t>(i)];
                std::byte* memory = memory_of(context, i);
                part.du.set_data_handle(context.scratch + i * sum_bytes_);
                part.v.set_data_handle(memory);
                part.m.set_data_handle(memory + input_bytes_);
                for (auto& scratchpad : part.scratchpads)
                    scratchpad.set_data_handle(memory + input_bytes_ + output_bytes_);
            }
            state.bindings = context.bindings;
        }
        {
            const DnnlThreads one(1);
            parallel(request_.threads, request_.threads, 0, [&](int64_t begin, int64_t end) {
                for (int64_t thread = begin; thread < end; ++thread) {
                    if (request_.factor_element == Element::bf16)
                        run_share<Bfloat16>(context, state, thread);
                    else
                        run_share<float>(context, state, thread);
                }
            });
        }
        constexpr int64_t lanes = 16;  // output channels that are transformed together
        const int64_t groups = (tiles_.out + lanes - 1) / lanes;
        const int64_t parts = std::min<int64_t>(request_.threads, tiles_.count);
        parallel(request_.threads, groups, 1, [&](int64_t begin, int64_t end) {
            winograd::transform_kernel_gradient(
                reinterpret_cast<const float*>(context.scratch), parts, tiles_.out, tiles_.in, begin * lanes,
                std::min(end * lanes, tiles_.out), context.as<float>(request_.result_buffer));
        });
    }

    std::string describe() const override {
        return fmt::format("{} {} {} [winograd]", name_of(request_.op), to_string(request_.first),
                           to_string(request_.second));
    }

private:
    struct Part {
        memory v, m, du;
        std::array<memory, 2> scratchpads;
        std::array<DnnlArguments, 2> arguments;  // of the first product, and of those that add to it
    };
    struct State : KernelState {
        std::vector<Part> parts;  // one a thread
        uint64_t bindings = 0;
    };

    std::byte* memory_of(const Context& context, int64_t thread) const {
        return context.scratch + request_.threads * sum_bytes_ + thread * thread_bytes_;
    }

    /// T is what the factors are stored as.
    template <class T>
    void run_share(const Context& context, State& state, int64_t thread) const {
        const Part& part = state.parts[static_cast<size_t>(thread)];
        auto* v = reinterpret_cast<T*>(memory_of(context, thread));
        auto* m = reinterpret_cast<T*>(memory_of(context, thread) + input_bytes_);
        // Every one of the first `parts` threads has a tile.
        const int64_t parts = std::min<int64_t>(request_.threads, tiles_.count);
        if (thread >= parts) return;
        const int64_t first = tiles_.count * thread / parts, last = tiles_.count * (thread + 1) / parts;
        for (int64_t begin = first; begin < last; begin += tiles_.block) {
            const int64_t end = std::min(begin + tiles_.block, last);
            winograd::transform_input(tiles_, begin, end, context.as<const T>(request_.first_buffer), v);
            winograd::transform_output_gradient(tiles_, begin, end,
                                                context.as<const T>(request_.second_buffer), m);
            // The products sum over all of a block.
            clear_rows(v, end - begin, tiles_.in);
            clear_rows(m, end - begin, tiles_.out);
            const bool adds = begin > first;
            part.arguments[adds ? 1 : 0].run(adds ? next_product_ : first_product_);
        }
    }

    /// Zeros from row `first` on in each of the sixteen matrices.
    template <class T>
    void clear_rows(T* matrices, int64_t first, int64_t columns) const {
        for (int64_t i = 0; first < tiles_.block && i < 16; ++i)
            std::fill_n(matrices + (i * tiles_.block + first) * columns, (tiles_.block - first) * columns,
                        T{});
    }

    ProductRequest request_;
    winograd::Tiles tiles_;
    dnnl::matmul::primitive_desc first_, next_;
    dnnl::matmul first_product_, next_product_;
    int64_t sum_bytes_ = 0, input_bytes_ = 0, output_bytes_ = 0, thread_bytes_ = 0;
};

}  // namespace

std::unique_ptr<Kernel> make_winograd_kernel_gradient(const ProductRequest& request) {
    auto kernel = std::make_unique<WinogradKernelGradient>(request);
    if (kernel->is_slow()) return nullptr;
    return kernel;
}

}  // namespace ravine
