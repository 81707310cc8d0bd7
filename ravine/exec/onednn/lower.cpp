#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "ravine/core/error.hpp"
#include "ravine/exec/onednn/bfloat16_values.hpp"
#include "ravine/exec/onednn/conversion.hpp"
#include "ravine/exec/onednn/fused.hpp"
#include "ravine/exec/onednn/fusion.hpp"
#include "ravine/exec/onednn/pooling.hpp"
#include "ravine/exec/onednn/product.hpp"
#include "ravine/exec/plain/plain.hpp"
#include "ravine/exec/plan.hpp"

namespace ravine {
namespace {

tile::Function function_of(Op op) {
    using tile::Function;
    switch (op) {
        case Op::negate:
            return Function::negate;
        case Op::exp:
            return Function::exp;
        case Op::log:
            return Function::log;
        case Op::sqrt:
            return Function::sqrt;
        case Op::reciprocal:
            return Function::reciprocal;
        case Op::square:
            return Function::square;
        case Op::abs:
            return Function::abs;
        case Op::sign:
            return Function::sign;
        case Op::step:
            return Function::step;
        case Op::relu:
            return Function::relu;
        case Op::tanh:
            return Function::tanh;
        case Op::sigmoid:
            return Function::sigmoid;
        case Op::softplus:
            return Function::softplus;
        case Op::sin:
            return Function::sin;
        case Op::cos:
            return Function::cos;
        case Op::add:
            return Function::add;
        case Op::subtract:
            return Function::subtract;
        case Op::multiply:
            return Function::multiply;
        case Op::divide:
            return Function::divide;
        case Op::maximum:
            return Function::maximum;
        case Op::minimum:
            return Function::minimum;
        case Op::greater:
            return Function::greater;
        case Op::equal:
            return Function::equal;
        case Op::select:
            return Function::select;
        default:
            require(false, "{} is not elementwise", name_of(op));
            return Function::copy;
    }
}

/// Writes one fused unit as a straight-line program.
class FusedWriter {
public:
    FusedWriter(Lowering& lowering, const Fusion& fusion, const Unit& unit)
        : lowering_(lowering), graph_(lowering.graph()), fusion_(fusion), unit_(unit) {
        spec_.space = unit.space;
        choose_instructions();
        for (const int id : unit.members) collect_loads(id);
        next_register_ = static_cast<int>(spec_.loads.size());
        for (const int id : unit.members) write(id);
        for (const int id : unit.members) store(id);
    }

    void add() {
        if (writes_.empty()) return;  // others compute all of it again
        std::vector<int> own;
        std::ranges::copy_if(unit_.members, std::back_inserter(own), [&](int id) { return unit_.owns(id); });
        lowering_.add(make_fused(std::move(spec_), lowering_.options().threads), own, reads_, writes_,
                      unit_.phase);
    }

private:
    bool is_member(int id) const { return unit_.has(id); }

    std::vector<int> arguments(int id) const {
        std::vector<int> result;
        for (const int argument : graph_.node(id).arguments) result.push_back(lowering_.resolve(argument));
        return result;
    }

    /// One instruction and the values that it reads.
    struct Choice {
        tile::Function function;
        std::vector<int> operands;
    };

    bool is_member_op(int id, Op op) const { return is_member(id) && graph_.node(id).op == op; }
    /// Cheap enough to be computed again inside every instruction that takes it in.
    bool is_product(int id) const { return is_member_op(id, Op::multiply); }
    /// Taken in where nothing else wants it.
    bool is_private(int id, Op op) const {
        return is_member_op(id, op) && fusion_.use_count(id) == 1 && !lowering_.is_output(id);
    }

    /// The instruction for a member: its own operation, or one that takes in what it reads.
    Choice choose(int id) const {
        using tile::Function;
        const Op op = graph_.node(id).op;
        // A lazy operation that needs memory of its own reads itself: it is a copy.
        if (op == Op::constant || op == Op::scalar) return {Function::copy, {id}};
        const auto terms = arguments(id);
        if (op == Op::broadcast) return {Function::copy, terms};
        if (op == Op::add) {
            for (const size_t i : {size_t{1}, size_t{0}}) {
                const int term = terms[i], other = terms[1 - i];
                if (is_product(term)) {
                    const auto factors = arguments(term);
                    for (const size_t k : {size_t{1}, size_t{0}})
                        if (is_member_op(factors[k], Op::square))
                            return {Function::square_multiply_add,
                                    {arguments(factors[k])[0], factors[1 - k], other}};
                    return {Function::multiply_add, {factors[0], factors[1], other}};
                }
                if (is_private(term, Op::sqrt) && is_product(arguments(term)[0])) {
                    const auto factors = arguments(arguments(term)[0]);
                    return {Function::scaled_root_add, {factors[0], factors[1], other}};
                }
            }
        }
        if (op == Op::subtract && is_product(terms[1])) {
            const auto factors = arguments(terms[1]);
            return {Function::negative_multiply_add, {factors[0], factors[1], terms[0]}};
        }
        if (op == Op::subtract && is_private(terms[1], Op::divide)) {
            const auto parts = arguments(terms[1]);
            return {Function::subtract_quotient, {terms[0], parts[0], parts[1]}};
        }
        return {function_of(op), terms};
    }

    /// What a reduction reads, and how: a sum of squares squares by itself.
    std::pair<FusedSpec::Reduction::Kind, int> reduced(int id) const {
        using Reduction = FusedSpec::Reduction;
        const int value = arguments(id)[0];
        if (graph_.node(id).op == Op::max_to) return {Reduction::maximum, value};
        if (element_count(graph_.node(id).shape) == 1 && is_member_op(value, Op::square))
            return {Reduction::sum_of_squares, arguments(value)[0]};
        return {Reduction::sum, value};
    }

    /// Chooses instructions for the members that something wants, the last first: what an instruction takes
    /// in is computed for itself only where something else wants it too.
    void choose_instructions() {
        std::set<int> wanted;
        for (auto id = unit_.members.rbegin(); id != unit_.members.rend(); ++id) {
            if (is_reduction(graph_.node(*id).op)) {
                wanted.insert(reduced(*id).second);
            } else if (wanted.contains(*id) || leaves(*id)) {
                const auto& choice = choices_.emplace(*id, choose(*id)).first->second;
                wanted.insert(choice.operands.begin(), choice.operands.end());
            }
        }
    }

    /// The load for a value that no member computes; what lazy broadcasts repeat is loaded from its source.
    int load_of(int id) {
        FusedSpec::Load load;
        const Node* node = &graph_.node(id);
        while (node->op == Op::broadcast && fusion_.is_lazy(id)) {
            id = lowering_.resolve(node->arguments[0]);
            node = &graph_.node(id);
        }
        if (node->op == Op::constant) {
            load.kind = FusedSpec::Load::constant;
            load.number = node->attributes.number;
        } else if (node->op == Op::scalar) {
            load.kind = FusedSpec::Load::scalar;
            load.index = lowering_.scalar(node->attributes.name);
        } else {
            load.index = lowering_.buffer(id);
            load.shape = node->shape;
            load.element = lowering_.element_of(load.index);
            if (std::ranges::find(reads_, load.index) == reads_.end()) reads_.push_back(load.index);
        }
        const auto known = std::ranges::find(spec_.loads, load);
        if (known != spec_.loads.end()) return static_cast<int>(known - spec_.loads.begin());
        spec_.loads.push_back(load);
        return static_cast<int>(spec_.loads.size()) - 1;
    }

    void collect_loads(int id) {
        const auto load = [&](int operand) {
            if (!is_member(operand) || operand == id) loaded_[operand] = load_of(operand);
        };
        if (is_reduction(graph_.node(id).op))
            load(reduced(id).second);
        else if (const auto choice = choices_.find(id); choice != choices_.end())
            std::ranges::for_each(choice->second.operands, load);
    }

    int register_of(int id, int reader) const {
        if (!is_member(id) || id == reader) return loaded_.at(id);
        return register_of_.at(id);
    }

    void write(int id) {
        const auto choice = choices_.find(id);
        if (choice == choices_.end()) return;
        std::array<int, 3> r{-1, -1, -1};
        for (size_t i = 0; i < choice->second.operands.size(); ++i)
            r[i] = register_of(choice->second.operands[i], id);
        spec_.instructions.push_back({choice->second.function, r[0], r[1], r[2]});
        register_of_[id] = next_register_++;
    }

    /// Whether the unit must leave the member in memory.
    bool leaves(int id) const { return unit_.owns(id) && fusion_.is_stored(id); }

    void store(int id) {
        if (!leaves(id)) return;
        const Node& node = graph_.node(id);
        const int buffer = lowering_.buffer(id);
        writes_.push_back(buffer);
        if (is_reduction(node.op)) {
            const auto [kind, value] = reduced(id);
            spec_.reductions.push_back({kind, register_of(value, id), buffer, node.shape});
            return;
        }
        FusedSpec::Store store{
            .value = register_of_.at(id), .buffer = buffer, .element = lowering_.element_of(buffer)};
        for (size_t i = 0; i < spec_.loads.size(); ++i)
            if (spec_.loads[i].kind == FusedSpec::Load::buffer &&
                lowering_.same_place(spec_.loads[i].index, buffer))
                store.alias = static_cast<int>(i);
        spec_.stores.push_back(store);
    }

    Lowering& lowering_;
    const Graph& graph_;
    const Fusion& fusion_;
    const Unit& unit_;
    FusedSpec spec_;
    std::map<int, Choice> choices_;
    std::map<int, int> loaded_, register_of_;
    std::vector<int> reads_, writes_;
    int next_register_ = 0;
};

/// Adds the kernels that are no fused loops, with the conversions that they need.
class KernelWriter {
public:
    explicit KernelWriter(Lowering& lowering) : lowering_(lowering), graph_(lowering.graph()) {}

    void add_product(const Unit& unit) {
        const Node& node = graph_.node(unit.members[0]);
        const int result = lowering_.buffer(unit.members.back());
        ProductRequest request{.op = node.op,
                               .integers = node.attributes.integers,
                               .first = graph_.node(node.arguments[0]).shape,
                               .second = graph_.node(node.arguments[1]).shape,
                               .result = node.shape,
                               .first_buffer = -1,
                               .second_buffer = -1,
                               .result_buffer = result,
                               .result_element = lowering_.element_of(result),
                               .activation = {},
                               .threads = lowering_.options().threads};
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
        if (lowering_.options().precision == Precision::bf16 && add_bfloat16_product(unit, node, request))
            return;
        request.first_buffer = buffer_as(node.arguments[0], Element::f32, unit.phase);
        request.second_buffer = buffer_as(node.arguments[1], Element::f32, unit.phase);
        request.factor_element = Element::f32;
        const bool narrows = request.result_element == Element::bf16;
        if (narrows) request.result_buffer = lowering_.extra_buffer(element_count(node.shape), Element::f32);
        request.result_element = Element::f32;
        const int made = request.result_buffer;
        auto kernel = node.op == Op::matmul ? make_matmul(request) : make_convolution(request);
        if (!kernel) kernel = make_gathered_convolution(request);
        add(std::move(kernel), request, unit);
        if (narrows) convert(made, result, unit.phase);
    }

    void add_single(const Unit& unit) {
        const int id = unit.members[0];
        const Node& node = graph_.node(id);
        if (node.op == Op::conv2d_input_gradient || node.op == Op::conv2d_weight_gradient)
            return add_product(unit);
        if (done_.contains(id)) return;
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
        if (!kernel) kernel = make_plain(request, element);
        require(kernel != nullptr, "the float executor has no {}", name_of(node.op));
        lowering_.add(std::move(kernel), nodes, request.arguments, writes, unit.phase);
    }

private:
    /// The node that gathers the maxima at these indices from the image that they are of, where one pass can
    /// leave both; or -1.
    int gather_of(int indices, int phase) {
        for (const int id : lowering_.needed()) {
            const Node& node = graph_.node(id);
            if (node.op != Op::pool_gather || lowering_.phase_of(id) != phase ||
                lowering_.resolve(node.arguments[1]) != indices ||
                lowering_.resolve(node.arguments[0]) != lowering_.resolve(graph_.node(indices).arguments[0]))
                continue;
            if (lowering_.element_of(lowering_.buffer(id)) == lowering_.element_of(lowering_.buffer(indices)))
                return id;
        }
        return -1;
    }

    /// False where oneDNN has no fast product of bfloat16 for these shapes.
    bool add_bfloat16_product(const Unit& unit, const Node& node, ProductRequest request) {
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

    void add(std::unique_ptr<Kernel> kernel, const ProductRequest& request, const Unit& unit) {
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
    const Graph& graph_;
    std::map<std::pair<int, Element>, int> converted_;
    std::set<int> done_;  // nodes that another node's kernel computes
};

/// Outputs may be written where inputs of the same storage stand when one fused unit does all the reading and
/// writing, element by element and at the same place: an update rule.
void allow_in_place(Lowering& lowering, const Fusion& fusion) {
    const Graph& graph = lowering.graph();
    if (fusion.units().size() != 1 || fusion.units()[0].kind != Unit::fused) return;
    const Shape& space = fusion.units()[0].space;
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
    KernelWriter kernels(lowering);
    for (const auto& unit : fusion.units()) {
        if (unit.kind == Unit::fused)
            FusedWriter(lowering, fusion, unit).add();
        else if (unit.kind == Unit::product)
            kernels.add_product(unit);
        else
            kernels.add_single(unit);
    }
    return lowering.finish();
}

}  // namespace ravine
