#pragma once

#include <cstdlib>
#include <optional>
#include <string>

namespace ravine::test {

/// Sets an environment variable for the time of a test; an empty value removes it.
class Environment {
public:
    Environment(const char* name, const std::string& value) : name_(name) {
        if (const char* old = getenv(name)) {
            old_ = old;
            had_ = true;
        }
        value.empty() ? unsetenv(name) : setenv(name, value.c_str(), 1);
    }
    Environment(const Environment&) = delete;
    Environment& operator=(const Environment&) = delete;
    ~Environment() { had_ ? setenv(name_, old_.c_str(), 1) : unsetenv(name_); }

private:
    const char* name_;
    std::string old_;
    bool had_ = false;
};

}  // namespace ravine::test
