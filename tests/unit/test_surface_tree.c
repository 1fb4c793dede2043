#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/surface/tree/tree.h"
#include "policy/surface/unknown.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/base/limits.h"

#define U "\xfe"
#define K "\xff"

struct fixture {
    struct arena arena;
    struct error err;
    const char *bytes;
    const struct tree_node *documents;
    size_t count;
    struct place_map lines;
};

static int parse_bytes(struct fixture *f, const char *bytes, size_t length) {
    *f = (struct fixture){.arena = arena_make(LIMIT_ARENA_BYTES), .bytes = bytes};
    assert_int_equal(place_file("t.yaml", bytes, length, &f->arena, &f->lines), 0);
    return tree_parse(bytes, length, "t.yaml", &f->arena, &f->documents, &f->count, &f->err);
}

static const char *written_at(const struct fixture *f, const struct origin *place) {
    assert_string_equal(place->file, "t.yaml");
    return f->bytes + f->lines.segments[place->line - 1].offset + place->column - 1;
}

/* Every byte of ASCII that is told stands where its place says, or an escape or white
 * space does. */
static void check_places(const struct fixture *f, const struct tree_node *node) {
    for (size_t i = 0; node->kind == TREE_SCALAR && i < node->length; i++) {
        struct origin place = place_find(&node->map, i);
        const char *at = written_at(f, &place);
        char c = node->text[i];
        if (c != UNKNOWN_OPEN && c != UNKNOWN_CLOSE && c != '\n' && c != ' ' && *at != '\\' &&
            (c & 0x80) == 0)
            assert_int_equal(*at, c);
    }
    if (node->key != NULL && *node->key > ' ')
        assert_int_equal(*written_at(f, &node->key_origin), *node->key);
    for (const struct tree_node *child = node->first; child != NULL; child = child->next)
        check_places(f, child);
}

static void parse(struct fixture *f, const char *text) {
    int failed = parse_bytes(f, text, strlen(text));
    if (failed != 0)
        print_error("%s at %zu:%zu\n", f->err.what, f->err.line, f->err.column);
    assert_int_equal(failed, 0);
    for (size_t i = 0; i < f->count; i++)
        if (f->documents[i].kind != TREE_BROKEN)
            check_places(f, &f->documents[i]);
}

static void check_value(const struct fixture *f, const char *path, const char *value, size_t line,
                        size_t column) {
    const struct tree_node *node = tree_path(&f->documents[0], path);
    assert_non_null(node);
    assert_string_equal(tree_text(node), value);
    assert_int_equal(node->origin.line, line);
    assert_int_equal(node->origin.column, column);
}

static void each_style_of_text_is_read_with_its_places(void **state) {
    (void)state;
    struct fixture f;
    parse(&f, "plain: a b\n"
              "lines: a\n  b  # c\n"
              "single: 'it''s'\n"
              "double: \"x\\ty \\u00e9\\\"\\/ \\\n   z\"\n"
              "literal: |\n\n  one\n   two\n\n"
              "folded: >-\n    a\n    b\n\n    c\n"
              "indented: |2+\n    x\n\n"
              "none:\n");
    check_value(&f, "plain", "a b", 1, 8);
    check_value(&f, "lines", "a b", 2, 8);
    check_value(&f, "single", "it's", 4, 10);
    check_value(&f, "double", "x\ty \xc3\xa9\"/ z", 5, 10);
    check_value(&f, "literal", "\none\n two\n", 9, 3);
    check_value(&f, "folded", "a b\nc", 13, 5);
    check_value(&f, "indented", "  x\n\n", 18, 3);
    check_value(&f, "none", "", 20, 6);
    assert_true(tree_is_null(tree_find(f.documents, "none")));
    assert_true(tree_find(f.documents, "folded")->quoted);
    struct origin two = place_find(&tree_find(f.documents, "literal")->map, 6);
    assert_int_equal(two.line, 10);
    assert_int_equal(two.column, 4);
    arena_free(&f.arena);
}

static void columns_count_bytes(void **state) {
    (void)state;
    struct fixture f;
    parse(&f, "{\"\xc3\xa9\": \"\xe2\x82\xac\", b: \"\xf0\x9f\x98\x80x\"}");
    check_value(&f, "\xc3\xa9", "\xe2\x82\xac", 1, 9);
    check_value(&f, "b", "\xf0\x9f\x98\x80x", 1, 19);
    arena_free(&f.arena);
}

static void json_is_read(void **state) {
    (void)state;
    struct fixture f;
    parse(&f, "{\n\t\"a\": {\"b\":[1, \"x\\/\\ud83d\\ude00\\n\"], \"c\":null}\n}\n");
    const struct tree_node *list = tree_path(f.documents, "a.b");
    assert_int_equal(list->count, 2);
    assert_string_equal(list->first->text, "1");
    assert_false(list->first->quoted);
    assert_string_equal(list->first->next->text, "x/\xf0\x9f\x98\x80\n");
    assert_true(tree_is_null(tree_path(f.documents, "a.c")));
    arena_free(&f.arena);
}

static void what_a_template_fills_in_is_unknown(void **state) {
    (void)state;
    struct fixture f;
    parse(&f, "name: a-{{ .Release.Name }}-b\n"
              "kind: {{ .Values.kind | default \"x: y\" | quote }}\n"
              "quoted: \"{{ index .Values \"k\" }}:1\"\n"
              "{{ .Values.key }}: v\n"
              "list: [{{ a }}, <%= b %>, ${{ c }}]\n"
              "block: |\n  x {{ y }}\n  {{ z }}\n");
    check_value(&f, "name", "a-" U "{{ .Release.Name }}" K "-b", 1, 7);
    check_value(&f, "kind", U "{{ .Values.kind | default \"x: y\" | quote }}" K, 2, 7);
    check_value(&f, "quoted", U "{{ index .Values \"k\" }}" K ":1", 3, 10);
    const struct tree_node *key = tree_find(f.documents, U "{{ .Values.key }}" K);
    assert_string_equal(tree_text(key), "v");
    const struct tree_node *item = tree_find(f.documents, "list")->first;
    assert_string_equal(item->text, U "{{ a }}" K);
    assert_string_equal(item->next->text, U "<%= b %>" K);
    assert_string_equal(item->next->next->text, U "${{ c }}" K);
    check_value(&f, "block", "x " U "{{ y }}" K "\n" U "{{ z }}" K "\n", 7, 3);
    arena_free(&f.arena);
}

static void lines_that_only_control_are_blank(void **state) {
    (void)state;
    struct fixture f;
    parse(&f, "{{- if .a }}\na: 1\n{{/* a\n comment: {{ */}}\n{% for x in y %}\nb: 2\n"
              "{% endfor %}\n<% if c %>\nc: 3\n<% end %>\n{{- $x := 1 }}\nd: 4\n{{- end }}\n");
    assert_int_equal(f.documents->count, 4);
    check_value(&f, "d", "4", 12, 4);
    assert_null(tree_find(f.documents, "a")->condition);
    assert_non_null(tree_find(f.documents, "b")->condition);
    assert_non_null(tree_find(f.documents, "c")->condition);
    assert_null(tree_find(f.documents, "d")->condition);
    arena_free(&f.arena);
}

static void inserted_text_is_noted_in_what_it_falls_into(void **state) {
    (void)state;
    static const struct {
        const char *text, *path;
        size_t line, column;
    } rows[] = {
        {"a:\n  {{- toYaml .x | nindent 2 }}\nb: 1\n", "a", 2, 3},
        {"a: {{- toYaml .x | nindent 2 }}\nb: 1\n", "a", 1, 4},
        {"a:\n  {{- toYaml .x | nindent 2 }}\n  c: 1\n", "a", 2, 3},
        {"a:\n  c: 1\n{{ toYaml .x | indent 2 }}\nb: 2\n", "a", 3, 1},
        {"a:\n  c: 1\n{{ toYaml .x | indent 2 }}\n", "a", 3, 1},
        {"b:\n  c:\n    d: 1\n  {{- include \"x\" . | nindent 2 }}\n", "b", 4, 3},
        {"a: |\n  x\n{{ .y | indent 2 }}\n  z\n", "a", 3, 1},
        {"a:\n{{ toYaml .x | indent 0 }}\nb: 1\n", "", 2, 1},
        {"x:\n- a:\n  {{- toYaml .x | nindent 4 }}\n", "x", 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fixture f;
        parse(&f, rows[i].text);
        const struct tree_node *node = tree_path(f.documents, rows[i].path);
        assert_int_equal(node->open != NULL, rows[i].line > 0);
        if (node->open != NULL) {
            assert_int_equal(node->open->line, rows[i].line);
            assert_int_equal(node->open->column, rows[i].column);
        }
        if (*rows[i].path != '\0')
            assert_null(f.documents->open);
        arena_free(&f.arena);
    }
}

static void aliases_and_merges_are_followed(void **state) {
    (void)state;
    struct fixture f;
    parse(&f, "a: &a {x: 1, y: 2}\nb: *a\nc:\n  y: 3\n  <<: [*a, {x: 9, z: 4}]\nd: *none\n"
              "a2: &a 5\ne: *a\n\xc3\xa9: &\xc3\xa9 6\nf: &\xc3\xbc 7\ng: *\xc3\xa9\n");
    check_value(&f, "b.x", "1", 1, 11);
    check_value(&f, "c.x", "1", 1, 11);
    check_value(&f, "c.y", "3", 4, 6);
    check_value(&f, "c.z", "4", 5, 22);
    check_value(&f, "e", "5", 7, 8);
    check_value(&f, "g", "6", 9, 9);
    assert_int_equal(tree_find(f.documents, "b")->key_origin.line, 2);
    assert_string_equal(tree_path_text(f.documents, "d"), U "*none" K);
    arena_free(&f.arena);
}

static void tags_of_a_service_are_kept_and_their_texts_unknown(void **state) {
    (void)state;
    struct fixture f;
    parse(&f, "a: !Ref Bucket\nb: !Sub \"s3://${Bucket}/${!x}\"\nc: !GetAtt [x, y]\nd: !!str 1\n"
              "e: &x !Sub |\n  a${B}\n");
    check_value(&f, "a", U "!Ref Bucket" K, 1, 4);
    check_value(&f, "b", "s3://" U "${Bucket}" K "/${!x}", 2, 10);
    check_value(&f, "e", "a" U "${B}" K "\n", 6, 3);
    assert_string_equal(tree_find(f.documents, "a")->tag, "!Ref");
    assert_string_equal(tree_find(f.documents, "c")->tag, "!GetAtt");
    assert_int_equal(tree_find(f.documents, "c")->kind, TREE_SEQUENCE);
    assert_null(tree_find(f.documents, "d")->tag);
    assert_true(tree_find(f.documents, "d")->quoted);
    arena_free(&f.arena);
}

static void a_broken_document_leaves_the_others(void **state) {
    (void)state;
    struct fixture f;
    parse(&f, "a: 1\n---\nb: [1\n---\n# nothing\n---\nc: 3\n...\n---\nd: 4\n");
    assert_int_equal(f.count, 4);
    assert_string_equal(tree_path_text(&f.documents[0], "a"), "1");
    assert_int_equal(f.documents[1].kind, TREE_BROKEN);
    assert_true(f.documents[1].origin.line >= 3 && f.documents[1].origin.line <= 4);
    assert_string_equal(tree_path_text(&f.documents[2], "c"), "3");
    assert_string_equal(tree_path_text(&f.documents[3], "d"), "4");
    assert_int_equal(tree_find(&f.documents[3], "d")->origin.line, 10);
    arena_free(&f.arena);
}

static void check_refused(const char *text, size_t length, size_t line, const char *what) {
    struct fixture f;
    assert_int_equal(parse_bytes(&f, text, length), -1);
    assert_null(f.documents);
    assert_int_equal(f.err.code, ERROR_INPUT);
    assert_int_equal(f.err.line, line);
    assert_non_null(strstr(f.err.what, what));
    arena_free(&f.arena);
}

static void what_cannot_be_read_is_refused_with_its_place(void **state) {
    (void)state;
    check_refused("a: 1\nb: [1\nc: 2\n", 15, 3, "this is no YAML");
    check_refused("a: 1\nb: \0\n", 10, 2, "NUL");
    check_refused("a: &a [*a]", 10, 1, "within what it names");
    char deep[300];
    memset(deep, '[', sizeof deep);
    check_refused(deep, sizeof deep, 1, "nested too deeply");
}

static void aliases_that_multiply_are_refused(void **state) {
    (void)state;
    struct buffer text = buffer_make(65536);
    buffer_text(&text, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 8; i++) {
        buffer_printf(&text, "a%d: &a%d [", i, i);
        for (int k = 0; k < 10; k++)
            buffer_printf(&text, "%s*a%d", k > 0 ? ", " : "", i - 1);
        buffer_text(&text, "]\n");
    }
    check_refused(text.data, text.length, 6, "aliases that multiply");
    text.length = 0;
    buffer_text(&text, "a0: &a0 [x]\n");
    for (int i = 1; i < 100; i++)
        buffer_printf(&text, "a%d: &a%d [*a%d]\n", i, i, i - 1);
    check_refused(text.data, text.length, 64, "nested too deeply");
    text.length = 0;
    for (int i = 0; i < LIMIT_TREE_ANCHORS + 1; i++)
        buffer_printf(&text, "- &a%d x\n", i);
    check_refused(text.data, text.length, LIMIT_TREE_ANCHORS + 1, "too many anchors");
    buffer_free(&text);
}

static void bytes_that_are_no_text_are_question_marks(void **state) {
    (void)state;
    struct fixture f;
    static const char text[] = "\xef\xbb\xbf"
                               "%YAML 1.1\n---\na: \"x\xfe\xffy\"\nb: @c\x01\n";
    assert_int_equal(parse_bytes(&f, text, sizeof text - 1), 0);
    check_value(&f, "a", "x??y", 3, 5);
    check_value(&f, "b", "@c\x01", 4, 4);
    arena_free(&f.arena);
}

static void every_beginning_of_a_text_ends(void **state) {
    (void)state;
    static const char text[] = "{{ if a }}\na: &a {x: \"\\u00e9{{ b }}\", y: [1, 'z''']}\nb: |2-\n"
                               "    t {{ u }}\n{{ toYaml .x | indent 2 }}\nc: {<<: *a}\n---\nd: "
                               "!Sub \"${E}\"\n{{ end }}";
    for (size_t length = 0; length <= sizeof text - 1; length++) {
        struct fixture f;
        char *copy = malloc(length + 1);
        assert_non_null(copy);
        memcpy(copy, text, length);
        copy[length] = '\0';
        if (parse_bytes(&f, copy, length) != 0)
            assert_int_equal(f.err.code, ERROR_INPUT);
        arena_free(&f.arena);
        free(copy);
    }
}

static void a_text_within_a_file_keeps_its_places_and_marks(void **state) {
    (void)state;
    struct fixture f;
    const struct tree_node *inner;
    size_t count;
    parse(&f, "a:\n  manifest: |\n    kind: {{ k }}\n    {{ x }}: 'y'\n");
    const struct tree_node *outer = tree_path(f.documents, "a.manifest");
    assert_int_equal(
        tree_parse_text(outer->text, outer->length, &outer->map, &f.arena, &inner, &count, &f.err),
        0);
    assert_int_equal(count, 1);
    check_places(&f, inner);
    assert_string_equal(tree_path_text(inner, "kind"), U "{{ k }}" K);
    const struct tree_node *node = tree_find(inner, U "{{ x }}" K);
    assert_string_equal(tree_text(node), "y");
    assert_int_equal(node->origin.line, 4);
    assert_int_equal(node->origin.column, 15);
    arena_free(&f.arena);
}

static void a_further_child_would_go_behind_the_last_one(void **state) {
    (void)state;
    struct fixture f;
    parse(&f, "a:\n  b:\n    c: |\n      x\n      y\n\n  # z\nd: {e: 1,\n  f: 2}\n");
    struct origin place = tree_unset(tree_path(f.documents, "a.b"));
    assert_int_equal(place.kind, ORIGIN_UNSET);
    assert_int_equal(place.column, 5);
    assert_true(place.line == 6 || place.line == 7);
    assert_int_equal(tree_unset(tree_find(f.documents, "d")).line, 10);
    assert_int_equal(tree_unset(f.documents).line, 10);
    arena_free(&f.arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_style_of_text_is_read_with_its_places),
        cmocka_unit_test(columns_count_bytes),
        cmocka_unit_test(json_is_read),
        cmocka_unit_test(what_a_template_fills_in_is_unknown),
        cmocka_unit_test(lines_that_only_control_are_blank),
        cmocka_unit_test(inserted_text_is_noted_in_what_it_falls_into),
        cmocka_unit_test(aliases_and_merges_are_followed),
        cmocka_unit_test(tags_of_a_service_are_kept_and_their_texts_unknown),
        cmocka_unit_test(a_broken_document_leaves_the_others),
        cmocka_unit_test(what_cannot_be_read_is_refused_with_its_place),
        cmocka_unit_test(aliases_that_multiply_are_refused),
        cmocka_unit_test(bytes_that_are_no_text_are_question_marks),
        cmocka_unit_test(every_beginning_of_a_text_ends),
        cmocka_unit_test(a_text_within_a_file_keeps_its_places_and_marks),
        cmocka_unit_test(a_further_child_would_go_behind_the_last_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
