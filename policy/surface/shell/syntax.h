/* syntax.h: what a script of sh or bash says, as a tree. The grammar is that of
 * bash where it goes beyond POSIX. Pure. */
#ifndef ARRESTOR_POLICY_SHELL_SYNTAX_H
#define ARRESTOR_POLICY_SHELL_SYNTAX_H

#include "policy/surface/shell/shell_text.h"

struct shell_node;
struct shell_word;

enum shell_part_kind {
    PART_TEXT,     /* as it stands, quotes taken away */
    PART_VARIABLE, /* ${…} */
    PART_COMMAND,  /* $(…) and `…` */
    PART_SUM,      /* $((…)) */
    PART_UNKNOWN   /* what a template or another reader fills in, ~, <(…) */
};

/* ${name[index]op word}, "${#name}", "${!name}". */
struct shell_expansion {
    const char *name; /* "@", "*", "#", "1" … too */
    uint32_t position;
    bool length, indirect;
    const char *index; /* NULL; "@", "*" or as written */
    char op[3];        /* "", ":-", "-", ":=", "%", "%%", "/", "//", ":", "^^" … */
    const struct shell_word *word, *second;
};

struct shell_part {
    enum shell_part_kind kind;
    bool quoted;
    struct shell_text text; /* PART_TEXT; of all others, how it is written */
    const struct shell_expansion *expansion;
    const struct shell_node *command;
    struct shell_part *next;
};

/* NAME=word, NAME+=word, NAME[index]=word, NAME=(words). */
struct shell_assignment {
    const char *name;
    uint32_t position;
    bool append, array;
    const char *index;
    struct shell_word *value; /* the first word of an array, NULL for none */
    struct shell_assignment *next;
    uint32_t *told; /* where the value stood that was told last, + 1 */
};

struct shell_word {
    struct shell_part *parts;
    uint32_t position, end;
    bool quoted; /* some part of it: it is a word though it be empty */
    bool glob;   /* an unquoted * ? or [ */
    bool braces; /* {a,b} */
    bool plain;  /* no quotes and no expansions */
    const struct shell_assignment *assignment; /* behind export, declare … */
    struct shell_word *next;
};

enum shell_redirect_kind {
    REDIRECT_IN,     /* < */
    REDIRECT_OUT,    /* > >| &> */
    REDIRECT_APPEND, /* >> &>> */
    REDIRECT_TEXT,   /* <<EOF, <<< */
    REDIRECT_OTHER   /* >&2, <&3, <> */
};

struct shell_redirect {
    enum shell_redirect_kind kind;
    int descriptor;          /* -1: that of its direction */
    bool line;               /* <<<: a line feed follows */
    struct shell_word *word; /* the file, or the text */
    struct shell_redirect *next;
};

enum shell_node_kind {
    NODE_COMMAND,
    NODE_SEQUENCE, /* children by op ';', '&' */
    NODE_CHAIN,    /* children by op '&', '|': && and || */
    NODE_PIPE,
    NODE_IF,    /* condition, then …, else where the count is odd */
    NODE_WHILE, /* condition, body; until too */
    NODE_FOR,   /* name, words; body. select too */
    NODE_COUNT, /* for ((…)) */
    NODE_CASE,  /* words: the subject; items */
    NODE_ITEM,  /* words: patterns; body. op ';' or '&' (falls through) */
    NODE_GROUP,
    NODE_SUBSHELL,
    NODE_FUNCTION, /* name; body */
    NODE_TEST,     /* [[ … ]]: its words */
    NODE_SUM       /* (( … )): words[0] */
};

struct shell_node {
    enum shell_node_kind kind;
    char op;
    bool given; /* NODE_FOR: has `in` */
    uint32_t position;
    const char *name;
    struct shell_assignment *assignments;
    struct shell_word *words;
    struct shell_redirect *redirects;
    struct shell_node *first, *next;
};

/* The tree of a source; NULL and failed where it has no sound form. An empty script
 * is a sequence without children. */
const struct shell_node *shell_parse(struct shell_context *c, int source);

/* The words of a command line: only blanks part them. */
const struct shell_word *shell_parse_words(struct shell_context *c, int source);

#endif
