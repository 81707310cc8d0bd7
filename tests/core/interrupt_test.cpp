#include "ravine/core/threads/interrupt.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace ravine {
namespace {

void other_handler(int) {}

void (*handler_of(int signal))(int) {
    struct sigaction action {};
    sigaction(signal, nullptr, &action);
    return action.sa_handler;
}

/// What a signal does in a test, and afterwards what it did before.
class Handler {
public:
    Handler(int signal, void (*handler)(int)) : signal_(signal), before_(std::signal(signal, handler)) {}
    Handler(const Handler&) = delete;
    Handler& operator=(const Handler&) = delete;
    ~Handler() { std::signal(signal_, before_); }

private:
    int signal_;
    void (*before_)(int);
};

TEST(Interrupt, IsNotedForEachOfTheSignals) {
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
        const InterruptGuard guard;
        EXPECT_FALSE(interrupted());
        std::raise(signal);
        EXPECT_TRUE(interrupted()) << signal;
    }
}

TEST(Interrupt, TheHandlerThatStoodBeforeComesBack) {
    const Handler mine(SIGINT, other_handler);
    {
        const InterruptGuard guard;
        EXPECT_NE(handler_of(SIGINT), other_handler);
    }
    EXPECT_EQ(handler_of(SIGINT), other_handler);
    EXPECT_EQ(handler_of(SIGTERM), SIG_DFL);
    {
        const InterruptGuard guard;
        std::signal(SIGINT, SIG_IGN);  // someone else's wish, which outlives the guard
    }
    EXPECT_EQ(handler_of(SIGINT), SIG_IGN);
}

TEST(Interrupt, WhatWasIgnoredStaysIgnored) {
    const Handler no_interrupt(SIGINT, SIG_IGN), no_hangup(SIGHUP, SIG_IGN);  // nohup ravine train ... &
    const InterruptGuard guard;
    std::raise(SIGINT);
    std::raise(SIGHUP);
    EXPECT_FALSE(interrupted());
    std::raise(SIGTERM);
    EXPECT_TRUE(interrupted());
}

TEST(Interrupt, AGuardWithinAnotherChangesNothing) {
    const Handler mine(SIGINT, other_handler);
    const InterruptGuard outer;
    interrupt();
    {
        const InterruptGuard inner;
        EXPECT_TRUE(interrupted());
    }
    EXPECT_TRUE(interrupted());
    EXPECT_NE(handler_of(SIGINT), other_handler);
    forget_interrupt();
    std::raise(SIGINT);  // the outer one still listens
    EXPECT_TRUE(interrupted());
}

TEST(Interrupt, TheNextGuardForgets) {
    {
        const InterruptGuard guard;
        interrupt();
    }
    EXPECT_TRUE(interrupted());
    const InterruptGuard guard;
    EXPECT_FALSE(interrupted());
}

/// How a process ends that gets these signals under a guard; 0 where it goes on.
int end_of(std::initializer_list<int> signals) {
    const pid_t child = fork();
    if (child == 0) {
        const InterruptGuard guard;
        for (const int signal : signals) std::raise(signal);
        _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

TEST(Interrupt, ASecondSignalEndsTheProcess) {
    EXPECT_EQ(end_of({SIGINT}), 0);
    EXPECT_EQ(end_of({SIGINT, SIGINT}), SIGINT);
    EXPECT_EQ(end_of({SIGINT, SIGTERM}), SIGTERM);
    EXPECT_EQ(end_of({SIGHUP, SIGHUP}), 0);  // as a closing terminal sends it
    EXPECT_EQ(end_of({SIGHUP, SIGTERM}), 0);
}

}  // namespace
}  // namespace ravine
