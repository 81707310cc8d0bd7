#pragma once

#include <span>
#include <vector>

#include "ravine/graph/graph.hpp"

namespace ravine {

// Derived programs: each function appends nodes to the graph of its arguments and returns the values to
// compute. `wrt` may be any nodes, not only leaves; the graph is cut there: what lies before them is held
// constant.

/// The adjoints of `wrt` for adjoints `seeds` of `ys`: sum_i seeds_i' dys_i/dwrt_j (reverse mode). A value on
/// which no y depends gets a constant zero.
std::vector<Value> vjp(std::span<const Value> ys, std::span<const Value> seeds, std::span<const Value> wrt);

/// The tangents of `ys` for tangents of `wrt`: sum_j dys_i/dwrt_j tangents_j (forward mode).
std::vector<Value> jvp(std::span<const Value> ys, std::span<const Value> wrt,
                       std::span<const Value> tangents);

/// The gradient of a scalar.
std::vector<Value> gradient(Value y, std::span<const Value> wrt);

/// The derivative of a scalar by each of `values`, where those that are computed from it move with it: each
/// as gradient() has it for that value alone, but all in one pass backwards. For looking into a graph; the
/// graph is not cut.
std::vector<Value> adjoints(Value y, std::span<const Value> values);

/// H v with H the Hessian of the scalar y in `wrt`: the tangent of the gradient (Pearlmutter 1994).
std::vector<Value> hessian_vector(Value y, std::span<const Value> wrt, std::span<const Value> v);

/// G v = J' L J v + D v, with J the Jacobian of `outputs` in `wrt`, L the Hessian of the scalar y in
/// `outputs` (Schraudolph 2002), and D the Hessian of y in `wrt` while the outputs are held: that of
/// penalties and of the loss's own parameters. The terms that mix both are left out, as J's own derivative
/// is, so that G is positive semi-definite where L and D are.
std::vector<Value> gauss_newton_vector(Value y, Value outputs, std::span<const Value> wrt,
                                       std::span<const Value> v);

/// v' G v, without a pass backwards.
Value gauss_newton_along(Value y, Value outputs, std::span<const Value> wrt, std::span<const Value> v);

/// f''(0) = v' H v of f(a) = y(wrt + a v), by adjoints: the sum over all operations of the adjoint of their
/// result times their own second derivative along the tangents of their arguments,
/// f'' = sum_k <dy/du_k, d^2 op_k[t, t]>. Beside tangents it needs no derivative but those of gradient(y,
/// wrt), whose nodes it shares: a program that has made the gradient goes on from there. (Griewank and
/// Walther 2008, section 5.4, have the same sum for Hessian-vector products.)
Value curvature_along(Value y, std::span<const Value> wrt, std::span<const Value> v);

/// f'(0) and f''(0) of f(a) = y(wrt + a v), forwards: by tangents of tangents.
struct DirectionalDerivatives {
    Value slope, curvature;
};
DirectionalDerivatives along(Value y, std::span<const Value> wrt, std::span<const Value> v);

}  // namespace ravine
