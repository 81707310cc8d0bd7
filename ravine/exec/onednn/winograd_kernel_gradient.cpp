#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "ravine/core/threads.hpp"
#include "ravine/exec/onednn/dnnl.hpp"
#include "ravine/exec/onednn/winograd.hpp"

namespace ravine {
namespace {

using dnnl::memory;

/// The gradient of a kernel in the transformed domain: du = sum over tiles of v' m, 36 products, with v the
/// transformed tiles of the image and m those of the output gradient. The threads share the tiles of a block
/// to transform them, then the parts of the kernel, whose sums stay in their caches.
class WinogradKernelGradient : public Kernel {
public:
    explicit WinogradKernelGradient(const ProductRequest& request)
        : request_(request), tiles_(winograd::tiles_of(request)) {
        const int64_t element = size_of(request.factor_element), in = tiles_.in, out = tiles_.out;
        const int64_t most_tiles =
            std::max<int64_t>(fewest_tiles, block_bytes / (winograd::positions * (in + out) * element));
        blocks_ = (tiles_.count + most_tiles - 1) / most_tiles;
        // Odd: positions that are a power of two of bytes apart would share one set of the cache.
        block_ = (tiles_.count + blocks_ - 1) / blocks_ | 1;
        ins_ = winograd::part_of(in), outs_ = winograd::part_of(out);
        while (parts() < request.threads && ins_ % 2 == 0 && ins_ > 16) ins_ /= 2;

        const auto type = data_type_of(request.factor_element);
        const memory::desc v({winograd::positions, ins_, block_}, type, memory::dims{block_ * ins_, 1, ins_}),
            m({winograd::positions, block_, outs_}, type, memory::format_tag::abc),
            du({winograd::positions, ins_, outs_}, memory::data_type::f32, memory::format_tag::abc);
        const DnnlThreads one(1);  // threads share the parts, not the products
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
        return factor_bytes() + sums() * sum_bytes_ + request_.threads * scratchpad_bytes_;
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
    // The transformed tiles of a block are to stay in the last level of cache.
    static constexpr int64_t block_bytes = 4 << 20, fewest_tiles = 64;

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
    /// Sums that are kept: of all parts from block to block, or of what each thread works on.
    int64_t sums() const { return blocks_ > 1 ? parts() : request_.threads; }

    /// The transformed tiles of a part of the channels: [parts, positions, tiles of a block, channels].
    template <class T>
    T* input(const Context& context, int64_t part) const {
        return reinterpret_cast<T*>(context.scratch + part * input_bytes_);
    }
    template <class T>
    T* output(const Context& context, int64_t part) const {
        return reinterpret_cast<T*>(context.scratch + in_parts() * input_bytes_ + part * output_bytes_);
    }

    /// T is what the factors are stored as.
    template <class T>
    void run_as(const Context& context, State& state) const {
        for (int64_t block = 0; block < blocks_; ++block) {
            const int64_t first = std::min(block * block_, tiles_.count);
            const int64_t count = std::min(block_, tiles_.count - first);
            parallel(request_.threads, block_, 1, [&](int64_t begin, int64_t end) {
                transform<T>(context, first, begin, std::min(end, count));
                clear<T>(context, std::max(begin, count), end);
            });
            const DnnlThreads one(1);
            parallel(request_.threads, request_.threads, 0, [&](int64_t begin, int64_t end) {
                for (int64_t thread = begin; thread < end; ++thread) {
                    const int64_t last = parts() * (thread + 1) / request_.threads;
                    for (int64_t part = parts() * thread / request_.threads; part < last; ++part)
                        multiply<T>(context, state, thread, part, block);
                }
            });
        }
    }

    /// The tiles [begin, end) of the block that begins with tile `first`.
    template <class T>
    void transform(const Context& context, int64_t first, int64_t begin, int64_t end) const {
        if (begin >= end) return;
        constexpr int64_t element = sizeof(T);
        winograd::transform_input(
            tiles_, first + begin, first + end, context.as<const T>(request_.first_buffer),
            input<T>(context, 0) + begin * ins_,
            {.tile = ins_, .position = block_ * ins_, .part = input_bytes_ / element, .part_channels = ins_});
        winograd::transform_output_gradient(tiles_, first + begin, first + end,
                                            context.as<const T>(request_.second_buffer),
                                            output<T>(context, 0) + begin * outs_,
                                            {.tile = outs_,
                                             .position = block_ * outs_,
                                             .part = output_bytes_ / element,
                                             .part_channels = outs_});
    }

    /// Zeros for the tiles [begin, end) of a block that has fewer: the products sum over all of it.
    template <class T>
    void clear(const Context& context, int64_t begin, int64_t end) const {
        if (begin >= end) return;
        const auto clear_part = [&](T* part, int64_t channels) {
            for (int64_t i = 0; i < winograd::positions; ++i)
                std::fill_n(part + (i * block_ + begin) * channels, (end - begin) * channels, T{});
        };
        for (int64_t part = 0; part < in_parts(); ++part) clear_part(input<T>(context, part), ins_);
        for (int64_t part = 0; part < out_parts(); ++part) clear_part(output<T>(context, part), outs_);
    }

    template <class T>
    void multiply(const Context& context, State& state, int64_t thread, int64_t part, int64_t block) const {
        auto& share = state.shares[static_cast<size_t>(thread)];
        const int64_t in = part / out_parts(), out = part % out_parts();
        std::byte* sums = context.scratch + factor_bytes();
        std::byte* sum = sums + (blocks_ > 1 ? part : thread) * sum_bytes_;
        const bool adds = block > 0;
        share.v.set_data_handle(input<T>(context, in));
        share.m.set_data_handle(output<T>(context, out));
        share.du.set_data_handle(sum);
        share.scratchpads[adds].set_data_handle(sums + this->sums() * sum_bytes_ +
                                                thread * scratchpad_bytes_);
        share.arguments[adds].run(products_[adds]);
        if (block + 1 == blocks_)
            winograd::transform_kernel_gradient(
                reinterpret_cast<const float*>(sum), {in * ins_, (in + 1) * ins_},
                {out * outs_, (out + 1) * outs_}, tiles_.in, context.as<float>(request_.result_buffer));
    }

    ProductRequest request_;
    winograd::Tiles tiles_;
    int64_t blocks_ = 0, block_ = 0;                           ///< of tiles, and the tiles of one
    int64_t ins_ = 0, outs_ = 0;                               ///< channels of a part
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
