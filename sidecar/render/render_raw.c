#include "sidecar/render/render_form.h"

/* The bytes of the value and nothing else: Hadoop, Kafka and JDBC drivers that
 * read such a file do not all trim a newline. */
int render_raw(const struct render_input *in, struct secret_text *ret, struct error *err) {
    return render_reference(in, &in->file->raw, ret, err);
}
