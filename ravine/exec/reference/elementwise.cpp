#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "ravine/core/error.hpp"
#include "ravine/core/threads/threads.hpp"
#include "ravine/exec/reference/reference.hpp"

namespace ravine {
namespace {

using Function = double (*)(double, double, double);

Function function_of(Op op) {
    switch (op) {
        case Op::negate:
            return [](double a, double, double) { return -a; };
        case Op::exp:
            return [](double a, double, double) { return std::exp(a); };
        case Op::log:
            return [](double a, double, double) { return std::log(a); };
        case Op::sqrt:
            return [](double a, double, double) { return std::sqrt(a); };
        case Op::reciprocal:
            return [](double a, double, double) { return 1 / a; };
        case Op::square:
            return [](double a, double, double) { return a * a; };
        case Op::abs:
            return [](double a, double, double) { return std::abs(a); };
        case Op::sign:
            return [](double a, double, double) { return double(a > 0) - double(a < 0); };
        case Op::step:
            return [](double a, double, double) { return double(a > 0); };
        // NaN passes here and through maximum and minimum: a diverged activation must not look like a dead
        // unit.
        case Op::relu:
            return [](double a, double, double) { return a < 0 ? 0 : a; };
        case Op::tanh:
            return [](double a, double, double) { return std::tanh(a); };
        case Op::sigmoid:
            return [](double a, double, double) { return 1 / (1 + std::exp(-a)); };
        case Op::softplus:
            return [](double a, double, double) {
                return std::max(a, 0.0) + std::log1p(std::exp(-std::abs(a)));
            };
        case Op::sin:
            return [](double a, double, double) { return std::sin(a); };
        case Op::cos:
            return [](double a, double, double) { return std::cos(a); };
        case Op::add:
            return [](double a, double b, double) { return a + b; };
        case Op::subtract:
            return [](double a, double b, double) { return a - b; };
        case Op::multiply:
            return [](double a, double b, double) { return a * b; };
        case Op::divide:
            return [](double a, double b, double) { return a / b; };
        case Op::maximum:
            return [](double a, double b, double) { return a < b || std::isnan(b) ? b : a; };
        case Op::minimum:
            return [](double a, double b, double) { return b < a || std::isnan(b) ? b : a; };
        case Op::greater:
            return [](double a, double b, double) { return double(a > b); };
        case Op::equal:
            return [](double a, double b, double) { return double(a == b); };
        case Op::select:
            return [](double a, double b, double c) { return a != 0 ? b : c; };
        default:
            require(false, "{} is not elementwise", name_of(op));
            return nullptr;
    }
}

std::string text_of(const PlainRequest& request) {
    return fmt::format("{} {}", name_of(request.node.op), to_string(request.node.shape));
}

}  // namespace

std::unique_ptr<Kernel> make_reference_scalar(const PlainRequest& request, int scalar) {
    return make_kernel(
        "scalar " + request.node.attributes.name,
        [scalar, target = request.result](const Context& c) { *c.as<double>(target) = c.scalars[scalar]; });
}

std::unique_ptr<Kernel> make_reference_elementwise(const PlainRequest& request) {
    const int64_t count = element_count(request.node.shape);
    const int target = request.result;
    if (request.node.op == Op::constant) {
        return make_kernel(text_of(request), [=, number = request.node.attributes.number](const Context& c) {
            std::fill_n(c.as<double>(target), count, number);
        });
    }
    const Function function = function_of(request.node.op);
    const int a = request.arguments[0];
    const int b = request.arguments.size() > 1 ? request.arguments[1] : a;
    const int c = request.arguments.size() > 2 ? request.arguments[2] : a;
    return make_kernel(text_of(request), [=](const Context& context) {
        const double *x = context.as<double>(a), *y = context.as<double>(b), *z = context.as<double>(c);
        double* out = context.as<double>(target);
        parallel(context.threads, count, 4096, [&](int64_t begin, int64_t end) {
            for (int64_t i = begin; i < end; ++i) out[i] = function(x[i], y[i], z[i]);
        });
    });
}

std::unique_ptr<Kernel> make_reference_broadcasting(const PlainRequest& request) {
    const bool expands = request.node.op == Op::broadcast;
    const Shape& large = expands ? request.node.shape : request.shapes[0];
    const Shape& small = expands ? request.shapes[0] : request.node.shape;
    // For each element of the large tensor, the element of the small one that it is, or is reduced to; empty
    // where it has only one.
    const auto strides = broadcast_strides(small, large);
    const auto dense = dense_strides(large);
    const int64_t small_count = element_count(small), large_count = element_count(large);
    std::vector<int64_t> partner(small_count == 1 ? 0 : static_cast<size_t>(large_count), 0);
    for (size_t i = 0; i < partner.size(); ++i)
        for (size_t axis = 0; axis < large.size(); ++axis)
            partner[i] += static_cast<int64_t>(i) / dense[axis] % large[axis] * strides[axis];

    const int source = request.arguments[0], target = request.result;
    const Op op = request.node.op;
    return make_kernel(text_of(request), [=, partner = std::move(partner)](const Context& context) {
        const double* from = context.as<double>(source);
        double* to = context.as<double>(target);
        if (op == Op::sum_to) std::fill_n(to, small_count, 0.0);
        if (op == Op::max_to) std::fill_n(to, small_count, -std::numeric_limits<double>::infinity());
        const auto partner_of = [&](int64_t i) {
            return partner.empty() ? 0 : partner[static_cast<size_t>(i)];
        };
        if (op == Op::broadcast) {
            parallel(context.threads, large_count, 4096, [&](int64_t begin, int64_t end) {
                for (int64_t i = begin; i < end; ++i) to[i] = from[partner_of(i)];
            });
            return;
        }
        for (int64_t i = 0; i < large_count; ++i) {
            const int64_t j = partner_of(i);
            if (op == Op::sum_to)
                to[j] += from[i];
            else if (from[i] > to[j] || std::isnan(from[i]))  // NaN passes, and stays
                to[j] = from[i];
        }
    });
}

}  // namespace ravine
