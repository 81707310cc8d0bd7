#pragma once

#include "ravine/exec/cpu/fused/fusion.hpp"
#include "ravine/exec/plan/plan.hpp"

namespace ravine {

/// Adds the kernel of a fused unit: a straight-line program over its space.
void add_fused(Lowering& lowering, const Fusion& fusion, const KernelUnit& unit);

}  // namespace ravine
