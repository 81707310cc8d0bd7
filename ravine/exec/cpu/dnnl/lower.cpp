#include <algorithm>
#include <map>
#include <set>

#include "ravine/core/error.hpp"
#include "ravine/exec/cpu/dnnl/bfloat16_values.hpp"
#include "ravine/exec/cpu/dnnl/conversion.hpp"
#include "ravine/exec/cpu/dnnl/permutation.hpp"
#include "ravine/exec/cpu/dnnl/pooling.hpp"
#include "ravine/exec/cpu/dnnl/product.hpp"
#include "ravine/exec/cpu/fused/fused_writer.hpp"
#include "ravine/exec/cpu/fused/fusion.hpp"
#include "ravine/exec/plain/plain.hpp"
#include "ravine/exec/plan/plan.hpp"
#include "ravine/graph/flops.hpp"

namespace ravine {
namespace {

/// Adds the kernels that are no fused loops, with the conversions that they need.
class KernelWriter {
public:
    KernelWriter(Lowering& lowering, const Fusion& fusion)
        : lowering_(lowering), fusion_(fusion), graph_(lowering.graph()) {}

    void add_product(const KernelUnit& unit) {
        const Node& node = graph_.node(unit.members[0]);
        ProductRequest request = request_of(node);
        request.result_buffer = lowering_.buffer(unit.members.back());
        request.result_element = lowering_.element_of(request.result_buffer);
        for (size_t i = 1; i < unit.members.size(); ++i) {
            const Node& epilogue = graph_.node(unit.members[i]);
            if (epilogue.op != Op::add) {
                request.activation = epilogue.op;
                continue;
            }
            const int left = lowering_.resolve(epilogue.arguments[0]);
            const int other = left == unit.members[i - 1] ? lowering_.resolve(epilogue.arguments[1]) : left;
            request.bias_buffer = lowering_.buffer(graph_.node(other).arguments[0]);
        }
        if (node.op == Op::conv2d && add_pooled_convolution(unit, request)) return;
        if (node.op == Op::conv2d_weight_gradient && add_gradient_of_scattered(unit, request)) return;
        if (lowering_.options().precision == Precision::bf16 && add_bfloat16_product(unit, node, request))
            return;
        request.first_buffer = buffer_as(node.arguments[0], Element::f32, unit.phase);
        request.second_buffer = buffer_as(node.arguments[1], Element::f32, unit.phase);
        request.factor_element = Element::f32;
        const bool narrows = request.result_element == Element::bf16;
        if (narrows) request.result_buffer = lowering_.extra_buffer(element_count(node.shape), Element::f32);
        request.result_element = Element::f32;
        const int made = request.result_buffer, result = lowering_.buffer(unit.members.back());
        auto kernel = node.op == Op::matmul ? make_matmul(request) : make_convolution(request);
        require(kernel != nullptr || node.op != Op::matmul, "oneDNN has no fast product of {} and {}",
                to_string(request.first), to_string(request.second));
        if (!kernel) kernel = make_gathered_convolution(request);
        add(std::move(kernel), request, unit);
        if (narrows) convert(made, result, unit.phase);
    }

    void add_single(const KernelUnit& unit) {
        const int id = unit.members[0];
        const Node& node = graph_.node(id);
        if (node.op == Op::conv2d_input_gradient || node.op == Op::conv2d_weight_gradient)
            return add_product(unit);
        if (done_.contains(id) || reader_of_scattered(id) >= 0) return;
        PlainRequest request{node, {}, {}, lowering_.buffer(id)};
        const Element element = lowering_.element_of(request.result);
        std::vector<int> nodes = unit.members, writes{request.result};
        if (const int gather = node.op == Op::max_pool_indices ? gather_of(id, unit.phase) : -1;
            gather >= 0) {
            done_.insert(gather);
            nodes.push_back(gather);
            writes.push_back(lowering_.buffer(gather));
        }
        for (const int argument : node.arguments) {
            request.shapes.push_back(graph_.node(argument).shape);
            request.arguments.push_back(buffer_as(argument, element, unit.phase));
        }
        auto kernel = make_fast_pooling(request, element, writes.size() > 1 ? writes[1] : -1);
        if (!kernel) kernel = make_permutation(request, element, lowering_.options().threads);
        if (!kernel) kernel = make_plain(request, element);
        require(kernel != nullptr, "the float executor has no {}", name_of(node.op));
        lowering_.add(std::move(kernel), nodes, request.arguments, writes, unit.phase);
    }

private:
    // Fewer are done on one thread in about 40 microseconds. Handing half of them to a second one gains
    // little where the machine is quiet, and waits for it much longer where other programs compute.
    static constexpr int64_t shared_flops = 4'000'000;

    /// What a product of this node's arguments asks for, but for its buffers and what stands behind it.
    ProductRequest request_of(const Node& node) const {
        return {
            .op = node.op,
            .integers = node.attributes.integers,
            .first = graph_.node(node.arguments[0]).shape,
            .second = graph_.node(node.arguments[1]).shape,
            .result = node.shape,
            .first_buffer = -1,
            .second_buffer = -1,
            .result_buffer = -1,
            .factor_element = lowering_.options().precision == Precision::bf16 ? Element::bf16 : Element::f32,
            .activation = {},
            .threads = flops_of(graph_, node) < shared_flops ? 1 : lowering_.options().threads};
    }

    /// A convolution between few channels and the max-pooling that alone reads its result, as one kernel: the
    /// result is never in memory.
    bool add_pooled_convolution(const KernelUnit& unit, ProductRequest request) {
        const int id = unit.members.back();
        const Node& node = graph_.node(unit.members[0]);
        if (fusion_.use_count(id) != 2 || lowering_.is_output(id)) return false;
        const auto pools_it = [&](int reader) {
            const Node& pooling = graph_.node(reader);
            return pooling.op == Op::max_pool_indices && lowering_.resolve(pooling.arguments[0]) == id &&
                   lowering_.phase_of(reader) == unit.phase && is_halving(pooling, request.result);
        };
        const auto places = std::ranges::find_if(lowering_.needed(), pools_it);
        if (places == lowering_.needed().end()) return false;
        const int maxima = gather_of(*places, unit.phase);
        request.second_buffer = lowering_.buffer(node.arguments[1]);
        request.kernel_element = lowering_.element_of(request.second_buffer);
        request.places_buffer = lowering_.buffer(*places);
        if (maxima < 0 || !suits_thin(request) ||
            lowering_.element_of(request.places_buffer) != request.result_element)
            return false;
        request.first_buffer = buffer_as(node.arguments[0], request.factor_element, unit.phase);
        request.result_buffer = lowering_.buffer(maxima);
        done_.insert(*places), done_.insert(maxima);
        std::vector<int> nodes = unit.members, reads{request.first_buffer, request.second_buffer};
        nodes.insert(nodes.end(), {*places, maxima});
        if (request.bias_buffer >= 0) reads.push_back(request.bias_buffer);
        lowering_.add(make_thin_convolution(request), nodes, reads,
                      {request.places_buffer, request.result_buffer}, unit.phase);
        return true;
    }

    /// The gradient of a kernel between few channels from that of the maxima, of which the gradient of the
    /// convolution's result is made on the way.
    bool add_gradient_of_scattered(const KernelUnit& unit, ProductRequest request) {
        const Node& node = graph_.node(unit.members[0]);
        const int scattered = lowering_.resolve(node.arguments[1]);
        if (reader_of_scattered(scattered) != unit.members[0]) return false;
        const Node& scatter = graph_.node(scattered);
        const auto factor = [&](int id) { return buffer_as(id, request.factor_element, unit.phase); };
        request.first_buffer = factor(node.arguments[0]);
        request.second_buffer = factor(scatter.arguments[0]);
        request.places_buffer = factor(scatter.arguments[1]);
        lowering_.add(make_thin_convolution(request), {unit.members[0], scattered},
                      {request.first_buffer, request.second_buffer, request.places_buffer},
                      {request.result_buffer}, unit.phase);
        return true;
    }

    /// The kernel gradient between few channels that alone reads what this node scatters from maxima, or -1.
    int reader_of_scattered(int id) const {
        const Node& scatter = graph_.node(id);
        if (scatter.op != Op::pool_scatter || fusion_.use_count(id) != 1 || lowering_.is_output(id) ||
            !is_halving(scatter, scatter.shape))
            return -1;
        const auto reads_it = [&](int reader) {
            const Node& node = graph_.node(reader);
            return node.op == Op::conv2d_weight_gradient && lowering_.resolve(node.arguments[1]) == id &&
                   lowering_.phase_of(reader) == lowering_.phase_of(id) && suits_thin(request_of(node));
        };
        const auto reader = std::ranges::find_if(lowering_.needed(), reads_it);
        return reader == lowering_.needed().end() ? -1 : *reader;
    }

    /// Whether a pooling's windows are of 2 x 2, side by side, and cover the image.
    static bool is_halving(const Node& pooling, const Shape& image) {
        const auto& integers = pooling.attributes.integers;
        return integers[0] == 2 && integers[1] == 2 && integers[2] == 0 && image[1] % 2 == 0 &&
               image[2] % 2 == 0;
    }

    /// The node that gathers the maxima at these indices from the image that they are of, where one pass can
    /// leave both; or -1.
    int gather_of(int indices, int phase) {
        for (const int id : lowering_.needed()) {
            const Node& node = graph_.node(id);
            if (node.op != Op::pool_gather || lowering_.phase_of(id) != phase ||
                lowering_.resolve(node.arguments[1]) != indices ||
                node.attributes.integers != graph_.node(indices).attributes.integers ||
                lowering_.resolve(node.arguments[0]) != lowering_.resolve(graph_.node(indices).arguments[0]))
                continue;
            if (lowering_.element_of(lowering_.buffer(id)) == lowering_.element_of(lowering_.buffer(indices)))
                return id;
        }
        return -1;
    }

    /// False where oneDNN has no fast product of bfloat16 for these shapes.
    bool add_bfloat16_product(const KernelUnit& unit, const Node& node, ProductRequest request) {
        request.factor_element = Element::bf16;
        // Kernels of convolutions are repacked anyway, from whatever they are stored as.
        const bool second_is_kernel = node.op == Op::conv2d || node.op == Op::conv2d_input_gradient;
        if (second_is_kernel) {
            request.second_buffer = lowering_.buffer(node.arguments[1]);
            request.kernel_element = lowering_.element_of(request.second_buffer);
        } else if (node.op == Op::conv2d_weight_gradient) {
            request.kernel_element = request.result_element;
        }
        // The buffers of converted factors do not matter for whether there is a kernel.
        auto kernel = node.op == Op::matmul ? make_matmul(request) : make_convolution(request);
        if (!kernel) return false;
        request.first_buffer = buffer_as(node.arguments[0], Element::bf16, unit.phase);
        if (!second_is_kernel)
            request.second_buffer = buffer_as(node.arguments[1], Element::bf16, unit.phase);
        kernel = node.op == Op::matmul ? make_matmul(request) : make_convolution(request);
        add(std::move(kernel), request, unit);
        return true;
    }

    void add(std::unique_ptr<Kernel> kernel, const ProductRequest& request, const KernelUnit& unit) {
        std::vector<int> reads{request.first_buffer, request.second_buffer};
        if (request.bias_buffer >= 0) reads.push_back(request.bias_buffer);
        lowering_.add(std::move(kernel), unit.members, reads, {request.result_buffer}, unit.phase);
    }

    /// The value of a node stored as `element`: its own buffer, or a conversion made once a run.
    int buffer_as(int id, Element element, int phase) {
        const int buffer = lowering_.buffer(id);
        if (lowering_.element_of(buffer) == element) return buffer;
        const auto [entry, is_new] = converted_.try_emplace({buffer, element}, -1);
        if (is_new) {
            entry->second = lowering_.extra_buffer(element_count(graph_.node(id).shape), element);
            convert(buffer, entry->second, phase);
        }
        return entry->second;
    }

    void convert(int from, int to, int phase) {
        lowering_.add(make_conversion({from, lowering_.element_of(from)}, {to, lowering_.element_of(to)},
                                      lowering_.elements_of(from)),
                      {}, {from}, {to}, phase);
    }

    Lowering& lowering_;
    const Fusion& fusion_;
    const Graph& graph_;
    std::map<std::pair<int, Element>, int> converted_;
    std::set<int> done_;  // nodes that another node's kernel computes
};

/// Whether a unit reads a storage.
bool reads_storage(const Graph& graph, const KernelUnit& unit) {
    return std::ranges::any_of(unit.members, [&](int id) {
        return std::ranges::any_of(graph.node(id).arguments,
                                   [&](int argument) { return is_stored_leaf(graph.node(argument).op); });
    });
}

/// Outputs may be written where inputs of the same storage stand when one fused unit does all the reading and
/// writing, element by element and at the same place: an update rule. Units beside it make numbers of
/// run-time scalars.
void allow_in_place(Lowering& lowering, const Fusion& fusion) {
    const Graph& graph = lowering.graph();
    const KernelUnit* reader = nullptr;
    for (const auto& unit : fusion.units()) {
        if (!reads_storage(graph, unit)) continue;
        if (reader || unit.kind != KernelUnit::fused) return;
        reader = &unit;
    }
    if (!reader) return;
    const Shape& space = reader->space;
    std::map<std::string, int64_t> begin_of;  // of the elements that are read, by storage
    for (const int id : lowering.needed()) {
        const Node& node = graph.node(id);
        if (node.op == Op::reshape) return;
        if (!is_stored_leaf(node.op)) continue;
        if (node.shape != space || lowering.is_output(id)) return;
        const int64_t begin = node.op == Op::parameter ? node.attributes.integers[0] : 0;
        if (begin_of.try_emplace(node.attributes.name, begin).first->second != begin) return;
    }
    for (const auto& output : lowering.outputs()) {
        const auto read = begin_of.find(output.storage);
        if (read == begin_of.end()) continue;
        const Node& node = graph.node(lowering.resolve(output.value.id));
        if (output.offset != read->second || node.shape != space || is_reduction(node.op)) return;
        if (!reader->has(lowering.resolve(output.value.id))) return;
    }
    for (const auto& output : lowering.outputs()) lowering.allow_in_place(lowering.storage(output.storage));
}

}  // namespace

std::unique_ptr<const Plan> lower_to_onednn(const Graph& graph, std::vector<Output> outputs,
                                            CompileOptions options) {
    Lowering lowering(graph, std::move(outputs), options);
    const Fusion fusion(lowering);
    allow_in_place(lowering, fusion);
    if (options.precision == Precision::bf16) lowering.keep_as_bfloat16(bfloat16_values(lowering));
    KernelWriter kernels(lowering, fusion);
    for (const auto& unit : fusion.units()) {
        if (unit.kind == KernelUnit::fused)
            add_fused(lowering, fusion, unit);
        else if (unit.kind == KernelUnit::product)
            kernels.add_product(unit);
        else
            kernels.add_single(unit);
    }
    return lowering.finish();
}

}  // namespace ravine
