#include <stddef.h>

#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/base/file.h"
#include "sidecar/config/config.h"

int config_load(int fd, const char *name, struct arena *arena, struct config *ret,
                struct error *err) {
    struct buffer text = buffer_make(LIMIT_CONFIG_BYTES);
    if (fd < 0) {
        *ret = config_default();
        return 0;
    }
    int result = file_read(fd, name, &text, err);
    if (result != 0 && err->code == ERROR_INPUT)
        err->code = ERROR_CONFIG;
    if (result == 0)
        result = config_parse(text.data, text.length, name, arena, ret, err);
    buffer_free(&text);
    return result;
}
