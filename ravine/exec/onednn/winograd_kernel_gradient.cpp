#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "ravine/exec/onednn/dnnl.hpp"
#include "ravine/exec/onednn/shares.hpp"
#include "ravine/exec/onednn/winograd.hpp"

namespace ravine {
namespace {

using dnnl::memory;

/// The gradient of a kernel in the transformed domain: du = sum over tiles of v' m, 36 products, with v the
/// transformed tiles of the image and m those of the output gradient. Where du is small each thread sums over
/// tiles of its own, within its caches. Where it is large the threads share the tiles of a block to transform
/// them, then the parts of the kernel.
class WinogradKernelGradient : public Kernel {
public:
    explicit WinogradKernelGradient(const ProductRequest& request)
        : request_(request), tiles_(winograd::tiles_of(request)) {
        const int64_t element = size_of(request.factor_element), in = tiles_.in, out = tiles_.out;
        ins_ = winograd::part_of(in), outs_ = winograd::part_of(out);
        const int64_t sum = winograd::positions * in * out * int64_t{sizeof(float)};
        shares_tiles_ = sum <= small_sum || (parts() < request.threads && sum <= most_private_sum);
        teams_ = shares_tiles_ ? std::min<int64_t>(request.threads, tiles_.count()) : 1;
        const int64_t share = (tiles_.count() + teams_ - 1) / teams_;
        const int64_t most_tiles = std::max(fewest_tiles, (shares_tiles_ ? private_bytes : shared_bytes) /
                                                              (winograd::positions * (in + out) * element));
        const int64_t blocks = (share + most_tiles - 1) / most_tiles;
        // Odd: positions that are a power of two of bytes apart would share one set of the cache.
        block_ = (share + blocks - 1) / blocks | 1;
        keeps_all_ = shares_tiles_ || blocks > 1;

        const auto type = data_type_of(request.factor_element);
        const memory::desc v({winograd::positions, ins_, block_}, type, memory::dims{block_ * ins_, 1, ins_}),
            m({winograd::positions, block_, outs_}, type, memory::format_tag::abc),
            du({winograd::positions, ins_, outs_}, memory::data_type::f32, memory::format_tag::abc);
        const DnnlThreads one(1);  // threads share tiles or parts, not the products
        for (const bool adds : {false, true}) {
            dnnl::primitive_attr attributes;
            attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
            if (adds) {
                dnnl::post_ops sum;
                sum.append_sum(1);
                attributes.set_post_ops(sum);
            }
            descriptors_[adds] =
                dnnl::matmul::primitive_desc(dnnl::matmul::desc(v, m, du), attributes, dnnl_engine());
            products_[adds] = dnnl::matmul(descriptors_[adds]);
            scratchpad_bytes_ =
                std::max(scratchpad_bytes_,
                         whole_lines(static_cast<int64_t>(descriptors_[adds].scratchpad_desc().get_size())));
        }
        input_bytes_ = whole_lines(winograd::positions * block_ * ins_ * element);
        output_bytes_ = whole_lines(winograd::positions * block_ * outs_ * element);
        sum_bytes_ = whole_lines(winograd::positions * ins_ * outs_ * int64_t{sizeof(float)});
    }

    bool is_slow() const {
        return is_reference(descriptors_[0].impl_info_str()) || is_reference(descriptors_[1].impl_info_str());
    }

    int64_t scratch_bytes() const override {
        return teams_ * factor_bytes() + sums() * sum_bytes_ + request_.threads * scratchpad_bytes_;
    }

    std::unique_ptr<KernelState> make_state() const override {
        auto state = std::make_unique<State>();
        const auto handle = [](const memory::desc& desc) { return memory(desc, dnnl_engine(), nullptr); };
        for (int i = 0; i < request_.threads; ++i) {
            auto& share = state->shares.emplace_back();
            share.v = handle(descriptors_[0].src_desc());
            share.m = handle(descriptors_[0].weights_desc());
            share.du = handle(descriptors_[0].dst_desc());
            for (size_t adds : {0, 1}) {
                share.scratchpads[adds] = handle(descriptors_[adds].scratchpad_desc());
                auto& arguments = share.arguments[adds];
                arguments.add(DNNL_ARG_SRC, share.v);
                arguments.add(DNNL_ARG_WEIGHTS, share.m);
                arguments.add(DNNL_ARG_DST, share.du);
                arguments.add(DNNL_ARG_SCRATCHPAD, share.scratchpads[adds]);
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

    struct Share {
        memory v, m, du;
        std::array<memory, 2> scratchpads;
        std::array<DnnlArguments, 2> arguments;  // of the first product, and of those that add to it
    };
    struct State : KernelState {
        std::vector<Share> shares;  // one a thread
    };

    int64_t in_parts() const { return tiles_.in / ins_; }
    int64_t out_parts() const { return tiles_.out / outs_; }
    int64_t parts() const { return in_parts() * out_parts(); }
    int64_t factor_bytes() const { return in_parts() * input_bytes_ + out_parts() * output_bytes_; }
    /// Sums that are kept: of all parts, from block to block, or of what each thread works on.
    int64_t sums() const { return keeps_all_ ? teams_ * parts() : request_.threads; }

    // The memory: the transformed tiles of each team, [parts, positions, tiles of a block, channels], then
    // the sums, then the scratchpads. A team is a thread of its own or all of them.
    template <class T>
    T* input(const Context& context, int64_t team, int64_t part) const {
        return reinterpret_cast<T*>(context.scratch + team * factor_bytes() + part * input_bytes_);
    }
    template <class T>
    T* output(const Context& context, int64_t team, int64_t part) const {
        return reinterpret_cast<T*>(context.scratch + team * factor_bytes() + in_parts() * input_bytes_ +
                                    part * output_bytes_);
    }
    float* sum(const Context& context, int64_t i) const {
        return reinterpret_cast<float*>(context.scratch + teams_ * factor_bytes() + i * sum_bytes_);
    }

    /// T is what the factors are stored as.
    template <class T>
    void run_as(const Context& context, State& state) const {
        const DnnlThreads one(1);
        if (shares_tiles_) {
            by_threads(teams_, tiles_.count(), [&](int64_t team, int64_t first, int64_t last) {
                for (int64_t tile = first; tile < last; tile += block_) {
                    transform<T>(context, team, tile, 0, std::min(block_, last - tile));
                    clear<T>(context, team, std::min(block_, last - tile), block_);
                    for (int64_t part = 0; part < parts(); ++part)
                        multiply<T>(context, state, {team, team, part, team * parts() + part, tile > first});
                }
            });
            parallel(request_.threads, parts(), 1, [&](int64_t begin, int64_t end) {
                for (int64_t part = begin; part < end; ++part) transform_back(context, part, part);
            });
            return;
        }
        for (int64_t tile = 0; tile < tiles_.count(); tile += block_) {
            const int64_t count = std::min(block_, tiles_.count() - tile);
            parallel(request_.threads, block_, 1, [&](int64_t begin, int64_t end) {
                transform<T>(context, 0, tile, begin, std::min(end, count));
                clear<T>(context, 0, std::max(begin, count), end);
            });
            by_threads(request_.threads, parts(), [&](int64_t thread, int64_t first, int64_t last) {
                for (int64_t part = first; part < last; ++part) {
                    const int64_t sum = keeps_all_ ? part : thread;
                    multiply<T>(context, state, {thread, 0, part, sum, tile > 0});
                    if (tile + block_ >= tiles_.count()) transform_back(context, part, sum);
                }
            });
        }
    }

    /// The tiles [begin, end) of the block that begins with tile `first`.
    template <class T>
    void transform(const Context& context, int64_t team, int64_t first, int64_t begin, int64_t end) const {
        if (begin >= end) return;
        constexpr int64_t element = sizeof(T);
        winograd::transform_input(
            tiles_, first + begin, first + end, context.as<const T>(request_.first_buffer),
            input<T>(context, team, 0) + begin * ins_,
            {.tile = ins_, .position = block_ * ins_, .part = input_bytes_ / element, .part_channels = ins_});
        winograd::transform_output_gradient(tiles_, first + begin, first + end,
                                            context.as<const T>(request_.second_buffer),
                                            output<T>(context, team, 0) + begin * outs_,
                                            {.tile = outs_,
                                             .position = block_ * outs_,
                                             .part = output_bytes_ / element,
                                             .part_channels = outs_});
    }

    /// Zeros for the tiles [begin, end) of a block that has fewer: the products sum over all of it.
    template <class T>
    void clear(const Context& context, int64_t team, int64_t begin, int64_t end) const {
        if (begin >= end) return;
        const auto clear_part = [&](T* part, int64_t channels) {
            for (int64_t i = 0; i < winograd::positions; ++i)
                std::fill_n(part + (i * block_ + begin) * channels, (end - begin) * channels, T{});
        };
        for (int64_t part = 0; part < in_parts(); ++part) clear_part(input<T>(context, team, part), ins_);
        for (int64_t part = 0; part < out_parts(); ++part) clear_part(output<T>(context, team, part), outs_);
    }

    struct Item {
        int64_t thread, team, part, sum;
        bool adds;  ///< to what the sum holds
    };

    /// Adds a block's tiles to the sum of a part of the kernel.
    template <class T>
    void multiply(const Context& context, State& state, const Item& item) const {
        auto& share = state.shares[static_cast<size_t>(item.thread)];
        share.v.set_data_handle(input<T>(context, item.team, item.part / out_parts()));
        share.m.set_data_handle(output<T>(context, item.team, item.part % out_parts()));
        share.du.set_data_handle(sum(context, item.sum));
        share.scratchpads[item.adds].set_data_handle(reinterpret_cast<std::byte*>(sum(context, sums())) +
                                                     item.thread * scratchpad_bytes_);
        share.arguments[item.adds].run(products_[item.adds]);
    }

    void transform_back(const Context& context, int64_t part, int64_t first_sum) const {
        const int64_t in = part / out_parts(), out = part % out_parts();
        const winograd::Sums du{.first = sum(context, first_sum),
                                .count = teams_,
                                .step = parts() * sum_bytes_ / int64_t{sizeof(float)}};
        winograd::transform_kernel_gradient(du, {in * ins_, (in + 1) * ins_},
                                            {out * outs_, (out + 1) * outs_}, tiles_.in,
                                            context.as<float>(request_.result_buffer));
    }

    ProductRequest request_;
    winograd::Tiles tiles_;
    int64_t ins_ = 0, outs_ = 0;                               ///< channels of a part
    bool shares_tiles_ = false;                                ///< among threads, not parts
    int64_t teams_ = 1;                                        ///< groups of threads with blocks of their own
    int64_t block_ = 0;                                        ///< tiles that are multiplied at a time
    bool keeps_all_ = false;                                   ///< the sums of all parts
    std::array<dnnl::matmul::primitive_desc, 2> descriptors_;  // of a first product, and of one that adds
    std::array<dnnl::matmul, 2> products_;
    int64_t input_bytes_ = 0, output_bytes_ = 0, sum_bytes_ = 0, scratchpad_bytes_ = 0;
};

}  // namespace

std::unique_ptr<Kernel> make_winograd_kernel_gradient(const ProductRequest& request) {
    auto kernel = std::make_unique<WinogradKernelGradient>(request);
    if (kernel->is_slow()) return nullptr;
    return kernel;
}

}  // namespace ravine
