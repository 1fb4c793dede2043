#include "sidecar/status/status_text.h"

#include <jansson.h>
#include <string.h>

#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/base/json_text.h"
#include "sidecar/base/text.h"

#define SECOND 1000u
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

void status_span(uint64_t ms, struct buffer *out) {
    if (ms < MINUTE)
        buffer_printf(out, "%us", (unsigned)(ms / SECOND));
    else if (ms < HOUR)
        buffer_printf(out, "%um", (unsigned)(ms / MINUTE));
    else if (ms < 2 * DAY)
        buffer_printf(out, "%uh %um", (unsigned)(ms / HOUR), (unsigned)(ms % HOUR / MINUTE));
    else
        buffer_printf(out, "%llud", (unsigned long long)(ms / DAY));
}

/* How long ago it was; a clock that was set back makes it no negative time. */
static void add_age(uint64_t then_ms, uint64_t now_ms, struct buffer *out) {
    status_span(now_ms > then_ms ? now_ms - then_ms : 0, out);
}

static void add_ago(uint64_t then_ms, uint64_t now_ms, struct buffer *out) {
    add_age(then_ms, now_ms, out);
    buffer_text(out, " ago");
}

static void add_name(const char *name, struct buffer *out) {
    text_escape(out, name, strlen(name));
}

/* The first lease that is past its expiry and grace, or NULL. */
static const struct lease *find_expired(const struct set_status *status, uint64_t now_ms) {
    for (size_t i = 0; i < status->count; i++)
        if (status->leases[i].expires_ms != 0 &&
            status->leases[i].expires_ms + status->grace_ms <= now_ms)
            return &status->leases[i];
    return NULL;
}

static void add_withdrawn(const struct set_status *status, struct buffer *out) {
    buffer_printf(out, "%zu file%s withdrawn, because a secret has expired", status->withdrawn,
                  status->withdrawn == 1 ? " is" : "s are");
}

/* Why it is not ready. */
static void add_reason(const struct set_status *status, uint64_t now_ms, struct buffer *out) {
    const struct lease *lease = find_expired(status, now_ms);
    if (lease != NULL) {
        buffer_text(out, "secret ");
        add_name(lease->name, out);
        buffer_text(out, " expired ");
        add_ago(lease->expires_ms, now_ms, out);
    } else if (status->withdrawn > 0) {
        add_withdrawn(status, out);
    } else {
        buffer_text(out, "no set stands here");
    }
}

void status_line(const struct set_status *status, uint64_t now_ms, struct buffer *out) {
    if (set_status_is_ready(status, now_ms)) {
        buffer_printf(out, "ready: generation %llu", (unsigned long long)status->generation);
        if (status->stale_since_ms != 0) {
            buffer_text(out, ", stale for ");
            add_age(status->stale_since_ms, now_ms, out);
            buffer_printf(out, ": %s", error_text(status->error));
        }
    } else {
        buffer_text(out, "not ready: ");
        add_reason(status, now_ms, out);
    }
    buffer_char(out, '\n');
}

/* ---- The table for people */

static void add_word(const char *word, bool colour, struct buffer *out) {
    static const struct {
        const char *word, *sequence;
    } colours[] = {{"fresh", "\033[32m"}, {"stale", "\033[33m"}, {"expired", "\033[31m"}};
    for (size_t i = 0; colour && i < sizeof colours / sizeof *colours; i++)
        if (strcmp(colours[i].word, word) == 0)
            buffer_text(out, colours[i].sequence);
    buffer_text(out, word);
    if (colour)
        buffer_text(out, "\033[0m");
}

/* "last error: TEXT [CODE, HTTP 503], secret db; for 5m" */
static void add_error(const struct set_status *status, uint64_t now_ms, struct buffer *out) {
    buffer_printf(out, "  last error: %s [%s", error_text(status->error),
                  error_name(status->error));
    if (status->error_detail != 0)
        buffer_printf(out, ", HTTP %u", (unsigned)status->error_detail);
    buffer_char(out, ']');
    if (status->error_secret != NULL) {
        buffer_text(out, ", secret ");
        add_name(status->error_secret, out);
    }
    buffer_text(out, "; for ");
    add_age(status->stale_since_ms, now_ms, out);
    buffer_char(out, '\n');
}

static void add_cell(const char *text, size_t width, struct buffer *out) {
    size_t start = out->length;
    add_name(text, out);
    for (size_t used = out->length - start; used < width; used++)
        buffer_char(out, ' ');
    buffer_text(out, "  ");
}

static size_t widest(const struct set_status *status, bool store) {
    size_t width = strlen("SECRET");
    for (size_t i = 0; i < status->count; i++) {
        size_t length = strlen(store ? status->leases[i].store : status->leases[i].name);
        width = length > width ? length : width;
    }
    return width;
}

static void add_expiry(const struct lease *lease, uint64_t now_ms, struct buffer *out) {
    if (lease->expires_ms == 0) {
        buffer_text(out, "never");
    } else if (lease->expires_ms > now_ms) {
        buffer_text(out, "in ");
        status_span(lease->expires_ms - now_ms, out);
    } else {
        buffer_text(out, "expired ");
        add_ago(lease->expires_ms, now_ms, out);
    }
    buffer_char(out, '\n');
}

static void add_secrets(const struct set_status *status, uint64_t now_ms, struct buffer *out) {
    enum { VERSION_WIDTH = 7, AGE_WIDTH = 11 };
    size_t name = widest(status, false), store = widest(status, true);
    if (status->count == 0)
        return;
    buffer_printf(out, "\n  %-*s  %-*s  %-*s  %-*s  EXPIRES\n", (int)name, "SECRET", (int)store,
                  "STORE", VERSION_WIDTH, "VERSION", AGE_WIDTH, "FETCHED");
    for (size_t i = 0; i < status->count; i++) {
        const struct lease *lease = &status->leases[i];
        buffer_text(out, "  ");
        add_cell(lease->name, name, out);
        add_cell(lease->store, store, out);
        buffer_printf(out, "%-*llu  ", VERSION_WIDTH, (unsigned long long)lease->version);
        size_t start = out->length;
        add_ago(lease->fetched_ms, now_ms, out);
        for (size_t used = out->length - start; used < AGE_WIDTH; used++)
            buffer_char(out, ' ');
        buffer_text(out, "  ");
        add_expiry(lease, now_ms, out);
    }
}

void status_table(const struct set_status *status, const char *directory, uint64_t now_ms,
                  bool colour, struct buffer *out) {
    add_word(set_status_word(status, now_ms), colour, out);
    buffer_printf(out, ": generation %llu in ", (unsigned long long)status->generation);
    add_name(directory, out);
    buffer_text(out, "\n  published ");
    add_ago(status->published_ms, now_ms, out);
    buffer_text(out, ", checked ");
    add_ago(status->checked_ms, now_ms, out);
    buffer_char(out, '\n');
    if (status->error != ERROR_OK)
        add_error(status, now_ms, out);
    if (!set_status_is_ready(status, now_ms)) {
        buffer_text(out, "  not ready: ");
        add_reason(status, now_ms, out);
        buffer_char(out, '\n');
    }
    if (status->withdrawn > 0 && find_expired(status, now_ms) != NULL) {
        buffer_text(out, "  ");
        add_withdrawn(status, out);
        buffer_char(out, '\n');
    }
    add_secrets(status, now_ms, out);
}

/* ---- JSON */

static int append(const char *bytes, size_t length, void *out) {
    buffer_bytes(out, bytes, length);
    return buffer_status(out);
}

/* A path as JSON text; what of it is not UTF-8 is replaced. */
static json_t *make_text(const char *path) {
    struct buffer text = buffer_make(LIMIT_LOG_LINE + 6 * strlen(path));
    buffer_json(&text, path, strlen(path));
    json_t *made = NULL;
    struct error ignored;
    if (buffer_status(&text) == 0)
        (void)json_text_load(text.data, text.length, JSON_DECODE_ANY, &made, &ignored);
    buffer_free(&text);
    return made;
}

void status_json(const struct set_status *status, const char *directory, uint64_t now_ms,
                 struct buffer *out) {
    struct buffer text = buffer_make(out->limit);
    set_status_format(status, now_ms, &text);
    json_t *object = NULL;
    struct error ignored;
    if (buffer_status(&text) == 0)
        (void)json_text_load(text.data, text.length, 0, &object, &ignored);
    bool made = object != NULL &&
                json_object_set_new(object, "ready",
                                    json_boolean(set_status_is_ready(status, now_ms))) == 0 &&
                json_object_set_new(object, "directory", make_text(directory)) == 0 &&
                json_dump_callback(object, append, out, JSON_INDENT(2)) == 0;
    if (made)
        buffer_char(out, '\n');
    else
        out->failed = true;
    json_decref(object);
    buffer_free(&text);
}
