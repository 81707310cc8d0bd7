#include "ravine/lab/study/data_cache.hpp"

#include <algorithm>

namespace ravine {

std::shared_ptr<const Parts> DataCache::get(const DataRequest& request) {
    std::shared_ptr<Item> item;
    {
        const std::lock_guard lock(mutex_);
        const auto found = std::ranges::find_if(items_, [&](auto& i) { return i->request == request; });
        if (found != items_.end()) {
            item = *found;
            items_.erase(found);
        } else {
            item = std::make_shared<Item>();
            item->request = request;
        }
        items_.push_front(item);
        if (items_.size() > most_) items_.pop_back();
    }
    const std::lock_guard lock(item->loading);
    if (!item->parts) item->parts = std::make_shared<const Parts>(load_parts(request));
    return item->parts;
}

}  // namespace ravine
