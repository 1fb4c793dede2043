/* render_form.h: what the forms share. Private to render/. */
#ifndef ARRESTOR_RENDER_FORM_H
#define ARRESTOR_RENDER_FORM_H

#include "sidecar/render/render.h"

struct render_input {
    const struct config *config;
    const struct config_file *file;
    const struct secret_set *set;
};

/* One function per form; each fills *ret with secret_alloc memory. 0 or -1. */
int render_raw(const struct render_input *in, struct secret_text *ret, struct error *err);
int render_properties(const struct render_input *in, struct secret_text *ret, struct error *err);

/* The value that a reference stands for, never empty; freed by the caller with
 * secret_text_free. 0, or -1 with a text that names file, secret and field. */
int render_reference(const struct render_input *in, const struct config_reference *reference,
                     struct secret_text *ret, struct error *err);

/* Puts file, secret and field in front of what err says. Returns -1. */
int render_blame(const struct render_input *in, const struct config_reference *reference,
                 struct error *err);

#endif
