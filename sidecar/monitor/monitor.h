/* monitor.h: the parent of all processes; state that its files share.
 *
 * Monitor spawns, opens what roles need, reaps, forwards signals, freezes and
 * launches. It parses nothing but fixed-size records and never holds a value. */
#ifndef ARRESTOR_MONITOR_H
#define ARRESTOR_MONITOR_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "sidecar/base/arena.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/command.h"
#include "sidecar/base/error.h"
#include "sidecar/base/limits.h"
#include "sidecar/confine/confine.h"
#include "sidecar/wire/channel.h"
#include "sidecar/wire/slot.h"

/* Who the service's roles and the job are. */
struct identity {
    bool drops; /* started as root with the capabilities for it */
    uid_t service_uid;
    gid_t service_gid;
    bool service_is_nobody; /* no user `arrestor`: said as degraded */
    bool job_changes;       /* `job-user:` */
    uid_t job_uid;
    gid_t job_gid;
    gid_t *job_groups; /* in the monitor's arena */
    size_t job_group_count;
};

/* One directory of ours on tmpfs. */
struct memory_directory {
    char path[LIMIT_PATH];
    char name[LIMIT_PATH]; /* last component */
    int fd, parent;        /* -1: not made */
    bool made;             /* by us: goes with the set */
};

/* What this monitor is: the parent of a job, a sidecar beside one, or a set made
 * once for what comes after. */
enum monitor_kind { KIND_RUN, KIND_SIDECAR, KIND_INIT };

enum directory_role { DIRECTORY_SET, DIRECTORY_STATE, DIRECTORY_LAUNCH, DIRECTORIES };

struct child {
    pid_t pid; /* 0: free */
    enum role role;
    struct channel channel; /* fd -1 once closed */
    uint32_t round;         /* fetch and place: the one they were started for */
    bool fenced;            /* it has told how far it climbed */
};

/* A round of fetch and place. */
struct round {
    bool running;
    uint32_t number, task, address;
    uint64_t deadline;
    bool fetch_told, place_told; /* their results are here */
    bool fetch_over, place_over; /* they have ended */
    struct message_result fetch, place;
    bool said; /* monitor has printed the fault itself */
};

struct monitor {
    enum monitor_kind kind;
    struct arena arena;
    char **environment; /* the caller's */
    char *const *argv;  /* after "--" */
    size_t argc;
    const char *config_path; /* as shown in messages; NULL: none */
    const char *status_path; /* --status-file or NULL */
    enum launch_report dry_run;
    const char *fetch_path; /* of arrestor-fetch; NULL: not beside us */

    sigset_t caller_mask, caller_ignored; /* the job gets them back */
    mode_t caller_umask;
    int signals; /* signalfd */
    struct identity identity;
    struct message_setup setup;
    bool setup_told;
    pid_t warden;    /* the one that plans; 0: none */
    pid_t candidate; /* reads a new arrestor.yaml (SIGHUP); 0: none */
    struct message_setup candidate_setup;
    bool candidate_told;
    bool reload;                /* SIGHUP asked for it */
    bool standing_due;          /* warden waits to hear what stands */
    uint64_t restart_at[ROLES]; /* a role that died is started again, not before */
    struct memory_directory directories[DIRECTORIES];

    int config, arguments, recorded, merged, conf; /* descriptors of the frozen launch; -1 */
    int store_environment, token, passphrase;      /* what stores need of the caller; -1 */
    int report;                                    /* --dry-run: what is shown; else -1 */
    char **recorded_environment;                   /* what Spark would see; arena */
    const char *program;                           /* absolute path of argv[0] */

    struct child children[LIMIT_MANAGED_CHILDREN];
    struct round round;
    uint32_t address;           /* of the store, that last answered well */
    enum error_code told_fault; /* of rounds, said last; OK: none since one went well */
    bool set_stands;            /* a whole set is published */
    bool published;             /* a generation was published since we began */
    enum error_code given_up;   /* why the first one cannot be had; OK: not given up */
    struct message_verdict verdict;
    bool verdict_told;

    pid_t watched; /* a child whose end is awaited: bash, the judge's turn, the job */
    bool watched_over;
    int watched_status; /* of waitpid */
    bool job_started;
    bool said;      /* a role has told people what is wrong */
    int end_signal; /* a signal asked for the end: before the job started, or of a sidecar */

    struct protections worst;
    uint32_t told_protections; /* bit per protection that was said to be weaker */
};

/* say.c: one line to standard error, "arrestor: …", control characters escaped. */
void monitor_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Says once which protections are not in force; -1 with ERROR_PROTECTION when one
 * of them is required. */
int monitor_say_protections(struct monitor *m, struct error *err);
/* Writes --status-file: {"status","reason","rules"}. Says so where it cannot. */
void monitor_write_status(const struct monitor *m, int status, const char *reason,
                          const char *rules);

/* identity.c: fills m->identity, before warden has told the setup by the default
 * rule (warden itself runs so), afterwards by setup. 0, or -1 with ERROR_CONFIG. */
int identity_fill(struct monitor *m, struct error *err);

/* start.c: what all three kinds begin with. Makes *m; hardens, blocks signals,
 * reads arrestor.yaml and what stores need of the caller, starts warden and learns
 * the setup. 0 or -1. */
void monitor_make(struct monitor *m, enum monitor_kind kind, const struct invocation *call);
int monitor_start(struct monitor *m, const struct invocation *call, struct error *err);

/* credentials.c: arrestor.yaml as it is now, checked for its owner: a sealed memory
 * file, or -1. */
int credentials_seal_config(const struct monitor *m, struct error *err);
/* What stores need of the caller: VAULT_… variables as a sealed
 * file, VAULT_TOKEN and the line of --passphrase-fd as memory files. 0 or -1. */
int credentials_take(struct monitor *m, const struct invocation *call, struct error *err);

/* keep.c: the roles that live as long as we do. */
int keep_start_warden(struct monitor *m, struct error *err);
int keep_start_sweep(struct monitor *m, struct error *err);
/* Starts again what has died, tells warden what stands, reads arrestor.yaml again
 * where a signal asked for it. After each step of the loop. */
void keep_going(struct monitor *m);
/* Milliseconds until keep_going has work without an event; -1: none. */
int keep_timeout(const struct monitor *m);
/* Waits for the first whole set. 0; -1 with the code that warden gave up with, or
 * ERROR_CHILD; 0 too where a signal asked for the end. */
int keep_first_set(struct monitor *m, struct error *err);
/* Ends the store token that is ours, and waits for that. */
void keep_revoke(struct monitor *m);
/* Ends the roles, and wipes (keep_set: leaves the set). */
void keep_wind_up(struct monitor *m, bool keep_set);

/* spawn.c: a list of descriptors with nothing in any slot. */
void spawn_clear_slots(int fds[SLOTS]);
/* Execs a role; fds[slot] are the descriptors to inherit (-1: none). The
 * channel is made here. NULL with ERROR_SYSTEM. Descriptors stay the caller's. */
struct child *spawn_role(struct monitor *m, enum role role, const int fds[SLOTS],
                         struct error *err);
/* Forks a child on the job's side: caller's signal mask, job identity, no
 * descriptor but 0, 1, 2 and keep[i] as number LAUNCH_FD + i (-1: none). In the
 * parent the pid or -1; in the child it execs and never returns. */
#define LAUNCH_FDS 2
pid_t spawn_job(struct monitor *m, const char *path, char *const *argv, char *const *environment,
                const int keep[LAUNCH_FDS], struct error *err);
/* The child of that pid that we still talk to, or NULL (also for pid 0). */
struct child *spawn_get(struct monitor *m, pid_t pid);
/* The child of that role that we still talk to, or NULL; whether the role (ROLES:
 * any) still has a process. */
struct child *spawn_find(struct monitor *m, enum role role);
bool spawn_is_alive(const struct monitor *m, enum role role);
/* Whether the role lives for one round. */
bool spawn_is_of_round(enum role role);
/* Closes a child's channel: it reads that as the end. */
void spawn_hang_up(struct child *child);

/* Sends a record, with a descriptor or -1, that nobody answers: who cannot be told
 * is hung up on, because it would wait for ever. NULL: nobody. */
void spawn_tell(struct child *child, const struct message *message, int fd);

/* loop.c: waits for one event (signal, record, end of a child) up to timeout_ms
 * (-1: for ever) and handles it. 0, or -1 with the error that ends the run. */
int loop_step(struct monitor *m, int timeout_ms, struct error *err);
/* Steps until m->watched has ended. 0 or -1. */
int loop_await(struct monitor *m, pid_t pid, struct error *err);
/* Runs until every role that lives has told how far it climbed, so that nothing
 * starts before the slowest has. 0 or -1. */
int loop_await_fences(struct monitor *m, struct error *err);

/* round_files.c: opens what the roles of a publish or revoke round inherit, by the
 * start table. 0, or -1 with the fault, in which case nothing stays open. */
int round_files_open(struct monitor *m, enum round_task task, int fds[SLOTS], struct error *err);
void round_files_close(int fds[SLOTS]);
/* Path of the strongbox or its key, as the configuration or the default rule has it. */
int round_box_path(const struct monitor *m, bool key, char *path, size_t size, struct error *err);

/* rounds.c: dial, fetch and place, together. */
void round_begin(struct monitor *m, const struct message_round *asked);
/* Begins to end the store token that arrestor logged in for, where it holds one;
 * over after LIMIT_REVOKE_MS at most. */
bool round_begin_revoke(struct monitor *m);
void round_record(struct monitor *m, struct child *child, const struct message *message);
void round_child_over(struct monitor *m, const struct child *child);
void round_timeout(struct monitor *m);
/* Answers warden's wish to look at the store. */
void round_look(struct monitor *m, struct child *warden, const struct message_look *look);

/* directories.c: chooses, makes and locks the directories; cleans dead ones. */
int directories_make(struct monitor *m, struct error *err);
/* A file of the current state (`leases`, `session`), or -1; the caller closes it. */
int directories_open_state(const struct monitor *m, const char *name);
/* The generation that stands in the set's directory, or 0. */
uint64_t directories_generation(const struct monitor *m);
/* A descriptor of its own of a directory, which shares no lock with ours; -1. */
int directories_reopen(const struct monitor *m, enum directory_role role);
/* Removes what is left of them after sweep; says what stays. */
void directories_remove(struct monitor *m);
/* Lets go of them and leaves what is in them; but for a state that arrestor.yaml
 * does not name. */
void directories_leave(struct monitor *m);

/* trust.c: whether an owner is root, ourselves, the service user or the job's. */
bool trust_owner(const struct identity *identity, uid_t owner);
/* Whether nobody else can change what lies in a directory that arrestor.yaml names, or
 * put another in its place. 0, or -1 with what to name instead. */
int trust_directory(const struct identity *identity, const struct memory_directory *directory,
                    struct error *err);
/* Whether nothing lies there but what an arrestor makes: the end of a set is to
 * remove all that is in its directory. */
bool trust_contents(int fd);

/* swap.c: whether what lies in this directory can be written to swap. */
uint8_t swap_state_of(int fd);

/* environment.c: what of the caller's environment is refused before anything of
 * it runs: "" or the rule ids, with a line said for each. */
void environment_judge(struct monitor *m, struct buffer *rules);
/* Value of a variable in a NULL-terminated environment, or NULL; of two of one name the
 * later one, as in bash. */
const char *environment_get(char *const *environment, const char *name);
/* What spark-env.sh is sourced with: the caller's environment without the store
 * token and PS4, unless keep-env names them. In the arena; NULL when exhausted. */
char **environment_source(struct monitor *m);
/* The environment of the launch: recorded, with ours put in and what arrestor
 * itself used taken out. In the arena; NULL when exhausted. */
char **environment_launch(struct monitor *m);

/* source.c: lets bash source spark-env.sh once and records the environment. */
int source_environment(struct monitor *m, struct error *err);
/* Absolute path of a program as execvp would find it; ERROR_USAGE, *status 126 or
 * 127. In the arena. */
const char *source_find_program(struct monitor *m, const char *name, int *status,
                                struct error *err);

/* freeze.c: copies the configuration directories into DIRECTORY_LAUNCH and points
 * m->recorded_environment at the copies; seals argv and environment. */
int freeze_launch(struct monitor *m, struct error *err);

/* verdict.c: starts the judge on the frozen launch and waits for its verdict. */
int verdict_ask(struct monitor *m, struct error *err);

/* launch.c: execs what was judged. 0 with m->watched the job, or -1. */
int launch_job(struct monitor *m, struct error *err);
/* Sends a signal to all that is left of the job. */
void launch_signal(struct monitor *m, int number);
/* Whether anything of the job is still alive (children that are no role). */
bool launch_is_alive(struct monitor *m);

#endif
