#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sidecar/base/error.h"
#include "sidecar/secret/region.h"

#define ALL_SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

static struct error err;

static bool kernel_has_memfd_secret(void) {
    int fd = (int)syscall(SYS_memfd_secret, O_CLOEXEC);
    if (fd >= 0)
        (void)close(fd);
    return fd >= 0;
}

static bool is_open(int fd) {
    return fcntl(fd, F_GETFD) >= 0;
}

/* Status of a forked child: what it needs changes the process for good. */
static int run_in_child(int (*body)(void)) {
    (void)fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(body());
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* From here on the kernel answers a call with an error; mmap only where it shares. */
static int refuse_call(int number, int error) {
    const struct scmp_arg_cmp shared = SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_SHARED, MAP_SHARED);
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    int failed = filter == NULL ||
                 seccomp_rule_add_array(filter, SCMP_ACT_ERRNO((unsigned)error), number,
                                        number == SCMP_SYS(mmap) ? 1 : 0, &shared) != 0 ||
                 seccomp_load(filter) != 0;
    seccomp_release(filter);
    return failed ? -1 : 0;
}

/* RLIMIT_MEMLOCK binds only those without CAP_IPC_LOCK. */
static int forbid_locking(void) {
    const struct rlimit none = {0, 0};
    if (setrlimit(RLIMIT_MEMLOCK, &none) != 0)
        return -1;
    return geteuid() != 0 ? 0 : setresuid(65534, 65534, 65534);
}

static void a_new_region_is_zeroed_and_can_be_written(void **state) {
    (void)state;
    struct region region;
    assert_int_equal(region_make(&region, 5000, &err), 0);
    assert_int_equal(region.size, 5000);
    assert_true(region.mapped >= region.size);
    for (size_t i = 0; i < region.size; i++)
        assert_int_equal(region.bytes[i], 0);
    memset(region.bytes, 0xa5, region.size);
    assert_true(fcntl(region.fd, F_GETFD) & FD_CLOEXEC);
    int fd = region.fd;
    region_free(&region);
    assert_null(region.bytes);
    assert_false(is_open(fd));
}

static void the_kind_is_secret_where_the_kernel_has_it(void **state) {
    (void)state;
    struct region region;
    assert_int_equal(region_make(&region, 1, &err), 0);
    assert_int_equal(region.kind == REGION_SECRET, kernel_has_memfd_secret());
    assert_int_not_equal(region.kind, REGION_NONE);
    region_free(&region);
}

static void sizes_out_of_bounds_are_refused_and_leave_the_region_alone(void **state) {
    (void)state;
    const size_t sizes[] = {0, LIMIT_REGION_BYTES + 1u, SIZE_MAX};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct region region = {.size = 77};
        assert_int_equal(region_make(&region, sizes[i], &err), -1);
        assert_int_equal(err.code, ERROR_SECRET_SIZE);
        assert_int_equal(region.size, 77);
    }
}

static void the_largest_region_can_be_had(void **state) {
    (void)state;
    struct region region;
    assert_int_equal(region_make(&region, LIMIT_REGION_BYTES, &err), 0);
    region.bytes[LIMIT_REGION_BYTES - 1] = 1;
    region_free(&region);
}

static void what_one_end_writes_the_other_reads(void **state) {
    (void)state;
    struct region mine, theirs;
    assert_int_equal(region_make(&mine, 4099, &err), 0);
    memcpy(mine.bytes + 4090, "canary", 6);
    int fd = dup(mine.fd);
    assert_int_equal(region_adopt(&theirs, fd, &err), 0);
    assert_false(is_open(fd));
    assert_int_equal(theirs.fd, -1);
    assert_int_equal(theirs.size, 4099);
    assert_int_equal(theirs.kind, mine.kind);
    assert_memory_equal(theirs.bytes + 4090, "canary", 6);
    region_free(&theirs);
    assert_int_equal(mine.bytes[4090], 0);
    region_free(&mine);
}

static void a_region_that_is_given_away_keeps_its_bytes(void **state) {
    (void)state;
    struct region mine, theirs;
    assert_int_equal(region_make(&mine, 64, &err), 0);
    memcpy(mine.bytes, "canary", 6);
    int fd = region_give(&mine);
    assert_true(is_open(fd));
    assert_null(mine.bytes);
    region_free(&mine);
    assert_true(is_open(fd));
    assert_int_equal(region_adopt(&theirs, fd, &err), 0);
    assert_memory_equal(theirs.bytes, "canary", 6);
    region_free(&theirs);
    assert_int_equal(region_give(&mine), -1);
}

static void freeing_wipes_what_is_shared(void **state) {
    (void)state;
    struct region region;
    assert_int_equal(region_make(&region, 10000, &err), 0);
    memset(region.bytes, 0xa5, region.mapped);
    size_t mapped = region.mapped;
    unsigned char *witness = mmap(NULL, mapped, PROT_READ, MAP_SHARED, region.fd, 0);
    assert_true(witness != MAP_FAILED);
    region_free(&region);
    for (size_t i = 0; i < mapped; i++)
        assert_int_equal(witness[i], 0);
    assert_int_equal(munmap(witness, mapped), 0);
}

static void an_empty_region_can_be_freed_and_closes_nothing(void **state) {
    (void)state;
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    struct region empty = {.fd = fd};
    region_free(&empty);
    assert_int_equal(empty.fd, -1);
    assert_int_equal(empty.kind, REGION_NONE);
    assert_true(is_open(fd));
    assert_int_equal(close(fd), 0);
}

static void neither_kind_can_be_resized_under_the_receiver(void **state) {
    (void)state;
    struct region region;
    assert_int_equal(region_make(&region, 8192, &err), 0);
    const off_t sizes[] = {0, 1, 4096, 8191, 16384};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        assert_int_equal(ftruncate(region.fd, sizes[i]), -1);
    region.bytes[8191] = 1;
    region_free(&region);
}

static void root_cannot_read_a_secret_region(void **state) {
    (void)state;
    struct region region;
    assert_int_equal(region_make(&region, 64, &err), 0);
    if (region.kind == REGION_SECRET) {
        char bytes[64];
        int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
        assert_true(memory >= 0);
        memset(region.bytes, 0xa5, 64);
        assert_int_equal(pread(memory, bytes, sizeof bytes, (off_t)(uintptr_t)region.bytes), -1);
        assert_int_equal(close(memory), 0);
    }
    region_free(&region);
}

static int make_without_memfd_secret(void) {
    struct region region, theirs;
    if (refuse_call(SCMP_SYS(memfd_secret), ENOSYS) != 0)
        return 10;
    if (region_make(&region, 5000, &err) != 0 || region.kind != REGION_LOCKED)
        return 11;
    if (fcntl(region.fd, F_GET_SEALS) != ALL_SEALS || !(fcntl(region.fd, F_GETFD) & FD_CLOEXEC))
        return 12;
    if (ftruncate(region.fd, 100) == 0 || ftruncate(region.fd, 9000) == 0)
        return 13;
    memcpy(region.bytes, "canary", 6);
    if (region_adopt(&theirs, dup(region.fd), &err) != 0 || theirs.kind != REGION_LOCKED)
        return 14;
    return theirs.size == 5000 && memcmp(theirs.bytes, "canary", 6) == 0 ? 0 : 15;
}

static void without_memfd_secret_the_region_is_locked_and_sealed(void **state) {
    (void)state;
    assert_int_equal(run_in_child(make_without_memfd_secret), 0);
}

static int make_without_locking(void) {
    struct region region, theirs;
    if (forbid_locking() != 0)
        return 10;
    if (region_make(&region, 5000, &err) != 0 || region.kind != REGION_PLAIN)
        return 11;
    if (fcntl(region.fd, F_GET_SEALS) != ALL_SEALS)
        return 12;
    region.bytes[4999] = 1;
    return region_adopt(&theirs, dup(region.fd), &err) == 0 && theirs.kind == REGION_PLAIN ? 0 : 13;
}

static void without_the_right_to_lock_the_region_is_said_to_be_plain(void **state) {
    (void)state;
#ifdef SANITIZED
    skip(); /* its runtime answers mlock itself, without locking */
#endif
    assert_int_equal(run_in_child(make_without_locking), 0);
}

static int make_without_memory_files(void) {
    struct region region = {.size = 77};
    if (refuse_call(SCMP_SYS(memfd_secret), EPERM) != 0 ||
        refuse_call(SCMP_SYS(memfd_create), EMFILE) != 0)
        return 10;
    if (region_make(&region, 100, &err) != -1 || err.code != ERROR_MEMORY)
        return 11;
    return region.size == 77 && region.bytes == NULL ? 0 : 12;
}

static void without_memory_files_it_is_an_error(void **state) {
    (void)state;
    assert_int_equal(run_in_child(make_without_memory_files), 0);
}

static int make_without_seals(void) {
    struct region region = {.size = 77};
    int before = dup(0);
    (void)close(before);
    if (refuse_call(SCMP_SYS(memfd_secret), EPERM) != 0 || refuse_call(SCMP_SYS(fcntl), EPERM) != 0)
        return 10;
    if (region_make(&region, 100, &err) != -1 || err.code != ERROR_MEMORY)
        return 11;
    return dup(0) == before && region.size == 77 ? 0 : 12;
}

static void a_memfd_that_cannot_be_sealed_is_no_region(void **state) {
    (void)state;
    assert_int_equal(run_in_child(make_without_seals), 0);
}

static int make_without_mappings(void) {
    struct region region = {.size = 77};
    int before = dup(0);
    (void)close(before);
    if (refuse_call(SCMP_SYS(mmap), ENOMEM) != 0)
        return 10;
    if (region_make(&region, 100, &err) != -1 || err.code != ERROR_MEMORY)
        return 11;
    return dup(0) == before && region.size == 77 ? 0 : 12;
}

static void a_mapping_that_fails_leaks_no_descriptor(void **state) {
    (void)state;
    assert_int_equal(run_in_child(make_without_mappings), 0);
}

static int memfd_with(off_t size, int seals) {
    int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, size), 0);
    assert_int_equal(fcntl(fd, F_ADD_SEALS, seals), 0);
    return fd;
}

static void assert_refused(int fd, enum error_code code) {
    struct region region = {.size = 77};
    assert_int_equal(region_adopt(&region, fd, &err), -1);
    assert_int_equal(err.code, code);
    assert_int_equal(region.size, 77);
    assert_false(is_open(fd));
}

static void what_could_be_cut_under_us_is_refused_and_closed(void **state) {
    (void)state;
    assert_refused(memfd_with(4096, 0), ERROR_PROTOCOL);
    assert_refused(memfd_with(4096, F_SEAL_SHRINK | F_SEAL_SEAL), ERROR_PROTOCOL);
    assert_refused(memfd_with(4096, F_SEAL_GROW | F_SEAL_SEAL), ERROR_PROTOCOL);
    assert_refused(memfd_with(4096, F_SEAL_SHRINK | F_SEAL_GROW), ERROR_PROTOCOL);
}

static void wrong_sizes_are_refused_and_closed(void **state) {
    (void)state;
    assert_refused(memfd_with(0, ALL_SEALS), ERROR_PROTOCOL);
    assert_refused(memfd_with((off_t)LIMIT_REGION_BYTES + 1, ALL_SEALS), ERROR_PROTOCOL);
    if (kernel_has_memfd_secret())
        assert_refused((int)syscall(SYS_memfd_secret, O_CLOEXEC), ERROR_PROTOCOL);
}

static void a_region_that_cannot_be_written_is_refused_and_closed(void **state) {
    (void)state;
    assert_refused(memfd_with(4096, ALL_SEALS | F_SEAL_WRITE), ERROR_MEMORY);
}

static void what_is_no_memory_is_refused_and_closed(void **state) {
    (void)state;
    int pair[2];
    assert_int_equal(pipe2(pair, O_CLOEXEC), 0);
    assert_refused(pair[0], ERROR_PROTOCOL);
    assert_refused(pair[1], ERROR_PROTOCOL);
    assert_refused(open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC), ERROR_PROTOCOL);
    assert_refused(open("/dev/zero", O_RDWR | O_CLOEXEC), ERROR_PROTOCOL);
    assert_refused(open("/proc/self/exe", O_RDONLY | O_CLOEXEC), ERROR_PROTOCOL);
    assert_refused(-1, ERROR_PROTOCOL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_region_is_zeroed_and_can_be_written),
        cmocka_unit_test(the_kind_is_secret_where_the_kernel_has_it),
        cmocka_unit_test(sizes_out_of_bounds_are_refused_and_leave_the_region_alone),
        cmocka_unit_test(the_largest_region_can_be_had),
        cmocka_unit_test(what_one_end_writes_the_other_reads),
        cmocka_unit_test(a_region_that_is_given_away_keeps_its_bytes),
        cmocka_unit_test(freeing_wipes_what_is_shared),
        cmocka_unit_test(an_empty_region_can_be_freed_and_closes_nothing),
        cmocka_unit_test(neither_kind_can_be_resized_under_the_receiver),
        cmocka_unit_test(root_cannot_read_a_secret_region),
        cmocka_unit_test(without_memfd_secret_the_region_is_locked_and_sealed),
        cmocka_unit_test(without_the_right_to_lock_the_region_is_said_to_be_plain),
        cmocka_unit_test(without_memory_files_it_is_an_error),
        cmocka_unit_test(a_memfd_that_cannot_be_sealed_is_no_region),
        cmocka_unit_test(a_mapping_that_fails_leaks_no_descriptor),
        cmocka_unit_test(what_could_be_cut_under_us_is_refused_and_closed),
        cmocka_unit_test(wrong_sizes_are_refused_and_closed),
        cmocka_unit_test(a_region_that_cannot_be_written_is_refused_and_closed),
        cmocka_unit_test(what_is_no_memory_is_refused_and_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
