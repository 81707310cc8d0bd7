#pragma once

namespace ravine {

// A thread that waits for others either spins, and has the answer at once but takes the processor from
// whoever could use it, or sleeps, and has to be woken, which takes some ten microseconds. libgomp, on whose
// threads oneDNN works, spins for several milliseconds: beside another program on the same processors a step
// then takes up to 25 times as long. So its threads should spin for about as long as waking takes, and then
// sleep. (Ravine's own loops have threads of their own: worker_team.hpp.)
//
// libgomp reads how long from the environment when it is loaded, and offers no other way to say it. But
// wherever it manages more threads than there are processors it spins very shortly by itself.

/// Whether the environment says how OpenMP's threads wait (OMP_WAIT_POLICY, GOMP_SPINCOUNT): then they do so.
bool waiting_is_set();

/// Makes OpenMP's threads in this process spin for some microseconds at most before they sleep, unless
/// waiting_is_set(): as many threads as there are processors are begun, once, and sleep until the process
/// ends. Everything that computes on several threads calls this before. A child of fork() keeps it.
void bound_waiting();

/// For a program, as the first thing in main(): starts it again with GOMP_SPINCOUNT in the environment, so
/// that OpenMP's threads spin for as long as suits small nets too (about spin_microseconds) before they
/// sleep. Returns where waiting_is_set(), as it is in the program that was started again; where there is one
/// processor; under valgrind, which would lose the program; and where it cannot be started: bound_waiting()
/// remains. `arguments` are main's.
void restart_with_bounded_waiting(char** arguments);

constexpr int spin_microseconds = 25;

}  // namespace ravine
