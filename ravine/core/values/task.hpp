#pragma once

#include <string>

namespace ravine {

/// What is learned: one of several classes; numbers; for each of several labels whether it holds; or the
/// features themselves.
enum class Task { classification, regression, multi_label, autoencoding };

/// "classification", "regression", "multi-label" or "autoencoding".
std::string to_string(Task task);

/// Reads what to_string() writes; throws RequestError("WHAT: expected ...") for anything else.
Task parse_task(const std::string& what, const std::string& text);

/// Whether the outputs are numbers to predict: a regression or an autoencoding. The others have names for
/// their outputs, which are right or wrong, so that there is an accuracy.
bool predicts_numbers(Task task);

}  // namespace ravine
