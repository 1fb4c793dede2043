#include "policy/surface/setting.h"

#include <stdio.h>

#include "policy/surface/unknown.h"
#include "sidecar/base/text.h"

bool setting_is_unknown(const char *value) {
    return unknown_in(value) || text_is_template(value);
}

void origin_describe(const struct origin *origin, char *text, size_t size) {
    int ignored = 0;
    switch (origin->kind) {
    case ORIGIN_FILE:
        ignored = snprintf(text, size, "%s:%zu:%zu", origin->file, origin->line, origin->column);
        break;
    case ORIGIN_ARGV:
        ignored = snprintf(text, size, "argument %zu", origin->argv);
        break;
    case ORIGIN_ENVIRONMENT:
        ignored = snprintf(text, size, "environment variable %s", origin->variable);
        break;
    case ORIGIN_ARRESTOR:
        ignored = snprintf(text, size, "arrestor");
        break;
    default:
        ignored = origin->file != NULL
                      ? snprintf(text, size, "%s:%zu (not set)", origin->file, origin->line)
                      : snprintf(text, size, "not set");
        break;
    }
    (void)ignored;
}
