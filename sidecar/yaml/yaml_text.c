#include "sidecar/yaml/yaml_text.h"

#include <stdint.h>
#include <string.h>

#include "sidecar/base/error.h"
#include "sidecar/base/text.h"

/* Line and column (in characters) of the byte at `offset`. */
static void find_place(const struct yaml_source *source, size_t offset, size_t *line,
                       size_t *column) {
    *line = 1;
    *column = 1;
    for (size_t i = 0; i < offset && i < source->length; i++) {
        unsigned char c = (unsigned char)source->bytes[i];
        if (c == '\n') {
            ++*line;
            *column = 1;
        } else if ((c & 0xc0) != 0x80) {
            ++*column;
        }
    }
}

/* Bytes that are no text may be anything, a key file too: they are not shown. */
static int refuse_bytes(const struct yaml_source *source, size_t offset, const char *what,
                        const char *todo, struct error *err) {
    size_t line, column;
    find_place(source, offset, &line, &column);
    error_set(err, (enum error_code)source->code, "%s", what);
    error_at(err, source->name, line, column);
    return error_todo(err, "%s", todo);
}

static bool is_foreign_break(const char *bytes, size_t size) {
    static const char *const breaks[] = {"\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9"};
    for (size_t i = 0; i < sizeof breaks / sizeof *breaks; i++)
        if (strlen(breaks[i]) == size && memcmp(breaks[i], bytes, size) == 0)
            return true;
    return false;
}

static bool is_control(const struct yaml_source *source, size_t at, size_t size) {
    const unsigned char *p = (const unsigned char *)source->bytes + at;
    if (size == 2)
        return p[0] == 0xc2 && p[1] < 0xa0;
    if (size != 1 || p[0] == '\n' || p[0] == '\t')
        return false;
    if (p[0] == '\r')
        return at + 1 == source->length || p[1] != '\n';
    return p[0] < 0x20 || p[0] == 0x7f;
}

int yaml_check_text(const struct yaml_source *source, struct error *err) {
    for (size_t i = 0; i < source->length;) {
        size_t size = text_utf8_size(source->bytes + i, source->length - i);
        if (size == 0)
            return refuse_bytes(source, i, "this is not UTF-8 text", "save the file as UTF-8", err);
        if (source->bytes[i] == '\0')
            return refuse_bytes(source, i, "there is a NUL byte in the text",
                                "check that this is the right file; save it as UTF-8 text", err);
        if (is_control(source, i, size) || is_foreign_break(source->bytes + i, size))
            return refuse_bytes(source, i, "there is a control character in the text",
                                "remove it, or write it as \"\\xNN\"; lines end with LF or CRLF",
                                err);
        i += size;
    }
    return 0;
}

struct problem {
    const char *problem, *context; /* context: its beginning, or "" for any */
    bool at_context;               /* where it began tells more than where it was noticed */
    const char *what, *todo;
};

/* libyaml's words and ours; the first row that fits counts. */
static const struct problem problems[] = {
    {"found unexpected end of stream", "while scanning a quoted", true,
     "a quote is opened here and never closed", "close it with the same kind of quote"},
    {"found unexpected document indicator", "", true,
     "a quote is opened here and not closed before '---' or '...'",
     "close it with the same kind of quote"},
    {"found unknown escape character", "", false, "a double-quoted text has an unknown escape",
     "write \\\\ for a backslash, or use single quotes"},
    {"did not find expected hexdecimal number", "", false, "an escape lacks its hex digits",
     "write \\xNN, \\uNNNN or \\UNNNNNNNN"},
    {"found invalid Unicode character escape code", "", false,
     "an escape names a character that does not exist", "write \\xNN, \\uNNNN or \\UNNNNNNNN"},
    {"found character that cannot start any token", "", false,
     "a text cannot begin with this character", "put it in quotes; indent with blanks, not tabs"},
    {"found a tab character", "", false, "a tab is used for indentation",
     "indent with blanks only"},
    {"could not find expected ':'", "", true, "a key is not followed by ':'",
     "write `key: value`, with a blank after the colon"},
    {"mapping values are not allowed", "", false, "there is a ':' where no key can stand",
     "put a text that holds ': ' in quotes, or mend the indentation"},
    {"mapping keys are not allowed", "", false, "there is a '?' where no key can stand",
     "put the text in quotes"},
    {"block sequence entries are not allowed", "", false, "there is a '-' where no item can stand",
     "begin the list on a new line, or put the text in quotes"},
    {"did not find expected key", "while parsing a block mapping", false,
     "this line does not fit the keys above it",
     "indent it like its neighbours; text after a closing quote or bracket is not allowed"},
    {"did not find expected '-' indicator", "", false, "this line does not fit the list above it",
     "begin each item with '- ' in the same column"},
    {"did not find expected ',' or ']'", "", false, "a list in [ ] is not closed before this",
     "write ',' between the items and ']' at the end"},
    {"did not find expected ',' or '}'", "", false, "a mapping in { } is not closed before this",
     "write ',' between the pairs and '}' at the end"},
    {"did not find expected node content", "", false, "a value is missing here",
     "write a value, or remove the ',' or ':' before it"},
    {"did not find expected <document start>", "", false, "the text goes on after its end",
     "keep one document, and begin all top-level keys in the same column"},
    {"found unexpected ':'", "", false, "there is a ':' inside a plain text", "put it in quotes"},
    {"did not find expected comment or line break", "", false,
     "there is text after '|' or '>' on the same line", "begin the text on the next line"},
};

static bool problem_fits(const struct problem *row, const yaml_parser_t *parser) {
    const char *context = parser->context != NULL ? parser->context : "";
    return text_starts(parser->problem, row->problem) && text_starts(context, row->context);
}

static const struct problem *find_problem(const yaml_parser_t *parser) {
    for (size_t i = 0; i < sizeof problems / sizeof *problems; i++)
        if (problem_fits(&problems[i], parser))
            return &problems[i];
    return NULL;
}

int yaml_explain(const struct yaml_source *source, const yaml_parser_t *parser, struct error *err) {
    if (parser->error == YAML_MEMORY_ERROR || parser->problem == NULL)
        return error_set(err, ERROR_MEMORY, "memory is exhausted while reading YAML");
    if (parser->error == YAML_READER_ERROR)
        return refuse_bytes(source, parser->problem_offset, parser->problem,
                            "save the file as UTF-8 text", err);
    const struct problem *row = find_problem(parser);
    const yaml_mark_t *mark =
        row != NULL && row->at_context ? &parser->context_mark : &parser->problem_mark;
    size_t line = mark->line + 1, column = mark->column + 1, last, end;
    find_place(source, source->length, &last, &end);
    if (line > last) { /* libyaml ends a text that has no newline at its end with one */
        line = last;
        column = end;
    }
    yaml_error(source, line, column, err, "%s", row != NULL ? row->what : parser->problem);
    return error_todo(err, "%s", row != NULL ? row->todo : "see yaml.org for the syntax");
}
