/* A launch that is written in a file: its errors have the word's place, and what
 * cannot be told there is no error. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "policy/effective/launch.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"

#define MOST 16

struct scene {
    struct arena arena;
    struct document_word words[MOST];
    struct document_launch written;
    struct launch launch;
    struct launch_plan plan;
    struct launch_sources sources;
    struct effective conf;
    struct error err;
};

/* Unknown parts stand between '<' and '>'; word number n stands in line n + 10. */
static void write_launch(struct scene *s, const char *line) {
    memset(s, 0, sizeof *s);
    s->arena = arena_make(LIMIT_ARENA_BYTES);
    char *copy = arena_text(&s->arena, line, strlen(line)), *rest = NULL;
    for (char *p = copy; *p != '\0'; p++)
        *p = *p == '<' ? '\xFE' : *p == '>' ? '\xFF' : *p;
    for (char *word = strtok_r(copy, " ", &rest); word != NULL && s->written.word_count < MOST;
         word = strtok_r(NULL, " ", &rest)) {
        size_t number = s->written.word_count++;
        struct origin origin = {
            .kind = ORIGIN_FILE, .file = "job.sh", .line = number + 10, .column = 3};
        s->words[number] = (struct document_word){
            .text = word, .origin = origin, .value_origin = {.kind = ORIGIN_UNSET}};
    }
    s->written.words = s->words;
}

static int resolve(struct scene *s) {
    if (written_launch(&s->written, &s->arena, &s->launch, &s->err) != 0 ||
        launch_plan(&s->launch, &s->arena, &s->plan, &s->err) != 0)
        return -1;
    return launch_resolve(&s->plan, &s->sources, NULL, 0, &s->arena, &s->conf, &s->err);
}

static void assert_refused(const char *line, size_t place, const char *part) {
    struct scene s;
    write_launch(&s, line);
    if (resolve(&s) == 0)
        fail_msg("taken: %s", line);
    assert_int_equal(s.err.code, ERROR_SPARK);
    assert_string_equal(s.err.where, "job.sh");
    assert_int_equal(s.err.line, place);
    assert_int_equal(s.err.column, 3);
    assert_non_null(strstr(s.err.what, part));
    assert_null(strstr(s.err.what, "argument "));
    arena_free(&s.arena);
}

/* Taken; open at that line, 0: not open. */
static void assert_taken(struct scene *s, const char *line, size_t open) {
    write_launch(s, line);
    if (resolve(s) != 0)
        fail_msg("%s: %s", line, s->err.what);
    assert_int_equal(s->conf.open == NULL ? 0 : s->conf.open->line, open);
}

static void free_scene(struct scene *s) {
    arena_free(&s->arena);
}

static void an_error_names_the_word_s_place(void **state) {
    (void)state;
    assert_refused("spark-submit --conf spark.a app.py", 12, "--conf takes KEY=VALUE");
    assert_refused("spark-submit --name x --exector-memory 1g app.py", 13, "refuses the option");
    assert_refused("spark-submit --name", 11, "needs a value");
    assert_refused("spark-submit --name x", 10, "no application is named");
    assert_refused("pyspark x", 11, "takes no script");
    assert_refused("spark-submit --executor-memory many app.py", 12, "executor memory");
}

static void an_unknown_value_is_no_error(void **state) {
    (void)state;
    struct scene s;
    assert_taken(&s, "spark-submit --conf spark.a=<$X> --executor-memory <$M> a.py", 0);
    assert_string_equal(effective_find(&s.conf, "spark.a")->value, "\xFE$X\xFF");
    free_scene(&s);
    assert_taken(&s, "spark-submit --conf spark.a=<${X:=1}>=b --master <$M> <$APP> --in x", 0);
    assert_string_equal(effective_find(&s.conf, "spark.a")->value, "\xFE${X:=1}\xFF=b");
    free_scene(&s);
    assert_taken(&s, "spark-submit --driver-java-options \"<$X> --class M <$D>/a.jar", 0);
    assert_string_equal(effective_find(&s.conf, "spark.app.name")->value, "M");
    free_scene(&s);
    assert_taken(&s, "spark-submit --deploy-mode <$D> --master k8s://<$M> a.py", 0);
    assert_string_equal(effective_find(&s.conf, "spark.master")->value, "k8s://\xFE$M\xFF");
    free_scene(&s);
}

static void what_may_be_an_option_opens_the_launch(void **state) {
    (void)state;
    static const struct {
        const char *line;
        size_t open;
    } rows[] = {
        {"spark-submit --conf <$K>=1 a.py", 12},
        {"spark-submit --conf spark.<$K>=1 a.py", 12},
        {"spark-submit --conf <$BOTH> a.py", 12},
        {"spark-submit --<$OPTION> a.py", 11},
        {"spark-submit <$OPTION> a.py", 11},
        {"spark-submit <$A> --name x", 11},
        {"spark-submit --properties-file <$F> a.py", 12},
        {"spark-submit --name=<$N> <$A> x.jar", 12},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct scene s;
        assert_taken(&s, rows[i].line, rows[i].open);
        free_scene(&s);
    }
}

static void an_unknown_application_is_one(void **state) {
    (void)state;
    struct scene s;
    assert_taken(&s, "spark-submit --conf spark.a=1 <$APP> --input x", 0);
    assert_string_equal(s.plan.arguments.resource.text, "\xFE$APP\xFF");
    free_scene(&s);
    assert_taken(&s, "spark-submit s3://<$B>/a.py --conf spark.a=1", 0);
    assert_null(effective_find(&s.conf, "spark.a"));
    free_scene(&s);
}

static void what_is_open_is_not_refused_for_what_it_lacks(void **state) {
    (void)state;
    struct scene s;
    const struct origin place = {.kind = ORIGIN_FILE, .file = "job.sh", .line = 7, .column = 1};
    write_launch(&s, "spark-submit --name x");
    s.written.open = &place;
    assert_int_equal(resolve(&s), 0);
    assert_ptr_equal(s.conf.open, &place);
    free_scene(&s);
    write_launch(&s, "spark-submit --unknown --conf spark.a=1");
    s.written.open = &place;
    assert_int_equal(resolve(&s), 0);
    assert_string_equal(effective_find(&s.conf, "spark.a")->value, "1");
    free_scene(&s);
    write_launch(&s, "spark-submit");
    s.written.open = &place;
    assert_int_equal(resolve(&s), 0);
    free_scene(&s);
}

static void settings_without_a_command_line_tell_that_they_are_open(void **state) {
    (void)state;
    struct scene s;
    const struct origin place = {.kind = ORIGIN_FILE, .file = "job.yaml", .line = 7, .column = 1};
    write_launch(&s, "x");
    s.written = (struct document_launch){.open = &place};
    assert_int_equal(written_resolve(&s.written, &s.arena, &s.conf, &s.err), 0);
    assert_ptr_equal(s.conf.open, &place);
    free_scene(&s);
}

static void bytes_of_our_own_command_line_are_no_marks(void **state) {
    (void)state;
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    struct launch_arguments arguments;
    struct error err;
    const char *const argv[] = {"spark-submit", "--\xFEx\xFF", "a.py"};
    assert_int_equal(arguments_parse(argv, 3, &arena, &arguments, &err), -1);
    assert_int_equal(err.code, ERROR_SPARK);
    assert_non_null(strstr(err.what, "argument 1: "));
    arena_free(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_error_names_the_word_s_place),
        cmocka_unit_test(an_unknown_value_is_no_error),
        cmocka_unit_test(what_may_be_an_option_opens_the_launch),
        cmocka_unit_test(an_unknown_application_is_one),
        cmocka_unit_test(what_is_open_is_not_refused_for_what_it_lacks),
        cmocka_unit_test(settings_without_a_command_line_tell_that_they_are_open),
        cmocka_unit_test(bytes_of_our_own_command_line_are_no_marks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
