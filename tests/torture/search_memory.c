#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/torture/search.h"

/* Every window of WORD bytes of every needle is in a hash table. A run of SEARCH_RUN bytes
 * holds one that begins at a multiple of STEP, so only those places are looked up. */
#define WORD    8u
#define STEP    4u
#define BUCKETS (1u << 16)
#define CHUNK   (1u << 20)
#define NEEDLES 512u

_Static_assert(SEARCH_RUN >= WORD + STEP - 1, "every run holds a window at a multiple of STEP");

struct window {
    uint64_t word;
    uint32_t needle, offset;
    uint32_t next; /* index + 1 in the table; 0: the last of its bucket */
};

struct search {
    struct needle needles[NEEDLES];
    size_t needle_count;
    struct window *windows;
    size_t window_count;
    uint32_t buckets[BUCKETS];
};

/* ---- Needles */

static uint64_t word_at(const unsigned char *bytes) {
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

static uint32_t bucket_of(uint64_t word) {
    return (uint32_t)((word * 0x9e3779b97f4a7c15u) >> 48);
}

static int add_windows(struct search *search, const struct needle *needle) {
    size_t more = needle->length - WORD + 1, had = search->window_count;
    struct window *windows = realloc(search->windows, (had + more) * sizeof *windows);
    if (windows == NULL)
        return -1;
    search->windows = windows;
    for (size_t i = 0; i < more; i++) {
        uint64_t word = word_at(needle->bytes + i);
        uint32_t *bucket = &search->buckets[bucket_of(word)];
        windows[had + i] =
            (struct window){word, (uint32_t)(needle - search->needles), (uint32_t)i, *bucket};
        *bucket = (uint32_t)(had + i + 1);
    }
    search->window_count = had + more;
    return 0;
}

static int decode_hex(const char *text, struct needle *needle) {
    size_t length = strlen(text) / 2;
    needle->bytes = malloc(length + 1);
    for (size_t i = 0; needle->bytes != NULL && i < length; i++) {
        unsigned value;
        if (sscanf(text + 2 * i, "%2x", &value) != 1)
            return -1;
        needle->bytes[i] = (unsigned char)value;
    }
    needle->length = length;
    return needle->bytes != NULL && length >= SEARCH_RUN ? 0 : -1;
}

struct search *search_open(const char *path) {
    static char line[65536], hex[65536];
    struct search *search = calloc(1, sizeof *search);
    FILE *file = fopen(path, "re");
    if (search == NULL || file == NULL)
        return NULL;
    while (fgets(line, sizeof line, file) != NULL) {
        struct needle *needle = &search->needles[search->needle_count];
        if (search->needle_count == NEEDLES ||
            sscanf(line, "%31s %31s %65535s", needle->label, needle->form, hex) != 3 ||
            decode_hex(hex, needle) != 0 || add_windows(search, needle) != 0)
            return NULL;
        search->needle_count++;
    }
    (void)fclose(file);
    return search->needle_count > 0 ? search : NULL;
}

/* ---- One stretch of memory */

struct stretch {
    const unsigned char *bytes;
    size_t length;
    uint64_t address;
    const char *where;
};

static void add_hit(struct found *found, const struct stretch *stretch, const struct needle *needle,
                    size_t at, size_t run) {
    struct hit *hit = found->hits;
    while (hit < found->hits + found->count &&
           (hit->needle != needle || strcmp(hit->where, stretch->where) != 0))
        hit++;
    if (hit == found->hits + SEARCH_HITS)
        return;
    if (hit == found->hits + found->count) {
        found->count++;
        *hit = (struct hit){.needle = needle};
        (void)snprintf(hit->where, sizeof hit->where, "%s", stretch->where);
    }
    hit->times++;
    if (run > hit->run) {
        hit->run = run;
        hit->address = stretch->address + at;
    }
}

/* How much of the needle stands here, both ways. Gives where it ends, or 0. */
static size_t weigh(struct found *found, const struct stretch *stretch, const struct needle *needle,
                    size_t at, size_t offset) {
    size_t before = 0, after = WORD;
    while (before < at && before < offset &&
           stretch->bytes[at - before - 1] == needle->bytes[offset - before - 1])
        before++;
    while (at + after < stretch->length && offset + after < needle->length &&
           stretch->bytes[at + after] == needle->bytes[offset + after])
        after++;
    if (before + after < SEARCH_RUN)
        return 0;
    add_hit(found, stretch, needle, at - before, before + after);
    return at + after;
}

static void search_stretch(const struct search *search, const struct stretch *stretch,
                           struct found *found) {
    size_t past[NEEDLES] = {0}; /* what was found counts once */
    for (size_t at = 0; at + WORD <= stretch->length; at += STEP) {
        uint64_t word = word_at(stretch->bytes + at);
        if (word == 0)
            continue;
        for (uint32_t next = search->buckets[bucket_of(word)]; next != 0;) {
            const struct window *window = &search->windows[next - 1];
            next = window->next;
            if (window->word != word || at < past[window->needle])
                continue;
            size_t end =
                weigh(found, stretch, &search->needles[window->needle], at, window->offset);
            if (end > 0)
                past[window->needle] = end;
        }
    }
}

/* ---- One process */

struct mapping {
    uint64_t begin, end;
    char rights[5], where[SEARCH_WHERE];
    bool of_file;
};

static bool parse_mapping(const char *line, struct mapping *ret) {
    unsigned long long begin, end;
    char name[1024] = "";
    if (sscanf(line, "%llx-%llx %4s %*s %*s %*s %1023[^\n]", &begin, &end, ret->rights, name) < 3)
        return false;
    ret->begin = begin;
    ret->end = end;
    ret->of_file = name[0] == '/';
    const char *shown = name[0] != '\0' ? name : "anonymous";
    const char *slash = ret->of_file ? strrchr(shown, '/') + 1 : shown;
    (void)snprintf(ret->where, sizeof ret->where, "%.*s", (int)sizeof ret->where - 1, slash);
    return true;
}

static bool is_of_interest(const struct mapping *mapping, bool whole) {
    if (mapping->rights[0] != 'r' || strcmp(mapping->where, "[vvar]") == 0 ||
        strcmp(mapping->where, "[vsyscall]") == 0 || strcmp(mapping->where, "[vvar_vclock]") == 0)
        return false;
    return whole || !mapping->of_file || mapping->rights[1] == 'w' || mapping->rights[3] == 's';
}

static void read_flags(pid_t pid, uint64_t begin, char *flags, size_t size) {
    char path[64], line[512], start[32];
    (void)snprintf(path, sizeof path, "/proc/%d/smaps", (int)pid);
    (void)snprintf(start, sizeof start, "%08llx-", (unsigned long long)begin);
    FILE *file = fopen(path, "re");
    bool here = false;
    flags[0] = '\0';
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, start, strlen(start)) == 0)
            here = true;
        if (here && sscanf(line, "VmFlags: %95[^\n]", flags) == 1)
            break;
    }
    (void)size;
    if (file != NULL)
        (void)fclose(file);
}

static void add_closed(struct found *found, pid_t pid, const struct mapping *mapping, int mem) {
    unsigned char byte;
    struct iovec local = {&byte, 1}, remote = {(void *)(uintptr_t)mapping->begin, 1};
    if (found->closed_count == SEARCH_CLOSED)
        return;
    struct closed *closed = &found->closed[found->closed_count++];
    *closed = (struct closed){.size = (size_t)(mapping->end - mapping->begin), .mem = mem};
    closed->vm = process_vm_readv(pid, &local, 1, &remote, 1, 0) == 1 ? 0 : errno;
    memcpy(closed->where, mapping->where, sizeof closed->where);
    read_flags(pid, mapping->begin, closed->flags, sizeof closed->flags);
}

/* A chunk begins with the end of the one before, so that no run is cut. */
static void search_mapping(const struct search *search, pid_t pid, int memory,
                           const struct mapping *mapping, struct found *found) {
    static unsigned char chunk[CHUNK];
    struct stretch stretch = {.bytes = chunk, .where = mapping->where};
    for (uint64_t at = mapping->begin; at < mapping->end;) {
        size_t left = (size_t)(mapping->end - at);
        ssize_t got = pread(memory, chunk, left < CHUNK ? left : CHUNK, (off_t)at);
        if (got <= 0) {
            if (at == mapping->begin)
                add_closed(found, pid, mapping, got < 0 ? errno : 0);
            return;
        }
        stretch.length = (size_t)got;
        stretch.address = at;
        search_stretch(search, &stretch, found);
        found->bytes += (size_t)got;
        at += (size_t)got;
        if (at < mapping->end && (size_t)got == CHUNK)
            at -= 4096;
    }
}

static bool is_region(const char *name) {
    return strstr(name, "secretmem") != NULL || strstr(name, "memfd:secrets") != NULL;
}

static size_t count_handles(pid_t pid) {
    char path[64], link[512];
    size_t count = 0;
    (void)snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *directory = opendir(path);
    const struct dirent *entry;
    while (directory != NULL && (entry = readdir(directory)) != NULL) {
        ssize_t length = readlinkat(dirfd(directory), entry->d_name, link, sizeof link - 1);
        link[length > 0 ? length : 0] = '\0';
        count += is_region(link);
    }
    if (directory != NULL)
        (void)closedir(directory);
    return count;
}

void search_process(const struct search *search, pid_t pid, bool whole, struct found *ret) {
    char path[64], line[1536];
    struct mapping mapping;
    memset(ret, 0, sizeof *ret);
    (void)snprintf(path, sizeof path, "/proc/%d/mem", (int)pid);
    int memory = open(path, O_RDONLY | O_CLOEXEC);
    (void)snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    FILE *maps = fopen(path, "re");
    while (memory >= 0 && maps != NULL && fgets(line, sizeof line, maps) != NULL)
        if (parse_mapping(line, &mapping) && is_of_interest(&mapping, whole)) {
            ret->regions += is_region(mapping.where);
            search_mapping(search, pid, memory, &mapping, ret);
        }
    if (maps != NULL)
        (void)fclose(maps);
    if (memory >= 0)
        (void)close(memory);
    ret->handles = count_handles(pid);
}

static uint64_t mix(uint64_t digest, uint64_t value) {
    return (digest ^ value) * 0x100000001b3u;
}

uint64_t search_digest(const struct found *found) {
    uint64_t digest = mix(found->handles + 1, found->closed_count * 64 + found->regions);
    for (size_t i = 0; i < found->count; i++) {
        const struct hit *hit = &found->hits[i];
        digest = mix(digest, (uintptr_t)hit->needle ^ hit->run << 20);
        for (const char *c = hit->where; *c != '\0'; c++)
            digest = mix(digest, (unsigned char)*c);
    }
    return digest;
}
