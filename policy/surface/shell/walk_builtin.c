#include <stdlib.h>
#include <string.h>

#include "policy/surface/shell/walk.h"
#include "policy/surface/unknown.h"
#include "sidecar/base/text.h"

static bool is_name(const char *text) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    return text[0] != '\0' && strchr(letters, text[0]) != NULL &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") ==
               strlen(text);
}

/* export NAME without a value. */
static void mark(struct shell_run *run, const char *name, bool exports, bool local) {
    struct shell_variable *v = is_name(name) ? walk_variable(run, name) : NULL;
    if (v == NULL)
        return;
    struct shell_value value = v->value;
    if (local) {
        walk_add_local(run, v);
        value = (struct shell_value){.kind = VALUE_UNSET};
    }
    value.exported = value.exported || exports;
    walk_assign(run, v, &value);
}

/* Words that came from a variable: "NAME=VALUE" that is one only now. */
static void assign_late(struct shell_run *run, const struct shell_text *text, bool exports) {
    struct shell_builder b = shell_builder_make(run->c);
    const char *sign = strchr(text->text, '=');
    size_t length = (size_t)(sign - text->text);
    char name[128];
    if (length >= sizeof name)
        return;
    memcpy(name, text->text, length);
    name[length] = '\0';
    struct shell_text kept;
    shell_add_text(&b, text, 0, length);
    if (is_name(name) && shell_built(&b, 0, &kept) == 0) {
        struct shell_variable *v = walk_variable(run, kept.text);
        struct shell_value value = {.kind = VALUE_TEXT, .exported = exports};
        value.position = shell_position(text, 0);
        shell_add_text(&b, text, length + 1, text->length - length - 1);
        if (v != NULL && shell_built(&b, value.position, &value.text) == 0)
            walk_assign(run, v, &value);
    }
    shell_builder_free(&b);
}

static void declare(struct shell_run *run, const struct shell_node *node,
                    const struct shell_field *fields, size_t count) {
    bool local = strcmp(fields[0].text.text, "local") == 0 ||
                 (run->calls > 0 && fields[0].text.text[0] != 'e' &&
                  strcmp(fields[0].text.text, "readonly") != 0);
    bool exports = strcmp(fields[0].text.text, "export") == 0;
    for (size_t i = 1; i < count; i++)
        if (fields[i].text.text[0] == '-' && strchr(fields[i].text.text, 'x') != NULL)
            exports = true;
        else if (fields[i].text.text[0] == '-' && strpbrk(fields[i].text.text, "gn") != NULL)
            local = false;
    for (const struct shell_word *w = node->words; w != NULL; w = w->next) {
        if (w->assignment == NULL)
            continue;
        if (local)
            walk_add_local(run, walk_variable(run, w->assignment->name));
        walk_assignment(run, w->assignment, exports);
    }
    for (size_t i = 1; i < count; i++)
        if (strchr(fields[i].text.text, '=') != NULL)
            assign_late(run, &fields[i].text, exports);
        else
            mark(run, fields[i].text.text, exports, local);
}

static void unset(struct shell_run *run, const struct shell_node *node,
                  const struct shell_field *fields, size_t count) {
    (void)node;
    for (size_t i = 1; i < count; i++) {
        struct shell_variable *v =
            is_name(fields[i].text.text) ? walk_variable(run, fields[i].text.text) : NULL;
        struct shell_value value = {.kind = VALUE_UNSET};
        walk_assign(run, v, &value);
    }
}

static void set(struct shell_run *run, const struct shell_node *node,
                const struct shell_field *fields, size_t count) {
    (void)node;
    for (size_t i = 1; i < count; i++) {
        const char *text = fields[i].text.text;
        if (strcmp(text, "--") == 0) {
            walk_set_arguments(run, fields + i + 1, count - i - 1);
            return;
        }
        if (text[0] != '-' && text[0] != '+') {
            walk_set_arguments(run, fields + i, count - i);
            return;
        }
        if (strchr(text, 'a') != NULL && text[1] != 'o')
            run->state.allexport = text[0] == '-';
        bool named = text[1] != '\0' && text[strlen(text) - 1] == 'o' && i + 1 < count;
        if (named && strcmp(fields[++i].text.text, "allexport") == 0)
            run->state.allexport = text[0] == '-';
    }
}

static void shift(struct shell_run *run, const struct shell_node *node,
                  const struct shell_field *fields, size_t count) {
    (void)node;
    size_t by = count > 1 ? (size_t)strtoul(fields[1].text.text, NULL, 10) : 1;
    if (run->doubts > 0)
        run->state.arguments_known = false;
    for (size_t i = 0; i < by && i < run->state.argument_count; i++)
        if (run->state.arguments[i].several)
            run->state.arguments_known = false;
    if (!run->state.arguments_known || by > run->state.argument_count)
        return;
    run->state.arguments += by;
    run->state.argument_count -= by;
}

static void source(struct shell_run *run, const struct shell_node *node,
                   const struct shell_field *fields, size_t count) {
    (void)node;
    (void)fields;
    (void)count;
    walk_forget_all(run);
    walk_write(run, NULL);
}

static void eval(struct shell_run *run, const struct shell_node *node,
                 const struct shell_field *fields, size_t count) {
    struct shell_builder b = shell_builder_make(run->c);
    struct shell_text text;
    bool several = false;
    (void)node;
    for (size_t i = 1; i < count; i++) {
        if (i > 1)
            shell_add(&b, " ", 1, shell_position(&fields[i].text, 0));
        shell_add_text(&b, &fields[i].text, 0, fields[i].text.length);
        several = several || fields[i].several;
    }
    if (shell_built(&b, shell_position(&fields[0].text, 0), &text) == 0) {
        if (several || (count > 1 && fields[1].text.text[0] == UNKNOWN_OPEN))
            walk_forget_all(run);
        walk_script(run, &text, false);
    }
    shell_builder_free(&b);
}

/* read, mapfile, getopts, printf -v: the variables get what nobody knows. */
static void forget_names(struct shell_run *run, const struct shell_node *node,
                         const struct shell_field *fields, size_t count) {
    (void)node;
    for (size_t i = 1; i < count; i++)
        if (is_name(fields[i].text.text)) {
            struct shell_value value = {.kind = VALUE_UNKNOWN};
            struct shell_variable *v = walk_variable(run, fields[i].text.text);
            value.exported = v != NULL && v->value.exported;
            walk_assign(run, v, &value);
        }
}

static void let(struct shell_run *run, const struct shell_node *node,
                const struct shell_field *fields, size_t count) {
    (void)node;
    for (size_t i = 1; i < count; i++) {
        struct shell_text name = fields[i].text;
        size_t length = strcspn(name.text, "+-*/%&|^<>=");
        char copy[128];
        if (length >= sizeof copy)
            continue;
        memcpy(copy, name.text, length);
        copy[length] = '\0';
        walk_forget(run, is_name(copy) ? walk_variable(run, copy) : NULL);
    }
}

static void leave(struct shell_run *run, const struct shell_node *node,
                  const struct shell_field *fields, size_t count) {
    static const struct {
        const char *name;
        enum shell_jump jump;
    } rows[] = {{"exit", JUMP_EXIT},
                {"return", JUMP_RETURN},
                {"break", JUMP_BREAK},
                {"continue", JUMP_CONTINUE}};
    (void)node;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(rows[i].name, fields[0].text.text) == 0)
            run->jump = rows[i].jump;
    if (count > 1 && run->jump < JUMP_RETURN)
        run->maybe = true;
}

static void echo(struct shell_run *run, const struct shell_node *node,
                 const struct shell_field *fields, size_t count) {
    struct shell_builder b = shell_builder_make(run->c);
    struct shell_text text;
    size_t first = 1;
    bool line = true, escapes = false, several = false;
    (void)node;
    for (; first < count && fields[first].text.text[0] == '-' && fields[first].text.length > 1 &&
           strspn(fields[first].text.text + 1, "neE") == fields[first].text.length - 1;
         first++) {
        line = line && strchr(fields[first].text.text, 'n') == NULL;
        escapes = escapes || strchr(fields[first].text.text, 'e') != NULL;
    }
    for (size_t i = first; i < count; i++) {
        if (i > first)
            shell_add(&b, " ", 1, shell_position(&fields[i].text, 0));
        shell_add_text(&b, &fields[i].text, 0, fields[i].text.length);
        several =
            several || fields[i].several || (escapes && strchr(fields[i].text.text, '\\') != NULL);
    }
    if (line)
        shell_add(&b, "\n", 1, shell_position(&fields[0].text, 0));
    if (shell_built(&b, shell_position(&fields[0].text, 0), &text) == 0)
        walk_write(run, several ? NULL : &text);
    shell_builder_free(&b);
}

/* printf '%s\n' A B: anything else is not told. */
static void print(struct shell_run *run, const struct shell_node *node,
                  const struct shell_field *fields, size_t count) {
    struct shell_builder b = shell_builder_make(run->c);
    struct shell_text text;
    const char *format = count > 1 ? fields[1].text.text : "";
    bool line = strcmp(format, "%s\\n") == 0, known = line || strcmp(format, "%s") == 0;
    if (strcmp(format, "-v") == 0) {
        forget_names(run, node, fields, count > 3 ? 3 : count);
        return;
    }
    bool alone = count == 2 && strpbrk(format, "%\\") == NULL;
    for (size_t i = alone ? 1 : 2; i < count && (known || alone); i++) {
        known = known && !fields[i].several;
        shell_add_text(&b, &fields[i].text, 0, fields[i].text.length);
        if (line)
            shell_add(&b, "\n", 1, shell_position(&fields[i].text, 0));
    }
    if (shell_built(&b, shell_position(&fields[0].text, 0), &text) == 0)
        walk_write(run, (known && count > 2) || alone ? &text : NULL);
    shell_builder_free(&b);
}

static void nothing(struct shell_run *run, const struct shell_node *node,
                    const struct shell_field *fields, size_t count) {
    (void)run;
    (void)node;
    (void)fields;
    (void)count;
}

static const struct {
    const char *name;
    shell_builtin *run;
} builtins[] = {
    {"export", declare},
    {"declare", declare},
    {"typeset", declare},
    {"local", declare},
    {"readonly", declare},
    {"unset", unset},
    {"set", set},
    {"shift", shift},
    {"source", source},
    {".", source},
    {"eval", eval},
    {"read", forget_names},
    {"mapfile", forget_names},
    {"readarray", forget_names},
    {"getopts", forget_names},
    {"let", let},
    {"exit", leave},
    {"return", leave},
    {"break", leave},
    {"continue", leave},
    {"echo", echo},
    {"printf", print},
    {":", nothing},
    {"true", nothing},
    {"false", nothing},
    {"cd", nothing},
    {"[", nothing},
    {"test", nothing},
    {"trap", nothing},
    {"wait", nothing},
    {"mkdir", nothing},
    {"sleep", nothing},
    {"rm", nothing},
    {"shopt", nothing},
    {"chmod", nothing},
};

shell_builtin *walk_find_builtin(const char *name) {
    for (size_t i = 0; i < sizeof builtins / sizeof builtins[0]; i++)
        if (strcmp(builtins[i].name, name) == 0)
            return builtins[i].run;
    return NULL;
}
