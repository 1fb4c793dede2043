/* What keys say to their own readers; real Spark says the same (tests/ref/spark). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/effective/reading.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/base/limits.h"

#define MOST 12

static const char *const environment[] = {"SET=given", "EMPTY=", NULL};

struct scene {
    struct arena arena;
    struct setting settings[MOST];
    struct effective conf;
    struct reading_scope scope;
    struct reading reading;
    struct error err;
};

static int compare(const void *left, const void *right) {
    const struct setting *a = left, *b = right;
    return strcmp(a->key, b->key);
}

/* Settings as "key=value" lines. */
static void configure(struct scene *s, const char *lines, int major, int minor) {
    memset(s, 0, sizeof *s);
    s->arena = arena_make(LIMIT_ARENA_BYTES);
    char *copy = arena_text(&s->arena, lines, strlen(lines)), *rest = NULL;
    for (char *line = strtok_r(copy, "\n", &rest); line != NULL && s->conf.count < MOST;
         line = strtok_r(NULL, "\n", &rest)) {
        char *sign = strchr(line, '=');
        *sign = '\0';
        s->settings[s->conf.count++] = (struct setting){.key = line, .value = sign + 1};
    }
    qsort(s->settings, s->conf.count, sizeof *s->settings, compare);
    s->conf.settings = s->settings;
    s->scope = (struct reading_scope){&s->conf, environment, &s->arena, major, minor};
}

static void assert_reading(struct scene *s, const char *key, enum reading_state state,
                           enum reading_how how, const char *value) {
    assert_int_equal(reading_of(&s->scope, key, &s->reading, &s->err), 0);
    assert_int_equal(s->reading.state, state);
    assert_int_equal(s->reading.how, how);
    if (value != NULL)
        assert_string_equal(s->reading.value, value);
}

static void assert_read(const char *lines, const char *key, enum reading_state state,
                        enum reading_how how, const char *value) {
    struct scene s;
    configure(&s, lines, 4, 1);
    assert_reading(&s, key, state, how, value);
    arena_free(&s.arena);
}

static void four_readers_see_a_boolean_differently(void **state) {
    (void)state;
    assert_read("spark.authenticate= TRUE ", "spark.authenticate", READING_KNOWN, READING_OWN,
                "true");
    assert_read("spark.authenticate=yes", "spark.authenticate", READING_INVALID, READING_OWN, NULL);
    assert_read("spark.ssl.enabled= true", "spark.ssl.enabled", READING_INVALID, READING_OWN, NULL);
    assert_read("spark.network.crypto.enabled= true", "spark.network.crypto.enabled", READING_KNOWN,
                READING_OWN, "false");
    assert_read("spark.network.crypto.enabled=True", "spark.network.crypto.enabled", READING_KNOWN,
                READING_OWN, "true");
}

static void a_key_with_two_readers_shows_both(void **state) {
    (void)state;
    struct scene s;
    configure(&s, "spark.network.crypto.enabled= true", 4, 1);
    assert_int_equal(reading_typed(&s.scope, "spark.network.crypto.enabled", &s.reading, &s.err),
                     0);
    assert_true(reading_is_true(&s.reading));
    assert_int_equal(reading_of(&s.scope, "spark.network.crypto.enabled", &s.reading, &s.err), 0);
    assert_true(reading_is_false(&s.reading));
    arena_free(&s.arena);
}

static void the_new_name_beats_the_old_one(void **state) {
    (void)state;
    assert_read("spark.yarn.keytab=old", "spark.kerberos.keytab", READING_KNOWN,
                READING_ALTERNATIVE, "old");
    assert_read("spark.yarn.keytab=old\nspark.kerberos.keytab=new", "spark.kerberos.keytab",
                READING_KNOWN, READING_OWN, "new");
}

static void what_is_prepended_stands_in_front(void **state) {
    (void)state;
    struct scene s;
    configure(&s, "spark.driver.defaultJavaOptions=-Da\nspark.driver.extraJavaOptions=-Db", 4, 1);
    assert_reading(&s, "spark.driver.extraJavaOptions", READING_KNOWN, READING_OWN, "-Da -Db");
    assert_string_equal(s.reading.setting->value, "-Db");
    assert_string_equal(s.reading.prepended->value, "-Da");
    arena_free(&s.arena);
    configure(&s, "spark.driver.defaultJavaOptions=-Da", 4, 1);
    assert_reading(&s, "spark.driver.extraJavaOptions", READING_KNOWN, READING_OWN, "-Da");
    arena_free(&s.arena);
}

static void a_fallback_is_read_where_the_key_is_not_set(void **state) {
    (void)state;
    assert_read("spark.authenticate.secret.file=/f", "spark.authenticate.secret.driver.file",
                READING_KNOWN, READING_FALLBACK, "/f");
    assert_read("", "spark.authenticate.secret.driver.file", READING_UNSET, READING_DEFAULT, NULL);
    assert_read("", "spark.ui.enabled", READING_KNOWN, READING_DEFAULT, "true");
}

static void references_are_resolved_where_the_reader_does(void **state) {
    (void)state;
    assert_read("spark.authenticate=${spark.a}\nspark.a=${env:SET}x\n", "spark.authenticate",
                READING_INVALID, READING_OWN, "givenx");
    assert_read("spark.authenticate=${spark.a}\nspark.a=true\n", "spark.authenticate",
                READING_KNOWN, READING_OWN, "true");
    assert_read("spark.network.crypto.enabled=${spark.a}\nspark.a=true\n",
                "spark.network.crypto.enabled", READING_KNOWN, READING_OWN, "false");
    assert_read("spark.kerberos.keytab=${env:UNSET}${x:y}${}${other}", "spark.kerberos.keytab",
                READING_KNOWN, READING_OWN, "${env:UNSET}${x:y}${}${other}");
    assert_read("spark.kerberos.keytab=${spark.ui.enabled}", "spark.kerberos.keytab", READING_KNOWN,
                READING_OWN, "true");
    assert_read("spark.kerberos.keytab=${spark.a}\nspark.a=${spark.b}\nspark.b=${spark.a}",
                "spark.kerberos.keytab", READING_INVALID, READING_OWN, NULL);
    assert_read("spark.kerberos.keytab=${system:user.home}", "spark.kerberos.keytab",
                READING_UNKNOWN, READING_OWN, NULL);
    assert_read("spark.unknown.to.spark=${spark.a}\nspark.a=1", "spark.unknown.to.spark",
                READING_KNOWN, READING_OWN, "${spark.a}");
}

static void another_host_s_environment_is_unknown(void **state) {
    (void)state;
    struct scene s;
    configure(&s, "spark.authenticate=${env:SET}", 4, 1);
    s.scope.environment = NULL;
    assert_reading(&s, "spark.authenticate", READING_UNKNOWN, READING_OWN, NULL);
    assert_false(reading_is_true(&s.reading) || reading_is_false(&s.reading));
    arena_free(&s.arena);
}

static void what_is_unknown_stays_so(void **state) {
    (void)state;
    struct scene s;
    const struct origin place = {.kind = ORIGIN_FILE, .file = "x", .line = 1, .column = 1};
    assert_read("spark.authenticate=\xFE$X\xFF", "spark.authenticate", READING_UNKNOWN, READING_OWN,
                NULL);
    assert_read("spark.authenticate=${spark.a}\nspark.a=\xFE$X\xFF", "spark.authenticate",
                READING_UNKNOWN, READING_OWN, NULL);
    assert_read("spark.ssl.enabled=\xFE$X\xFF", "spark.ssl.ui.enabled", READING_UNKNOWN,
                READING_INHERITED, NULL);
    configure(&s, "spark.a=1", 4, 1);
    s.conf.open = &place;
    assert_reading(&s, "spark.authenticate", READING_UNKNOWN, READING_DEFAULT, NULL);
    assert_null(s.reading.value);
    assert_reading(&s, "spark.a", READING_KNOWN, READING_OWN, "1");
    assert_reading(&s, "spark.ssl.ui.enabled", READING_UNKNOWN, READING_DEFAULT, NULL);
    arena_free(&s.arena);
}

static void tls_inherits_what_is_switched_on(void **state) {
    (void)state;
    static const char on[] = "spark.ssl.enabled=true\nspark.ssl.keyStore=/k${env:SET}\n"
                             "spark.ssl.privateKey=${env:SET}\nspark.ssl.port=1";
    assert_read(on, "spark.ssl.ui.enabled", READING_KNOWN, READING_INHERITED, "true");
    assert_read(on, "spark.ssl.ui.keyStore", READING_KNOWN, READING_INHERITED, "/kgiven");
    assert_read(on, "spark.ssl.ui.privateKey", READING_KNOWN, READING_INHERITED, "${env:SET}");
    assert_read(on, "spark.ssl.ui.port", READING_UNSET, READING_DEFAULT, NULL);
    assert_read(on, "spark.ssl.rpc.enabled", READING_KNOWN, READING_DEFAULT, "false");
    assert_read(on, "spark.ssl.rpc.keyStore", READING_UNSET, READING_SWITCHED_OFF, NULL);
    assert_read("spark.ssl.enabled=false\nspark.ssl.ui.enabled=true\nspark.ssl.keyStore=/k",
                "spark.ssl.ui.keyStore", READING_UNSET, READING_DEFAULT, NULL);
    assert_read("spark.ssl.ui.enabled=maybe\nspark.ssl.ui.keyStore=/k", "spark.ssl.ui.keyStore",
                READING_INVALID, READING_SWITCHED_OFF, NULL);
}

static void hadoop_resolves_from_the_left_until_one_is_unbound(void **state) {
    (void)state;
    assert_read("spark.hadoop.a=x${b}\nspark.hadoop.b=1", "spark.hadoop.a", READING_KNOWN,
                READING_OWN, "x1");
    assert_read("spark.hadoop.a=${env.UNSET}${env.SET}", "spark.hadoop.a", READING_KNOWN,
                READING_OWN, "${env.UNSET}${env.SET}");
    assert_read("spark.hadoop.a=${env.UNSET-d}${env.EMPTY:-e}${env.EMPTY-f}${env.SET:-g}",
                "spark.hadoop.a", READING_KNOWN, READING_OWN, "degiven");
    assert_read("spark.hadoop.a=${elsewhere}", "spark.hadoop.a", READING_UNKNOWN, READING_OWN,
                NULL);
    assert_read("spark.hadoop.a=${b}\nspark.hadoop.b=${b}", "spark.hadoop.a", READING_KNOWN,
                READING_OWN, "${b}");
}

static void numbers_are_java_s(void **state) {
    (void)state;
    static const char key[] = "spark.authenticate.secretBitLength";
    assert_read("spark.authenticate.secretBitLength= +5 ", key, READING_KNOWN, READING_OWN, "+5");
    assert_read("spark.authenticate.secretBitLength=2147483648", key, READING_INVALID, READING_OWN,
                NULL);
    assert_read("spark.authenticate.secretBitLength=0x10", key, READING_INVALID, READING_OWN, NULL);
}

static void many_references_end_in_bounded_time(void **state) {
    (void)state;
    struct scene s;
    static const char *const pieces[] = {"${", "${ ", "${spark.b}"};
    for (size_t k = 0; k < 3; k++) {
        configure(&s, "spark.kerberos.keytab=x\nspark.b=${spark.c}${spark.c}\nspark.c=x", 4, 1);
        size_t length = strlen(pieces[k]), count = 300000 / length;
        char *text = arena_alloc(&s.arena, count * length + 1);
        for (size_t i = 0; i < count; i++)
            memcpy(text + i * length, pieces[k], length);
        text[count * length] = '\0';
        s.settings[2].value = text;
        assert_string_equal(s.settings[2].key, "spark.kerberos.keytab");
        assert_reading(&s, "spark.kerberos.keytab", k < 2 ? READING_KNOWN : READING_UNKNOWN,
                       READING_OWN, NULL);
        arena_free(&s.arena);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(four_readers_see_a_boolean_differently),
        cmocka_unit_test(a_key_with_two_readers_shows_both),
        cmocka_unit_test(the_new_name_beats_the_old_one),
        cmocka_unit_test(what_is_prepended_stands_in_front),
        cmocka_unit_test(a_fallback_is_read_where_the_key_is_not_set),
        cmocka_unit_test(references_are_resolved_where_the_reader_does),
        cmocka_unit_test(another_host_s_environment_is_unknown),
        cmocka_unit_test(what_is_unknown_stays_so),
        cmocka_unit_test(tls_inherits_what_is_switched_on),
        cmocka_unit_test(hadoop_resolves_from_the_left_until_one_is_unbound),
        cmocka_unit_test(numbers_are_java_s),
        cmocka_unit_test(many_references_end_in_bounded_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
