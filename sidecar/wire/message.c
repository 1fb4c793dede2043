#include "sidecar/wire/message.h"

#include <string.h>

#include "sidecar/base/error.h"

#define MAGIC 0x41525257u

#define MONITOR_ONLY PARTY_BIT(PARTY_MONITOR)
#define WARDEN_ONLY  PARTY_BIT(PARTY_WARDEN)
#define FETCH_ONLY   PARTY_BIT(PARTY_FETCH)
#define PLACE_ONLY   PARTY_BIT(PARTY_PLACE)
#define JUDGE_ONLY   PARTY_BIT(PARTY_JUDGE)
#define SWEEP_ONLY   PARTY_BIT(PARTY_SWEEP)
#define DIAL_ONLY    PARTY_BIT(PARTY_DIAL)
#define ANY_ROLE     (WARDEN_ONLY | FETCH_ONLY | PLACE_ONLY | JUDGE_ONLY | SWEEP_ONLY | DIAL_ONLY)

struct header {
    uint32_t magic, type, length, reserved;
};

struct message_row {
    const char *name;
    size_t size;
    unsigned from, to;
    int descriptor;
};

static const struct message_row rows[] = {
#define MESSAGE_ROW(id, body, from, to, fd) {#id, sizeof(struct body), from, to, fd},
    MESSAGE_TABLE(MESSAGE_ROW)
#undef MESSAGE_ROW
};

/* Text fields of every record that has some: all must end within themselves. */
struct text_field {
    enum message_type type;
    size_t offset, size;
};

#define TEXT(type, body, field)                                                                    \
    { MESSAGE_##type, offsetof(struct body, field), sizeof(((struct body *)0)->field) }

static const struct text_field texts[] = {
    TEXT(SETUP, message_setup, dir),         TEXT(SETUP, message_setup, state),
    TEXT(SETUP, message_setup, box),         TEXT(SETUP, message_setup, key),
    TEXT(SETUP, message_setup, user),        TEXT(SETUP, message_setup, job_user),
    TEXT(SETUP, message_setup, keep_env),    TEXT(COLLISION, message_collision, name),
    TEXT(LAUNCH, message_launch, directory), TEXT(LAUNCH, message_launch, program),
    TEXT(VERDICT, message_verdict, rules),   TEXT(WIPE, message_wipe, name[0]),
    TEXT(WIPE, message_wipe, name[1]),       TEXT(WIPE, message_wipe, name[2]),
    TEXT(SETUP, message_setup, ca),          TEXT(SETUP, message_setup, token),
    TEXT(SETUP, message_setup, role_id),     TEXT(SETUP, message_setup, secret_id),
    TEXT(RESULT, message_result, location),  TEXT(ENDED, message_result, location),
};

size_t message_encode(const struct message *message, unsigned char *bytes) {
    size_t size = rows[message->type].size;
    struct header header = {.magic = MAGIC, .type = message->type, .length = (uint32_t)size};
    memcpy(bytes, &header, sizeof header);
    memcpy(bytes + sizeof header, &message->body, size);
    return sizeof header + size;
}

static int check_texts(enum message_type type, const unsigned char *body) {
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i].type == type && memchr(body + texts[i].offset, 0, texts[i].size) == NULL)
            return -1;
    return 0;
}

int message_decode(const unsigned char *bytes, size_t length, enum party from, enum party to,
                   struct message *ret, struct error *err) {
    struct header header;
    if (length < sizeof header)
        return error_set(err, ERROR_PROTOCOL, "a record is cut short");
    memcpy(&header, bytes, sizeof header);
    if (header.magic != MAGIC || header.type >= MESSAGES || header.reserved != 0)
        return error_set(err, ERROR_PROTOCOL, "a record has no known type");
    const struct message_row *row = &rows[header.type];
    if (header.length != row->size || length != sizeof header + row->size)
        return error_set(err, ERROR_PROTOCOL, "record %s has a wrong size", row->name);
    if ((row->from & PARTY_BIT(from)) == 0 || (row->to & PARTY_BIT(to)) == 0)
        return error_set(err, ERROR_PROTOCOL, "record %s came from the wrong side", row->name);
    if (check_texts((enum message_type)header.type, bytes + sizeof header) != 0)
        return error_set(err, ERROR_PROTOCOL, "record %s has a text without an end", row->name);
    ret->type = (enum message_type)header.type;
    memcpy(&ret->body, bytes + sizeof header, row->size);
    return 0;
}

int message_descriptor(enum message_type type) {
    return rows[type].descriptor;
}

const char *message_name(enum message_type type) {
    return rows[type].name;
}

int message_text(char *field, size_t size, const char *text) {
    size_t length = strlen(text);
    if (length >= size)
        return -1;
    memset(field, 0, size);
    memcpy(field, text, length);
    return 0;
}
