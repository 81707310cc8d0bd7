#include <algorithm>
#include <array>
#include <map>

#include "ravine/core/error.hpp"
#include "ravine/exec/onednn/fused.hpp"
#include "ravine/exec/onednn/fusion.hpp"
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
        find_products_of_sums();
        for (const int id : unit.members) collect_loads(id);
        next_register_ = static_cast<int>(spec_.loads.size());
        for (const int id : unit.members) write(id);
        for (const int id : unit.members) store(id);
    }

    void add() {
        lowering_.add(make_fused(std::move(spec_), lowering_.options().threads), reads_, writes_,
                      unit_.phase);
    }

private:
    bool is_member(int id) const { return std::ranges::binary_search(unit_.members, id); }

    std::vector<int> arguments(int id) const {
        std::vector<int> result;
        for (const int argument : graph_.node(id).arguments) result.push_back(lowering_.resolve(argument));
        return result;
    }

    /// a b + c and c - a b are one instruction where nothing else reads a b.
    void find_products_of_sums() {
        for (const int id : unit_.members) {
            const Op op = graph_.node(id).op;
            if (op != Op::add && op != Op::subtract) continue;
            const auto terms = arguments(id);
            for (const size_t i : {size_t{1}, size_t{0}}) {
                const int term = terms[i];
                if (op == Op::subtract && i == 0) continue;
                if (graph_.node(term).op != Op::multiply || !is_member(term) ||
                    fusion_.use_count(term) != 1 || lowering_.is_output(term))
                    continue;
                absorbed_[term] = id;
                product_of_[id] = {term, terms[1 - i]};
                break;
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
            if (std::ranges::find(reads_, load.index) == reads_.end()) reads_.push_back(load.index);
        }
        const auto known = std::ranges::find(spec_.loads, load);
        if (known != spec_.loads.end()) return static_cast<int>(known - spec_.loads.begin());
        spec_.loads.push_back(load);
        return static_cast<int>(spec_.loads.size()) - 1;
    }

    /// What a member reads. A lazy operation that needs memory of its own reads itself: it is a copy.
    std::vector<int> operands(int id) const {
        const Op op = graph_.node(id).op;
        if (op == Op::constant || op == Op::scalar) return {id};
        return arguments(id);
    }

    void collect_loads(int id) {
        for (const int operand : operands(id))
            if (!is_member(operand) || operand == id) loaded_[operand] = load_of(operand);
    }

    int register_of(int id, int reader) const {
        if (!is_member(id) || id == reader) return loaded_.at(id);
        return register_of_.at(id);
    }

    int emit(tile::Function function, int a, int b = -1, int c = -1) {
        spec_.instructions.push_back({function, a, b, c});
        return next_register_++;
    }

    void write(int id) {
        const Op op = graph_.node(id).op;
        if (absorbed_.contains(id)) return;
        if (is_reduction(op)) return;
        const auto reads = operands(id);
        if (op == Op::constant || op == Op::scalar || op == Op::broadcast) {
            register_of_[id] = emit(tile::Function::copy, register_of(reads[0], id));
        } else if (const auto product = product_of_.find(id); product != product_of_.end()) {
            const auto factors = arguments(product->second.first);
            register_of_[id] =
                emit(op == Op::add ? tile::Function::multiply_add : tile::Function::negative_multiply_add,
                     register_of(factors[0], id), register_of(factors[1], id),
                     register_of(product->second.second, id));
        } else {
            std::array<int, 3> r{-1, -1, -1};
            for (size_t i = 0; i < reads.size(); ++i) r[i] = register_of(reads[i], id);
            register_of_[id] = emit(function_of(op), r[0], r[1], r[2]);
        }
    }

    /// Whether anything outside the unit reads the member.
    bool leaves(int id) const {
        if (lowering_.is_output(id)) return true;
        return fusion_.is_read_outside(id, unit_.members);
    }

    void store(int id) {
        if (absorbed_.contains(id) || !leaves(id)) return;
        const Node& node = graph_.node(id);
        const int buffer = lowering_.buffer(id);
        writes_.push_back(buffer);
        if (is_reduction(node.op)) {
            const int value = lowering_.resolve(node.arguments[0]);
            spec_.reductions.push_back(
                {node.op == Op::sum_to ? FusedSpec::Reduction::sum : FusedSpec::Reduction::maximum,
                 register_of(value, id), buffer, node.shape});
            return;
        }
        FusedSpec::Store store{register_of_.at(id), buffer};
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
    std::map<int, int> loaded_, register_of_, absorbed_;
    std::map<int, std::pair<int, int>> product_of_;
    std::vector<int> reads_, writes_;
    int next_register_ = 0;
};

void add_product(Lowering& lowering, const Unit& unit) {
    const Graph& graph = lowering.graph();
    const Node& node = graph.node(unit.members[0]);
    ProductRequest request{.op = node.op,
                           .integers = node.attributes.integers,
                           .first = graph.node(node.arguments[0]).shape,
                           .second = graph.node(node.arguments[1]).shape,
                           .result = node.shape,
                           .first_buffer = lowering.buffer(node.arguments[0]),
                           .second_buffer = lowering.buffer(node.arguments[1]),
                           .result_buffer = lowering.buffer(unit.members.back()),
                           .activation = {},
                           .threads = lowering.options().threads};
    std::vector<int> reads{request.first_buffer, request.second_buffer};
    for (size_t i = 1; i < unit.members.size(); ++i) {
        const Node& epilogue = graph.node(unit.members[i]);
        if (epilogue.op != Op::add) {
            request.activation = epilogue.op;
            continue;
        }
        const int left = lowering.resolve(epilogue.arguments[0]);
        const int other = left == unit.members[i - 1] ? lowering.resolve(epilogue.arguments[1]) : left;
        request.bias_buffer = lowering.buffer(graph.node(other).arguments[0]);
        reads.push_back(request.bias_buffer);
    }
    auto kernel = node.op == Op::matmul ? make_matmul(request) : make_convolution(request);
    lowering.add(std::move(kernel), reads, {request.result_buffer}, unit.phase);
}

void add_single(Lowering& lowering, const Unit& unit) {
    const Node& node = lowering.graph().node(unit.members[0]);
    if (node.op == Op::conv2d_input_gradient || node.op == Op::conv2d_weight_gradient)
        return add_product(lowering, unit);
    PlainRequest request{node, {}, {}, lowering.buffer(unit.members[0])};
    for (const int argument : node.arguments) {
        request.shapes.push_back(lowering.graph().node(argument).shape);
        request.arguments.push_back(lowering.buffer(argument));
    }
    auto kernel = make_plain(request, Precision::f32);
    require(kernel != nullptr, "the float executor has no {}", name_of(node.op));
    lowering.add(std::move(kernel), request.arguments, {request.result}, unit.phase);
}

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
    for (const auto& unit : fusion.units()) {
        if (unit.kind == Unit::fused)
            FusedWriter(lowering, fusion, unit).add();
        else if (unit.kind == Unit::product)
            add_product(lowering, unit);
        else
            add_single(lowering, unit);
    }
    return lowering.finish();
}

}  // namespace ravine
