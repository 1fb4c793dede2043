/* main_fetch.c: arrestor-fetch, the executable of the role fetch-net: the stores
 * over the network, with libcurl and OpenSSL. It is no command for people. */
#include <signal.h>
#include <string.h>

#include "sidecar/base/command.h"
#include "sidecar/base/error.h"
#include "sidecar/base/file.h"
#include "sidecar/confine/role_start.h"
#include "sidecar/fetch/fetch_role.h"
#include "sidecar/fetch/strongbox/fetch_strongbox.h"
#include "sidecar/fetch/vault/fetch_vault.h"

static store_read *const stores[STORE_KINDS] = {
    [STORE_STRONGBOX] = fetch_strongbox,
    [STORE_VAULT] = fetch_vault,
};

static int parse(int argc, char **argv, struct role_start *ret, struct error *err) {
    if (argc < 2 || strcmp(argv[1], "role") != 0)
        return error_set(err, ERROR_USAGE, "arrestor-fetch is started by arrestor itself");
    if (role_start_parse(argc - 1, argv + 1, ret, err) != 0)
        return -1;
    return ret->role == ROLE_FETCH_NET
               ? 0
               : error_set(err, ERROR_USAGE, "this role is of another executable");
}

int main(int argc, char **argv) {
    struct role_start start;
    struct error err;
    if (file_open_standard() != 0 || signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        return error_status(ERROR_SYSTEM);
    if (parse(argc, argv, &start, &err) != 0)
        return command_fail(&err);
    /* Nothing of ours waits for the end; the exit handlers of thirty libraries would. */
    _exit(fetch_role(&start, stores));
}
