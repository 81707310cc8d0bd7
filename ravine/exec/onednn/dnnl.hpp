#pragma once

#include <oneapi/dnnl/dnnl.hpp>
#include <string>

#include "ravine/graph/graph.hpp"

// The only header that names oneDNN's types (the v2 API of oneDNN 2.6). Where v3 differs, this folder
// changes.

namespace ravine {

/// The engine and the stream that all kernels share. Creating either is not cheap, using them is thread-safe.
dnnl::engine& dnnl_engine();
dnnl::stream& dnnl_stream();

/// While it lives, oneDNN makes and runs primitives for this many threads.
class DnnlThreads {
public:
    explicit DnnlThreads(int threads);
    ~DnnlThreads();
    DnnlThreads(const DnnlThreads&) = delete;
    DnnlThreads& operator=(const DnnlThreads&) = delete;

private:
    int saved_;
};

/// Throws std::logic_error where the library chose its slow reference implementation.
void require_fast(const std::string& implementation, const std::string& what);

/// Appends the activation `op` (relu, tanh, sigmoid) to the attributes of a product.
void append_activation(dnnl::primitive_attr& attributes, Op op);

}  // namespace ravine
