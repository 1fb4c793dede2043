#include "sidecar/judge/gate_peer.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sidecar/base/arena.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/base/file.h"
#include "sidecar/base/limits.h"
#include "sidecar/wire/slot.h"

/* Reads /proc/PID/NAME whole. 0 or -1. */
static int read_process(pid_t pid, const char *name, struct buffer *out) {
    char path[64];
    struct error ignored;
    (void)snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    int fd = file_open(path, &ignored);
    if (fd < 0)
        return -1;
    int status = file_read(fd, path, out, &ignored);
    (void)close(fd);
    return status;
}

/* PPid of a process, 0 where it cannot be told. The name before it, in brackets,
 * may hold anything (proc(5)): what follows the last bracket counts. */
static pid_t parent_of(pid_t pid) {
    struct buffer text = buffer_make(LIMIT_LOG_LINE);
    pid_t parent = 0;
    if (read_process(pid, "stat", &text) == 0) {
        const char *end = strrchr(text.data, ')');
        if (end != NULL && end[1] == ' ' && end[2] != '\0' && end[3] == ' ')
            parent = (pid_t)strtol(end + 4, NULL, 10);
    }
    buffer_free(&text);
    return parent;
}

static bool is_ancestor(pid_t pid) {
    pid_t at = getppid();
    for (int i = 0; i < LIMIT_ANCESTORS && at > 0; i++) {
        if (at == pid)
            return true;
        at = parent_of(at);
    }
    return false;
}

/* The end that run keeps is closed once it has the environment: what
 * spark-env.sh left running and launches later is judged as usual. */
static bool is_open(int fd) {
    struct pollfd entry = {.fd = fd, .events = POLLIN | POLLRDHUP};
    return poll(&entry, 1, 0) == 0;
}

bool gate_peer_is_run(void) {
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (getsockopt(GATE_FD, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || size != sizeof peer)
        return false;
    return peer.pid > 0 && (peer.uid == getuid() || peer.uid == 0) && is_open(GATE_FD) &&
           is_ancestor(peer.pid);
}

struct gate_words gate_peer_parent(struct arena *arena) {
    struct gate_words ret = {0};
    struct buffer text = buffer_make(LIMIT_ARGUMENT_BYTES);
    size_t count = 0, kept = 0;
    if (read_process(getppid(), "cmdline", &text) != 0)
        goto out;
    for (size_t i = 0; i < text.length; i++)
        count += text.data[i] == '\0';
    const char **words = arena_array(arena, count + 1, sizeof *words);
    const char *copy = arena_text(arena, text.data, text.length);
    if (words == NULL || copy == NULL)
        goto out;
    for (size_t start = 0; kept < count; start += strlen(copy + start) + 1)
        words[kept++] = copy + start;
    ret = (struct gate_words){words, kept};
out:
    buffer_free(&text);
    return ret;
}
