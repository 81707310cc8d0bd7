#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "ravine/core/values/parameters.hpp"
#include "ravine/core/values/vector.hpp"

namespace ravine {

/// Which second derivatives along a direction are wanted.
enum class Curvature {
    none,
    gauss_newton,  ///< d' G d with the Gauss-Newton matrix G: never negative
    exact,         ///< d' H d
    both,
};

/// f, f' and f'' of f(a) = F(theta + a d) at one point along a direction d, and d' G d with the Gauss-Newton
/// matrix G there. NaN: not wanted; or no outputs apart from the value, which G needs.
struct Along {
    double value, slope;
    double curvature = std::numeric_limits<double>::quiet_NaN();
    double gauss_newton = std::numeric_limits<double>::quiet_NaN();
};

/// What a method asks for where a gradient was just evaluated. Said before, it is computed from what the
/// gradient's passes leave behind instead of anew.
enum class Ahead {
    nothing,
    gauss_newton_along,    ///< along(at, d, 0, Curvature::gauss_newton)
    exact_along,           ///< along(at, d, 0, Curvature::exact)
    gauss_newton_descent,  ///< along_descent(at, Curvature::gauss_newton)
    exact_descent,         ///< along_descent(at, Curvature::exact)
    five_values,           ///< values_along(at, d, ...) at five steps
    hessian_vector,
    gauss_newton_vector,
};

/// How much work was done. Passes over the sample are counted as methods are usually compared: a gradient is
/// a forward and a backward pass, a curvature product two of each, f and f' along a direction two forward
/// passes and f'' a backward one more, whatever they cost. What goes on from a gradient counts without what
/// the gradient had done. `equivalents` is what they cost: the floating-point operations that
/// ran, over those of a forward pass, both counted in the compiled programs (flops_of).
struct Work {
    int64_t forward_passes = 0, backward_passes = 0;
    double forward_seconds = 0, backward_seconds = 0;
    double equivalents = 0;

    Work& operator+=(const Work& other) {
        forward_passes += other.forward_passes;
        backward_passes += other.backward_passes;
        forward_seconds += other.forward_seconds;
        backward_seconds += other.backward_seconds;
        equivalents += other.equivalents;
        return *this;
    }
    friend Work operator-(Work a, const Work& b) {
        a.forward_passes -= b.forward_passes;
        a.backward_passes -= b.backward_passes;
        a.forward_seconds -= b.forward_seconds;
        a.backward_seconds -= b.backward_seconds;
        a.equivalents -= b.equivalents;
        return a;
    }
};

/// What a layer with weights saw in one pass: input, pre-activation (input times weight, plus bias), and the
/// derivative of F by the pre-activation. Tables are [n, features], images [n, height, width, channels].
struct LayerTap {
    std::string name;  ///< as its tensors' names begin: "2"
    Shape input_shape, shape;
    Vector input, pre_activation, adjoint;
};

/// The taps of one pass.
struct Taps {
    double value = 0;  ///< F
    Vector
        losses;  ///< of each example, without weights and penalties; empty where F is no mean over examples
    std::vector<LayerTap> layers;
};

/// A function F of the parameters, bound to one sample: every evaluation sees the same batch, targets and
/// random numbers until the owner binds another one. All that a method may ask for.
class Objective {
public:
    virtual ~Objective() = default;

    virtual int64_t dimension() const = 0;
    virtual Precision precision() const = 0;

    /// F(theta): the forward phase. It is kept: a gradient at the same parameters resumes it.
    virtual double value(const Parameters& at) = 0;
    /// F(theta), and the gradient into `gradient`.
    virtual double value_and_gradient(const Parameters& at, Vector& gradient) = 0;
    /// H v, H the Hessian of F at theta.
    virtual void hessian_vector(const Parameters& at, const Vector& v, Vector& result) = 0;
    /// G v, G the Gauss-Newton matrix (gauss_newton_vector in ravine/graph/derivatives.hpp). Throws
    /// RequestError where the function has no outputs apart from its value.
    virtual void gauss_newton_vector(const Parameters& at, const Vector& v, Vector& result) = 0;
    /// F and its derivatives at theta + step * direction.
    virtual Along along(const Parameters& at, const Vector& direction, double step,
                        Curvature wanted = Curvature::both) = 0;
    /// F(theta + steps[i] * direction) into values[i], as along() finds it, or where that is expected, but
    /// for rounding. What value() keeps stays.
    virtual void values_along(const Parameters& at, const Vector& direction, std::span<const double> steps,
                              std::span<double> values) = 0;

    /// From now on gradients leave behind what this needs at their points: the same numbers but for rounding,
    /// sooner, for more memory. One thing at a time. False where the objective cannot, and goes on computing
    /// it anew; but along_descent() must not be asked for then.
    virtual bool expect(Ahead) { return false; }
    /// along() at the last gradient's point, at step 0, in the direction of minus that gradient, which for
    /// each tensor is multiplied by the tensor's own rate. Only where it is expected.
    virtual Along along_descent(const Parameters& at, Curvature wanted);

    /// What the last evaluation of the gradient left behind besides numbers (running statistics) is that of
    /// the point that the step stands for. Other evaluations, before or after, leave nothing.
    virtual void settle() {}

    /// F, its gradient, and what the layers saw, from one pass; valid until the next. Throws RequestError
    /// where the function has no layers.
    virtual const Taps& taps(const Parameters& at, Vector& gradient);

    const Work& work() const { return work_; }

protected:
    Work work_;
};

}  // namespace ravine
