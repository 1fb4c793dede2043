/* prompt.h: asks for a secret at the terminal, without echo. */
#ifndef ARRESTOR_STRONGBOX_PROMPT_H
#define ARRESTOR_STRONGBOX_PROMPT_H

#include "sidecar/secret/secret_set.h"

struct error;

struct prompt {
    int tty;     /* -1: closed */
    int signals; /* signalfd(2) of those that would end or stop the process */
};

enum prompt_kind {
    PROMPT_VALUE,         /* of a secret; asked twice */
    PROMPT_PASSPHRASE,    /* that there is already; asked once */
    PROMPT_NEW_PASSPHRASE /* asked twice */
};

/* Opens /dev/tty. Before the ladder. 0, or -1 with ERROR_USAGE where the process
 * has no terminal, saying where else an answer of that kind can come from; then
 * *prompt is closed. */
int prompt_open(struct prompt *prompt, enum prompt_kind kind, struct error *err);

/* Asks, where twice compares; name is of the secret, NULL for passphrases. A
 * signal that ends or stops the process finds the echo restored; after a stop the
 * question is asked again. *ret is freed with secret_text_free. 0, or -1 with
 * ERROR_USAGE (two different answers, too long for a terminal's line, an empty
 * passphrase), ERROR_SECRET_EMPTY (an empty value), ERROR_SYSTEM, ERROR_MEMORY.
 * Calls: ioctl(TCGETS, TCSETSF), rt_sigprocmask, poll, read, write. */
int prompt_ask(struct prompt *prompt, enum prompt_kind kind, const char *name,
               struct secret_text *ret, struct error *err);

/* Closes; a closed prompt is fine. */
void prompt_close(struct prompt *prompt);

#endif
