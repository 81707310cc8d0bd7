#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "ravine/exec/onednn/dnnl.hpp"
#include "ravine/exec/onednn/product.hpp"
#include "ravine/exec/onednn/shares.hpp"
#include "ravine/exec/onednn/winograd.hpp"

namespace ravine {
namespace {

using dnnl::memory;

/// The layout of a transformed kernel if it is one of panels; nothing otherwise.
std::optional<winograd::Panels> panels_of(const memory::desc& kernel) {
    const auto& data = kernel.data;
    const auto& blocks = data.format_desc.blocking;
    const int64_t rows = data.padded_dims[2];
    const bool pairs = data.data_type == dnnl_bf16;
    if (data.format_kind != dnnl_blocked || blocks.inner_nblks != (pairs ? 2 : 1) ||
        blocks.inner_idxs[0] != 1 || blocks.inner_blks[0] % 16 != 0)
        return {};
    if (pairs && (blocks.inner_idxs[1] != 2 || blocks.inner_blks[1] != 2)) return {};
    const winograd::Panels panels{
        .panel = blocks.inner_blks[0], .rows = rows, .count = data.padded_dims[1] / blocks.inner_blks[0]};
    const bool is_dense = blocks.strides[0] == panels.size() && blocks.strides[1] == rows * panels.panel &&
                          blocks.strides[2] == panels.panel * (pairs ? 2 : 1);
    return is_dense ? std::optional(panels) : std::nullopt;
}

/// A convolution, or its gradient in the input, as 36 products over tiles of 4 x 4 outputs: 36
/// multiplications where the definition has 144. The products are those of a 1 x 1 convolution with 36
/// groups, whose kernel is transformed right into the layout that oneDNN wants, one part of the output
/// channels at a time. Where the kernel is small the threads share the tiles: each transforms a block of
/// them, multiplies and transforms back, all within its caches. Where it is large they share its parts, which
/// then stay there.
class WinogradConvolution : public Kernel {
public:
    explicit WinogradConvolution(const ProductRequest& request)
        : request_(request), tiles_(winograd::tiles_of(request)) {
        const int64_t groups = winograd::positions, in = tiles_.in, element = size_of(request.factor_element);
        outs_ = winograd::part_of(tiles_.out);
        shares_parts_ = groups * in * tiles_.out * element > large_kernel && parts() >= request.threads &&
                        groups * in * tiles_.count() * element <= most_input;
        const int64_t tile_bytes =
            groups * ((shares_parts_ ? 0 : in * element) + outs_ * int64_t{sizeof(float)});
        block_ = std::clamp(block_bytes / tile_bytes, fewest_tiles, most_tiles);
        const int64_t share =
            shares_parts_ ? tiles_.count() : (tiles_.count() + request.threads - 1) / request.threads;
        const int64_t blocks = (share + block_ - 1) / block_;
        block_ = (share + blocks - 1) / blocks;

        const auto type = data_type_of(request.factor_element);
        dnnl::primitive_attr attributes;
        attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
        const DnnlThreads one(1);  // threads share tiles or parts, not the products
        using tag = memory::format_tag;
        descriptor_ = dnnl::convolution_forward::primitive_desc(
            {dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct,
             memory::desc({1, groups * in, 1, block_}, type, tag::nhwc),
             memory::desc({groups, outs_, in, 1, 1}, type, tag::any),
             memory::desc({1, groups * outs_, 1, block_}, memory::data_type::f32, tag::nhwc),
             memory::dims{1, 1}, memory::dims{0, 0}, memory::dims{0, 0}},
            attributes, dnnl_engine());
        panels_ = panels_of(descriptor_.weights_desc());
        product_ = dnnl::convolution_forward(descriptor_);
        kernel_bytes_ = whole_lines(static_cast<int64_t>(descriptor_.weights_desc().get_size()));
        input_bytes_ = whole_lines(groups * (shares_parts_ ? blocks : 1) * block_ * in * element);
        output_bytes_ = whole_lines(groups * block_ * outs_ * int64_t{sizeof(float)});
        scratchpad_bytes_ = whole_lines(static_cast<int64_t>(descriptor_.scratchpad_desc().get_size()));
    }

    /// Whether the processor has no fast product, or one that wants another layout.
    bool is_slow() const { return !panels_ || is_reference(descriptor_.impl_info_str()); }

    int64_t scratch_bytes() const override {
        return inputs() * input_bytes_ + kernels() * kernel_bytes_ +
               request_.threads * (output_bytes_ + scratchpad_bytes_);
    }

    std::unique_ptr<KernelState> make_state() const override {
        auto state = std::make_unique<State>();
        const auto handle = [](const memory::desc& desc) { return memory(desc, dnnl_engine(), nullptr); };
        for (int i = 0; i < request_.threads; ++i) {
            auto& share = state->shares.emplace_back();
            share.v = handle(descriptor_.src_desc());
            share.u = handle(descriptor_.weights_desc());
            share.m = handle(descriptor_.dst_desc());
            share.scratchpad = handle(descriptor_.scratchpad_desc());
            share.arguments.add(DNNL_ARG_SRC, share.v);
            share.arguments.add(DNNL_ARG_WEIGHTS, share.u);
            share.arguments.add(DNNL_ARG_DST, share.m);
            share.arguments.add(DNNL_ARG_SCRATCHPAD, share.scratchpad);
        }
        return state;
    }

    void run(const Context& context, KernelState* kernel_state) const override {
        auto& state = static_cast<State&>(*kernel_state);
        if (request_.factor_element == Element::bf16)
            run_as<Bfloat16>(context, state);
        else
            run_as<float>(context, state);
        activate(request_, context);
    }

    std::string describe() const override {
        return fmt::format("{} {} {} [winograd]{}", name_of(request_.op), to_string(request_.first),
                           to_string(request_.second), epilogue_text(request_));
    }

private:
    // A transformed kernel larger than the first is shared among threads, if the transformed image is not
    // larger than the second and stays in the last level of cache too.
    static constexpr int64_t large_kernel = 4 << 20, most_input = 8 << 20;
    // The transformed tiles of a block are to stay in the second level.
    static constexpr int64_t block_bytes = 3 << 18, fewest_tiles = 32, most_tiles = 256;

    struct Share {
        memory v, u, m, scratchpad;
        DnnlArguments arguments;
    };
    struct State : KernelState {
        std::vector<Share> shares;  // one a thread
    };

    int64_t parts() const { return tiles_.out / outs_; }
    int64_t inputs() const { return shares_parts_ ? 1 : request_.threads; }
    int64_t kernels() const { return shares_parts_ ? request_.threads : parts(); }

    template <class T>
    T* input(const Context& context, int64_t i) const {
        return reinterpret_cast<T*>(context.scratch + i * input_bytes_);
    }
    template <class T>
    T* kernel(const Context& context, int64_t i) const {
        return reinterpret_cast<T*>(context.scratch + inputs() * input_bytes_ + i * kernel_bytes_);
    }
    std::byte* output(const Context& context, int64_t thread) const {
        return context.scratch + inputs() * input_bytes_ + kernels() * kernel_bytes_ +
               thread * (output_bytes_ + scratchpad_bytes_);
    }

    /// T is what the factors are stored as.
    template <class T>
    void run_as(const Context& context, State& state) const {
        const DnnlThreads one(1);
        if (shares_parts_) {
            T* v = input<T>(context, 0);
            parallel(request_.threads, tiles_.count(), 1, [&](int64_t begin, int64_t end) {
                transform_input(context, begin, end, v + begin * winograd::positions * tiles_.in);
            });
            by_threads(request_.threads, parts(), [&](int64_t thread, int64_t begin, int64_t end) {
                T* u = kernel<T>(context, thread);
                for (int64_t part = begin; part < end; ++part) {
                    transform_kernel(context, part, u);
                    for (int64_t tile = 0; tile < tiles_.count(); tile += block_)
                        multiply(context, state, thread, part, tile, std::min(tile + block_, tiles_.count()),
                                 v + tile * winograd::positions * tiles_.in, u);
                }
            });
        } else {
            parallel(request_.threads, parts(), 1, [&](int64_t begin, int64_t end) {
                for (int64_t part = begin; part < end; ++part)
                    transform_kernel(context, part, kernel<T>(context, part));
            });
            by_threads(request_.threads, tiles_.count(), [&](int64_t thread, int64_t begin, int64_t end) {
                T* v = input<T>(context, thread);
                for (int64_t tile = begin; tile < end; tile += block_) {
                    const int64_t last = std::min(tile + block_, end);
                    transform_input(context, tile, last, v);
                    for (int64_t part = 0; part < parts(); ++part)
                        multiply(context, state, thread, part, tile, last, v, kernel<T>(context, part));
                }
            });
        }
    }

    winograd::Channels channels(int64_t part) const { return {part * outs_, (part + 1) * outs_}; }

    template <class T>
    void transform_input(const Context& context, int64_t begin, int64_t end, T* v) const {
        winograd::transform_input(tiles_, begin, end, context.as<const T>(request_.first_buffer), v,
                                  {.tile = winograd::positions * tiles_.in,
                                   .position = tiles_.in,
                                   .part = 0,
                                   .part_channels = tiles_.in});
    }

    template <class T>
    void transform_kernel(const Context& context, int64_t part, T* u) const {
        winograd::transform_kernel({.kernel = context.as<const float>(request_.second_buffer),
                                    .direction = request_.op == Op::conv2d ? winograd::Direction::forward
                                                                           : winograd::Direction::backward,
                                    .in = tiles_.in,
                                    .out = tiles_.out,
                                    .channels = channels(part)},
                                   *panels_, u);
    }

    /// The channels of a part for the tiles [begin, end), at most a block.
    template <class T>
    void multiply(const Context& context, State& state, int64_t thread, int64_t part, int64_t begin,
                  int64_t end, T* v, T* u) const {
        auto& share = state.shares[static_cast<size_t>(thread)];
        std::byte* made = output(context, thread);
        share.v.set_data_handle(v);
        share.u.set_data_handle(u);
        share.m.set_data_handle(made);
        share.scratchpad.set_data_handle(made + output_bytes_);
        share.arguments.run(product_);
        const auto* m = reinterpret_cast<const float*>(made);
        const float* bias =
            request_.bias_buffer < 0 ? nullptr : context.as<const float>(request_.bias_buffer);
        if (request_.result_element == Element::bf16)
            winograd::transform_output(tiles_, begin, end, channels(part), m, bias,
                                       context.as<Bfloat16>(request_.result_buffer));
        else
            winograd::transform_output(tiles_, begin, end, channels(part), m, bias,
                                       context.as<float>(request_.result_buffer));
    }

    ProductRequest request_;
    winograd::Tiles tiles_;
    int64_t outs_ = 0;           ///< output channels of a part
    bool shares_parts_ = false;  ///< among threads, not tiles
    int64_t block_ = 0;          ///< tiles that are multiplied at a time
    dnnl::convolution_forward::primitive_desc descriptor_;
    std::optional<winograd::Panels> panels_;
    dnnl::convolution_forward product_;
    int64_t kernel_bytes_ = 0, input_bytes_ = 0, output_bytes_ = 0, scratchpad_bytes_ = 0;
};

}  // namespace

std::unique_ptr<Kernel> make_winograd_convolution(const ProductRequest& request) {
    if (request.op == Op::conv2d_weight_gradient) return make_winograd_kernel_gradient(request);
    auto kernel = std::make_unique<WinogradConvolution>(request);
    if (kernel->is_slow()) return nullptr;
    return kernel;
}

}  // namespace ravine
