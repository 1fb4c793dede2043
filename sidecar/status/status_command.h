/* status_command.h: `arrestor ready` and `arrestor status`: what status.json tells,
 * against the clock. No process of arrestor has to live for either. */
#ifndef ARRESTOR_STATUS_STATUS_COMMAND_H
#define ARRESTOR_STATUS_STATUS_COMMAND_H

#include "sidecar/base/command.h"

extern const struct command ready_command, status_command;

#endif
