#include "policy/surface/surface.h"

#include <string.h>
#include <strings.h>

#include "sidecar/base/text.h"

const char *surface_name(const struct surface_input *input) {
    const char *slash = strrchr(input->label, '/');
    return slash == NULL ? input->label : slash + 1;
}

bool surface_is_prose(const struct surface_input *input) {
    static const char *const ends[] = {".md",  ".markdown", ".rst", ".adoc", ".html", ".htm",
                                       ".mdx", ".tex",      ".org", ".log",  ".diff", ".patch"};
    const char *name = surface_name(input);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        if (text_ends(name, ends[i]))
            return true;
    return strncasecmp(name, "readme", strlen("readme")) == 0;
}
