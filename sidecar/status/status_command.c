#include "sidecar/status/status_command.h"

#include <jansson.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "sidecar/base/arena.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/clock.h"
#include "sidecar/base/error.h"
#include "sidecar/base/file.h"
#include "sidecar/base/text.h"
#include "sidecar/status/status_read.h"
#include "sidecar/status/status_text.h"

#define STATUS_NOT_READY 1

/* What both commands work on. */
struct inquiry {
    struct arena arena;
    struct status_place place;
    struct set_status status;
    struct buffer out;
    bool json, colour;
};

static int print(const struct buffer *text) {
    if (buffer_status(text) != 0 || text->data == NULL)
        return error_status(ERROR_MEMORY);
    return file_write_all(STDOUT_FILENO, text->data, text->length) == 0
               ? 0
               : error_status(ERROR_SYSTEM);
}

/* Else jansson would open /dev/urandom at its first object, inside the sandbox. */
static void seed_tables(void) {
    size_t seed = 0;
    if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) != (ssize_t)sizeof seed)
        seed = (size_t)&seed;
    json_object_seed(seed | 1);
}

/* Everything up to the directory of the set, whose name is then known. */
static int begin(const struct invocation *call, struct inquiry *inquiry, struct error *err) {
    inquiry->arena = arena_make(LIMIT_ARENA_BYTES);
    inquiry->out = buffer_make(LIMIT_REPORT_BYTES);
    inquiry->colour = command_colour(STDOUT_FILENO);
    if (call->operand_count > 0 || call->rest_count > 0) {
        error_set(err, ERROR_USAGE, "takes no operand");
        error_at(err, call->command->name, 0, 0);
        return error_todo(err, "see arrestor %s --help", call->command->name);
    }
    seed_tables();
    return command_format(call, &inquiry->json, err) != 0 ||
                   status_find(call, &inquiry->arena, &inquiry->place, err) != 0 ||
                   status_confine(&inquiry->place, err) != 0 ||
                   status_resolve(call, &inquiry->arena, &inquiry->place, err) != 0
               ? -1
               : 0;
}

static int end(struct inquiry *inquiry, int status) {
    int printed = print(&inquiry->out);
    buffer_free(&inquiry->out);
    arena_free(&inquiry->arena);
    return printed != 0 ? printed : status;
}

static int say_unreadable(struct inquiry *inquiry, const struct error *err) {
    buffer_text(&inquiry->out, "not ready: ");
    text_escape(&inquiry->out, err->where, strlen(err->where));
    buffer_text(&inquiry->out, ": ");
    text_escape(&inquiry->out, err->what, strlen(err->what));
    buffer_char(&inquiry->out, '\n');
    return end(inquiry, STATUS_NOT_READY);
}

/* The head tells whether it is ready; why not, the secrets tell. */
static int run_ready(const struct invocation *call) {
    struct inquiry inquiry = {0};
    struct set_status *status = &inquiry.status;
    struct error err;
    int result = begin(call, &inquiry, &err);
    if (result == 0)
        result = status_read_head(inquiry.place.path, &inquiry.arena, status, &err);
    if (result == 0 && !set_status_is_ready(status, clock_wall_ms()))
        result = status_read(inquiry.place.path, &inquiry.arena, status, &err);
    if (result != 0)
        return err.code == ERROR_INPUT ? say_unreadable(&inquiry, &err) : command_fail(&err);
    uint64_t now = clock_wall_ms();
    status_line(status, now, &inquiry.out);
    return end(&inquiry, set_status_is_ready(status, now) ? 0 : STATUS_NOT_READY);
}

static int run_status(const struct invocation *call) {
    struct inquiry inquiry = {0};
    struct error err;
    if (begin(call, &inquiry, &err) != 0 ||
        status_read(inquiry.place.path, &inquiry.arena, &inquiry.status, &err) != 0)
        return command_fail(&err);
    uint64_t now = clock_wall_ms();
    if (inquiry.json)
        status_json(&inquiry.status, inquiry.place.path, now, &inquiry.out);
    else
        status_table(&inquiry.status, inquiry.place.path, now, inquiry.colour, &inquiry.out);
    return end(&inquiry, 0);
}

#define WHERE                                                                                      \
    "Without --dir: deliver.dir of arrestor.yaml (-c, $ARRESTOR_CONFIG, ./arrestor.yaml,\n"        \
    "/etc/arrestor), else the directory above $ARRESTOR_DIR.\n"

#define OPTIONS                                                                                    \
    {"config", 'c', "FILE", "arrestor.yaml, whose deliver.dir is meant"}, {                        \
        "dir", 0, "DIR", "the directory of the set"                                                \
    }

const struct command ready_command = {
    .name = "ready",
    .summary = "says whether a job may use the set: an exec probe, no shell needed",
    .usage = "[-c FILE] [--dir DIR]",
    .examples =
        "  arrestor ready --dir /run/arrestor && spark-submit app.py\n"
        "  readinessProbe: {exec: {command: [arrestor, ready, --dir, /run/arrestor]}}\n"
        "\n"
        "It reads status.json beside the set and the clock, nothing else: the answer holds\n"
        "also when no process of arrestor lives. A stale set is ready until a secret in it\n"
        "has expired.\n"
        "\n" WHERE "Exit: 0 ready, 1 not ready, 2 usage, 3 arrestor.yaml, 70 the system.\n",
    .options = {OPTIONS},
    .run = run_ready,
};

const struct command status_command = {
    .name = "status",
    .summary = "the set that stands: secrets, ages, expiries, the last error; never a value",
    .usage = "[-c FILE] [--dir DIR] [--format text|json]",
    .examples =
        "  arrestor status --dir /run/arrestor\n"
        "  arrestor status --format json | jq .ready\n"
        "\n" WHERE "Exit: 0 whatever the state is, if it could be read (arrestor ready is for "
        "decisions),\n2 usage, 3 no set, or arrestor.yaml, 70 the system.\n",
    .options = {OPTIONS, {"format", 0, "text|json", "how to print (text)"}},
    .run = run_status,
};
