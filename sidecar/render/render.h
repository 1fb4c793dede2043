/* render.h: bytes of each form. Pure functions from secrets to zeroing memory. */
#ifndef ARRESTOR_RENDER_H
#define ARRESTOR_RENDER_H

#include "sidecar/config/config.h"
#include "sidecar/secret/secret_set.h"

/* Renders one file of the set. ERROR_SECRET_MISSING (not in the set),
 * ERROR_SECRET_FIELD, ERROR_SECRET_EMPTY, ERROR_SECRET_FORM (not text that the
 * form can carry). *ret is freed with secret_text_free. The error text names
 * file, secret and field, never a byte of a value. 0 or -1. */
int render_file(const struct config *config, const struct config_file *file,
                const struct secret_set *set, struct secret_text *ret, struct error *err);

#endif
