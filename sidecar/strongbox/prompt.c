#include "sidecar/strongbox/prompt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "sidecar/base/error.h"
#include "sidecar/base/file.h"

/* What a terminal or a person sends to end or stop a process. While the echo is
 * off these are blocked and seen through a signalfd that nobody reads, so they
 * stay pending: no handler, no global flag, and unblocking lets each do what it
 * always does, with the echo back on. */
static const int watched_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};

/* What is asked, and what is said of answers that cannot be used. */
struct question {
    const char *first, *second; /* second NULL: asked once */
    enum error_code empty;
    const char *empty_todo, *differ, *elsewhere;
};

static const struct question questions[] = {
    [PROMPT_VALUE] = {"Value of ", "Once more, ", ERROR_SECRET_EMPTY,
                      "nothing has changed; Spark fails open on empty files",
                      "the two values differ",
                      "pass the value on standard input: … | arrestor strongbox set NAME"},
    [PROMPT_PASSPHRASE] = {"Passphrase of the key file: ", NULL, ERROR_USAGE,
                           "nothing has changed; try again", "",
                           "pass the passphrase on a descriptor: --passphrase-fd N"},
    [PROMPT_NEW_PASSPHRASE] = {"New passphrase for the key file: ", "Once more: ", ERROR_USAGE,
                               "nothing has changed; without a passphrase: leave --passphrase out",
                               "the two passphrases differ",
                               "pass it on a descriptor (see arrestor strongbox --help)"},
};

struct session {
    struct prompt *prompt;
    const struct question *question;
    struct termios echoing, silent;
    sigset_t blocked, before;
};

static sigset_t watched_set(void) {
    sigset_t set;
    (void)sigemptyset(&set);
    for (size_t i = 0; i < sizeof watched_signals / sizeof *watched_signals; i++)
        (void)sigaddset(&set, watched_signals[i]);
    return set;
}

int prompt_open(struct prompt *prompt, enum prompt_kind kind, struct error *err) {
    sigset_t set = watched_set();
    prompt->signals = -1;
    prompt->tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (prompt->tty < 0) {
        error_system(err, ERROR_USAGE, "there is no terminal to ask at");
        return error_todo(err, "%s", questions[kind].elsewhere);
    }
    prompt->signals = signalfd(-1, &set, SFD_CLOEXEC);
    if (prompt->signals >= 0)
        return 0;
    error_system(err, ERROR_SYSTEM, "cannot watch for signals");
    prompt_close(prompt);
    return -1;
}

void prompt_close(struct prompt *prompt) {
    if (prompt->tty >= 0)
        (void)close(prompt->tty);
    if (prompt->signals >= 0)
        (void)close(prompt->signals);
    prompt->tty = prompt->signals = -1;
}

static int silence(struct session *session, struct error *err) {
    if (sigprocmask(SIG_BLOCK, &session->blocked, &session->before) != 0)
        return error_system(err, ERROR_SYSTEM, "cannot block signals");
    if (tcsetattr(session->prompt->tty, TCSAFLUSH, &session->silent) == 0)
        return 0;
    error_system(err, ERROR_SYSTEM, "cannot turn off the terminal's echo");
    (void)sigprocmask(SIG_SETMASK, &session->before, NULL);
    return -1;
}

/* Echo first, then the signals: one that waited may end the process here. */
static int unsilence(struct session *session, struct error *err) {
    int failed = tcsetattr(session->prompt->tty, TCSAFLUSH, &session->echoing);
    (void)sigprocmask(SIG_SETMASK, &session->before, NULL);
    return failed == 0 ? 0 : error_system(err, ERROR_SYSTEM, "cannot turn the echo on again");
}

static int show(struct session *session, const char *question, const char *name,
                struct error *err) {
    char text[LIMIT_SECRET_NAME + 64];
    int length = snprintf(text, sizeof text, "%s%s%s", question, name, *name != '\0' ? ": " : "");
    size_t size = length < 0 ? 0 : (size_t)length < sizeof text ? (size_t)length : sizeof text - 1;
    if (file_write_all(session->prompt->tty, text, size) == 0)
        return 0;
    return error_system(err, ERROR_SYSTEM, "cannot write to the terminal");
}

/* Waits for input. 1: there is some; 0: a signal came and has been let through,
 * ask again; -1. */
static int wait_input(struct session *session, struct error *err) {
    struct pollfd waits[] = {{.fd = session->prompt->signals, .events = POLLIN},
                             {.fd = session->prompt->tty, .events = POLLIN}};
    while (poll(waits, 2, -1) < 0)
        if (errno != EINTR)
            return error_system(err, ERROR_SYSTEM, "cannot wait for the terminal");
    if (waits[0].revents == 0)
        return 1;
    (void)show(session, "\n", "", err);
    return unsilence(session, err) == 0 && silence(session, err) == 0 ? 0 : -1;
}

/* Reads one line into line of LIMIT_PROMPT_BYTES. */
static int read_line(struct session *session, const char *question, const char *name,
                     unsigned char *line, size_t *length, struct error *err) {
    if (show(session, question, name, err) != 0)
        return -1;
    for (;;) {
        int ready = wait_input(session, err);
        if (ready < 0 || (ready == 0 && show(session, question, name, err) != 0))
            return -1;
        if (ready == 0)
            continue;
        ssize_t got = read(session->prompt->tty, line, LIMIT_PROMPT_BYTES);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_system(err, ERROR_SYSTEM, "cannot read from the terminal");
        *length = (size_t)got;
        if (got > 0 && line[got - 1] == '\n')
            (*length)--;
        return show(session, "\n", "", err);
    }
}

/* The terminal drops what goes beyond its line without a word, so a full line
 * may be a part. */
static int check_lines(const struct question *question, const struct secret_text *first,
                       const struct secret_text *second, struct error *err) {
    if (first->length >= LIMIT_PROMPT_BYTES - 1) {
        error_set(err, ERROR_USAGE, "a terminal passes no line of %d characters or more",
                  LIMIT_PROMPT_BYTES - 1);
        return error_todo(err, "%s", question->elsewhere);
    }
    if (first->length == 0) {
        error_set(err, question->empty, "nothing was typed");
        return error_todo(err, "%s", question->empty_todo);
    }
    if (second->bytes == NULL)
        return 0;
    if (first->length == second->length && memcmp(first->bytes, second->bytes, first->length) == 0)
        return 0;
    error_set(err, ERROR_USAGE, "%s", question->differ);
    return error_todo(err, "nothing has changed; try again");
}

static int ask(struct session *session, const char *name, struct secret_text *first,
               struct secret_text *second, struct error *err) {
    const struct question *question = session->question;
    const struct secret_text none = {.bytes = NULL};
    if (read_line(session, question->first, name, first->bytes, &first->length, err) != 0 ||
        check_lines(question, first, &none, err) != 0)
        return -1;
    if (question->second == NULL)
        return 0;
    if (read_line(session, question->second, name, second->bytes, &second->length, err) != 0)
        return -1;
    return check_lines(question, first, second, err);
}

int prompt_ask(struct prompt *prompt, enum prompt_kind kind, const char *name,
               struct secret_text *ret, struct error *err) {
    struct session session = {
        .prompt = prompt, .question = &questions[kind], .blocked = watched_set()};
    struct error ignored;
    if (tcgetattr(prompt->tty, &session.echoing) != 0)
        return error_system(err, ERROR_SYSTEM, "cannot ask the terminal for its settings");
    session.silent = session.echoing;
    session.silent.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
    session.silent.c_lflag |= ICANON | ISIG;
    struct secret_text first = {.bytes = secret_alloc(LIMIT_PROMPT_BYTES)};
    struct secret_text second = {.bytes = secret_alloc(LIMIT_PROMPT_BYTES)};
    int result = -1;
    if (first.bytes == NULL || second.bytes == NULL)
        error_set(err, ERROR_MEMORY, "no memory for what is typed");
    else if (silence(&session, err) == 0) {
        result = ask(&session, name == NULL ? "" : name, &first, &second, err);
        if (unsilence(&session, result == 0 ? err : &ignored) != 0)
            result = -1;
    }
    if (result == 0)
        *ret = first;
    else
        secret_text_free(&first);
    secret_text_free(&second);
    return result;
}
