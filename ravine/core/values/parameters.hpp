#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ravine/core/values/shape.hpp"
#include "ravine/core/values/vector.hpp"

namespace ravine {

/// A tensor within a flat vector.
struct Slice {
    std::string name;  ///< as PyTorch names it: "0.weight"
    Shape shape;
    int64_t offset = 0;
    bool decays = true;     ///< weights decay; biases and the gains of normalisation do not
    bool trainable = true;  ///< false: frozen
    double rate = 1;        ///< multiplies the learning rate of this tensor

    int64_t size() const { return element_count(shape); }
};

/// How named tensors follow each other in a flat vector: dense, in the order of the slices. Gradients,
/// optimizer state, directions and averages share the layout of the parameters.
struct ParameterLayout {
    std::vector<Slice> slices;
    int64_t size = 0;

    /// Appends a tensor and returns its offset.
    int64_t add(Slice slice);
    /// The slice of that name, or nullptr.
    const Slice* find(const std::string& name) const;
    /// The slice that holds an element.
    const Slice& slice_at(int64_t element) const;
    /// The layout of one unnamed tensor of `size` elements.
    static std::shared_ptr<const ParameterLayout> single(int64_t size);
};

/// The numbers that are trained. What depends on them (a forward pass already made) is keyed by the version,
/// which is another after every write.
class Parameters {
public:
    /// The values for writing, while it lives: its beginning and its end make a new version each, so that
    /// nothing that is computed in between, or was before, passes for the numbers that are left behind.
    ///
    ///     parameters.write()->assign(values);
    class Write {
    public:
        explicit Write(Parameters& parameters);
        ~Write();
        Write(const Write&) = delete;
        Write& operator=(const Write&) = delete;

        Vector& operator*() const { return parameters_.values_; }
        Vector* operator->() const { return &parameters_.values_; }

    private:
        Parameters& parameters_;
    };

    /// Values that can be had back, with the version that they had.
    struct Snapshot {
        Vector values;
        uint64_t version = 0;
    };

    Parameters(std::shared_ptr<const ParameterLayout> layout, Precision precision);

    const ParameterLayout& layout() const { return *layout_; }
    const std::shared_ptr<const ParameterLayout>& shared_layout() const { return layout_; }
    const Vector& values() const { return values_; }
    Write write() { return Write(*this); }
    uint64_t version() const { return version_; }

    /// Allocates nothing where the snapshot has the size already.
    void save(Snapshot& snapshot) const;
    void restore(const Snapshot& snapshot);

private:
    std::shared_ptr<const ParameterLayout> layout_;
    Vector values_;
    uint64_t version_;
};

}  // namespace ravine
