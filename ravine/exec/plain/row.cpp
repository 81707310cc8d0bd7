#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ravine/core/threads/threads.hpp"
#include "ravine/exec/plain/plain.hpp"

namespace ravine {
namespace {

/// The maximum and log sum exp of a row, shifted by its maximum against overflow: log sum exp(x) = max +
/// second.
template <class T>
std::pair<T, T> shifted_log_sum(const T* x, int64_t columns) {
    T largest = x[0];
    for (int64_t j = 1; j < columns; ++j) largest = x[j] > largest || x[j] != x[j] ? x[j] : largest;
    T sum = 0;
    for (int64_t j = 0; j < columns; ++j) sum += std::exp(x[j] - largest);
    return {largest, std::log(sum)};
}

}  // namespace

template <class T>
std::unique_ptr<Kernel> make_row(const PlainRequest& request) {
    const Op op = request.node.op;
    const int64_t rows = request.shapes[0][0], columns = request.shapes[0][1];
    const int source = request.arguments[0], target = request.result;
    const int targets = request.arguments.size() > 1 ? request.arguments[1] : -1;
    return make_kernel(
        fmt::format("{} {}", name_of(op), to_string(request.shapes[0])), [=](const Context& context) {
            parallel(
                context.threads, rows, std::max<int64_t>(1, 2048 / columns), [&](int64_t begin, int64_t end) {
                    for (int64_t i = begin; i < end; ++i) {
                        const T* x = context.as<const T>(source) + i * columns;
                        const auto [largest, log_sum] = shifted_log_sum(x, columns);
                        T* y = context.as<T>(target) + (op == Op::softmax_cross_entropy ? i : i * columns);
                        if (op == Op::softmax) {
                            for (int64_t j = 0; j < columns; ++j) y[j] = std::exp(x[j] - largest - log_sum);
                        } else if (op == Op::log_softmax) {
                            for (int64_t j = 0; j < columns; ++j) y[j] = x[j] - largest - log_sum;
                        } else {
                            const T* t = context.as<const T>(targets) + i * columns;
                            T loss = 0;
                            for (int64_t j = 0; j < columns; ++j)
                                if (t[j] != 0) loss -= t[j] * (x[j] - largest - log_sum);
                            *y = loss;
                        }
                    }
                });
        });
}

template std::unique_ptr<Kernel> make_row<float>(const PlainRequest&);
template std::unique_ptr<Kernel> make_row<double>(const PlainRequest&);

}  // namespace ravine
