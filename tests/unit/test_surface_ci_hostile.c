#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/surface/ci/ci.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/base/limits.h"

#define WORKFLOW                                                                                   \
    "on: push\nenv:\n  PASSWORD: 'it''s'\njobs:\n  run:\n    runs-on: ubuntu-latest\n"             \
    "    steps:\n      - uses: actions/checkout@v4\n      - env: {T: \"${{ secrets.T }}\\x41\"}\n" \
    "        run: |\n          spark-submit --conf spark.x=\"$T\" --conf 'spark.y=${{ y }}' \\\n"  \
    "            a.py\n          kubectl apply -f - <<EOF\n          kind: x\n          EOF\n"

#define PIPELINE                                                                                   \
    "stages: [a]\nvariables:\n  A: $$b${C}\n  B: {value: x, expand: false}\n.t:\n"                 \
    "  script: [\"spark-submit $A\"]\na:\n  extends: [.t]\n  rules: [{variables: {A: b}}]\n"       \
    "  inherit: {default: false}\n  after_script:\n    - !reference [.t, script]\n"

/* Whatever it is, it ends, and says why where it gives nothing. */
static void read_any(const char *bytes, size_t length) {
    struct surface_input input = {.label = "x.yml", .bytes = bytes, .length = length};
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    struct document document = {.note_count = 77};
    struct error err;
    error_clear(&err);
    (void)ci_recognise(&input);
    if (ci_read(&input, &arena, &document, &err) != 0) {
        assert_int_equal(document.note_count, 77);
        assert_int_equal(err.code, ERROR_INPUT);
    }
    arena_free(&arena);
}

static void a_pipeline_cut_at_any_byte_is_read_or_refused(void **state) {
    (void)state;
    static const char *const texts[] = {WORKFLOW, PIPELINE};
    for (size_t i = 0; i < 2; i++)
        for (size_t length = 0; length <= strlen(texts[i]); length++) {
            char *cut = strndup(texts[i], length);
            assert_non_null(cut);
            read_any(cut, length);
            free(cut);
        }
}

static void repeat(struct buffer *text, const char *part, size_t times) {
    for (size_t i = 0; i < times; i++)
        buffer_text(text, part);
}

/* Reads a text that may be said to be too large in one note. */
static void read_bounded(const struct buffer *text, size_t launches) {
    struct surface_input input = {".gitlab-ci.yml", text->data, text->length};
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    struct document document;
    struct error err;
    assert_int_equal(buffer_status(text), 0);
    if (ci_read(&input, &arena, &document, &err) != 0)
        fail_msg("%s", err.what);
    assert_int_equal(document.launch_count, launches);
    assert_int_equal(document.note_count, 1);
    arena_free(&arena);
}

/* Small parts that grow with the product of their numbers, if nothing held them. */
static void what_blocks_share_is_bounded(void **state) {
    (void)state;
    struct buffer text = buffer_make(LIMIT_INPUT_BYTES);
    buffer_text(&text, "before_script:\n");
    repeat(&text, "  - export A=bbbbbbbbbbbbbbbb\n", 20000);
    for (int i = 0; i < 2000; i++)
        buffer_printf(&text, "j%d:\n script: pyspark\n", i);
    read_bounded(&text, 2000);
    buffer_free(&text);
}

static void aliases_of_a_script_are_bounded(void **state) {
    (void)state;
    struct buffer text = buffer_make(LIMIT_INPUT_BYTES);
    buffer_text(&text, "on: push\nx: &x |\n");
    repeat(&text, "  echo hello\n", 40000);
    buffer_text(&text, "jobs:\n a:\n  steps:\n");
    repeat(&text, "  - run: *x\n", 1000);
    read_bounded(&text, 0);
    buffer_free(&text);
}

static void huge_and_deep_pipelines_end(void **state) {
    (void)state;
    static const struct {
        const char *head, *part, *tail;
        size_t times;
    } all[] = {
        {"on: push\njobs:\n a:\n  steps:\n", "  - run: pyspark\n", "", 5000},
        {"on: push\njobs:\n a:\n  env:\n", "   A: $b\n", "  steps:\n  - run: pyspark\n", 50000},
        {"a:\n script:\n ", "[", "", 100000},
        {"a:\n script: ", "[", "x", 60},
        {"a:\n script: |\n  ", "(", "\n", 1000000},
        {"a:\n script: ", "x", "\n", 8000000},
        {"a:\n variables:\n  A: '", "$A", "'\n script: pyspark\n", 200000},
        {"a:\n script: pyspark\n extends:\n", " - a\n", "", 50000},
        {"a: &a\n script:\n", "  - !reference [a, script]\n", "", 30000},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct buffer text = buffer_make(LIMIT_INPUT_BYTES);
        buffer_text(&text, all[i].head);
        repeat(&text, all[i].part, all[i].times);
        buffer_text(&text, all[i].tail);
        assert_int_equal(buffer_status(&text), 0);
        read_any(text.data, text.length);
        buffer_free(&text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pipeline_cut_at_any_byte_is_read_or_refused),
        cmocka_unit_test(what_blocks_share_is_bounded),
        cmocka_unit_test(aliases_of_a_script_are_bounded),
        cmocka_unit_test(huge_and_deep_pipelines_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
