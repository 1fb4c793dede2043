#include "sidecar/place/compare.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/base/file.h"
#include "sidecar/base/text.h"

/* Fields that name who or where, not what opens the door. */
static const char *const open_fields[] = {
    "user", "username", "user_name", "login", "host",   "hostname", "port", "url",
    "uri",  "endpoint", "region",    "db",    "dbname", "database", "role", "client_id",
};

struct search {
    const struct channel *monitor;
    uint32_t round;
    const unsigned char *needle;
    size_t size;
    size_t found;
};

static bool is_open_field(const char *field) {
    if (field == NULL)
        return false;
    for (size_t i = 0; i < sizeof open_fields / sizeof *open_fields; i++)
        if (text_equal_nocase(field, open_fields[i]))
            return true;
    return false;
}

int compare_find(const char *text, size_t length, const unsigned char *needle, size_t size,
                 size_t *ret) {
    const char *from = text, *end = text + length;
    while (from < end) {
        const char *hit = memmem(from, (size_t)(end - from), needle, size);
        if (hit == NULL)
            return -1;
        bool left = hit > text && isalnum((unsigned char)hit[-1]) && isalnum(needle[0]);
        bool right =
            hit + size < end && isalnum((unsigned char)hit[size]) && isalnum(needle[size - 1]);
        if (!left && !right) {
            *ret = (size_t)(hit - text);
            return 0;
        }
        from = hit + 1;
    }
    return -1;
}

static int tell(struct search *search, enum collision_kind kind, size_t index, const char *name,
                size_t name_length, struct error *err) {
    struct message message = {
        .type = MESSAGE_COLLISION,
        .body.collision = {.round = search->round, .kind = kind, .index = (uint32_t)index}};
    if (name_length >= LIMIT_PATH)
        name_length = LIMIT_PATH - 1;
    memcpy(message.body.collision.name, name, name_length);
    search->found++;
    return channel_send(search->monitor, &message, -1, err);
}

/* Text of words that each end with NUL: argv, environment. */
static int search_words(struct search *search, const struct buffer *words, enum collision_kind kind,
                        struct error *err) {
    size_t index = 0, at;
    for (size_t start = 0; start < words->length; index++) {
        const char *word = words->data + start;
        size_t length = strnlen(word, words->length - start);
        size_t name = kind == COLLISION_ENVIRONMENT ? strcspn(word, "=") : 0;
        if (compare_find(word, length, search->needle, search->size, &at) == 0 && at >= name &&
            tell(search, kind, index, word, name, err) != 0)
            return -1;
        start += length + 1;
    }
    return 0;
}

static size_t drop_backslashes(char *text, size_t length) {
    size_t kept = 0;
    for (size_t i = 0; i < length; i++)
        if (text[i] != '\\')
            text[kept++] = text[i];
    return kept;
}

/* The merged properties are escaped, so line and needle lose their backslashes. */
static int search_merged(struct search *search, const struct buffer *merged, struct error *err) {
    unsigned char *needle = secret_alloc(search->size);
    if (needle == NULL)
        return error_set(err, ERROR_MEMORY, "no memory to compare");
    memcpy(needle, search->needle, search->size);
    size_t size = drop_backslashes((char *)needle, search->size), line = 0, at;
    int result = 0;
    for (size_t start = 0; start < merged->length && size > 0 && result == 0; line++) {
        char *text = merged->data + start;
        size_t length = strcspn(text, "\n"), next = start + length + 1;
        length = drop_backslashes(text, length);
        if (compare_find(text, length, needle, size, &at) == 0 && at > strcspn(text, "="))
            result = tell(search, COLLISION_PROPERTY, line + 1, text, strcspn(text, "="), err);
        start = next;
    }
    secret_free(needle);
    return result;
}

static int read_part(int fd, size_t limit, struct buffer *ret, struct error *err) {
    *ret = buffer_make(limit);
    return file_read(fd, "the frozen launch", ret, err);
}

static int search_file(struct search *search, int directory, const char *name, struct error *err) {
    struct buffer text = buffer_make(LIMIT_FROZEN_BYTES);
    size_t at;
    int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return error_system(err, ERROR_SYSTEM, "cannot open a frozen file");
    int result = file_read(fd, "the frozen launch", &text, err);
    if (result == 0 &&
        compare_find(text.data, text.length, search->needle, search->size, &at) == 0) {
        size_t line = 1;
        for (size_t i = 0; i < at; i++)
            line += text.data[i] == '\n';
        result = tell(search, COLLISION_FILE, line, name, strlen(name), err);
    }
    buffer_free(&text);
    (void)close(fd);
    return result;
}

static int search_directory(struct search *search, int directory, unsigned depth,
                            struct error *err) {
    DIR *list = file_list(directory);
    int result = 0;
    if (list == NULL)
        return error_system(err, ERROR_SYSTEM, "cannot list the frozen launch");
    const struct dirent *entry;
    while (result == 0 && (entry = readdir(list)) != NULL) {
        struct stat st;
        if (entry->d_name[0] == '.' ||
            fstatat(directory, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        if (S_ISREG(st.st_mode)) {
            result = search_file(search, directory, entry->d_name, err);
        } else if (S_ISDIR(st.st_mode) && depth > 0) {
            int below =
                openat(directory, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
            result = below < 0 ? 0 : search_directory(search, below, depth - 1, err);
            if (below >= 0)
                (void)close(below);
        }
    }
    (void)closedir(list);
    return result;
}

static int search_launch(struct search *search, const struct frozen_launch *launch,
                         struct error *err) {
    struct buffer words;
    int result = 0;
    if (launch->arguments >= 0) {
        result = read_part(launch->arguments, LIMIT_ARGUMENT_BYTES, &words, err);
        result = result == 0 ? search_words(search, &words, COLLISION_ARGUMENT, err) : -1;
        buffer_free(&words);
    }
    if (launch->environment >= 0 && result == 0) {
        result = read_part(launch->environment, LIMIT_ENVIRONMENT_BYTES, &words, err);
        result = result == 0 ? search_words(search, &words, COLLISION_ENVIRONMENT, err) : -1;
        buffer_free(&words);
    }
    if (launch->merged >= 0 && result == 0) {
        result = read_part(launch->merged, LIMIT_INPUT_BYTES, &words, err);
        result = result == 0 ? search_merged(search, &words, err) : -1;
        buffer_free(&words);
    }
    if (launch->directory >= 0 && result == 0)
        result = search_directory(search, launch->directory, LIMIT_FROZEN_DEPTH, err);
    return result;
}

/* One value that will be delivered, by its reference in the configuration. */
static int compare_reference(struct search *search, const struct config_reference *reference,
                             const struct secret_set *set, const struct frozen_launch *launch,
                             struct error *err) {
    struct secret_text value;
    if (is_open_field(reference->field))
        return 0;
    for (size_t i = 0; i < set->count; i++) {
        if (set->secrets[i].index != reference->secret)
            continue;
        if (secret_field(&set->secrets[i], reference->field, &value, err) != 0)
            return -1;
        search->needle = value.bytes;
        search->size = value.length;
        int result = value.length < LIMIT_COMPARE_MIN ? 0 : search_launch(search, launch, err);
        secret_text_free(&value);
        return result;
    }
    return 0;
}

int compare_launch(const struct config *config, const struct secret_set *set,
                   const struct frozen_launch *launch, const struct channel *monitor,
                   uint32_t round, size_t *found, struct error *err) {
    struct search search = {.monitor = monitor, .round = round};
    int result = 0;
    for (size_t i = 0; i < config->file_count && result == 0; i++) {
        const struct config_file *file = &config->files[i];
        if (file->form == FORM_RAW)
            result = compare_reference(&search, &file->raw, set, launch, err);
        for (size_t j = 0; j < file->property_count && result == 0; j++)
            if (file->properties[j].is_reference)
                result =
                    compare_reference(&search, &file->properties[j].reference, set, launch, err);
    }
    if (result == 0)
        *found = search.found;
    return result;
}
