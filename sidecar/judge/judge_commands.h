/* judge_commands.h: the commands that judge and execute nothing. */
#ifndef ARRESTOR_JUDGE_COMMANDS_H
#define ARRESTOR_JUDGE_COMMANDS_H

#include "sidecar/base/command.h"

extern const struct command check_command;
extern const struct command effective_command;
extern const struct command why_command;
extern const struct command policy_command;
extern const struct command gate_command;

#endif
