#include "ravine/exec/onednn/dnnl.hpp"

#include <omp.h>

#include "ravine/core/error.hpp"

namespace ravine {

dnnl::engine& dnnl_engine() {
    static dnnl::engine engine(dnnl::engine::kind::cpu, 0);
    return engine;
}

dnnl::stream& dnnl_stream() {
    static dnnl::stream stream(dnnl_engine());
    return stream;
}

// The number of OpenMP threads is a setting of the calling thread, so trials side by side do not disturb each
// other.
DnnlThreads::DnnlThreads(int threads) : saved_(omp_get_max_threads()) {
    if (saved_ != threads) omp_set_num_threads(threads);
}

DnnlThreads::~DnnlThreads() {
    if (omp_get_max_threads() != saved_) omp_set_num_threads(saved_);
}

void require_fast(const std::string& implementation, const std::string& what) {
    require(!implementation.starts_with("ref"), "oneDNN has only a reference implementation ({}) for {}",
            implementation, what);
}

void append_activation(dnnl::primitive_attr& attributes, Op op) {
    dnnl::post_ops post;
    const auto algorithm = op == Op::relu   ? dnnl::algorithm::eltwise_relu
                           : op == Op::tanh ? dnnl::algorithm::eltwise_tanh
                                            : dnnl::algorithm::eltwise_logistic;
    post.append_eltwise(1.0f, algorithm, 0.0f, 0.0f);
    attributes.set_post_ops(post);
}

}  // namespace ravine
