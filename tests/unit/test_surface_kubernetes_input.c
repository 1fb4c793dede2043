#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/surface/kubernetes/kubernetes.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/base/limits.h"

static enum surface_certainty sure(surface_recognise *recognise, const char *label,
                                   const char *text) {
    struct surface_input input = {.label = label, .bytes = text, .length = strlen(text)};
    return recognise(&input);
}

static void others_are_left_to_others(void **state) {
    (void)state;
    assert_int_equal(
        sure(kubernetes_recognise, "a.sh", "#!/bin/sh\ncat <<E\napiVersion: v1\nkind: Pod\nE\n"),
        SURFACE_NO);
    assert_int_equal(
        sure(kubernetes_recognise, "a.py", "x = '''\n  apiVersion: v1\n  kind: Pod'''"),
        SURFACE_NO);
    assert_int_equal(sure(kubernetes_recognise, "a", ""), SURFACE_NO);
    assert_int_equal(
        sure(kubernetes_recognise, "a.json", "{\"apiVersion\": \"v1\", \"kind\": \"Pod\"}"),
        SURFACE_SURE);
    assert_int_equal(sure(spark_application_recognise, "a", "apiVersion: v1\nkind: Pod\n"),
                     SURFACE_NO);
    assert_int_equal(sure(settings_recognise, "a.yaml", "a: b\n"), SURFACE_NO);
    assert_int_equal(sure(settings_recognise, "a.md", "spark.a: b\n"), SURFACE_NO);
    assert_int_equal(sure(settings_recognise, "values.yaml", "spark.a: b\n"), SURFACE_MAYBE);
}

static void a_broken_document_is_noted(void **state) {
    (void)state;
    static const char text[] =
        "apiVersion: v1\nkind: Secret\nstringData: {a: b}\n---\na: [\n---\nc: d\n";
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    struct document document;
    struct error err;
    struct surface_input input = {.label = "x.yaml", .bytes = text, .length = strlen(text)};
    assert_int_equal(kubernetes_read(&input, &arena, &document, &err), 0);
    assert_int_equal(document.note_count, 1);
    assert_non_null(strstr(document.notes[0].text, "no YAML"));
    assert_int_equal(document.loose.count, 1);
    assert_string_equal(document.loose.items[0].key, "a");
    assert_string_equal(document.loose.items[0].value, "b");
    assert_int_equal(document.loose.items[0].origin.line, 3);
    arena_free(&arena);
}

static void every_beginning_of_a_manifest_ends(void **state) {
    (void)state;
    static const char text[] =
        "apiVersion: spark.stackable.tech/v1alpha1\nkind: SparkApplication\nspec:\n"
        "  sparkConf: {spark.a: \"$(x)\", spark.b: `}\n  args: [\"'\"]\n---\n"
        "apiVersion: v1\nkind: ConfigMap\ndata:\n  a.conf: "
        "\"spark.\\u0001=\\\\u12\"\n"
        "  run.sh: \"spark-submit '\"\n  m.yaml: |\n    apiVersion: v1\n    "
        "kind: [\n";
    for (size_t length = 0; length < sizeof text; length++) {
        struct arena arena = arena_make(LIMIT_ARENA_BYTES);
        struct document document;
        struct error err;
        char *copy = malloc(length + 1);
        assert_non_null(copy);
        memcpy(copy, text, length);
        copy[length] = '\0';
        struct surface_input input = {.label = "x.yaml", .bytes = copy, .length = length};
        if (kubernetes_read(&input, &arena, &document, &err) != 0)
            assert_int_equal(err.code, ERROR_INPUT);
        arena_free(&arena);
        free(copy);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(others_are_left_to_others),
        cmocka_unit_test(a_broken_document_is_noted),
        cmocka_unit_test(every_beginning_of_a_manifest_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
