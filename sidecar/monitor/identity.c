#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sidecar/monitor/monitor.h"

#define NOBODY 65534u

static int no_such_user(const char *key, const char *name, struct error *err) {
    error_set(err, ERROR_CONFIG, "%s: there is no user \"%s\"", key, name);
    error_at(err, "arrestor.yaml", 0, 0);
    return error_todo(err, "make the user, or take %s: out", key);
}

/* The user `arrestor` of this machine's own file. A name service would be asked for
 * a millisecond, and its libraries stay, at every start; who has the user there
 * names it: `user: arrestor`. */
static const struct passwd *find_usual(void) {
    const struct passwd *user = NULL;
    FILE *file = fopen("/etc/passwd", "re");
    if (file == NULL)
        return NULL;
    do
        user = fgetpwent(file);
    while (user != NULL && strcmp(user->pw_name, "arrestor") != 0);
    (void)fclose(file);
    return user;
}

static int fill_service(struct monitor *m, struct error *err) {
    struct identity *identity = &m->identity;
    bool named = m->setup.user[0] != '\0';
    const struct passwd *user = named ? getpwnam(m->setup.user) : find_usual();
    if (user == NULL && named)
        return no_such_user("user", m->setup.user, err);
    identity->service_is_nobody = user == NULL;
    identity->service_uid = user != NULL ? user->pw_uid : NOBODY;
    identity->service_gid = user != NULL ? user->pw_gid : NOBODY;
    if (identity->service_uid == 0)
        return error_set(err, ERROR_CONFIG, "user: root cannot be the service user");
    return 0;
}

static int fill_job(struct monitor *m, struct error *err) {
    struct identity *identity = &m->identity;
    const struct passwd *user = getpwnam(m->setup.job_user);
    if (user == NULL)
        return no_such_user("job-user", m->setup.job_user, err);
    int count = 64;
    gid_t *groups = arena_array(&m->arena, (size_t)count, sizeof *groups);
    if (groups == NULL || getgrouplist(user->pw_name, user->pw_gid, groups, &count) < 0)
        return error_set(err, ERROR_SYSTEM, "job-user: its groups cannot be told");
    identity->job_changes = true;
    identity->job_uid = user->pw_uid;
    identity->job_gid = user->pw_gid;
    identity->job_groups = groups;
    identity->job_group_count = (size_t)count;
    return 0;
}

int identity_fill(struct monitor *m, struct error *err) {
    m->identity = (struct identity){.drops = confine_can_drop(),
                                    .service_uid = (uid_t)-1,
                                    .service_gid = (gid_t)-1,
                                    .job_uid = getuid(),
                                    .job_gid = getgid()};
    if (m->identity.drops && fill_service(m, err) != 0)
        return -1;
    if (m->setup.job_user[0] == '\0')
        return 0;
    if (!m->identity.drops)
        return error_set(err, ERROR_CONFIG, "job-user: only root can start a job as another user");
    return fill_job(m, err);
}
