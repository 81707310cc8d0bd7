#include "ravine/optim/functions/functions.hpp"

#include <cmath>
#include <limits>
#include <utility>

#include "ravine/graph/ops.hpp"

namespace ravine {
namespace {

/// The vector of parameters of dimension n.
Value vector(Graph& graph, int64_t n) { return graph.parameter("parameters", 0, {n}); }

/// Element i of a vector, a scalar.
Value element(Value x, int64_t i) { return reshape(slice(x, {i}, {1}), {}); }

/// 1, r, r^2, ..., r^(n-1): by doubling, so that the graph has about log n nodes.
Value powers(Graph& graph, double r, int64_t n) {
    Value p = graph.constant(1, {1});
    for (int64_t length = 1; length < n; length *= 2) {
        p = concatenate({p, std::pow(r, static_cast<double>(length)) * p}, 0);
    }
    return slice(p, {0}, {n});
}

/// A function of two variables from its formula.
template <class F>
std::function<LossGraph(Graph&)> of_two(F formula) {
    return [formula](Graph& graph) {
        const Value x = vector(graph, 2);
        return LossGraph{.loss = formula(element(x, 0), element(x, 1)), .parameters = {x}};
    };
}

std::vector<double> filled(int64_t n, double value) {
    return std::vector<double>(static_cast<size_t>(n), value);
}

struct Sphere {
    int64_t dimension = 2;

    Function make() const {
        return {.name = "sphere",
                .dimension = dimension,
                .build =
                    [n = dimension](Graph& graph) {
                        const Value x = vector(graph, n);
                        return LossGraph{.loss = sum(square(x)), .parameters = {x}};
                    },
                .minima = {filled(dimension, 0)},
                .minimum = 0,
                .start = filled(dimension, 1),
                .low = -2,
                .high = 2};
    }
};

struct Quadratic {
    double condition = 100;
    int64_t dimension = 2;

    Function make() const {
        const double ratio = dimension > 1 ? std::pow(condition, 1 / static_cast<double>(dimension - 1)) : 1;
        return {.name = "quadratic",
                .dimension = dimension,
                .build =
                    [n = dimension, ratio](Graph& graph) {
                        const Value x = vector(graph, n);
                        return LossGraph{.loss = 0.5 * sum(powers(graph, ratio, n) * square(x)),
                                         .parameters = {x}};
                    },
                .minima = {filled(dimension, 0)},
                .minimum = 0,
                .start = filled(dimension, 1),
                .low = -2,
                .high = 2};
    }
};

struct Rosenbrock {
    int64_t dimension = 2;

    Function make() const {
        std::vector<double> start = filled(dimension, 1);
        for (size_t i = 0; i < start.size(); i += 2) start[i] = -1.2;
        return {.name = "rosenbrock",
                .dimension = dimension,
                .build =
                    [n = dimension](Graph& graph) {
                        const Value x = vector(graph, n);
                        const Value a = slice(x, {0}, {n - 1}), b = slice(x, {1}, {n - 1});
                        return LossGraph{.loss = sum(100 * square(b - square(a)) + square(1 - a)),
                                         .parameters = {x}};
                    },
                .minima = {filled(dimension, 1)},
                .minimum = 0,
                .start = std::move(start),
                .low = -2,
                .high = 2};
    }
};

struct Beale {
    Function make() const {
        return {.name = "beale",
                .dimension = 2,
                .build = of_two([](Value x, Value y) {
                    const Value y2 = square(y);
                    return square(1.5 - x + x * y) + square(2.25 - x + x * y2) +
                           square(2.625 - x + x * y2 * y);
                }),
                .minima = {{3, 0.5}},
                .minimum = 0,
                .start = {1, 1},
                .low = -4.5,
                .high = 4.5};
    }
};

struct Himmelblau {
    Function make() const {
        return {.name = "himmelblau",
                .dimension = 2,
                .build = of_two(
                    [](Value x, Value y) { return square(square(x) + y - 11) + square(x + square(y) - 7); }),
                .minima = {{3, 2},
                           {-2.805118086952745, 3.131312518250573},
                           {-3.779310253377747, -3.283185991286170},
                           {3.584428340330492, -1.848126526964404}},
                .minimum = 0,
                .start = {0, 0},
                .low = -5,
                .high = 5};
    }
};

struct Booth {
    Function make() const {
        return {
            .name = "booth",
            .dimension = 2,
            .build = of_two([](Value x, Value y) { return square(x + 2 * y - 7) + square(2 * x + y - 5); }),
            .minima = {{1, 3}},
            .minimum = 0,
            .start = {0, 0},
            .low = -10,
            .high = 10};
    }
};

struct MonkeySaddle {
    Function make() const {
        return {.name = "monkey-saddle",
                .dimension = 2,
                .build = of_two([](Value x, Value y) { return x * square(x) - 3 * x * square(y); }),
                .minima = {},
                .minimum = -std::numeric_limits<double>::infinity(),
                .start = {0.9, 0.01},
                .low = -1,
                .high = 1};
    }
};

struct Cliff {
    double height = 10;
    double width = 0.05;

    Function make() const {
        return {.name = "cliff",
                .dimension = 2,
                .build = of_two([h = height, w = width](Value x, Value y) {
                    // A polynomial step: exactly flat above and below, twice differentiable at its ends.
                    const Value t = minimum(relu(x / w), constant_like(x, 1));
                    const Value step = t * square(t) * (10 - 15 * t + 6 * square(t));
                    return 0.05 * (square(x + 1) + square(y)) + h * step;
                }),
                .minima = {{-1, 0}},
                .minimum = 0,
                .start = {1, 1},
                .low = -2,
                .high = 2};
    }
};

struct Coupled {
    double alpha = 0.01;

    Function make() const {
        return {.name = "coupled",
                .dimension = 2,
                .build = of_two(
                    [a = alpha](Value x, Value y) { return square(x - y) + a * (square(x) + square(y)); }),
                .minima = {{0, 0}},
                .minimum = 0,
                .start = {1, 1},
                .low = -2,
                .high = 2};
    }
};

using Functions = Catalog<Function>;

template <class T>
void add(Functions& all, Entry entry, std::vector<Field<T>> fields = {}) {
    all.add<T>(std::move(entry), std::move(fields), [](const T& settings) { return settings.make(); });
}

void add_bowls(Functions& all) {
    constexpr Range up_to_a_million{1, 1e6};
    add<Sphere>(all,
                {.name = "sphere",
                 .summary = "the plain bowl",
                 .formula = "sum_i x_i^2; minimum 0 at 0",
                 .source = "De Jong 1975, function 1"},
                {field("dimension", &Sphere::dimension, up_to_a_million, "number of variables")});
    add<Quadratic>(
        all,
        {.name = "quadratic",
         .summary = "a bowl that is steep along some axes and flat along others",
         .formula = "1/2 sum_i l_i x_i^2, l_i = condition^((i - 1) / (dimension - 1)); minimum 0 at 0",
         .source = "Goodfellow, Bengio and Courville 2016, section 8.2.1"},
        {field("condition", &Quadratic::condition, at_least_one, "largest over smallest curvature"),
         field("dimension", &Quadratic::dimension, up_to_a_million, "number of variables")});
    add<Booth>(all, {.name = "booth",
                     .summary = "a bowl whose axes are not the coordinates'",
                     .formula = "(x + 2 y - 7)^2 + (2 x + y - 5)^2; minimum 0 at (1, 3)",
                     .source = "Jamil and Yang 2013, function 17"});
    add<Coupled>(all,
                 {.name = "coupled",
                  .summary = "a valley across the coordinates, which coordinate descent follows slowly",
                  .formula = "(x - y)^2 + alpha (x^2 + y^2); minimum 0 at 0",
                  .source = "Goodfellow, Bengio and Courville 2016, section 8.7.2"},
                 {field("alpha", &Coupled::alpha, positive, "curvature along the valley; small is hard")});
}

void add_valleys(Functions& all) {
    add<Rosenbrock>(all,
                    {.name = "rosenbrock",
                     .summary = "a flat, curved valley with steep sides",
                     .formula = "sum_i 100 (x_{i+1} - x_i^2)^2 + (1 - x_i)^2; minimum 0 at (1, ..., 1)",
                     .source = "Rosenbrock 1960"},
                    {field("dimension", &Rosenbrock::dimension, {2, 1e6}, "number of variables")});
    add<Beale>(all, {.name = "beale",
                     .summary = "a flat plain with steep corners",
                     .formula = "(1.5 - x + x y)^2 + (2.25 - x + x y^2)^2 + (2.625 - x + x y^3)^2; "
                                "minimum 0 at (3, 0.5)",
                     .source = "Beale 1958; More, Garbow and Hillstrom 1981, function 5"});
    add<Himmelblau>(all, {.name = "himmelblau",
                          .summary = "four equal minima",
                          .formula = "(x^2 + y - 11)^2 + (x + y^2 - 7)^2; minimum 0 at (3, 2), "
                                     "(-2.805, 3.131), (-3.779, -3.283), (3.584, -1.848)",
                          .source = "Himmelblau 1972"});
    add<MonkeySaddle>(all, {.name = "monkey-saddle",
                            .summary = "a saddle with three ways down and a Hessian of 0; no minimum",
                            .formula = "x^3 - 3 x y^2",
                            .source = "Hilbert and Cohn-Vossen 1932"});
    add<Cliff>(
        all,
        {.name = "cliff",
         .summary = "a steep wall above a wide bowl: one step down it leads far away",
         .formula = "((x + 1)^2 + y^2) / 20 + height t^3 (10 - 15 t + 6 t^2), "
                    "t = min(max(x / width, 0), 1); minimum 0 at (-1, 0)",
         .source = "ours, after Pascanu, Mikolov and Bengio 2013, fig. 6"},
        {field("height", &Cliff::height, positive, "of the wall"),
         field("width", &Cliff::width, positive, "of the wall, whose slope is up to 1.875 height / width")});
}

}  // namespace

Parameters Function::starting_point(Precision precision) const {
    Parameters point(layout(), precision);
    point.write()->assign(Vector(start, Precision::f64));
    return point;
}

const Catalog<Function>& functions() {
    static const Functions catalog = [] {
        Functions all("function");
        add_bowls(all);
        add_valleys(all);
        return all;
    }();
    return catalog;
}

}  // namespace ravine
