/* role_table: the role table and the room table as JSON, for tests/bin/check-rooms. */
#include <stdio.h>

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

int main(void) {
    (void)printf("{\"rooms\":[");
    for (size_t i = 0; i < room_count; i++) {
        (void)printf("%s{\"path\":\"%s\",\"includes\":", i > 0 ? "," : "", room_table[i].path);
        print_words(room_table[i].includes);
        (void)printf(",\"calls\":");
        print_words(room_table[i].calls);
        (void)putchar('}');
    }
    (void)printf("],\"roles\":[");
    for (int i = 0; i < ROLES; i++) {
        (void)printf("%s{\"name\":\"%s\",\"secrets\":%s,\"rooms\":", i > 0 ? "," : "",
                     role_table[i].name, role_table[i].holds_secrets ? "true" : "false");
        print_words(role_table[i].rooms);
        (void)putchar('}');
    }
    (void)printf("]}\n");
    return fflush(stdout) == 0 ? 0 : 1;
}
