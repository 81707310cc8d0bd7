#pragma once

#include <cstdint>

#include "ravine/core/settings/catalog.hpp"

namespace ravine {

/// An average of the weights that training passes through, which is evaluated and saved in their place
/// (Polyak and Juditsky 1992): where a net jumps across a valley, the average lies near its bottom. Training
/// itself knows nothing of it.
///
/// After the k-th update that counts, mean += w_k (theta - mean) with
///
///     polyak: w_k = 1 / k                             all points alike
///     polynomial: w_k = (1 + gamma) / (k + gamma)     the newest most, at all times alike: the first half of
///                                                     the updates has the share 2^-(1 + gamma); gamma = 0 is
///                                                     polyak (Shamir and Zhang 2013; Ivgi, Hinder and Carmon
///                                                     2023)
///     ema:    w_k = (1 - decay) / (1 - decay^k)       the newest most; k large: mean <- decay mean + (1 -
///     decay)
///                                                     theta (Goodfellow, Bengio and Courville 2016,
///                                                     section 8.7.3)
///
/// so that the weights of an exponential mean add up to 1 from the first update on.
struct Averaging {
    /// `promised`: the one that the optimizer promises something of, Optimizer::average().
    enum class Kind { none, promised, polyak, polynomial, ema };
    Kind kind = Kind::none;
    double start = 0;      ///< share of the run before the first update that counts
    double decay = 0.999;  ///< ema
    double gamma = 8;      ///< polynomial

    bool exists() const { return kind != Kind::none; }
    /// w_k, k = 1 for the first.
    double weight(int64_t k) const;
};

/// The averages by name: auto (the promised one), none, polyak, polynomial, ema.
const Catalog<Averaging>& averagings();

}  // namespace ravine
