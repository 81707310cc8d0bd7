#include "ravine/optim/rules/clipping.hpp"

#include <utility>

namespace ravine {
namespace {

struct NoClipping {};
struct ValueClipping {
    double limit = 0.5;
};
struct NormClipping {
    double limit = 1;
};

template <class T>
void add(Catalog<Clipping>& catalog, Clipping::Kind kind, const char* meaning, Entry entry) {
    catalog.add<T>(std::move(entry), {field("limit", &T::limit, positive, meaning)},
                   [kind](const T& settings) {
                       return Clipping{kind, settings.limit};
                   });
}

}  // namespace

const Catalog<Clipping>& clippings() {
    static const Catalog<Clipping> catalog = [] {
        Catalog<Clipping> all("clipping");
        all.add<NoClipping>({.name = "none",
                             .summary = "gradients as they are",
                             .formula = "g <- g",
                             .source = "the default"},
                            {}, [](const NoClipping&) { return Clipping{}; });
        add<ValueClipping>(all, Clipping::Kind::value, "the largest magnitude of an element",
                           {.name = "value",
                            .summary = "each element of the gradient is kept within the limit",
                            .formula = "g_i <- min(max(g_i, -limit), limit)",
                            .source = "Mikolov 2012, section 3.2.2"});
        add<NormClipping>(all, Clipping::Kind::norm, "the largest norm of the whole gradient",
                          {.name = "norm",
                           .summary = "the gradient keeps its direction, and its norm within the limit",
                           .formula = "g <- g min(1, limit / ||g||), the 2-norm over all parameters",
                           .source = "Pascanu, Mikolov and Bengio 2013, algorithm 1"});
        add<NormClipping>(
            all, Clipping::Kind::tensor_norm, "the largest norm of the gradient of one tensor",
            {.name = "tensor-norm",
             .summary = "each tensor's gradient keeps its direction, and its norm within the limit",
             .formula = "g_k <- g_k min(1, limit / ||g_k||) for each tensor k",
             .source = "Keras's clipnorm; after Pascanu, Mikolov and Bengio 2013"});
        return all;
    }();
    return catalog;
}

Clipping make_clipping(const Spec& spec) { return clippings().make(spec); }

}  // namespace ravine
