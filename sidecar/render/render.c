#include "sidecar/render/render.h"

#include <stdio.h>
#include <string.h>

#include "sidecar/base/error.h"
#include "sidecar/render/render_form.h"

static int (*const forms[])(const struct render_input *, struct secret_text *, struct error *) = {
    [FORM_RAW] = render_raw,
    [FORM_PROPERTIES] = render_properties,
};

static const struct secret *find_secret(const struct secret_set *set, size_t index) {
    for (size_t i = 0; i < set->count; i++)
        if (set->secrets[i].index == index)
            return &set->secrets[i];
    return NULL;
}

int render_blame(const struct render_input *in, const struct config_reference *reference,
                 struct error *err) {
    char what[LIMIT_ERROR_WHAT];
    const char *field = reference->field;
    (void)snprintf(what, sizeof what, "%.*s, ${%.*s%s%.*s}: %.200s", LIMIT_FILE_NAME,
                   in->file->name, LIMIT_SECRET_NAME, in->config->secrets[reference->secret].name,
                   field != NULL ? "." : "", LIMIT_SECRET_NAME, field != NULL ? field : "",
                   err->what);
    memcpy(err->what, what, sizeof what);
    return -1;
}

int render_reference(const struct render_input *in, const struct config_reference *reference,
                     struct secret_text *ret, struct error *err) {
    if (reference->secret >= in->config->secret_count)
        return error_set(err, ERROR_INTERNAL, "a file refers to secret number %zu of %zu",
                         reference->secret, in->config->secret_count);
    const struct secret *secret = find_secret(in->set, reference->secret);
    if (secret == NULL) {
        error_set(err, ERROR_SECRET_MISSING, "the store gave no such secret");
        return render_blame(in, reference, err);
    }
    struct secret_text text = {0};
    if (secret_field(secret, reference->field, &text, err) != 0)
        return render_blame(in, reference, err);
    if (text.length == 0) {
        secret_text_free(&text);
        error_set(err, ERROR_SECRET_EMPTY, "%s", "");
        return render_blame(in, reference, err);
    }
    *ret = text;
    return 0;
}

int render_file(const struct config *config, const struct config_file *file,
                const struct secret_set *set, struct secret_text *ret, struct error *err) {
    const struct render_input in = {config, file, set};
    if ((size_t)file->form >= sizeof forms / sizeof *forms)
        return error_set(err, ERROR_INTERNAL, "the file %s has form number %d", file->name,
                         (int)file->form);
    return forms[file->form](&in, ret, err);
}
