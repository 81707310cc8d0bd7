#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "ravine/core/threads/threads.hpp"
#include "ravine/exec/cpu/dnnl/dnnl.hpp"
#include "ravine/exec/cpu/winograd/winograd.hpp"

namespace ravine {
namespace {

using dnnl::memory;

/// The gradient of a kernel in the transformed domain: du = sum over tiles of v' m, a product for each
/// position, with v the transformed tiles of the image and m those of the output gradient. Where du is small
/// each thread sums over tiles of its own, within its caches. Where it is large the threads share the tiles
/// of a block to transform them, then the parts of the kernel.
class WinogradKernelGradient : public Kernel {
public:
    explicit WinogradKernelGradient(const ProductRequest& request)
        : request_(request), tiles_(winograd::tiles_of(request)) {
        const int64_t in = tiles_.in, out = tiles_.out;
        ins_ = winograd::part_of(in), outs_ = winograd::part_of(out);
        const int64_t sum = winograd::positions * in * out * int64_t{sizeof(float)};
        shares_tiles_ = sum <= small_sum || (parts() < request.threads && sum <= most_private_sum);
        int64_t most_tiles = 0;
        for (const auto& grid : tiles_.grids) most_tiles = std::max(most_tiles, grid.count());
        shares_ = shares_tiles_ ? std::min<int64_t>(request.threads, most_tiles) : 1;
        const auto& first = tiles_.grids.front();
        starts_with_zeros_ = first.positions() < winograd::positions || first.count() < shares_;
        int64_t blocks = 0;
        for (const auto& grid : tiles_.grids) blocks += add_products(grid);
        keeps_all_ = shares_tiles_ || blocks > 1;
        input_bytes_ = whole_lines(input_bytes_);
        output_bytes_ = whole_lines(output_bytes_);
        scratchpad_bytes_ = whole_lines(scratchpad_bytes_);
        sum_bytes_ = whole_lines(winograd::positions * ins_ * outs_ * int64_t{sizeof(float)});
    }

    bool is_slow() const { return is_slow_; }

    int64_t scratch_bytes() const override {
        return shares_ * factor_bytes() + sums() * sum_bytes_ + request_.threads * scratchpad_bytes_;
    }

    std::unique_ptr<KernelState> make_state() const override {
        auto state = std::make_unique<State>();
        const auto handle = [](const memory::desc& desc) { return memory(desc, dnnl_engine(), nullptr); };
        for (int i = 0; i < request_.threads; ++i)
            for (const auto& products : products_) {
                auto& call = state->calls.emplace_back();
                call.v = handle(products.descriptors[0].src_desc());
                call.m = handle(products.descriptors[0].weights_desc());
                call.du = handle(products.descriptors[0].dst_desc());
                for (size_t adds : {0, 1}) {
                    call.scratchpads[adds] = handle(products.descriptors[adds].scratchpad_desc());
                    auto& arguments = call.arguments[adds];
                    arguments.add(DNNL_ARG_SRC, call.v);
                    arguments.add(DNNL_ARG_WEIGHTS, call.m);
                    arguments.add(DNNL_ARG_DST, call.du);
                    arguments.add(DNNL_ARG_SCRATCHPAD, call.scratchpads[adds]);
                }
            }
        return state;
    }

    void run(const Context& context, KernelState* kernel_state) const override {
        auto& state = static_cast<State&>(*kernel_state);
        if (request_.factor_element == Element::bf16)
            run_as<Bfloat16>(context, state);
        else
            run_as<float>(context, state);
    }

    std::string describe() const override {
        return fmt::format("{} {} {} [winograd]", name_of(request_.op), to_string(request_.first),
                           to_string(request_.second));
    }

private:
    // A sum that stays in the second level of cache beside the transformed tiles of a thread's block; and
    // those of a block that all threads share, which are to stay in the last level.
    static constexpr int64_t small_sum = 3 << 18, private_bytes = 1 << 19, shared_bytes = 4 << 20;
    static constexpr int64_t most_private_sum = 4 << 20;  // where there are fewer parts than threads
    static constexpr int64_t fewest_tiles = 64;

    /// The products of a grid's tiles.
    struct Products {
        int64_t block;  ///< tiles that are multiplied at a time
        std::array<dnnl::matmul::primitive_desc, 2>
            descriptors;  ///< of a first product, and of one that adds
        std::array<dnnl::matmul, 2> products;
    };
    /// A thread's calls of a grid's products.
    struct Call {
        memory v, m, du;
        std::array<memory, 2> scratchpads;
        std::array<DnnlArguments, 2> arguments;  // of the first product, and of those that add to it
    };
    struct State : KernelState {
        std::vector<Call> calls;  // [threads, grids]
    };

    /// Returns the number of blocks.
    int64_t add_products(const winograd::Grid& grid) {
        const int64_t element = size_of(request_.factor_element), count = grid.positions();
        const int64_t tiles = ceiling(grid.count(), shares_);
        const int64_t most_tiles = std::max(fewest_tiles, (shares_tiles_ ? private_bytes : shared_bytes) /
                                                              (count * (tiles_.in + tiles_.out) * element));
        const int64_t blocks = ceiling(tiles, most_tiles);
        auto& products = products_.emplace_back();
        // Odd: positions that are a power of two of bytes apart would share one set of the cache.
        products.block = ceiling(tiles, blocks) | 1;

        const auto type = data_type_of(request_.factor_element);
        const memory::desc v({count, ins_, products.block}, type,
                             memory::dims{products.block * ins_, 1, ins_}),
            m({count, products.block, outs_}, type, memory::format_tag::abc),
            du({count, ins_, outs_}, memory::data_type::f32, memory::format_tag::abc);
        const DnnlThreads one(1);  // threads share tiles or parts, not the products
        for (const bool adds : {false, true}) {
            dnnl::primitive_attr attributes;
            attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
            if (adds) {
                dnnl::post_ops sum;
                sum.append_sum(1);
                attributes.set_post_ops(sum);
            }
            auto& descriptor = products.descriptors[adds];
            descriptor =
                dnnl::matmul::primitive_desc(dnnl::matmul::desc(v, m, du), attributes, dnnl_engine());
            products.products[adds] = dnnl::matmul(descriptor);
            is_slow_ |= is_reference(descriptor.impl_info_str());
            scratchpad_bytes_ =
                std::max(scratchpad_bytes_, static_cast<int64_t>(descriptor.scratchpad_desc().get_size()));
        }
        input_bytes_ = std::max(input_bytes_, count * products.block * ins_ * element);
        output_bytes_ = std::max(output_bytes_, count * products.block * outs_ * element);
        return blocks;
    }

    int64_t in_parts() const { return tiles_.in / ins_; }
    int64_t out_parts() const { return tiles_.out / outs_; }
    int64_t parts() const { return in_parts() * out_parts(); }
    int64_t factor_bytes() const { return in_parts() * input_bytes_ + out_parts() * output_bytes_; }
    /// Sums that are kept: of all parts, from block to block, or of what each thread works on.
    int64_t sums() const { return keeps_all_ ? shares_ * parts() : request_.threads; }

    // The memory: the transformed tiles of each share, [parts, positions, tiles of a block, channels], then
    // the sums, then the scratchpads. A share of the tiles has sums of its own.
    template <class T>
    T* input(const Context& context, int64_t share, int64_t part) const {
        return reinterpret_cast<T*>(context.scratch + share * factor_bytes() + part * input_bytes_);
    }
    template <class T>
    T* output(const Context& context, int64_t share, int64_t part) const {
        return reinterpret_cast<T*>(context.scratch + share * factor_bytes() + in_parts() * input_bytes_ +
                                    part * output_bytes_);
    }
    float* sum(const Context& context, int64_t i) const {
        return reinterpret_cast<float*>(context.scratch + shares_ * factor_bytes() + i * sum_bytes_);
    }

    /// T is what the factors are stored as.
    template <class T>
    void run_as(const Context& context, State& state) const {
        const DnnlThreads one(1);
        if (shares_tiles_) {
            // Not block by block to whoever is free: a sum has its terms in one order.
            stealing_work(request_.threads, shares_, [&](int thread, int64_t share) {
                by_blocks(share, [&](const Block& block, bool is_first, bool) {
                    transform<T>(context, share, block, 0, block.count());
                    clear<T>(context, share, block, block.count(), products_[block.grid].block);
                    for (int64_t part = 0; part < parts(); ++part)
                        multiply<T>(context, state, thread,
                                    {share, block.grid, part, share * parts() + part, is_first});
                });
            });
            stealing_work(request_.threads, parts(),
                          [&](int, int64_t part) { transform_back(context, part, part); });
            return;
        }
        by_blocks(0, [&](const Block& block, bool is_first, bool is_last) {
            parallel(request_.threads, products_[block.grid].block, 1, [&](int64_t begin, int64_t end) {
                transform<T>(context, 0, block, begin, std::min(end, block.count()));
                clear<T>(context, 0, block, std::max(begin, block.count()), end);
            });
            stealing_work(request_.threads, parts(), [&](int thread, int64_t part) {
                const int64_t sum = keeps_all_ ? part : thread;
                multiply<T>(context, state, thread, {0, block.grid, part, sum, is_first});
                if (is_last) transform_back(context, part, sum);
            });
        });
    }

    /// Tiles of a grid that are multiplied at a time.
    struct Block {
        size_t grid;
        int64_t begin, end;
        int64_t count() const { return end - begin; }
    };

    /// Calls body(block, is_first, is_last) for the blocks of a share of the tiles.
    template <class Body>
    void by_blocks(int64_t share, Body body) const {
        bool is_first = true;
        for (size_t grid = 0; grid < tiles_.grids.size(); ++grid) {
            const int64_t count = tiles_.grids[grid].count(), end = count * (share + 1) / shares_;
            for (int64_t tile = count * share / shares_; tile < end; tile += products_[grid].block) {
                const Block block{grid, tile, std::min(tile + products_[grid].block, end)};
                body(block, is_first, grid + 1 == tiles_.grids.size() && block.end == end);
                is_first = false;
            }
        }
    }

    /// The tiles [first, last) of a block.
    template <class T>
    void transform(const Context& context, int64_t share, const Block& block, int64_t first,
                   int64_t last) const {
        if (first >= last) return;
        constexpr int64_t element = sizeof(T);
        const auto& grid = tiles_.grids[block.grid];
        const int64_t begin = block.begin + first, end = block.begin + last,
                      room = products_[block.grid].block;
        winograd::transform_input(grid, begin, end, context.as<const T>(request_.first_buffer),
                                  input<T>(context, share, 0) + first * ins_,
                                  {.tile = ins_,
                                   .position = room * ins_,
                                   .part = input_bytes_ / element,
                                   .part_channels = ins_,
                                   .parts = in_parts()});
        winograd::transform_output_gradient(grid, begin, end, context.as<const T>(request_.second_buffer),
                                            output<T>(context, share, 0) + first * outs_,
                                            {.tile = outs_,
                                             .position = room * outs_,
                                             .part = output_bytes_ / element,
                                             .part_channels = outs_,
                                             .parts = out_parts()});
    }

    /// Zeros for the tiles [first, last), which a block has too few: the products sum over all of it.
    template <class T>
    void clear(const Context& context, int64_t share, const Block& block, int64_t first, int64_t last) const {
        if (first >= last) return;
        const auto clear_part = [&](T* part, int64_t channels) {
            for (int64_t i = 0; i < tiles_.grids[block.grid].positions(); ++i)
                std::fill_n(part + (i * products_[block.grid].block + first) * channels,
                            (last - first) * channels, T{});
        };
        for (int64_t part = 0; part < in_parts(); ++part) clear_part(input<T>(context, share, part), ins_);
        for (int64_t part = 0; part < out_parts(); ++part) clear_part(output<T>(context, share, part), outs_);
    }

    /// Which share's transformed tiles are summed over for which part of the kernel, and which sum takes it.
    struct Item {
        int64_t share;
        size_t grid;  ///< of the tiles
        int64_t part, sum;
        bool is_first;  ///< of what the sum is to hold
    };

    template <class T>
    void multiply(const Context& context, State& state, int64_t thread, const Item& item) const {
        const int64_t position = ins_ * outs_;
        float* du = sum(context, item.sum);
        if (item.is_first && starts_with_zeros_) std::fill_n(du, winograd::positions * position, 0.0f);
        const auto adds = static_cast<size_t>(!item.is_first || starts_with_zeros_);
        auto& call = state.calls[static_cast<size_t>(thread) * products_.size() + item.grid];
        call.v.set_data_handle(input<T>(context, item.share, item.part / out_parts()));
        call.m.set_data_handle(output<T>(context, item.share, item.part % out_parts()));
        call.du.set_data_handle(du + tiles_.grids[item.grid].first_position() * position);
        call.scratchpads[adds].set_data_handle(reinterpret_cast<std::byte*>(sum(context, sums())) +
                                               thread * scratchpad_bytes_);
        call.arguments[adds].run(products_[item.grid].products[adds]);
    }

    void transform_back(const Context& context, int64_t part, int64_t first_sum) const {
        const int64_t in = part / out_parts(), out = part % out_parts();
        const winograd::Sums du{.first = sum(context, first_sum),
                                .count = shares_,
                                .step = parts() * sum_bytes_ / int64_t{sizeof(float)}};
        winograd::transform_kernel_gradient(du, {in * ins_, (in + 1) * ins_},
                                            {out * outs_, (out + 1) * outs_}, tiles_.in,
                                            context.as<float>(request_.result_buffer));
    }

    ProductRequest request_;
    winograd::Tiles tiles_;
    int64_t ins_ = 0, outs_ = 0;      ///< channels of a part
    bool shares_tiles_ = false;       ///< among threads, not parts
    int64_t shares_ = 1;              ///< of the tiles, each with sums of its own
    bool starts_with_zeros_ = false;  ///< sums, because the first product has not all positions
    bool keeps_all_ = false;          ///< the sums of all parts
    std::vector<Products> products_;  // one a grid
    bool is_slow_ = false;
    int64_t input_bytes_ = 0, output_bytes_ = 0, sum_bytes_ = 0, scratchpad_bytes_ = 0;
};

}  // namespace

std::unique_ptr<Kernel> make_winograd_kernel_gradient(const ProductRequest& request) {
    auto kernel = std::make_unique<WinogradKernelGradient>(request);
    if (kernel->is_slow()) return nullptr;
    return kernel;
}

}  // namespace ravine
