#pragma once

#include <sys/wait.h>

#include <cstdio>
#include <stdexcept>
#include <string>

#include "tests/lab/run_support.hpp"
#include "tests/support/paths.hpp"

namespace ravine::test {

/// The outsider that numbers are compared with. Where PyTorch is not installed these tests are skipped.
class PyTorchTest : public RunTest {
protected:
    void SetUp() override {
        static const bool there = python("-c 'import numpy, torch' 2>/dev/null").status == 0;
        if (!there) GTEST_SKIP() << "PyTorch is not installed (Debian's package python3-torch)";
    }

    std::string path(const std::string& name) const { return (temporary.path() / name).string(); }

    /// What a script of tests/peers says.
    static std::string run_script(const std::string& script, const std::string& arguments) {
        const Answer answer = python("-B " + source_folder() + "/tests/peers/" + script + " " + arguments);
        if (answer.status != 0) throw std::runtime_error(script + " failed");
        return answer.text;
    }
    static Json ask(const std::string& script, const std::string& arguments) {
        return Json::parse(run_script(script, arguments));
    }

private:
    struct Answer {
        int status;
        std::string text;
    };

    /// Runs Debian's Python, without looking for another one on the way.
    static Answer python(const std::string& arguments) {
        std::FILE* pipe = popen(("/usr/bin/python3 " + arguments).c_str(), "r");
        if (pipe == nullptr) return {-1, ""};
        std::string text;
        for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) text += static_cast<char>(c);
        return {WEXITSTATUS(pclose(pipe)), text};
    }
};

}  // namespace ravine::test
