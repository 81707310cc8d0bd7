#include "ravine/data/sources/parts.hpp"

#include "ravine/core/error.hpp"
#include "ravine/core/settings/settings.hpp"
#include "ravine/data/split.hpp"

namespace ravine {
namespace {

/// The examples of a training part that the request wants, each class in its proportion.
Dataset limited(Dataset training, const DataRequest& request) {
    const int64_t wanted = request.training_examples;
    if (wanted == 0 || wanted == training.size()) return training;
    if (wanted > training.size())
        fail_request("examples: expected at most the {} of the training part, found {}", training.size(),
                     wanted);
    return training.subset(split_examples(training, wanted, 0, request.seed).validation);
}

}  // namespace

Shares shares_of(const DataRequest& request, Shares usual) {
    constexpr Range allowed = below_one;
    const Shares shares{request.validation_share.value_or(usual.validation),
                        request.test_share.value_or(usual.test)};
    if (!allowed.contains(shares.validation))
        fail_request("validation share: expected a number {}, found {}", allowed.text(), shares.validation);
    if (!allowed.contains(shares.test))
        fail_request("test share: expected a number {}, found {}", allowed.text(), shares.test);
    if (shares.validation + shares.test >= 1)
        fail_request("validation and test share: expected less than 1 together, found {}",
                     shares.validation + shares.test);
    return shares;
}

Shares own_test_shares(const DataRequest& request, double validation) {
    refuse_columns(request);
    if (request.test_share) fail_request("{}: has a test part of its own, so no test share", request.dataset);
    return shares_of(request, {validation, 0});
}

void refuse_columns(const DataRequest& request) {
    if (!request.target.empty()) fail_request("{}: --target is for tables", request.dataset);
    if (!request.task.empty())
        fail_request("{}: --task {} is for tables and arrays (.npz); here only autoencoding changes the task",
                     request.dataset, request.task);
}

Parts split_parts(const Dataset& data, Shares shares, const DataRequest& request) {
    const int64_t n = data.size();
    const Split split =
        split_examples(data, share_count(shares.validation, n), share_count(shares.test, n), request.seed);
    Parts parts{.training = limited(data.subset(split.training), request),
                .validation = data.subset(split.validation),
                .test = data.subset(split.test),
                .schema = {},
                .notes = {}};
    parts.schema = schema_of(parts.training);
    return parts;
}

Parts split_given(const GivenParts& given, const DataRequest& request) {
    if (given.test && request.test_share)
        fail_request("{}: has a test part of its own, so no test share", request.dataset);
    if (given.validation && request.validation_share)
        fail_request("{}: has a validation part of its own, so no validation share", request.dataset);
    const double validation = given.validation ? 0 : given.test ? 0.1 : 0.2;
    Parts parts =
        split_parts(given.training, shares_of(request, {validation, given.test ? 0 : 0.2}), request);
    if (given.validation) parts.validation = *given.validation;
    if (given.test) parts.test = *given.test;
    note_sizes(parts);
    return parts;
}

void note_sizes(Parts& parts) {
    parts.notes.push_back(fmt::format("{} training, {} validation and {} test examples",
                                      parts.training.size(), parts.validation.size(), parts.test.size()));
}

}  // namespace ravine
