#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <utility>

#include "ravine/core/text/printable.hpp"

namespace ravine {

/// An error that a person is told about in one line: what was read, where, what was expected, what was found.
/// A message of more than 1,000 bytes, such as one about a name or path without end, is shortened().
class Error : public std::runtime_error {
public:
    explicit Error(std::string message) : std::runtime_error(shortened(std::move(message))) {}
    /// The exit status of a program that ends because of this error.
    virtual int exit_status() const = 0;
};

/// The request was wrong: an unknown name, a value out of range, a damaged file. Exit status 2.
class RequestError : public Error {
public:
    using Error::Error;
    int exit_status() const override { return 2; }
};

/// The request was right but the run failed: diverged, interrupted, data missing. Exit status 1.
class RunError : public Error {
public:
    using Error::Error;
    int exit_status() const override { return 1; }
};

/// Throws RequestError with a message formatted as by fmt::format.
template <class... Args>
[[noreturn]] void fail_request(fmt::format_string<Args...> format, Args&&... args) {
    throw RequestError(fmt::format(format, std::forward<Args>(args)...));
}

/// Throws RunError with a message formatted as by fmt::format.
template <class... Args>
[[noreturn]] void fail_run(fmt::format_string<Args...> format, Args&&... args) {
    throw RunError(fmt::format(format, std::forward<Args>(args)...));
}

/// Throws std::logic_error: the caller broke a precondition that no user input can break.
template <class... Args>
void require(bool holds, fmt::format_string<Args...> format, Args&&... args) {
    if (!holds) throw std::logic_error(fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace ravine
