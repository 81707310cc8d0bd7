#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "ravine/core/threads/threads.hpp"
#include "ravine/exec/cpu/dnnl/dnnl.hpp"
#include "ravine/exec/cpu/dnnl/product.hpp"
#include "ravine/exec/cpu/winograd/winograd.hpp"

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

/// A convolution, or its gradient in the input, as products over tiles of 4 x 4 outputs, one for each of 36
/// positions: 36 multiplications where the definition has 144; tiles that make 3 have fewer positions. The
/// products are those of a 1 x 1 convolution with as many groups, whose kernel is transformed right into the
/// layout that oneDNN wants, one part of the output channels at a time. Where the kernel is small the threads
/// share the tiles: each transforms a block of them, multiplies and transforms back, all within its caches.
/// Where it is large they share its parts, which then stay there.
class WinogradConvolution : public Kernel {
public:
    explicit WinogradConvolution(const ProductRequest& request)
        : request_(request), tiles_(winograd::tiles_of(request)) {
        const int64_t in = tiles_.in, element = size_of(request.factor_element);
        outs_ = winograd::part_of(tiles_.out);
        shares_parts_ = winograd::positions * in * tiles_.out * element > large_kernel &&
                        parts() >= request.threads && tiles_.multiplications() * in * element <= most_input;
        choose_block();
        for (size_t grid = 0; grid < tiles_.grids.size(); ++grid) add_grid(grid);
        // The turns of a thread then lie in one part of the images.
        std::ranges::stable_sort(blocks_, {}, [&](const Block& block) {
            return static_cast<double>(block.begin) / static_cast<double>(tiles_.grids[block.grid].count());
        });
        input_bytes_ = whole_lines(input_numbers_ * element);
        output_bytes_ = whole_lines(output_bytes_);
        scratchpad_bytes_ = whole_lines(scratchpad_bytes_);
        // A transformed kernel has all positions, whichever the tiles have.
        kernel_bytes_ = panels_ ? whole_lines(winograd::positions * panels_->size() * element) : 0;
    }

    /// Whether the processor has no fast product, or one that wants another layout.
    bool is_slow() const { return is_slow_; }

    int64_t scratch_bytes() const override {
        return inputs() * input_bytes_ + kernels() * kernel_bytes_ +
               request_.threads * (output_bytes_ + scratchpad_bytes_);
    }

    std::unique_ptr<KernelState> make_state() const override {
        auto state = std::make_unique<State>();
        const auto handle = [](const memory::desc& desc) { return memory(desc, dnnl_engine(), nullptr); };
        for (int i = 0; i < request_.threads; ++i)
            for (const auto& products : products_) {
                auto& call = state->calls.emplace_back();
                call.v = handle(products.descriptor.src_desc());
                call.u = handle(products.descriptor.weights_desc());
                call.m = handle(products.descriptor.dst_desc());
                call.scratchpad = handle(products.descriptor.scratchpad_desc());
                call.arguments.add(DNNL_ARG_SRC, call.v);
                call.arguments.add(DNNL_ARG_WEIGHTS, call.u);
                call.arguments.add(DNNL_ARG_DST, call.m);
                call.arguments.add(DNNL_ARG_SCRATCHPAD, call.scratchpad);
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
    // Of a block. With more, those of few channels would not stay in the second level of cache; with fewer
    // the products are slower.
    static constexpr int64_t most_tiles = 64, fewest_tiles = 32;

    /// Tiles of a grid that are multiplied at a time.
    struct Block {
        size_t grid;
        int64_t begin, end;
        int64_t input;  ///< where threads share the parts: the numbers of the blocks before
    };
    /// The products of a grid's tiles.
    struct Products {
        dnnl::convolution_forward::primitive_desc descriptor;
        dnnl::convolution_forward product;
    };
    /// A thread's call of a grid's products.
    struct Call {
        memory v, u, m, scratchpad;
        DnnlArguments arguments;
    };
    struct State : KernelState {
        std::vector<Call> calls;  // [threads, grids]
    };

    /// The same number of tiles for all grids, so that oneDNN wants the kernel in one layout; not so many
    /// that a thread has few blocks and waits for another with its last.
    void choose_block() {
        const int64_t blocks =
            shares_parts_ ? 1 : stealing_parts(request_.threads, tiles_.count(), fewest_tiles);
        const int64_t fewest = std::min(fewest_tiles, ceiling(tiles_.count(), request_.threads));
        const int64_t wanted = std::clamp(tiles_.count() / blocks, fewest, most_tiles);
        int64_t most = 0;
        for (const auto& grid : tiles_.grids) most = std::max(most, grid.count());
        block_ = ceiling(most, ceiling(most, wanted));
    }

    void add_grid(size_t index) {
        const auto& grid = tiles_.grids[index];
        const int64_t groups = grid.positions(), in = tiles_.in;
        auto& products = products_.emplace_back();
        const auto type = data_type_of(request_.factor_element);
        dnnl::primitive_attr attributes;
        attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
        const DnnlThreads one(1);  // threads share tiles or parts, not the products
        using tag = memory::format_tag;
        products.descriptor = dnnl::convolution_forward::primitive_desc(
            {dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct,
             memory::desc({1, groups * in, 1, block_}, type, tag::nhwc),
             memory::desc({groups, outs_, in, 1, 1}, type, tag::any),
             memory::desc({1, groups * outs_, 1, block_}, memory::data_type::f32, tag::nhwc),
             memory::dims{1, 1}, memory::dims{0, 0}, memory::dims{0, 0}},
            attributes, dnnl_engine());
        products.product = dnnl::convolution_forward(products.descriptor);
        const auto panels = panels_of(products.descriptor.weights_desc());
        is_slow_ |=
            !panels || is_reference(products.descriptor.impl_info_str()) || (panels_ && panels != panels_);
        panels_ = panels;
        const int64_t input = groups * block_ * in;
        for (int64_t tile = 0; tile < grid.count(); tile += block_) {
            blocks_.push_back(
                {index, tile, std::min(tile + block_, grid.count()), shares_parts_ ? input_numbers_ : 0});
            input_numbers_ = shares_parts_ ? input_numbers_ + input : std::max(input_numbers_, input);
        }
        output_bytes_ = std::max(output_bytes_, groups * block_ * outs_ * int64_t{sizeof(float)});
        scratchpad_bytes_ = std::max(scratchpad_bytes_,
                                     static_cast<int64_t>(products.descriptor.scratchpad_desc().get_size()));
    }

    const Block& block(int64_t i) const { return blocks_[static_cast<size_t>(i)]; }
    /// Perhaps an empty one.
    Block piece(const Block& block, int64_t i, int64_t pieces) const {
        const int64_t tiles = block.end - block.begin, first = tiles * i / pieces;
        const int64_t numbers = tiles_.grids[block.grid].positions() * tiles_.in;
        return {block.grid, block.begin + first, block.begin + tiles * (i + 1) / pieces,
                block.input + first * numbers};
    }
    int64_t parts() const { return tiles_.out / outs_; }
    int64_t inputs() const { return shares_parts_ ? 1 : request_.threads; }
    int64_t kernels() const { return shares_parts_ ? request_.threads : parts(); }

    template <class T>
    T* input(const Context& context, int64_t i) const {
        return reinterpret_cast<T*>(context.scratch + i * input_bytes_);
    }
    /// The transformed tiles of a block, where threads share the parts.
    template <class T>
    T* shared_input(const Context& context, const Block& block) const {
        return input<T>(context, 0) + block.input;
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
        const auto blocks = static_cast<int64_t>(blocks_.size());
        if (shares_parts_) {
            constexpr int64_t pieces = 8;  // of a block: there may be few
            stealing_work(request_.threads, blocks * pieces, [&](int, int64_t i) {
                const Block tiles = piece(block(i / pieces), i % pieces, pieces);
                transform_input(context, tiles, shared_input<T>(context, tiles));
            });
            stealing_work(request_.threads, parts(), [&](int thread, int64_t part) {
                T* u = kernel<T>(context, thread);
                transform_kernel(context, part, u);
                for (const Block& block : blocks_)
                    multiply(context, state, thread, part, block, shared_input<T>(context, block), u);
            });
        } else {
            stealing_work(request_.threads, parts(), [&](int, int64_t part) {
                transform_kernel(context, part, kernel<T>(context, part));
            });
            stealing_work(request_.threads, blocks, [&](int thread, int64_t i) {
                T* v = input<T>(context, thread);
                transform_input(context, block(i), v);
                for (int64_t part = 0; part < parts(); ++part)
                    multiply(context, state, thread, part, block(i), v, kernel<T>(context, part));
            });
        }
    }

    winograd::Channels channels(int64_t part) const { return {part * outs_, (part + 1) * outs_}; }

    template <class T>
    void transform_input(const Context& context, const Block& block, T* v) const {
        if (block.begin == block.end) return;
        const auto& grid = tiles_.grids[block.grid];
        winograd::transform_input(grid, block.begin, block.end, context.as<const T>(request_.first_buffer), v,
                                  {.tile = grid.positions() * tiles_.in,
                                   .position = tiles_.in,
                                   .part = 0,
                                   .part_channels = tiles_.in,
                                   .parts = 1});
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

    /// The channels of a part for the tiles of a block; u is the part of the kernel at all positions.
    template <class T>
    void multiply(const Context& context, State& state, int64_t thread, int64_t part, const Block& block,
                  T* v, T* u) const {
        auto& call = state.calls[static_cast<size_t>(thread) * tiles_.grids.size() + block.grid];
        const auto& grid = tiles_.grids[block.grid];
        std::byte* made = output(context, thread);
        call.v.set_data_handle(v);
        call.u.set_data_handle(u + grid.first_position() * panels_->size());
        call.m.set_data_handle(made);
        call.scratchpad.set_data_handle(made + output_bytes_);
        call.arguments.run(products_[block.grid].product);
        const auto* m = reinterpret_cast<const float*>(made);
        const float* bias =
            request_.bias_buffer < 0 ? nullptr : context.as<const float>(request_.bias_buffer);
        const auto transform = [&](auto* outputs) {
            winograd::transform_output(grid, block.begin, block.end, channels(part), m, bias, outputs);
        };
        if (request_.result_element == Element::bf16)
            transform(context.as<Bfloat16>(request_.result_buffer));
        else
            transform(context.as<float>(request_.result_buffer));
    }

    ProductRequest request_;
    winograd::Tiles tiles_;
    int64_t outs_ = 0;                ///< output channels of a part
    bool shares_parts_ = false;       ///< among threads, not tiles
    int64_t block_ = 0;               ///< tiles that are multiplied at a time
    std::vector<Products> products_;  // one a grid
    std::vector<Block> blocks_;
    std::optional<winograd::Panels> panels_;
    bool is_slow_ = false;
    int64_t input_numbers_ = 0;
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
