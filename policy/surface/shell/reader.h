/* reader.h: the state of parsing one source, for the files of this room that do so. */
#ifndef ARRESTOR_POLICY_SHELL_READER_H
#define ARRESTOR_POLICY_SHELL_READER_H

#include "policy/surface/shell/syntax.h"

struct shell_heredoc;

struct shell_reader {
    struct shell_context *c;
    const char *bytes;
    size_t at, end;
    uint32_t base;
    size_t depth;
    bool words_only;               /* shell_parse_words */
    bool unclosed;                 /* a mark of something unknown has no end */
    struct shell_heredoc *last;    /* of pending */
    struct shell_heredoc *pending; /* here-documents whose text comes behind this line */
};

/* What ends a word that is read. */
enum reader_mode {
    READ_PLAIN,  /* a word of a command */
    READ_VALUE,  /* behind NAME=: ~ is a home after ':' too */
    READ_QUOTED, /* to the closing " */
    READ_BRACE,  /* to the closing } of ${…} */
    READ_BRACE_QUOTED,
    READ_PATTERN, /* to / or } of ${…/…/…} */
    READ_HEREDOC  /* to the end */
};

/* Bytes ahead; 0 behind the end. */
char reader_peek(const struct shell_reader *r, size_t ahead);
bool reader_starts(const struct shell_reader *r, const char *text);
uint32_t reader_position(const struct shell_reader *r);
int reader_refuse(struct shell_reader *r, size_t at, const char *what, const char *todo);

/* Zeroed memory for syntax, counted; NULL and failed. */
void *reader_new(struct shell_reader *r, size_t size);

/* One level deeper. 0, or -1 and failed. Each is left by depth--. */
int reader_enter(struct shell_reader *r);

/* A copy of the bytes from..to; NULL and failed. */
const char *reader_copy(struct shell_reader *r, size_t from, size_t to);
struct shell_text reader_slice(struct shell_reader *r, size_t from, size_t to);

/* A word from here on, NULL and failed on error. It may be empty. */
struct shell_word *reader_word(struct shell_reader *r, enum reader_mode mode);

/* What begins with '$' or '`', or a template, a mark; NULL with `*literal` where it
 * is ordinary text (not failed), else failed. */
struct shell_part *reader_expansion(struct shell_reader *r, bool quoted, bool *literal);

/* "{{ … }}" on one line, or something between marks, from here on: its length, or 0. */
size_t reader_template(struct shell_reader *r);

/* $'…' behind the opening quote, decoded. */
void reader_ansi(struct shell_reader *r, struct shell_builder *out);

/* A node that begins here; NULL and failed. */
struct shell_node *reader_node(struct shell_reader *r, enum shell_node_kind kind);

/* One command with its redirections; NULL and failed. */
struct shell_node *reader_command(struct shell_reader *r);

/* Lines that hold nothing; the line feed that stands here, and the texts of
 * here-documents behind it. */
void reader_skip_lines(struct shell_reader *r);
void reader_take_newline(struct shell_reader *r);

/* Whether a word stands here that ends a block; the same, or the end, or `stop`. */
bool reader_at_closer(const struct shell_reader *r);
bool reader_at_end(const struct shell_reader *r, char stop);

/* Blanks, comments and line continuations. */
void reader_skip_blanks(struct shell_reader *r);

/* A list of commands up to `stop`: ')' or 0 (the end), which is not taken. */
struct shell_node *reader_list(struct shell_reader *r, char stop);

/* One redirection, when one stands here; NULL without failure where none does. */
struct shell_redirect *reader_redirect(struct shell_reader *r);

/* The texts of pending here-documents, from the beginning of a line. */
void reader_heredocs(struct shell_reader *r);

/* NAME=…, when it stands here; NULL without failure where none does. */
struct shell_assignment *reader_assignment(struct shell_reader *r);

/* Whether a name may hold it, or begin with it. */
bool reader_is_name(char c, bool first);

#endif
