#include "ravine/nn/initializer.hpp"

#include <Eigen/QR>
#include <algorithm>
#include <cmath>

namespace ravine {
namespace {

Initializer uniform_initializer(std::function<double(Fans)> bound) {
    return [bound = std::move(bound)](const Shape& shape, RandomSequence& random, std::span<double> values) {
        const double limit = bound(fans_of(shape));
        for (auto& v : values) v = random.uniform(-limit, limit);
    };
}

Initializer normal_initializer(std::function<double(Fans)> deviation) {
    return [deviation = std::move(deviation)](const Shape& shape, RandomSequence& random,
                                              std::span<double> values) {
        const double scale = deviation(fans_of(shape));
        for (auto& v : values) v = scale * random.normal();
    };
}

struct Biased {
    double bias = 0;
};

struct Gaussian {
    double deviation = 0.01;
    double bias = 0;
};

struct Gained {
    double gain = 1;
    double bias = 0;
};

struct Sparse {
    int64_t nonzero = 15;
    double deviation = 1;
    double bias = 0;
};

/// Orthonormal rows or columns, whichever are fewer, times the gain: the Q of a Gaussian matrix, with the
/// signs of R's diagonal so that it is uniform over orthogonal matrices (Mezzadri 2007).
Initializer orthogonal(double gain) {
    return [gain](const Shape& shape, RandomSequence& random, std::span<double> values) {
        const int64_t rows = shape.at(0), columns = static_cast<int64_t>(values.size()) / rows;
        const int64_t tall = std::max(rows, columns), narrow = std::min(rows, columns);
        Eigen::MatrixXd gaussian(tall, narrow);
        for (auto& v : gaussian.reshaped()) v = random.normal();
        const Eigen::HouseholderQR<Eigen::MatrixXd> qr(gaussian);
        Eigen::MatrixXd q = qr.householderQ() * Eigen::MatrixXd::Identity(tall, narrow);
        for (int64_t j = 0; j < narrow; ++j)
            if (qr.matrixQR()(j, j) < 0) q.col(j) *= -1;
        for (int64_t i = 0; i < rows; ++i)
            for (int64_t j = 0; j < columns; ++j)
                values[static_cast<size_t>(i * columns + j)] = gain * (rows >= columns ? q(i, j) : q(j, i));
    };
}

Initializer sparse(int64_t nonzero, double deviation) {
    return [=](const Shape& shape, RandomSequence& random, std::span<double> values) {
        const auto units = static_cast<size_t>(shape.at(0)), inputs = values.size() / units;
        std::ranges::fill(values, 0.0);
        std::vector<size_t> order(inputs);
        for (size_t i = 0; i < inputs; ++i) order[i] = i;
        const size_t count = std::min<size_t>(static_cast<size_t>(nonzero), inputs);
        for (size_t unit = 0; unit < units; ++unit) {
            for (size_t k = 0; k < count; ++k) {  // the first steps of a Fisher-Yates shuffle
                std::swap(order[k], order[k + random.below(inputs - k)]);
                values[unit * inputs + order[k]] = deviation * random.normal();
            }
        }
    };
}

Catalog<Initialization> initializer_catalog() {
    Catalog<Initialization> catalog("initializer");
    const auto bias = [](auto member) {
        return field("bias", member, any_number,
                     "initial value of every bias, the shifts of batch normalisation too");
    };
    catalog.add<Biased>(
        {.name = "fan-in-uniform",
         .summary = "uniform by the m inputs of a unit; PyTorch's default for weights",
         .formula = "w ~ U(-1/sqrt(m), 1/sqrt(m))",
         .source = "Goodfellow, Bengio and Courville 2016, section 8.4"},
        {bias(&Biased::bias)}, [](Biased b) {
            return Initialization{
                uniform_initializer([](Fans f) { return 1 / std::sqrt(static_cast<double>(f.in)); }), b.bias};
        });
    catalog.add<Gaussian>(
        {.name = "gaussian",
         .summary = "normal with one standard deviation for all layers, whatever their width",
         .formula = "w ~ N(0, deviation^2)",
         .source = "Krizhevsky, Sutskever and Hinton 2012 (deviation 0.01, bias 1 on some layers)"},
        {field("deviation", &Gaussian::deviation, non_negative, "standard deviation"), bias(&Gaussian::bias)},
        [](Gaussian g) {
            return Initialization{normal_initializer([d = g.deviation](Fans) { return d; }), g.bias};
        });
    catalog.add<Biased>(
        {.name = "glorot-uniform",
         .summary =
             "uniform by the m inputs and n outputs of a layer: a compromise between keeping the variance "
             "of activations and that of gradients",
         .formula = "w ~ U(-sqrt(6/(m+n)), sqrt(6/(m+n)))",
         .source = "Glorot and Bengio 2010, eq. 16"},
        {bias(&Biased::bias)}, [](Biased b) {
            return Initialization{glorot_initializer(), b.bias};
        });
    catalog.add<Biased>(
        {.name = "glorot-normal",
         .summary = "the same variance as glorot-uniform, normal",
         .formula = "w ~ N(0, 2/(m+n))",
         .source = "Glorot and Bengio 2010, eq. 12"},
        {bias(&Biased::bias)}, [](Biased b) {
            return Initialization{
                normal_initializer([](Fans f) { return std::sqrt(2.0 / static_cast<double>(f.in + f.out)); }),
                b.bias};
        });
    catalog.add<Biased>(
        {.name = "he-normal",
         .summary = "normal by the m inputs of a unit: keeps the variance of activations through ReLU layers",
         .formula = "w ~ N(0, 2/m)",
         .source = "He, Zhang, Ren and Sun 2015, eq. 10"},
        {bias(&Biased::bias)}, [](Biased b) {
            return Initialization{he_initializer(), b.bias};
        });
    catalog.add<Biased>({.name = "he-uniform",
                         .summary = "the same variance as he-normal, uniform",
                         .formula = "w ~ U(-sqrt(6/m), sqrt(6/m))",
                         .source = "He, Zhang, Ren and Sun 2015"},
                        {bias(&Biased::bias)}, [](Biased b) {
                            return Initialization{uniform_initializer([](Fans f) {
                                                      return std::sqrt(6.0 / static_cast<double>(f.in));
                                                  }),
                                                  b.bias};
                        });
    catalog.add<Gained>(
        {.name = "orthogonal",
         .summary =
             "orthonormal rows or columns, whichever are fewer, times a gain: signals keep their length "
             "through linear layers of any depth",
         .formula = "W = gain Q, QQ' = I or Q'Q = I; a kernel counts as the matrix [out, in height width]",
         .source = "Saxe, McClelland and Ganguli 2013"},
        {field("gain", &Gained::gain, positive, "sqrt(2) before a ReLU"), bias(&Gained::bias)}, [](Gained g) {
            return Initialization{orthogonal(g.gain), g.bias};
        });
    catalog.add<Sparse>(
        {.name = "sparse",
         .summary = "k non-zero weights a unit: the size of its sum does not depend on the layer's width",
         .formula = "k weights of each unit, drawn at random, ~ N(0, deviation^2); the others 0",
         .source = "Martens 2010"},
        {field("nonzero", &Sparse::nonzero, at_least_one, "k, non-zero weights a unit"),
         field("deviation", &Sparse::deviation, positive, "their standard deviation"), bias(&Sparse::bias)},
        [](Sparse s) {
            return Initialization{sparse(s.nonzero, s.deviation), s.bias};
        });
    return catalog;
}

}  // namespace

Fans fans_of(const Shape& shape) {
    if (shape.empty()) return {};
    const int64_t in = element_count(shape) / shape[0];
    const int64_t field = shape.size() > 2 ? in / shape[1] : 1;  // the taps of a convolution kernel
    return {in, shape[0] * field};
}

Initializer constant_initializer(double value) {
    return [value](const Shape&, RandomSequence&, std::span<double> values) {
        std::ranges::fill(values, value);
    };
}

Initializer he_initializer() {
    return normal_initializer([](Fans f) { return std::sqrt(2.0 / static_cast<double>(f.in)); });
}

Initializer glorot_initializer() {
    return uniform_initializer([](Fans f) { return std::sqrt(6.0 / static_cast<double>(f.in + f.out)); });
}

const Catalog<Initialization>& initializers() {
    static const auto catalog = initializer_catalog();
    return catalog;
}

}  // namespace ravine
