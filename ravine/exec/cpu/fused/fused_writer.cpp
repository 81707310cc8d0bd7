#include "ravine/exec/cpu/fused/fused_writer.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "ravine/core/error.hpp"
#include "ravine/exec/cpu/fused/fused.hpp"

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
    FusedWriter(Lowering& lowering, const Fusion& fusion, const KernelUnit& unit)
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
        if (op == Op::multiply)
            for (const size_t i : {size_t{0}, size_t{1}})
                if (is_private(terms[i], Op::step))
                    return {Function::multiply_by_step, {terms[1 - i], arguments(terms[i])[0]}};
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
    const KernelUnit& unit_;
    FusedSpec spec_;
    std::map<int, Choice> choices_;
    std::map<int, int> loaded_, register_of_;
    std::vector<int> reads_, writes_;
    int next_register_ = 0;
};

}  // namespace

void add_fused(Lowering& lowering, const Fusion& fusion, const KernelUnit& unit) {
    FusedWriter(lowering, fusion, unit).add();
}

}  // namespace ravine
