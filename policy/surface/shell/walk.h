/* walk.h: follows a script as far as it does not depend on the world, for the files
 * of this room. What depends on it is unknown, and so is what is assigned in one of
 * several ways that it can go. */
#ifndef ARRESTOR_POLICY_SHELL_WALK_H
#define ARRESTOR_POLICY_SHELL_WALK_H

#include "policy/surface/document.h"
#include "policy/surface/shell/shell.h"
#include "policy/surface/shell/syntax.h"

enum shell_value_kind {
    VALUE_OUTSIDE, /* nothing here assigned it */
    VALUE_UNKNOWN,
    VALUE_UNSET,
    VALUE_TEXT,
    VALUE_ARRAY
};

struct shell_field {
    struct shell_text text;
    bool several; /* unknown, and maybe several words or none */
};

struct shell_value {
    enum shell_value_kind kind;
    bool exported;
    uint32_t position; /* of the name where it was assigned */
    struct shell_text text;
    const struct shell_field *items; /* also those that may be several words or none */
    size_t count;
    const struct shell_node *function; /* of a name that ends in "()" */
};

struct shell_variable {
    const char *name;
    struct shell_value value;
    size_t calls; /* of the function, in each other */
    size_t scope; /* in which its value was saved */
    size_t slot;  /* of a join, + 1 */
    struct shell_variable *next, *later;
};

/* A value to come back to. */
struct shell_saved {
    struct shell_variable *variable;
    struct shell_value value;
    size_t scope;
};

/* Where output goes that somebody reads. */
struct shell_output {
    struct shell_builder text;
    bool unknown;
    size_t doubts;
};

struct shell_file {
    const char *name;
    struct shell_builder text;
    uint32_t position;
};

struct shell_fields {
    struct shell_field *items;
    size_t count, room;
};

enum shell_jump { JUMP_NONE, JUMP_CONTINUE, JUMP_BREAK, JUMP_RETURN, JUMP_EXIT };

/* What a subshell inherits beside variables. */
struct shell_state {
    const struct shell_field *arguments; /* $1 … */
    size_t argument_count;
    bool arguments_known;
    bool allexport;
};

#define SHELL_BUCKETS 256

struct shell_run {
    struct shell_context *c;
    struct document_builder *b;
    struct shell_variable *buckets[SHELL_BUCKETS], *first, **last;
    struct shell_saved *saved;
    size_t saved_count, saved_room;
    size_t scope, scopes;
    struct shell_state state;
    size_t doubts; /* conditions that we are in */
    size_t muted;  /* nothing is told */
    size_t calls;
    struct shell_saved *locals;
    size_t local_count, local_room;
    enum shell_jump jump;
    bool maybe;                     /* a jump under a condition, within this loop or function */
    const struct shell_text *input; /* what the command reads, where known */
    struct shell_output *output;
    struct shell_file *files;
    size_t file_count, file_room;
};

/* variables.c */

/* The variable of that name, made where it is new; NULL and failed. */
struct shell_variable *walk_variable(struct shell_run *run, const char *name);

/* The function of that name, as a variable; NULL where there is none. */
struct shell_variable *walk_find_function(struct shell_run *run, const char *name);

/* Gives it a value, which can be taken back at the end of the scope. */
void walk_assign(struct shell_run *run, struct shell_variable *variable,
                 const struct shell_value *value);
void walk_forget(struct shell_run *run, struct shell_variable *variable);

/* Forgets all values: something ran that we cannot follow. */
void walk_forget_all(struct shell_run *run);

/* A scope: walk_close gives each variable back the value that it had; walk_keep leaves
 * them as they are. Where `touch`, an outer scope learns which they were. */
struct shell_scope {
    size_t before, start;
};
struct shell_scope walk_open(struct shell_run *run);
void walk_close(struct shell_run *run, const struct shell_scope *scope, bool touch);
void walk_keep(struct shell_run *run, const struct shell_scope *scope);

/* Forgets every variable that was assigned in the scope. */
void walk_forget_scope(struct shell_run *run, const struct shell_scope *scope);

/* What several ways of going on leave behind. */
struct shell_join {
    struct shell_saved *ends;
    size_t count, room, ways;
    enum shell_jump jump; /* of a way that left the loop or function; they are not counted */
};

/* Closes the scope; what it assigned is one way. */
void walk_join_way(struct shell_run *run, const struct shell_scope *scope, struct shell_join *join);

/* The way in which nothing was assigned. */
void walk_join_nothing(struct shell_run *run, struct shell_join *join);

/* Assigns what all ways agree on; what they do not is unknown. */
void walk_join_end(struct shell_run *run, struct shell_join *join);

/* expand.c */

/* The words of a command, split. 0, or -1 and failed. */
int walk_expand(struct shell_run *run, const struct shell_word *words, struct shell_fields *ret);

/* A word that is not split: of an assignment, a here-document, case. */
int walk_expand_text(struct shell_run *run, const struct shell_word *word, struct shell_text *ret);

/* Adds a field; NULL and failed. */
struct shell_field *walk_add_field(struct shell_run *run, struct shell_fields *fields,
                                   const struct shell_text *text);

/* expand_value.c */

/* What a ${…} stands for: a text, a list (VALUE_ARRAY), or not to be told. */
int walk_value(struct shell_run *run, const struct shell_part *part, struct shell_value *ret);

/* walk.c */

/* Follows a node, with its redirections. */
void walk_node(struct shell_run *run, const struct shell_node *node);

/* What $(…) gives, or unknown with how it is written. */
int walk_capture(struct shell_run *run, const struct shell_part *part, struct shell_text *ret,
                 bool *known);

/* In a shell of its own: what it assigns is gone behind it. */
void walk_apart(struct shell_run *run, const struct shell_node *node);

/* walk_call.c */

/* A function is defined: its name stands for its body. */
void walk_define(struct shell_run *run, const struct shell_node *node);

/* (( … )): names in it may be assigned there. */
void walk_sum(struct shell_run *run, const struct shell_node *node);

/* [[ … ]]: its words are expanded. */
void walk_test(struct shell_run *run, const struct shell_node *node);

/* Calls the function of that variable; fields[0] is its name. */
void walk_function(struct shell_run *run, struct shell_variable *v,
                   const struct shell_field *fields, size_t count);

/* $1 and so on. */
void walk_set_arguments(struct shell_run *run, const struct shell_field *fields, size_t count);

/* The variable gets its value back when the function ends. */
void walk_add_local(struct shell_run *run, struct shell_variable *variable);

/* A text as a script: in this shell, or in a subshell (`apart`). */
void walk_script(struct shell_run *run, const struct shell_text *text, bool apart);

/* A text as the script of another process: with what is exported here, or with
 * nothing of it; fields are its $1 and so on. */
void walk_process(struct shell_run *run, const struct shell_text *text,
                  const struct shell_field *fields, size_t count, bool inherits);

/* Where input and output were before a redirection. */
struct shell_redirection {
    const struct shell_text *input;
    struct shell_output *output;
    struct shell_output file;
    struct shell_text name;
    bool written, append;
};
void walk_redirect(struct shell_run *run, const struct shell_redirect *redirects,
                   struct shell_redirection *kept);
void walk_redirected(struct shell_run *run, struct shell_redirection *kept);

/* walk_command.c */

/* Assigns; exported where `exported` or the variable is. */
void walk_assignment(struct shell_run *run, const struct shell_assignment *a, bool exported);
void walk_command(struct shell_run *run, const struct shell_node *node);

/* Runs fields as a command, beyond assignments and redirections. */
void walk_fields(struct shell_run *run, const struct shell_node *node,
                 const struct shell_field *fields, size_t count);

/* walk_builtin.c, walk_prefix.c, walk_tool.c: one command each. */
typedef void shell_builtin(struct shell_run *run, const struct shell_node *node,
                           const struct shell_field *fields, size_t count);

/* The one of that name, or NULL. */
shell_builtin *walk_find_builtin(const char *name);
shell_builtin *walk_find_prefix(const char *name);
shell_builtin *walk_find_tool(const char *name);

/* walk_launch.c */

/* fields[0] is a program of Spark, or taken for one. Its environment is this
 * shell's where `inherits`, and the K=V of `more`. */
void walk_launch(struct shell_run *run, const struct shell_field *fields, size_t count,
                 bool inherits, const struct shell_fields *more);

/* A launch without words that has this shell's environment. */
void walk_tell_environment(struct shell_run *run, const char *title, uint32_t position);

/* A setting of no launch. */
void walk_tell_loose(struct shell_run *run, const char *name, uint32_t position,
                     const struct shell_text *value, uint32_t *told);

/* walk_output.c */

/* Standard output gets that text (NULL: something unknown). */
void walk_write(struct shell_run *run, const struct shell_text *text);

/* A file gets it. */
void walk_write_file(struct shell_run *run, const struct shell_text *name,
                     const struct shell_text *text, bool append);

/* An inner text for other readers. */
void walk_add_inner(struct shell_run *run, const struct shell_text *text, const char *hint);

/* Hands out the files that were written, at the end; frees what they took. */
void walk_end_files(struct shell_run *run);
void walk_free_files(struct shell_run *run);

#endif
