#pragma once

#include <cstdint>

namespace ravine {

/// The momentum mu_t of update t = 1, 2, ...
struct MomentumSchedule {
    enum class Kind {
        constant,   ///< mu
        linear,     ///< start + (mu - start) min(1, (t - 1) / steps)
        sutskever,  ///< min(1 - 2^(-1 - log2(floor(t / 250) + 1)), mu) (Sutskever et al. 2013, eq. 5)
    };
    Kind kind = Kind::constant;
    double momentum = 0.9;  ///< mu: the largest value
    double start = 0.5;     ///< linear: the value of the first update
    int64_t steps = 1000;   ///< linear: updates until mu is reached

    double operator()(int64_t t) const;
};

/// How a velocity is kept. With a constant rate all forms of one method trace the same path; when the rate
/// changes, PyTorch's rescales all of the past gradients, and the others only the newest.
enum class MomentumForm {
    velocity,  ///< v = mu v - lr g; theta += v
    pytorch,   ///< v = mu v + g; theta -= lr v
};

/// Where Nesterov's gradient is evaluated, and which point is stored.
enum class NesterovForm {
    rewritten,  ///< the stored point is the look-ahead point; one gradient, there
    lookahead,  ///< the stored point is theta; the gradient is evaluated at theta + mu v
    pytorch,    ///< the stored point is the look-ahead point, and the velocity PyTorch's
};

}  // namespace ravine
