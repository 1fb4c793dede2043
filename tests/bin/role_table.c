/* role_table: the tables of sidecar/confine as JSON, for tests/bin/check-rooms and its
 * kin. */
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>

#include "sidecar/confine/filter_table.h"
#include "sidecar/confine/role_table.h"

/* A list of words, as the tables have it, as a JSON array. */
static void print_words(const char *words) {
    (void)putchar('[');
    for (const char *separator = ""; *words != '\0'; separator = ",") {
        int length = 0;
        while (words[length] != '\0' && words[length] != ' ')
            length++;
        if (length > 0)
            (void)printf("%s\"%.*s\"", separator, length, words);
        words += length + (words[length] == ' ' ? 1 : 0);
    }
    (void)putchar(']');
}

static void print_call(int number) {
    char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number);
    (void)printf("\"%s\"", name != NULL ? name : "");
    free(name);
}

static void print_calls(const char *name, const int *calls, size_t count) {
    (void)printf(",\"%s\":[", name);
    for (size_t i = 0; i < count; i++) {
        (void)fputs(i > 0 ? "," : "", stdout);
        print_call(calls[i]);
    }
    (void)putchar(']');
}

static void print_role(const struct role_row *role) {
    (void)printf("{\"name\":\"%s\",\"confined\":%s,\"secrets\":%s,\"rooms\":", role->name,
                 role->confined ? "true" : "false", role->holds_secrets ? "true" : "false");
    print_words(role->rooms);
    (void)putchar('}');
}

static void print_room(const struct room_row *room) {
    (void)printf("{\"path\":\"%s\",\"includes\":", room->path);
    print_words(room->includes);
    (void)printf(",\"calls\":");
    print_words(room->calls);
    (void)putchar('}');
}

static void print_file(const struct file_row *file) {
    (void)printf("{\"path\":\"%s\",\"writes\":\"%s\",\"numbers\":", file->path, file->writes);
    print_words(file->numbers);
    (void)putchar('}');
}

int main(void) {
    (void)printf("{\"rooms\":[");
    for (size_t i = 0; i < room_count; i++, (void)fputs(i < room_count ? "," : "", stdout))
        print_room(&room_table[i]);
    (void)printf("],\"files\":[");
    for (size_t i = 0; i < file_count; i++, (void)fputs(i < file_count ? "," : "", stdout))
        print_file(&file_table[i]);
    (void)printf("],\"roles\":[");
    for (size_t i = 0; i < ROLES; i++, (void)fputs(i < ROLES ? "," : "", stdout))
        print_role(&role_table[i]);
    (void)putchar(']');
    print_calls("deadly", deadly_calls, deadly_count);
    (void)printf("}\n");
    return fflush(stdout) == 0 ? 0 : 1;
}
