#include "ravine/exec/onednn/dnnl.hpp"

#include <omp.h>

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

void DnnlArguments::add(int argument, const dnnl::memory& memory) {
    memories_.push_back(memory);
    arguments_.push_back({argument, memory.get()});
}

void DnnlArguments::run(const dnnl::primitive& primitive) const {
    dnnl::error::wrap_c_api(dnnl_primitive_execute(primitive.get(), dnnl_stream().get(),
                                                   static_cast<int>(arguments_.size()), arguments_.data()),
                            "a primitive of oneDNN failed");
}

dnnl::memory::data_type data_type_of(Element element) {
    return element == Element::bf16 ? dnnl::memory::data_type::bf16 : dnnl::memory::data_type::f32;
}

// The numbers of the instruction sets are sets of bits, and in no order.
bool has_instructions(dnnl::cpu_isa instructions) {
    const auto wanted = static_cast<int>(instructions);
    return (static_cast<int>(dnnl::get_effective_cpu_isa()) & wanted) == wanted;
}

bool is_reference(const std::string& implementation) { return implementation.starts_with("ref"); }

}  // namespace ravine
