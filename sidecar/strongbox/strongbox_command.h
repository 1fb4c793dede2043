/* strongbox_command.h: arrestor strongbox init, set, get, list, rm, rekey. Role tool. */
#ifndef ARRESTOR_STRONGBOX_STRONGBOX_COMMAND_H
#define ARRESTOR_STRONGBOX_STRONGBOX_COMMAND_H

#include "sidecar/base/command.h"

/* Row for main's table. Exit status by the error table (error.h). */
extern const struct command strongbox_command;

#endif
