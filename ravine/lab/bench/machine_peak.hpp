#pragma once

#include "ravine/exec/plan/program.hpp"

namespace ravine {

/// What this machine does at its best, as measured here and now.
struct MachinePeak {
    double flops = 0;  ///< floating-point operations a second, of a large matrix product
    double bytes = 0;  ///< bytes a second to and from memory, of a large elementwise pass
};

/// Measures both with compiled programs, at the precision and the threads of `options`, each for `seconds`
/// and the best of its runs: the product of two square matrices of the side that goes fastest (powers of 2 up
/// to 4096; 2 side^3 operations a run), and x <- x + y over two vectors of 128 MiB each, more than caches
/// hold (two reads and one write an element).
MachinePeak measure_machine_peak(CompileOptions options, double seconds = 0.25);

}  // namespace ravine
