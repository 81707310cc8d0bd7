#include "ravine/data/split.hpp"

#include <algorithm>
#include <cmath>

#include "ravine/core/error.hpp"
#include "ravine/core/values/random.hpp"

namespace ravine {

int64_t share_count(double share, int64_t n) {
    if (share <= 0) return 0;
    return std::max<int64_t>(1, std::llround(share * static_cast<double>(n)));
}

Split split_examples(const Dataset& data, int64_t validation_count, int64_t test_count, uint64_t seed) {
    const int64_t n = data.size();
    if (n - validation_count - test_count < 1)
        fail_request("{}: expected more examples than the {} for validation and {} for test, found {}",
                     data.name, validation_count, test_count, n);

    // In shuffled order, example r of the n_c of its class gets the rank (r + 1/2) / n_c. Sorted by rank, the
    // classes are interleaved in their proportions, so any run of the list holds each class in its
    // proportion. The parts are such runs; training has the middle and the end, where a class of one example
    // (rank 1/2) falls.
    std::vector<int64_t> order = random_permutation(n, {.seed = seed, .purpose = Purpose::split});
    if (data.task == Task::classification) {
        std::vector<int64_t> class_size(static_cast<size_t>(data.output_count)), seen(class_size.size());
        for (const int32_t label : data.labels) ++class_size[static_cast<size_t>(label)];
        std::vector<double> rank(static_cast<size_t>(n));
        for (const int64_t example : order) {
            const auto label = static_cast<size_t>(data.labels[static_cast<size_t>(example)]);
            rank[static_cast<size_t>(example)] =
                (static_cast<double>(seen[label]++) + 0.5) / static_cast<double>(class_size[label]);
        }
        std::ranges::stable_sort(order, {},
                                 [&](int64_t example) { return rank[static_cast<size_t>(example)]; });
    }

    const auto test_end = order.begin() + test_count, validation_end = test_end + validation_count;
    Split split{.training = {validation_end, order.end()},
                .validation = {test_end, validation_end},
                .test = {order.begin(), test_end}};
    for (auto* part : {&split.training, &split.validation, &split.test}) std::ranges::sort(*part);
    return split;
}

}  // namespace ravine
