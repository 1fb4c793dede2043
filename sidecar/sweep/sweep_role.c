#include "sidecar/sweep/sweep_role.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
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

/* Waits for the end of the channel. A record after the first is a fault of
 * monitor's, and ends the waiting too: wiping is the safe side. */
static void wait_for_end(const struct channel *channel) {
    struct message message;
    struct error err;
    (void)channel_receive(channel, &message, NULL, &err);
}

/* A place that dies with monitor may still have made a file meanwhile. Where our
 * directory is gone that cannot be; else it is tried again. */
#define TRIES    20
#define PAUSE_MS 20

static int wipe_all(const struct message_wipe *wipe) {
    int result = 0;
    for (size_t i = PLACES; i-- > 0;) {
        int inside = role_slot(ROLE_SWEEP, places[i].inside);
        int parent = role_slot(ROLE_SWEEP, places[i].parent);
        if (inside < 0)
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
    wait_for_end(&channel);
    bool stays = message.body.wipe.remove[0] == 0 || message.body.wipe.remove[1] == 0;
    int result = wipe_all(&message.body.wipe);
    for (int i = 1; i < TRIES && (result != 0 || (stays && i == 1)); i++) {
        (void)poll(NULL, 0, PAUSE_MS);
        result = wipe_all(&message.body.wipe);
    }
    return result == 0 ? 0 : error_status(ERROR_SYSTEM);
}
