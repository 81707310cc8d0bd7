#include "ravine/core/values/parameters.hpp"

#include <algorithm>
#include <atomic>
#include <utility>

#include "ravine/core/error.hpp"

namespace ravine {
namespace {

/// Versions are unique over all parameters of the process, so that a version alone is a key.
uint64_t next_version() {
    static std::atomic<uint64_t> counter{0};
    return ++counter;
}

}  // namespace

int64_t ParameterLayout::add(Slice slice) {
    require(find(slice.name) == nullptr, "two parameters named '{}'", slice.name);
    slice.offset = size;
    size += slice.size();
    slices.push_back(std::move(slice));
    return slices.back().offset;
}

const Slice* ParameterLayout::find(const std::string& name) const {
    const auto found = std::ranges::find(slices, name, &Slice::name);
    return found == slices.end() ? nullptr : &*found;
}

const Slice& ParameterLayout::slice_at(int64_t element) const {
    const auto found = std::ranges::find_if(
        slices, [&](const Slice& s) { return element >= s.offset && element < s.offset + s.size(); });
    require(found != slices.end(), "element {} of {}", element, size);
    return *found;
}

std::shared_ptr<const ParameterLayout> ParameterLayout::single(int64_t size) {
    auto layout = std::make_shared<ParameterLayout>();
    layout->add({.name = "x", .shape = {size}});
    return layout;
}

Parameters::Parameters(std::shared_ptr<const ParameterLayout> layout, Precision precision)
    : layout_(std::move(layout)), values_(layout_->size, precision), version_(next_version()) {}

Parameters::Write::Write(Parameters& parameters) : parameters_(parameters) {
    parameters_.version_ = next_version();
}

Parameters::Write::~Write() { parameters_.version_ = next_version(); }

void Parameters::save(Snapshot& snapshot) const {
    if (snapshot.values.size() == values_.size() && snapshot.values.precision() == values_.precision())
        snapshot.values.assign(values_);
    else
        snapshot.values = values_;
    snapshot.version = version_;
}

void Parameters::restore(const Snapshot& snapshot) {
    values_.assign(snapshot.values);
    version_ = snapshot.version;
}

}  // namespace ravine
