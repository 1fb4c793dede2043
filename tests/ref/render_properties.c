/* render_properties.c: renders one properties file outside the program, so that
 * a test can give the result to the real java.util.Properties.
 *
 * Standard input: KEY NUL VALUE NUL …, every value as a secret of its own.
 * Standard output: the file. Exit 0, or 1 with the error's name on standard
 * error. */
#include <stdio.h>
#include <string.h>

#include "sidecar/base/error.h"
#include "sidecar/render/render.h"

#define INPUT_BYTES (1024 * 1024)

struct job {
    struct config_secret names[LIMIT_FILE_PROPERTIES];
    struct config_property properties[LIMIT_FILE_PROPERTIES];
    struct secret_set set;
    size_t count;
};

/* Gives what begins at *at and ends with NUL, or NULL at the end of the input. */
static const char *take_text(const char *input, size_t length, size_t *at) {
    const char *text = input + *at;
    const char *end = memchr(text, '\0', length - *at);
    if (end == NULL)
        return NULL;
    *at = (size_t)(end - input) + 1;
    return text;
}

static int read_pairs(struct job *job, const char *input, size_t length) {
    for (size_t at = 0; at < length; job->count++) {
        const char *key = take_text(input, length, &at);
        const char *value = key != NULL ? take_text(input, length, &at) : NULL;
        if (value == NULL || job->count == LIMIT_FILE_PROPERTIES)
            return -1;
        size_t i = job->count;
        job->names[i] = (struct config_secret){.name = "value"};
        job->properties[i] =
            (struct config_property){.key = key, .is_reference = true, .reference = {.secret = i}};
        job->set.secrets[i] = (struct secret){
            .bytes = (const unsigned char *)value, .length = strlen(value), .index = (uint32_t)i};
    }
    job->set.count = job->count;
    return 0;
}

static int write_file(const struct job *job) {
    struct config config = config_default();
    struct config_file file = {.name = "test.properties",
                               .form = FORM_PROPERTIES,
                               .properties = job->properties,
                               .property_count = job->count};
    struct secret_text text = {0};
    struct error err;
    config.secrets = job->names;
    config.secret_count = job->count;
    if (render_file(&config, &file, &job->set, &text, &err) != 0) {
        fprintf(stderr, "%s\n", error_name(err.code));
        return 1;
    }
    size_t written = fwrite(text.bytes, 1, text.length, stdout);
    int status = written == text.length && fflush(stdout) == 0 ? 0 : 1;
    secret_text_free(&text);
    return status;
}

int main(void) {
    static char input[INPUT_BYTES];
    static struct job job;
    size_t length = fread(input, 1, sizeof input, stdin);
    if (length == sizeof input || read_pairs(&job, input, length) != 0) {
        fprintf(stderr, "the input is not KEY NUL VALUE NUL ...\n");
        return 2;
    }
    return write_file(&job);
}
