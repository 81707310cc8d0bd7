#include "ravine/exec/cpu/dnnl/dnnl.hpp"

#include <omp.h>

#include <cstdlib>

#include "ravine/core/threads/waiting.hpp"

namespace ravine {
namespace {

/// oneDNN 2.6's products by tile instructions (AMX) end the process with an illegal instruction for some
/// shapes: 67 x 63 times 63 x 39 in bfloat16 is one. So they are used only where the person asks for them by
/// oneDNN's own variable. Must come before whatever else asks the library for instructions.
void limit_instructions() {
    static const bool limited = [] {
        for (const char* name : {"ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA"})
            if (std::getenv(name) != nullptr) return false;
        return dnnl::set_max_cpu_isa(dnnl::cpu_isa::avx512_core_bf16) == dnnl::status::success;
    }();
    static_cast<void>(limited);
}

}  // namespace

dnnl::engine& dnnl_engine() {
    limit_instructions();
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
    if (threads > 1) bound_waiting();
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
    limit_instructions();
    const auto wanted = static_cast<int>(instructions);
    return (static_cast<int>(dnnl::get_effective_cpu_isa()) & wanted) == wanted;
}

bool is_reference(const std::string& implementation) { return implementation.starts_with("ref"); }

}  // namespace ravine
