#pragma once

#include <sys/stat.h>

#include <cstdio>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/lab/run_support.hpp"
#include "tests/support/paths.hpp"

namespace ravine::test {

/// The scripts of tests/peers, run by one process of Debian's Python for all tests: see serve.py there.
class Peers {
public:
    static Peers& get() {
        static Peers peers;
        return peers;
    }

    bool there() const { return there_; }

    /// What a script says.
    std::string ask(const std::string& script, const std::vector<std::string>& arguments) {
        Json request{script};
        for (const auto& argument : arguments) request.push_back(argument);
        std::fprintf(requests_, "%s\n", request.dump().c_str());
        std::fflush(requests_);
        const Json answer = read();
        if (!answer.is_string()) throw std::runtime_error(script + " failed");
        return answer.get<std::string>();
    }

    Peers(const Peers&) = delete;
    Peers& operator=(const Peers&) = delete;

private:
    Peers() {
        const std::string answers = (folder_.path() / "answers").string();
        if (mkfifo(answers.c_str(), 0600) != 0) throw std::runtime_error("no FIFO");
        // Not another Python on the way; nets.py would start it anew to set the variable.
        const std::string command = "OPENBLAS_CORETYPE=${OPENBLAS_CORETYPE:-SKYLAKEX} /usr/bin/python3 -B " +
                                    source_folder() + "/tests/peers/serve.py >" + answers;
        requests_ = popen(command.c_str(), "we");
        if (requests_ == nullptr) throw std::runtime_error("no shell");
        answers_.open(answers);  // waits until the shell has opened it
        there_ = read() == "ready";
    }
    ~Peers() { pclose(requests_); }

    /// The next answer; null where there is none.
    Json read() {
        std::string line;
        return std::getline(answers_, line) ? Json::parse(line) : Json();
    }

    TemporaryFolder folder_;
    std::FILE* requests_ = nullptr;
    std::ifstream answers_;
    bool there_ = false;
};

/// The outsider that numbers are compared with. Where PyTorch is not installed these tests are skipped.
class PyTorchTest : public RunTest {
protected:
    void SetUp() override {
        if (!Peers::get().there())
            GTEST_SKIP() << "PyTorch is not installed (Debian's package python3-torch)";
    }

    std::string path(const std::string& name) const { return (temporary.path() / name).string(); }

    static std::string run_script(const std::string& script, const std::vector<std::string>& arguments) {
        return Peers::get().ask(script, arguments);
    }
    static Json ask(const std::string& script, const std::vector<std::string>& arguments) {
        return Json::parse(run_script(script, arguments));
    }
};

}  // namespace ravine::test
