/* completion.h: the table of commands as a completion script of a shell. Pure. */
#ifndef ARRESTOR_BASE_COMPLETION_H
#define ARRESTOR_BASE_COMPLETION_H

#include <stddef.h>

struct buffer;
struct command;
struct error;

/* Appends the script for `shell`: bash, zsh or fish. What an option's argument is
 * called says what is offered for it: FILE and PACK files, DIR directories, a|b its
 * words, all else nothing. What the lines of a command's usage begin with are its
 * subcommands, see command.h. 0, or -1 with ERROR_USAGE for another shell; out
 * is then untouched. */
int completion_write(const char *shell, const struct command *const *commands, size_t count,
                     struct buffer *out, struct error *err);

#endif
