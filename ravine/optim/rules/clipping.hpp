#pragma once

#include "ravine/core/settings/catalog.hpp"

namespace ravine {

/// Gradient clipping, before the update.
struct Clipping {
    enum class Kind {
        none,
        value,        ///< g_i <- min(max(g_i, -limit), limit)
        norm,         ///< g <- g min(1, limit / ||g||) over all parameters (Pascanu, Mikolov and Bengio 2013)
        tensor_norm,  ///< the same for each tensor on its own (Keras's clipnorm)
    };
    Kind kind = Kind::none;
    double limit = 0;
};

/// The kinds of clipping by name: none, value, norm, tensor-norm.
const Catalog<Clipping>& clippings();

/// Reads "none", "value:limit=0.5", "norm:limit=1" or "tensor-norm:limit=1"; throws RequestError otherwise.
Clipping make_clipping(const Spec& spec);

}  // namespace ravine
