#pragma once

#include <deque>
#include <memory>
#include <mutex>

#include "ravine/data/sources/catalog.hpp"

namespace ravine {

/// The data sets of the last few requests, so that trials on the same data load them once. For several
/// threads.
class DataCache {
public:
    explicit DataCache(size_t most) : most_(most) {}

    /// What load_parts() loads. Who asks for what another thread is loading waits for it.
    std::shared_ptr<const Parts> get(const DataRequest& request);

private:
    struct Item {
        DataRequest request;
        std::mutex loading = {};
        std::shared_ptr<const Parts> parts = {};
    };

    size_t most_;
    std::mutex mutex_;
    std::deque<std::shared_ptr<Item>> items_;  // the last one asked for in front
};

}  // namespace ravine
