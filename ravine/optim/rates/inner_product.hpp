#pragma once

#include <memory>

#include "ravine/core/values/vector.hpp"
#include "ravine/exec/plan/program.hpp"

namespace ravine {

/// a' b of vectors of one size, in one pass over memory; allocates nothing.
class InnerProduct {
public:
    /// In the precision that parameters are stored in.
    InnerProduct(int64_t size, CompileOptions compile);

    double operator()(const Vector& a, const Vector& b);

private:
    std::unique_ptr<Workspace> workspace_;
    int a_, b_, product_;
};

}  // namespace ravine
