#pragma once

#include <oneapi/dnnl/dnnl.hpp>
#include <string>
#include <vector>

#include "ravine/exec/plan/kernel.hpp"

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

/// What a primitive runs on. Made once: a run through the library's C++ interface would allocate.
class DnnlArguments {
public:
    void add(int argument, const dnnl::memory& memory);
    void run(const dnnl::primitive& primitive) const;

private:
    std::vector<dnnl::memory> memories_;  // keeps what arguments_ points to
    std::vector<dnnl_exec_arg_t> arguments_;
};

/// oneDNN's name of f32 or bf16.
dnnl::memory::data_type data_type_of(Element element);

/// Whether the library uses all of these instructions here.
bool has_instructions(dnnl::cpu_isa instructions);

/// Whether the library chose its slow reference implementation.
bool is_reference(const std::string& implementation);

}  // namespace ravine
