/* sidecar_command.h: `arrestor sidecar` and `arrestor init`. */
#ifndef ARRESTOR_MONITOR_SIDECAR_COMMAND_H
#define ARRESTOR_MONITOR_SIDECAR_COMMAND_H

#include "sidecar/base/command.h"

/* Keeps a set fresh beside a job until a signal ends it; places a set once and
 * ends. The rows of main's table. */
extern const struct command sidecar_command, init_command;

#endif
