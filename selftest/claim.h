/* claim.h: what the claims of SECURITY.md have in common.
 *
 * selftest/NN-name.c tries from outside what claim NN promises, on the machine it
 * runs on and as the user it is run by. It prints "STATE TAB SENTENCE" and ends:
 * on and degraded with 0, off with 1; with 70 where it could not be tried. It is
 * started by `arrestor selftest` with the path of arrestor as its one argument;
 * without it, it looks where the build and the installation put arrestor. */
#ifndef ARRESTOR_SELFTEST_CLAIM_H
#define ARRESTOR_SELFTEST_CLAIM_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* First call of every claim but of a job (site.h). What the claim makes and
 * starts afterwards is removed and ended when it says its state. */
void claim_begin(int argc, char **argv);

/* Say the state and end. The sentence has no full stop and no secret. */
_Noreturn void claim_off(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void claim_broken(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Notes why the claim holds only in part; the first reason stays. */
void claim_weaken(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Says degraded with the first reason noted, else on with this sentence. */
_Noreturn void claim_settle(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* claim_broken with the text of errno, unless `fine`. */
void claim_need(bool fine, const char *what);

/* Path of the arrestor that the claims are about. */
const char *claim_arrestor(void);

/* Path of another executable of arrestor's, beside it or as it is installed;
 * NULL is arrestor itself. Lives for ever. */
const char *claim_program(const char *name);

/* A fresh directory, mode 0700, removed at the end: on tmpfs where arrestor would
 * look for one, or wherever something can be written. Paths live for ever. */
const char *claim_memory_directory(void);
const char *claim_any_directory(void);

/* "DIRECTORY/NAME"; lives for ever. */
const char *claim_path(const char *directory, const char *name);

/* Makes or replaces a file of mode 0600. */
void claim_write(const char *path, const char *text);

/* The first bytes of a file as text, "" where it is not there. Gives the length. */
size_t claim_read(const char *path, char *text, size_t size);

bool claim_exists(const char *path);

/* Whether nothing is there, or an empty directory: where the one above it is not
 * sweep's, the next start takes it away. */
bool claim_is_bare(const char *path);

/* "canary-" and 32 random hex digits; lives for ever. */
const char *claim_canary(void);

/* fork(2); the child dies with the claim, and is ended at the end. */
pid_t claim_fork(void);

/* Kills a child of claim_fork and reaps it. */
void claim_end(pid_t pid);

/* A child of claim_fork that somebody else has reaped. */
void claim_forget(pid_t pid);

/* Waits up to 20 s for the end of a child: its status as waitpid(2) gives it. */
int claim_wait(pid_t pid);

/* Whether `holds(context)` becomes true within limit_ms. */
bool claim_becomes(bool (*holds)(const void *context), const void *context, int limit_ms);

/* Value of a field of /proc/PID/status, without blanks at its ends; false where
 * there is none. pid 0 is this process. */
bool claim_status_field(pid_t pid, const char *field, char *ret, size_t size);

/* A socket that listens on a free port of loopback; its address goes to *ret. */
int claim_listen(struct sockaddr_in *ret);

/* The user that service roles drop to: `arrestor`, else 65534 (DESIGN, Ids). */
uid_t claim_service_uid(void);

/* Settles as degraded where /proc hides a process that has closed itself (hidepid):
 * then what a role is cannot be looked at. */
void claim_need_sight(void);

#endif
