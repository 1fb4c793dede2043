/* replay TARGET FILE…: feeds files to a target, without libFuzzer. Prints how many;
 * a fault ends it by a signal or by what the sanitizer says. `replay` alone lists
 * the targets. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

static int run_file(const struct fuzz_target *target, const char *path) {
    size_t size = target->most + 1;
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = malloc(size);
    if (file == NULL || bytes == NULL) {
        perror(path);
        return 1;
    }
    size_t length = fread(bytes, 1, size, file);
    (void)fclose(file);
    (void)fprintf(stderr, "%s\n", path);
    fuzz_run(target, bytes, length);
    free(bytes);
    return length < size ? 0 : 1;
}

static const struct fuzz_target *find(const char *name) {
    const struct fuzz_target *target = fuzz_targets;
    while (target != NULL && strcmp(target->name, name) != 0)
        target = target->next;
    return target;
}

int main(int argc, char **argv) {
    int failed = 0;
    fuzz_prepare();
    if (argc < 2) {
        for (const struct fuzz_target *target = fuzz_targets; target != NULL; target = target->next)
            (void)printf("%s\n", target->name);
        return 0;
    }
    const struct fuzz_target *target = find(argv[1]);
    if (target == NULL) {
        (void)fprintf(stderr, "replay: no target named %s\n", argv[1]);
        return 2;
    }
    for (int i = 2; i < argc; i++)
        failed += run_file(target, argv[i]);
    (void)printf("%s: %d inputs\n", target->name, argc - 2 - failed);
    return failed == 0 ? 0 : 1;
}
