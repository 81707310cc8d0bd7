#pragma once

#include <string>

namespace ravine::cli {

/// To be called first. Where standard input, output or error is closed, its number would go to the next file
/// that is opened, and messages into that file; and a reader that has gone away (`| head`) would end a
/// training run in its midst.
void prepare_streams();

/// `ravine: MESSAGE` on one line, whatever the message holds. Returns the exit status.
int report(int status, const std::string& message);

/// Says that standard output could not be written, for the reason of errno's number (0: unknown); returns the
/// exit status. Where the reader has gone away the process ends as by SIGPIPE, as people and shells are used
/// to.
int report_lost_output(int error_number);

/// To be called last: the exit status, which is not 0 where something that was printed was lost.
int finish_output(int status);

}  // namespace ravine::cli
