/* run_command.h: arrestor run: judge, fetch, place, launch, keep fresh, wipe. */
#ifndef ARRESTOR_MONITOR_RUN_COMMAND_H
#define ARRESTOR_MONITOR_RUN_COMMAND_H

#include "sidecar/base/command.h"

extern const struct command run_command;

#endif
