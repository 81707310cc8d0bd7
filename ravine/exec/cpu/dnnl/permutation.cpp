#include "ravine/exec/cpu/dnnl/permutation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "ravine/core/threads/threads.hpp"
#include "ravine/exec/cpu/dnnl/dnnl.hpp"
#include "ravine/exec/cpu/dnnl/transposition.hpp"

namespace ravine {
namespace {

using dnnl::memory;

class Permutation : public Kernel {
public:
    Permutation(const PlainRequest& request, Element element, int threads)
        : source_(request.arguments[0]), target_(request.result), threads_(threads) {
        const Shape &from = request.shapes[0], &to = request.node.shape;
        const auto strides = dense_strides(from);
        memory::dims permuted;
        for (const int64_t axis : request.node.attributes.integers)
            permuted.push_back(strides[static_cast<size_t>(axis)]);
        const auto type = data_type_of(element);
        from_ = memory::desc(to, type, permuted);
        to_ = memory::desc(to, type, dense_strides(to));
        text_ = fmt::format("{} {} -> {}", name_of(request.node.op), to_string(from), to_string(to));
        const DnnlThreads use(threads);
        dnnl::primitive_attr attributes;
        attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
        const dnnl::reorder::primitive_desc descriptor(dnnl_engine(), from_, dnnl_engine(), to_, attributes);
        const std::string implementation = descriptor.impl_info_str();
        is_slow_ = is_reference(implementation) || implementation.starts_with("simple");
        scratchpad_ = descriptor.scratchpad_desc();
        reorder_ = dnnl::reorder(descriptor);
    }

    bool is_slow() const { return is_slow_; }

    int64_t scratch_bytes() const override { return static_cast<int64_t>(scratchpad_.get_size()); }

    std::unique_ptr<KernelState> make_state() const override {
        auto state = std::make_unique<State>();
        const auto handle = [](const memory::desc& desc) { return memory(desc, dnnl_engine(), nullptr); };
        state->from = handle(from_), state->to = handle(to_), state->scratchpad = handle(scratchpad_);
        state->arguments.add(DNNL_ARG_FROM, state->from);
        state->arguments.add(DNNL_ARG_TO, state->to);
        state->arguments.add(DNNL_ARG_SCRATCHPAD, state->scratchpad);
        return state;
    }

    void run(const Context& context, KernelState* kernel_state) const override {
        auto& state = static_cast<State&>(*kernel_state);
        if (state.bindings != context.bindings) {
            state.from.set_data_handle(context.buffers[source_]);
            state.to.set_data_handle(context.buffers[target_]);
            state.scratchpad.set_data_handle(context.scratch);
            state.bindings = context.bindings;
        }
        const DnnlThreads threads(threads_);
        state.arguments.run(reorder_);
    }

    std::string describe() const override { return text_; }

private:
    struct State : KernelState {
        memory from, to, scratchpad;
        DnnlArguments arguments;
        uint64_t bindings = 0;
    };

    int source_, target_, threads_;
    memory::desc from_, to_, scratchpad_;
    dnnl::reorder reorder_;
    bool is_slow_ = false;
    std::string text_;
};

/// Matrices one after another, each to be transposed.
struct Matrices {
    int64_t count = 1, rows = 1, columns = 1;
};

/// What a permutation is that leaves the first axes where they are and exchanges two groups of the others;
/// nothing for any other.
std::optional<Matrices> matrices_of(const PlainRequest& request) {
    const auto& axes = request.node.attributes.integers;
    const Shape& from = request.shapes[0];
    const auto count = static_cast<int64_t>(axes.size());
    int64_t fixed = 0;
    while (fixed < count && axes[static_cast<size_t>(fixed)] == fixed) ++fixed;
    if (fixed == count) return {};
    const int64_t moved = axes[static_cast<size_t>(fixed)];  // the first axis of the group that goes in front
    Matrices result;
    for (int64_t i = 0; i < count; ++i) {
        const int64_t wanted = i < fixed                   ? i
                               : i < fixed + count - moved ? moved + i - fixed
                                                           : i - (count - moved);
        if (axes[static_cast<size_t>(i)] != wanted) return {};
        (i < fixed ? result.count : i < moved ? result.rows : result.columns) *= from[static_cast<size_t>(i)];
    }
    return result;
}

template <class T>
std::unique_ptr<Kernel> make_transposition(const PlainRequest& request, const Matrices& matrices) {
    const int source = request.arguments[0], target = request.result;
    return make_kernel(fmt::format("{} {} -> {} [transposed]", name_of(request.node.op),
                                   to_string(request.shapes[0]), to_string(request.node.shape)),
                       [=](const Context& context) {
                           const int64_t size = matrices.rows * matrices.columns;
                           parallel(context.threads, matrices.count, 1, [&](int64_t begin, int64_t end) {
                               for (int64_t i = begin; i < end; ++i)
                                   transpose(context.as<const T>(source) + i * size, matrices.rows,
                                             matrices.columns, context.as<T>(target) + i * size);
                           });
                       });
}

}  // namespace

std::unique_ptr<Kernel> make_permutation(const PlainRequest& request, Element element, int threads) {
    const size_t axes = request.node.shape.size();
    if (request.node.op != Op::permute || axes == 0 || axes > DNNL_MAX_NDIMS) return nullptr;
    // The library moves number by number. It has the matrices that do not fit a second level of cache.
    constexpr int64_t largest = 1 << 18;
    if (const auto matrices = matrices_of(request);
        matrices && matrices->count >= threads &&
        std::min(matrices->rows, matrices->columns) >= fewest_to_transpose &&
        matrices->rows * matrices->columns * size_of(element) <= largest)
        return element == Element::bf16 ? make_transposition<Bfloat16>(request, *matrices)
                                        : make_transposition<float>(request, *matrices);
    constexpr int64_t shared_elements = 1 << 16;  // fewer are sooner moved by one thread
    auto kernel = std::make_unique<Permutation>(
        request, element, element_count(request.node.shape) < shared_elements ? 1 : threads);
    if (kernel->is_slow()) return nullptr;
    return kernel;
}

}  // namespace ravine
