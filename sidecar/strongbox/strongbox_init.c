#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/base/file.h"
#include "sidecar/strongbox/box_file.h"
#include "sidecar/strongbox/strongbox_confine.h"
#include "sidecar/strongbox/strongbox_job.h"

/* Makes the directories above path, mode 0700, where they are missing. */
static int make_parents(const char *path, struct error *err) {
    char part[PATH_MAX];
    (void)snprintf(part, sizeof part, "%s", path);
    for (char *slash = strchr(part + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(part, 0700) != 0 && errno != EEXIST) {
            error_system(err, ERROR_SYSTEM, "cannot make the directory");
            return error_at(err, part, 0, 0);
        }
        *slash = '/';
    }
    return 0;
}

static int refuse_existing(const char *path, struct error *err) {
    struct stat st;
    if (lstat(path, &st) != 0)
        return 0;
    error_set(err, ERROR_BOX_EXISTS, "there is already something at this path");
    error_at(err, path, 0, 0);
    return error_todo(err, "use it as it is, or make another: --box FILE");
}

/* A key beside its box protects nothing: whoever copies the directory has both. */
static int check_apart(const struct strongbox_job *job, int box_directory, int key_directory,
                       struct error *err) {
    struct stat box, key;
    if (fstat(box_directory, &box) != 0 || fstat(key_directory, &key) != 0)
        return error_system(err, ERROR_SYSTEM, "cannot look at the directories");
    if (box.st_dev != key.st_dev || box.st_ino != key.st_ino)
        return 0;
    if (job->key_given) {
        (void)fprintf(stderr, "arrestor: warning: key and strongbox lie in one directory; whoever "
                              "copies it can open the strongbox\n");
        return 0;
    }
    error_set(err, ERROR_USAGE, "the key would lie beside the strongbox, which protects nothing");
    error_at(err, job->key, 0, 0);
    return error_todo(err, "name another place: --key FILE");
}

struct places {
    int box_directory, key_directory;
    int key; /* -1: to be made */
};

static void close_places(const struct places *places) {
    if (places->box_directory >= 0)
        (void)close(places->box_directory);
    if (places->key_directory >= 0)
        (void)close(places->key_directory);
    if (places->key >= 0)
        (void)close(places->key);
}

static int open_key(const char *path, int *ret, struct error *err) {
    struct stat st;
    if (lstat(path, &st) != 0 && errno == ENOENT)
        return 0;
    *ret = box_file_open_key(path, err);
    return *ret >= 0 ? 0 : -1;
}

static int open_places(const struct strongbox_job *job, struct places *places, struct error *err) {
    if (refuse_existing(job->box, err) != 0 ||
        (!job->box_given && make_parents(job->box, err) != 0) ||
        (!job->key_given && make_parents(job->key, err) != 0))
        return -1;
    places->box_directory = strongbox_open_parent(job->box, err);
    if (places->box_directory < 0)
        return -1;
    places->key_directory = strongbox_open_parent(job->key, err);
    if (places->key_directory < 0 ||
        check_apart(job, places->box_directory, places->key_directory, err) != 0)
        return -1;
    return open_key(job->key, &places->key, err);
}

static int make_box(const struct strongbox_job *job, const struct places *places,
                    unsigned char key[BOX_KEY_BYTES], struct error *err) {
    struct box box;
    int result = places->key >= 0 ? box_file_read_key(places->key, job->key, key, err)
                                  : box_file_create_key(job->key, key, err);
    if (result != 0)
        return -1;
    box_make(&box);
    result = box_file_create(job->box, &box, key, err);
    box_free(&box);
    return result;
}

static int tell(const struct strongbox_job *job, bool made_key, struct error *err) {
    struct buffer out = buffer_make(2 * PATH_MAX + LIMIT_ERROR_WHAT);
    if (made_key)
        buffer_printf(
            &out,
            "made the key %s\n  keep a copy elsewhere: without it the strongbox cannot be "
            "opened\n",
            job->key);
    else
        buffer_printf(&out, "use the key %s\n", job->key);
    buffer_printf(&out, "made the strongbox %s\n", job->box);
    int result =
        buffer_status(&out) == 0 ? file_write_all(STDOUT_FILENO, out.data, out.length) : -1;
    buffer_free(&out);
    return result == 0 ? 0 : error_system(err, ERROR_SYSTEM, "cannot write to standard output");
}

int strongbox_init(struct strongbox_job *job, struct error *err) {
    struct places places = {-1, -1, -1};
    unsigned char key[BOX_KEY_BYTES];
    int result = -1;
    if (open_places(job, &places, err) != 0)
        goto out;
    const int publish[] = {places.box_directory, places.key_directory};
    if (strongbox_confine(publish, places.key >= 0 ? 1 : 2, err) != 0)
        goto out;
    result = make_box(job, &places, key, err);
    sodium_memzero(key, sizeof key);
    if (result == 0)
        result = tell(job, places.key < 0, err);
out:
    close_places(&places);
    return result;
}
