#include "tests/support/operations.hpp"

#include <fmt/format.h>

#include "ravine/core/values/random.hpp"
#include "ravine/graph/normalize.hpp"

namespace ravine::test {
namespace {

using Arguments = std::span<const Value>;

const std::vector<Shape> plain_shapes{{}, {1}, {7}, {3, 5}, {1, 4, 1}, {2, 3, 2, 3}};

class Cases {
public:
    std::vector<OperationCase> all;

    void add(Op op, std::vector<Shape> arguments, std::function<Value(Arguments)> build,
             bool positive = false) {
        std::string name = name_of(op);
        for (const auto& shape : arguments) name += " " + to_string(shape);
        all.push_back({op, std::move(name), std::move(arguments), std::move(build), positive});
    }

    void add_unary(Op op, Value (*function)(Value), bool positive = false) {
        for (const auto& shape : plain_shapes)
            add(
                op, {shape}, [=](Arguments a) { return function(a[0]); }, positive);
    }

    void add_binary(Op op, Value (*function)(Value, Value), bool positive = false) {
        const auto build = [=](Arguments a) { return function(a[0], a[1]); };
        for (const auto& shape : plain_shapes) add(op, {shape, shape}, build, positive);
        add(op, {{3, 4}, {4}}, build, positive);
        add(op, {{3, 1}, {1, 4}}, build, positive);
        add(op, {{}, {2, 3}}, build, positive);
    }
};

void add_leaves(Cases& cases) {
    const auto times = [](Value (*leaf)(Graph&)) {
        return [=](Arguments a) { return a[0] * broadcast(leaf(*a[0].graph), a[0].shape()); };
    };
    cases.add(Op::constant, {{2, 3}}, times([](Graph& g) { return g.constant(1.5); }));
    cases.add(Op::scalar, {{2, 3}}, times([](Graph& g) { return g.scalar("scalar"); }));
    cases.add(Op::input, {{2, 3}}, times([](Graph& g) { return g.input("input", {3}); }));
    cases.add(Op::parameter, {{2, 3}}, times([](Graph& g) { return g.parameter("parameters", 2, {2, 1}); }));
    cases.add(Op::uniform, {{3, 5}}, times([](Graph& g) { return random_uniform(g, {3, 5}, 1); }));
    cases.add(Op::normal, {{3, 5}}, times([](Graph& g) { return random_normal(g, {3, 5}, 1); }));
}

void add_elementwise(Cases& cases) {
    cases.add_unary(Op::negate, [](Value a) { return -a; });
    cases.add_unary(Op::exp, exp);
    cases.add_unary(Op::log, log, true);
    cases.add_unary(Op::sqrt, sqrt, true);
    cases.add_unary(Op::reciprocal, reciprocal);
    cases.add_unary(Op::square, square);
    cases.add_unary(Op::abs, abs);
    cases.add_unary(Op::sign, sign);
    cases.add_unary(Op::step, step);
    cases.add_unary(Op::relu, relu);
    cases.add_unary(Op::tanh, tanh);
    cases.add_unary(Op::sigmoid, sigmoid);
    cases.add_unary(Op::softplus, softplus);
    cases.add_unary(Op::sin, sin);
    cases.add_unary(Op::cos, cos);
    cases.add_unary(Op::stop_gradient, stop_gradient);
    cases.add_unary(Op::cross_replica_sum, cross_replica_sum);
    cases.add_binary(Op::add, [](Value a, Value b) { return a + b; });
    cases.add_binary(Op::subtract, [](Value a, Value b) { return a - b; });
    cases.add_binary(Op::multiply, [](Value a, Value b) { return a * b; });
    cases.add_binary(Op::divide, [](Value a, Value b) { return a / b; });
    cases.add_binary(Op::maximum, maximum);
    cases.add_binary(Op::minimum, minimum);
    cases.add_binary(Op::greater, greater);
    cases.add_binary(Op::equal, equal);
    const auto choose = [](Arguments a) { return select(step(a[0]), a[1], a[2]); };
    cases.add(Op::select, {{}, {}, {}}, choose);
    cases.add(Op::select, {{3, 5}, {3, 5}, {3, 5}}, choose);
    cases.add(Op::select, {{3, 1}, {5}, {3, 5}}, choose);
}

void add_movement(Cases& cases) {
    const std::vector<std::pair<Shape, Shape>> repeats{{{}, {1}},
                                                       {{}, {2, 3}},
                                                       {{4}, {3, 4}},
                                                       {{3, 1}, {3, 4}},
                                                       {{1, 1}, {3, 1}},
                                                       {{5}, {2, 1, 3, 5}},
                                                       {{2, 1, 1, 5}, {2, 3, 2, 5}},
                                                       {{1, 3, 2, 1}, {2, 3, 2, 5}},
                                                       {{3, 1, 2}, {3, 4, 2}}};
    for (const auto& [small, large] : repeats) {
        const Shape to = large, from = small;
        cases.add(Op::broadcast, {small}, [=](Arguments a) { return broadcast(a[0], to); });
        cases.add(Op::sum_to, {large}, [=](Arguments a) { return sum_to(a[0], from); });
        cases.add(Op::max_to, {large}, [=](Arguments a) { return max_to(a[0], from); });
    }
    cases.add(Op::reshape, {{2, 6}}, [](Arguments a) { return reshape(a[0], {3, 4}); });
    cases.add(Op::reshape, {{1}}, [](Arguments a) { return reshape(a[0], {}); });
    cases.add(Op::permute, {{3, 5}}, [](Arguments a) { return permute(a[0], {1, 0}); });
    cases.add(Op::permute, {{2, 3, 4}}, [](Arguments a) { return permute(a[0], {2, 0, 1}); });
    cases.add(Op::permute, {{2, 3, 1, 5}}, [](Arguments a) { return permute(a[0], {0, 3, 2, 1}); });
    cases.add(Op::permute, {{1, 3, 1}}, [](Arguments a) { return permute(a[0], {2, 1, 0}); });
    cases.add(Op::slice, {{7}}, [](Arguments a) { return slice(a[0], {3}, {1}); });
    cases.add(Op::slice, {{4, 5}}, [](Arguments a) { return slice(a[0], {1, 0}, {2, 5}); });
    cases.add(Op::slice, {{2, 3, 4, 2}}, [](Arguments a) { return slice(a[0], {0, 1, 1, 1}, {2, 2, 1, 1}); });
    cases.add(Op::pad, {{1}}, [](Arguments a) { return pad(a[0], {3}, {7}); });
    cases.add(Op::pad, {{2, 5}}, [](Arguments a) { return pad(a[0], {1, 0}, {4, 5}); });
    cases.add(Op::pad, {{2, 2, 1, 1}}, [](Arguments a) { return pad(a[0], {0, 1, 1, 1}, {2, 3, 4, 2}); });
    cases.add(Op::pad, {{2, 1}, {2, 3}}, [](Arguments a) { return concatenate({a[0], a[1]}, 1); });
}

void add_products(Cases& cases) {
    for (const auto& [m, k, n] : std::vector<std::array<int64_t, 3>>{
             {1, 1, 1}, {1, 3, 1}, {3, 1, 5}, {1, 4, 3}, {5, 3, 1}, {3, 5, 2}, {8, 16, 4}})
        for (const bool ta : {false, true})
            for (const bool tb : {false, true})
                cases.add(Op::matmul, {ta ? Shape{k, m} : Shape{m, k}, tb ? Shape{n, k} : Shape{k, n}},
                          [=](Arguments a) {
                              return matmul(a[0], a[1], ta ? Transpose::yes : Transpose::no,
                                            tb ? Transpose::yes : Transpose::no);
                          });

    struct Geometry {
        Shape image;
        int64_t out, height, width;
        ConvolutionGeometry geometry;
    };
    const std::vector<Geometry> geometries{{{1, 1, 1, 1}, 1, 1, 1, {1, 0}}, {{1, 3, 3, 1}, 1, 3, 3, {1, 1}},
                                           {{2, 4, 5, 3}, 2, 3, 3, {1, 1}}, {{1, 5, 4, 2}, 3, 3, 3, {2, 1}},
                                           {{2, 6, 6, 1}, 2, 2, 2, {2, 0}}, {{1, 5, 5, 2}, 2, 2, 2, {2, 0}},
                                           {{1, 5, 5, 2}, 1, 5, 5, {1, 2}}, {{2, 3, 4, 2}, 2, 1, 1, {2, 0}},
                                           {{1, 2, 7, 2}, 2, 1, 3, {1, 0}}, {{1, 4, 4, 3}, 2, 3, 3, {3, 2}}};
    for (const auto& geometry : geometries) {
        const auto& [image, out, height, width, g] = geometry;
        const Shape kernel{out, image[3], height, width};
        Graph scratch;
        const Shape output = conv2d(scratch.input("x", image), scratch.input("w", kernel), g).shape();
        cases.add(Op::conv2d, {image, kernel}, [g = g](Arguments a) { return conv2d(a[0], a[1], g); });
        cases.add(Op::conv2d_input_gradient, {output, kernel}, [g = g, shape = image](Arguments a) {
            return conv2d_input_gradient(a[0], a[1], shape, g);
        });
        cases.add(Op::conv2d_weight_gradient, {image, output},
                  [g = g, kernel](Arguments a) { return conv2d_weight_gradient(a[0], a[1], kernel, g); });
    }
}

void add_pooling(Cases& cases) {
    const std::vector<std::pair<Shape, PoolGeometry>> geometries{
        {{1, 1, 1, 1}, {1, 1, 0}}, {{2, 4, 4, 3}, {2, 2, 0}}, {{1, 5, 5, 1}, {3, 2, 1}},
        {{1, 5, 4, 2}, {2, 2, 0}}, {{2, 4, 5, 2}, {3, 1, 1}}, {{1, 3, 3, 2}, {3, 3, 0}},
        {{1, 5, 5, 1}, {2, 3, 1}}};
    for (const auto& [image, g] : geometries) {
        const Attributes attributes{.integers = {g.kernel, g.stride, g.padding}, .number = 0, .name = {}};
        Graph scratch;
        const Shape windows = average_pool(scratch.input("x", image), g).shape();
        const auto indices = [=](Value x) {
            return x.graph->make(Op::max_pool_indices, {x.id}, windows, attributes);
        };
        cases.add(Op::max_pool_indices, {image}, [=](Arguments a) { return indices(a[0]); });
        cases.add(Op::pool_gather, {image}, [g = g](Arguments a) { return max_pool(a[0], g); });
        cases.add(Op::pool_scatter, {image, windows}, [=, shape = image](Arguments a) {
            return a[1].graph->make(Op::pool_scatter, {a[1].id, indices(a[0]).id}, shape, attributes);
        });
        cases.add(Op::average_pool, {image}, [g = g](Arguments a) { return average_pool(a[0], g); });
        cases.add(Op::average_pool_gradient, {windows}, [=, shape = image](Arguments a) {
            return a[0].graph->make(Op::average_pool_gradient, {a[0].id}, shape, attributes);
        });
    }
}

void add_rows(Cases& cases) {
    for (const Shape& shape : {Shape{1, 1}, Shape{1, 4}, Shape{5, 1}, Shape{3, 7}}) {
        cases.add(Op::softmax, {shape}, [](Arguments a) { return softmax(a[0]); });
        cases.add(Op::log_softmax, {shape}, [](Arguments a) { return log_softmax(a[0]); });
        // Targets that do not sum to 1: nothing may rely on it.
        cases.add(Op::softmax_cross_entropy, {shape, shape},
                  [](Arguments a) { return softmax_cross_entropy(a[0], a[1]); });
    }
}

void add_normalized(Cases& cases) {
    const auto add = [&](const Shape& x, const Shape& statistics, const Shape& scale, StatisticsOf whose) {
        cases.add(Op::normalized, {x, scale, scale},
                  [=](Arguments a) { return normalize(a[0], statistics, a[1], a[2], 0.1, whose).result; });
    };
    add({5, 3}, {3}, {3}, StatisticsOf::batch);
    add({2, 3, 2, 4}, {4}, {4}, StatisticsOf::batch);
    add({3, 7}, {3, 1}, {7}, StatisticsOf::example);                       // layers
    add({2, 6, 2, 3}, {2, 1, 2, 1}, {1, 1, 2, 3}, StatisticsOf::example);  // groups of channels
    add({2, 6, 3}, {2, 1, 3}, {3}, StatisticsOf::example);                 // channels of an example
}

}  // namespace

std::vector<OperationCase> operation_cases() {
    Cases cases;
    add_leaves(cases);
    add_elementwise(cases);
    add_movement(cases);
    add_products(cases);
    add_pooling(cases);
    add_rows(cases);
    add_normalized(cases);
    return cases.all;
}

std::vector<double> argument_numbers(const OperationCase& operation, size_t argument, uint64_t seed) {
    RandomSequence random({.seed = seed, .stream = static_cast<uint32_t>(argument)});
    std::vector<double> numbers(static_cast<size_t>(element_count(operation.arguments[argument])));
    for (auto& number : numbers) {
        number = random.uniform(0.25, 1.5);
        if (!operation.positive && random.below(2) == 0) number = -number;
    }
    return numbers;
}

}  // namespace ravine::test
