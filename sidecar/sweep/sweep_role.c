#include "sidecar/sweep/sweep_role.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sidecar/base/error.h"
#include "sidecar/base/wipe.h"
#include "sidecar/confine/role_table.h"

/* Set, state and frozen launch, each with the directory it lies in. Wiped from
 * the last to the first: a set that is still there tells that the rest may be. */
static const struct {
    enum slot inside, parent;
} places[] = {
    {SLOT_DIR, SLOT_DIR_PARENT},
    {SLOT_STATE, SLOT_STATE_PARENT},
    {SLOT_LAUNCH, SLOT_LAUNCH_PARENT},
};
#define PLACES (sizeof places / sizeof *places)

/* Between two tries, of the lock and of the wipe. */
#define PAUSE_MS 20

static size_t list_paths(struct confine_path *paths) {
    size_t count = 0;
    for (size_t i = 0; i < PLACES; i++) {
        int inside = role_slot(ROLE_SWEEP, places[i].inside);
        int parent = role_slot(ROLE_SWEEP, places[i].parent);
        if (inside >= 0)
            paths[count++] = (struct confine_path){inside, REACH_WIPE};
        if (parent >= 0)
            paths[count++] = (struct confine_path){parent, REACH_REMOVE_DIRECTORY};
    }
    return count;
}

/* Waits for a second record, which asks for the wipe (true; what it says is not
 * looked at), or for the end of the channel. A record that cannot be read is a
 * fault of monitor's and asks too: wiping is the safe side. */
static bool wait_for_end(const struct channel *channel) {
    struct message message;
    struct error err;
    return channel_receive(channel, &message, NULL, &err) != 0;
}

/* Whether a directory is nobody's any more. Monitor has died: it may have a
 * successor, which holds the lock. Our descriptor is an open file description of
 * our own, so the lock tells of others; a role of the dead monitor, or a child that
 * it was about to start, may hold it for a moment longer. Where the lock is had, it
 * stays ours until we end, and no successor comes in between. */
#define LOCK_TRIES 100

static bool take_lock(int fd) {
    for (int i = 0; flock(fd, LOCK_EX | LOCK_NB) != 0; i++) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return true; /* no lock can be had here: wiping is the safe side */
        if (i == LOCK_TRIES)
            return false;
        (void)poll(NULL, 0, PAUSE_MS);
    }
    return true;
}

/* The places that are to be wiped, as bits. A successor may go on with the set and
 * have a state of its own, so each is looked at by itself. */
static unsigned take_over(void) {
    unsigned ours = 0;
    for (size_t i = 0; i < PLACES; i++) {
        int inside = role_slot(ROLE_SWEEP, places[i].inside);
        if (inside >= 0 && take_lock(inside))
            ours |= 1u << i;
    }
    return ours;
}

/* When a directory was last changed: a monitor that takes it over touches it, and
 * so does every round. */
static struct timespec stamp_of(int fd) {
    struct stat st = {0};
    (void)fstat(fd, &st);
    return st.st_mtim;
}

static bool is_same(struct timespec a, struct timespec b) {
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

/* As take_over, after a time in which nobody has touched them. Where somebody has,
 * and is gone by now, another one may be about to come: then that time begins
 * anew. Held by somebody who lives, they are not ours. */
static unsigned linger(uint32_t linger_ms) {
    struct timespec stamps[PLACES];
    for (;;) {
        unsigned ours = 0, touched = 0;
        for (size_t i = 0; i < PLACES; i++)
            stamps[i] = stamp_of(role_slot(ROLE_SWEEP, places[i].inside));
        (void)poll(NULL, 0, linger_ms < LIMIT_PERIOD_MS ? (int)linger_ms : LIMIT_PERIOD_MS);
        for (size_t i = 0; i < PLACES; i++) {
            int inside = role_slot(ROLE_SWEEP, places[i].inside);
            if (inside < 0 || (flock(inside, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK))
                continue;
            ours |= 1u << i;
            touched |= is_same(stamps[i], stamp_of(inside)) ? 0 : 1u << i;
        }
        if (touched == 0)
            return ours;
        for (size_t i = 0; i < PLACES; i++)
            if ((ours & 1u << i) != 0)
                (void)flock(role_slot(ROLE_SWEEP, places[i].inside), LOCK_UN);
    }
}

/* A place that dies with monitor may still have made a file meanwhile. Where our
 * directory is gone that cannot be; else it is tried again. */
#define TRIES 20

static int wipe_all(const struct message_wipe *wipe, unsigned which) {
    int result = 0;
    for (size_t i = PLACES; i-- > 0;) {
        int inside = role_slot(ROLE_SWEEP, places[i].inside);
        int parent = role_slot(ROLE_SWEEP, places[i].parent);
        if (inside < 0 || (which & 1u << i) == 0)
            continue;
        if (wipe_contents(inside, true) != 0)
            result = -1;
        /* Where the directory above is not ours, monitor removes the empty one. */
        if (wipe->remove[i] != 0 && parent >= 0 &&
            unlinkat(parent, wipe->name[i], AT_REMOVEDIR) != 0 && errno == ENOTEMPTY)
            result = -1;
    }
    return result;
}

int sweep_role(const struct role_start *start) {
    struct confine_path paths[2 * PLACES];
    struct channel channel;
    struct message message;
    struct error err;
    if (role_enter(start, paths, list_paths(paths), &channel, &err) != 0)
        return role_fail(ROLE_SWEEP, &err);
    if (channel_receive(&channel, &message, NULL, &err) != 1)
        return error_status(ERROR_CHILD);
    const struct message_wipe *wipe = &message.body.wipe;
    unsigned which = wait_for_end(&channel) ? ~0u
                     : wipe->linger_ms == 0 ? take_over()
                                            : linger(wipe->linger_ms);
    bool stays = wipe->remove[0] == 0 || wipe->remove[1] == 0;
    int result = wipe_all(wipe, which);
    for (int i = 1; i < TRIES && (result != 0 || (stays && i == 1)); i++) {
        (void)poll(NULL, 0, PAUSE_MS);
        result = wipe_all(wipe, which);
    }
    return result == 0 ? 0 : error_status(ERROR_SYSTEM);
}
