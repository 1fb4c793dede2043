/* dry_run.h: arrestor run --dry-run: everything up to the verdict, and nothing
 * after it. spark-env.sh is sourced and the launch frozen, as in a real run. */
#ifndef ARRESTOR_MONITOR_DRY_RUN_H
#define ARRESTOR_MONITOR_DRY_RUN_H

struct error;
struct invocation;
struct monitor;

/* Option rows of `run`. */
#define DRY_RUN_OPTIONS                                                                            \
    {"dry-run", 0, NULL, "judge, show what would be delivered and started, and end"}, {            \
        "format", 0, "text|json", "how --dry-run prints (text)"                                    \
    }

/* Takes --dry-run and --format. 0, or -1 with ERROR_USAGE. */
int dry_run_ask(struct monitor *m, const struct invocation *call, struct error *err);

/* Before directories are made: a dry run leaves alone what deliver.dir and
 * deliver.state name. Does nothing in a real run. */
void dry_run_spare(struct monitor *m);

/* After the verdict, whatever it is: what the judge has written goes to standard
 * output. Does nothing in a real run. 0, or -1. */
int dry_run_show(struct monitor *m, struct error *err);

#endif
