#include "sidecar/confine/trap.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <ucontext.h>

#include "sidecar/base/error.h"
#include "sidecar/confine/confine.h"

#ifndef SYS_SECCOMP
#define SYS_SECCOMP 1 /* of asm-generic/siginfo.h, which glibc's signal.h does not go with */
#endif

/* The one thing that a signal handler can reach: how often it was called. */
static atomic_uint trapped;
_Static_assert(ATOMIC_INT_LOCK_FREE == 2, "a signal handler may count");

#if defined(__x86_64__)
#define RESULT_OF(context) (context)->uc_mcontext.gregs[REG_RAX]
typedef greg_t result_register;
#elif defined(__aarch64__)
#define RESULT_OF(context) (context)->uc_mcontext.regs[0]
typedef unsigned long long result_register;
#endif

bool trap_is_possible(void) {
#ifdef RESULT_OF
    return true;
#else
    return false;
#endif
}

unsigned confine_trapped(void) {
    return atomic_load(&trapped);
}

/* The kernel has put all registers back as before the call, and goes on behind it. */
static void answer_call(int signal, siginfo_t *info, void *interrupted) {
    (void)signal;
    if (info->si_code != SYS_SECCOMP)
        return; /* somebody's kill(2): no call waits for an answer */
    atomic_fetch_add(&trapped, 1);
#ifdef RESULT_OF
    ucontext_t *context = interrupted;
    RESULT_OF(context) = (result_register)-ENOSYS;
#else
    (void)interrupted;
#endif
}

int trap_install(struct error *err) {
    struct sigaction action = {.sa_sigaction = answer_call, .sa_flags = SA_SIGINFO};
    sigset_t mask;
    (void)sigemptyset(&action.sa_mask);
    (void)sigemptyset(&mask);
    (void)sigaddset(&mask, SIGSYS);
    /* A blocked SIGSYS ends the process; what a caller had blocked is inherited. */
    if (sigaction(SIGSYS, &action, NULL) != 0 || sigprocmask(SIG_UNBLOCK, &mask, NULL) != 0)
        return error_system(err, ERROR_SYSTEM, "cannot answer for calls that are not listed");
    return 0;
}
