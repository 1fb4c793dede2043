/* Claim 28: arrestor and arrestor-fetch are built hardened (position independent, full
 * RELRO, no executable stack, stack protector, FORTIFY), and no role has memory that is
 * writable and executable at once. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "selftest/claim.h"
#include "selftest/role.h"

/* ---- The files */

struct image {
    const char *name;
    const unsigned char *bytes;
    size_t size;
    const Elf64_Phdr *segments;
    size_t segment_count;
    const Elf64_Dyn *dynamic;
    size_t dynamic_count;
};

static const void *at(const struct image *image, size_t offset, size_t size) {
    if (offset > image->size || size > image->size - offset)
        claim_broken("%s is cut short", image->name);
    return image->bytes + offset;
}

static const Elf64_Phdr *find_segment(const struct image *image, Elf64_Word type) {
    for (size_t i = 0; i < image->segment_count; i++)
        if (image->segments[i].p_type == type)
            return &image->segments[i];
    return NULL;
}

/* Where an address of the running program lies in the file. */
static size_t offset_of(const struct image *image, Elf64_Addr address) {
    for (size_t i = 0; i < image->segment_count; i++) {
        const Elf64_Phdr *segment = &image->segments[i];
        if (segment->p_type == PT_LOAD && address >= segment->p_vaddr &&
            address - segment->p_vaddr < segment->p_filesz)
            return segment->p_offset + (address - segment->p_vaddr);
    }
    claim_broken("%s points outside of itself", image->name);
}

static void find_dynamic(struct image *image) {
    for (size_t i = 0; i < image->segment_count; i++) {
        const Elf64_Phdr *segment = &image->segments[i];
        if (segment->p_type != PT_DYNAMIC)
            continue;
        image->dynamic = at(image, segment->p_offset, segment->p_filesz);
        image->dynamic_count = segment->p_filesz / sizeof *image->dynamic;
    }
    if (image->dynamic_count == 0)
        claim_broken("%s is not linked dynamically", image->name);
}

/* False where the file is closed to this user, as one of mode 0711 is. */
static bool map_image(struct image *ret, const char *name, const char *path) {
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == EACCES)
        return false;
    claim_need(fd >= 0 && fstat(fd, &st) == 0, path);
    *ret = (struct image){.name = name, .size = (size_t)st.st_size};
    ret->bytes = mmap(NULL, ret->size, PROT_READ, MAP_PRIVATE, fd, 0);
    claim_need(ret->bytes != MAP_FAILED, path);
    (void)close(fd);
    const Elf64_Ehdr *head = at(ret, 0, sizeof *head);
    if (memcmp(head->e_ident, ELFMAG, SELFMAG) != 0 || head->e_ident[EI_CLASS] != ELFCLASS64 ||
        head->e_phentsize != sizeof *ret->segments)
        claim_broken("%s is no executable of this machine", name);
    ret->segment_count = head->e_phnum;
    ret->segments = at(ret, head->e_phoff, ret->segment_count * sizeof *ret->segments);
    if (head->e_type != ET_DYN)
        claim_off("%s is not position independent", name);
    find_dynamic(ret);
    return true;
}

/* Value of a dynamic entry, 0 where there is none. */
static Elf64_Xword dynamic_value(const struct image *image, Elf64_Sxword tag) {
    for (size_t i = 0; i < image->dynamic_count && image->dynamic[i].d_tag != DT_NULL; i++)
        if (image->dynamic[i].d_tag == tag)
            return image->dynamic[i].d_un.d_val;
    return 0;
}

static void check_segments(const struct image *image) {
    const Elf64_Phdr *stack = find_segment(image, PT_GNU_STACK);
    bool now = (dynamic_value(image, DT_FLAGS) & DF_BIND_NOW) != 0 ||
               (dynamic_value(image, DT_FLAGS_1) & DF_1_NOW) != 0;
    if ((dynamic_value(image, DT_FLAGS_1) & DF_1_PIE) == 0)
        claim_off("%s is not position independent", image->name);
    if (find_segment(image, PT_GNU_RELRO) == NULL || !now)
        claim_off("%s is bound lazily: its table of functions stays writable", image->name);
    if (stack == NULL || (stack->p_flags & PF_X) != 0)
        claim_off("%s has an executable stack", image->name);
    for (size_t i = 0; i < image->segment_count; i++)
        if (image->segments[i].p_type == PT_LOAD &&
            (image->segments[i].p_flags & (PF_W | PF_X)) == (PF_W | PF_X))
            claim_off("%s has a segment that is writable and executable", image->name);
    if (dynamic_value(image, DT_TEXTREL) != 0 || dynamic_value(image, DT_RPATH) != 0 ||
        dynamic_value(image, DT_RUNPATH) != 0)
        claim_off("%s changes its code as it is loaded, or looks for libraries in a place of its "
                  "own",
                  image->name);
}

/* What the compiler left among the names that are looked up in libraries. */
static void check_names(const struct image *image) {
    size_t size = dynamic_value(image, DT_STRSZ);
    const char *names = at(image, offset_of(image, dynamic_value(image, DT_STRTAB)), size);
    bool protector = false, fortified = false, sanitized = false;
    for (size_t i = 0; i < size; i += strnlen(names + i, size - i) + 1) {
        const char *name = names + i;
        size_t length = strnlen(name, size - i);
        bool checks =
            length > 6 && memcmp(name, "__", 2) == 0 && memcmp(name + length - 4, "_chk", 4) == 0;
        protector = protector || strncmp(name, "__stack_chk_fail", size - i) == 0;
        fortified = fortified || checks;
        sanitized =
            sanitized || strncmp(name, "__asan_", 7) == 0 || strncmp(name, "__ubsan_", 8) == 0;
    }
    if (!protector)
        claim_off("%s has no stack protector", image->name);
    if (!fortified && !sanitized)
        claim_off("%s is not fortified", image->name);
    if (sanitized)
        claim_weaken("%s is built with a sanitizer, in place of FORTIFY", image->name);
}

static void check_file(const char *name, const char *path) {
    struct image image;
    if (!map_image(&image, name, path)) {
        claim_weaken("only root can look at %s, which uid %u may start and not read", name,
                     (unsigned)geteuid());
        return;
    }
    check_segments(&image);
    check_names(&image);
}

/* ---- The processes */

/* Mappings that are writable and executable; -1 where they cannot be seen. */
static int count_mappings(pid_t pid, int *ret) {
    static char text[262144];
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    *ret = 0;
    if (claim_read(path, text, sizeof text) == 0)
        return -1;
    for (const char *line = text; line != NULL && *line != '\0'; line = strchr(line, '\n')) {
        line += *line == '\n';
        const char *flags = strchr(line, ' ');
        *ret += flags != NULL && flags[2] == 'w' && flags[3] == 'x';
    }
    return 0;
}

static bool is_seen(const void *context) {
    const pid_t *pid = context;
    int count;
    return count_mappings(*pid, &count) != 0 || count > 0;
}

static void check_search(void) {
    pid_t pid = claim_fork();
    if (pid == 0) {
        void *both =
            mmap(NULL, 1, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (both == MAP_FAILED)
            claim_settle("this kernel gives nobody such memory"); /* in a child: its status */
        for (;;)
            (void)pause();
    }
    if (!claim_becomes(is_seen, &pid, 5000))
        claim_broken("memory that is writable and executable is not seen where it is");
    claim_end(pid);
}

static void check_role(enum role role) {
    struct waiting_role started = role_start_real(role, false);
    int count;
    if (count_mappings(started.pid, &count) != 0)
        claim_weaken("the executables are hardened; only root can look at the memory of roles");
    else if (count > 0)
        claim_off("the role %s has memory that is writable and executable", role_name(role));
    role_end(&started);
}

int main(int argc, char **argv) {
    unsigned roles = 0;
    claim_begin(argc, argv);
    check_file("arrestor", claim_arrestor());
    check_file("arrestor-fetch", claim_program("arrestor-fetch"));
    check_search();
    for (int i = 0; i < ROLES; i++)
        if (role_is_spawned((enum role)i)) {
            check_role((enum role)i);
            roles++;
        }
    claim_settle("arrestor and arrestor-fetch: position independent, full RELRO, no executable "
                 "stack, stack protector, FORTIFY; none of %u roles has memory that is writable "
                 "and executable",
                 roles);
}
