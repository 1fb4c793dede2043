/* prompt.h: asks for a secret at the terminal, without echo. */
#ifndef ARRESTOR_STRONGBOX_PROMPT_H
#define ARRESTOR_STRONGBOX_PROMPT_H

#include "sidecar/secret/secret_set.h"

struct error;

struct prompt {
    int tty;     /* -1: closed */
    int signals; /* signalfd(2) of those that would end or stop the process */
};

/* Opens /dev/tty. Before the ladder. 0, or -1 with ERROR_USAGE where the process
 * has no terminal. */
int prompt_open(struct prompt *prompt, struct error *err);

/* Asks twice for the value of name and compares. A signal that ends or stops the
 * process finds the echo restored; after a stop the question is asked again.
 * *ret is freed with secret_text_free. 0, or -1 with ERROR_USAGE (two different
 * values, too long for a terminal's line), ERROR_SECRET_EMPTY, ERROR_SYSTEM,
 * ERROR_MEMORY. Calls: ioctl(TCGETS, TCSETSF), rt_sigprocmask, poll, read, write. */
int prompt_ask(struct prompt *prompt, const char *name, struct secret_text *ret, struct error *err);

/* Closes; a closed prompt is fine. */
void prompt_close(struct prompt *prompt);

#endif
