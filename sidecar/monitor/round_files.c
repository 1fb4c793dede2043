#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sidecar/base/file.h"
#include "sidecar/monitor/monitor.h"
#include "sidecar/strongbox/box_default.h"
#include "sidecar/strongbox/box_file.h"

/* A relative path is meant from where arrestor.yaml lies. */
static int resolve_path(const struct monitor *m, const char *named, char *path, size_t size,
                        struct error *err) {
    const char *slash = m->config_path != NULL ? strrchr(m->config_path, '/') : NULL;
    int prefix = named[0] == '/' || slash == NULL ? 0 : (int)(slash - m->config_path) + 1;
    int length = snprintf(path, size, "%.*s%s", prefix, m->config_path, named);
    return length > 0 && (size_t)length < size
               ? 0
               : error_set(err, ERROR_CONFIG, "%s: this path is too long", named);
}

int round_box_path(const struct monitor *m, bool key, char *path, size_t size, struct error *err) {
    const char *named = key ? m->setup.key : m->setup.box;
    if (named[0] != '\0')
        return resolve_path(m, named, path, size, err);
    return key ? box_default_key(m->environment, geteuid(), path, size, err)
               : box_default_path(m->environment, geteuid(), path, size, err);
}

/* Together, because a rekey may change both meanwhile. What is wrong with them is
 * said here, because only monitor knows the paths. */
static int open_box(const struct monitor *m, int fds[SLOTS], struct error *err) {
    char box[LIMIT_PATH], key[LIMIT_PATH];
    if (round_box_path(m, false, box, sizeof box, err) != 0 ||
        round_box_path(m, true, key, sizeof key, err) != 0)
        return -1;
    return box_file_open_pair(box, key, &fds[SLOT_BOX], &fds[SLOT_KEY], err);
}

/* Opens a file that decides whom we trust or who we are. */
static int open_guarded(const char *path, enum error_code code, int *ret, struct error *err) {
    int fd = file_open(path, err);
    if (fd < 0) {
        err->code = code;
        return -1;
    }
    if (file_check_owner(fd, path, (int)code, err) != 0) {
        (void)close(fd);
        return -1;
    }
    *ret = fd;
    return 0;
}

static int open_ca(const struct monitor *m, int fds[SLOTS], struct error *err) {
    int *ret = &fds[SLOT_CA];
    static const char *const systems[] = {"/etc/ssl/certs/ca-certificates.crt",
                                          "/etc/pki/tls/certs/ca-bundle.crt",
                                          "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"};
    char path[LIMIT_PATH];
    if (m->setup.ca[0] != '\0')
        return resolve_path(m, m->setup.ca, path, sizeof path, err) != 0
                   ? -1
                   : open_guarded(path, ERROR_STORE_CA, ret, err);
    for (size_t i = 0; i < sizeof systems / sizeof *systems; i++)
        if (access(systems[i], R_OK) == 0)
            return open_guarded(systems[i], ERROR_STORE_CA, ret, err);
    error_set(err, ERROR_STORE_CA, "this system has no CA bundle in a usual place");
    error_at(err, "arrestor.yaml", 0, 0);
    return error_todo(err, "install ca-certificates, or name a file in stores.vault.ca");
}

/* A credential that is not there (any more) is no fault while a session lives:
 * fetch says so where it needs one. */
static int open_credential(const struct monitor *m, const char *named, int *ret,
                           struct error *err) {
    char path[LIMIT_PATH];
    if (named[0] == '\0')
        return 0;
    if (resolve_path(m, named, path, sizeof path, err) != 0)
        return -1;
    return access(path, F_OK) != 0 ? 0 : open_guarded(path, ERROR_STORE_CREDENTIAL, ret, err);
}

static int open_role_id(const struct monitor *m, int fds[SLOTS], struct error *err) {
    return open_credential(m, m->setup.role_id, &fds[SLOT_ROLE_ID], err);
}

static int open_secret_id(const struct monitor *m, int fds[SLOTS], struct error *err) {
    return open_credential(m, m->setup.secret_id, &fds[SLOT_SECRET_ID], err);
}

/* As the vault command looks for it: the file that is named, VAULT_TOKEN, then
 * what `vault login` has left. */
static int open_token(const struct monitor *m, int fds[SLOTS], struct error *err) {
    int *ret = &fds[SLOT_TOKEN];
    const char *home = environment_get(m->environment, "HOME");
    char path[LIMIT_PATH];
    if (m->setup.token[0] != '\0')
        return open_credential(m, m->setup.token, ret, err);
    if (m->token >= 0) {
        *ret = fcntl(m->token, F_DUPFD_CLOEXEC, 0);
        return *ret < 0 ? error_system(err, ERROR_SYSTEM, "cannot pass on VAULT_TOKEN") : 0;
    }
    int length = snprintf(path, sizeof path, "%s/.vault-token", home != NULL ? home : "");
    return home == NULL || (size_t)length >= sizeof path ? 0 : open_credential(m, path, ret, err);
}

static int open_leases(const struct monitor *m, int fds[SLOTS], struct error *err) {
    (void)err;
    fds[SLOT_LEASES] = directories_open_state(m, "leases");
    return 0;
}

static int open_session(const struct monitor *m, int fds[SLOTS], struct error *err) {
    (void)err;
    fds[SLOT_SESSION] = directories_open_state(m, "session");
    return 0;
}

/* The start table: what is opened, and for whom. */
static const struct {
    uint32_t stores; /* any of these is used */
    uint32_t needs;  /* SETUP_NEEDS_…; 0: always */
    bool revokes;    /* also to end a session */
    int (*open)(const struct monitor *m, int fds[SLOTS], struct error *err);
} start_table[] = {
    {STORES_BOX, 0, false, open_box},
    {STORES_NETWORK, SETUP_NEEDS_CA, true, open_ca},
    {STORES_NETWORK, SETUP_NEEDS_TOKEN, false, open_token},
    {STORES_NETWORK, SETUP_NEEDS_LOGIN, false, open_role_id},
    {STORES_NETWORK, SETUP_NEEDS_LOGIN, false, open_secret_id},
    {STORES_NETWORK, 0, true, open_session},
    {~0u, 0, true, open_leases},
};

int round_files_open(struct monitor *m, enum round_task task, int fds[SLOTS], struct error *err) {
    spawn_clear_slots(fds);
    for (size_t i = 0; i < sizeof start_table / sizeof *start_table; i++) {
        if ((start_table[i].stores & m->setup.stores) == 0 ||
            (start_table[i].needs & m->setup.needs) != start_table[i].needs ||
            (task == TASK_REVOKE && !start_table[i].revokes))
            continue;
        if (start_table[i].open(m, fds, err) == 0)
            continue;
        round_files_close(fds);
        return -1;
    }
    return 0;
}

void round_files_close(int fds[SLOTS]) {
    static const enum slot opened[] = {SLOT_BOX,     SLOT_KEY,       SLOT_CA,      SLOT_TOKEN,
                                       SLOT_ROLE_ID, SLOT_SECRET_ID, SLOT_SESSION, SLOT_LEASES};
    for (size_t i = 0; i < sizeof opened / sizeof *opened; i++) {
        if (fds[opened[i]] >= 0)
            (void)close(fds[opened[i]]);
        fds[opened[i]] = -1;
    }
}
