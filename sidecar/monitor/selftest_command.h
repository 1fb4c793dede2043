/* selftest_command.h: arrestor selftest: which claims of SECURITY.md hold here.
 *
 * Each claim is an executable NN-name of the directory `selftest` beside
 * arrestor, or of libexec/arrestor/selftest where arrestor is installed. It is
 * started with the path of arrestor, prints "STATE TAB SENTENCE" with STATE one
 * of on, degraded, off, and ends with 0, 0 or 1; 70 where it could not be tried. */
#ifndef ARRESTOR_MONITOR_SELFTEST_COMMAND_H
#define ARRESTOR_MONITOR_SELFTEST_COMMAND_H

#include "sidecar/base/command.h"

extern const struct command selftest_command;

#endif
