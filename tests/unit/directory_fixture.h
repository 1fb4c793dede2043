/* directory_fixture.h: a directory of the test's own on disk, flat, gone afterwards. */
#ifndef ARRESTOR_TESTS_DIRECTORY_FIXTURE_H
#define ARRESTOR_TESTS_DIRECTORY_FIXTURE_H

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char directory[PATH_MAX];

/* Good until the call after the next. */
static inline const char *path_of(const char *name) {
    static char path[2][PATH_MAX + 64];
    static int turn;
    char *ret = path[turn = !turn];
    assert_true(snprintf(ret, sizeof path[0], "%s/%s", directory, name) > 0);
    return ret;
}

static inline int make_directory(void **state) {
    (void)state;
    (void)snprintf(directory, sizeof directory, "%s/arrestor-XXXXXX",
                   getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp");
    return mkdtemp(directory) == NULL;
}

static inline int remove_directory(void **state) {
    (void)state;
    DIR *stream = opendir(directory);
    for (struct dirent *entry; stream != NULL && (entry = readdir(stream)) != NULL;)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            remove(path_of(entry->d_name)) != 0)
            return 1;
    return stream == NULL || closedir(stream) != 0 || rmdir(directory) != 0;
}

#endif
