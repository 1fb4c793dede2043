/* A launch that is written down with a command line, and the files that it names: in a
 * directory of this test, beneath which alone they are looked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy/surface/unknown.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/base/limits.h"
#include "sidecar/judge/judge_documents.h"

#define WORDS 16

struct desk {
    char path[64];
    struct arena arena;
    struct error err;
    struct judge_place place;
    struct judge_wish wish;
    struct effective conf;
    struct document document;
    bool launches;
};

static void write_file(const struct desk *d, const char *name, const char *text) {
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", d->path, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0 && fclose(file) == 0);
}

static void make_directory(const struct desk *d, const char *name) {
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", d->path, name);
    assert_int_equal(mkdir(path, 0700), 0);
}

static struct desk make_desk(void) {
    struct desk d = {.path = "/tmp/arrestor-documents-XXXXXX",
                     .arena = arena_make(LIMIT_ARENA_BYTES)};
    assert_non_null(mkdtemp(d.path));
    make_directory(&d, "jobs");
    make_directory(&d, "conf");
    d.place = (struct judge_place){.root = open(d.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
                                   .label = "repo",
                                   .within = "jobs/run.sh"};
    assert_true(d.place.root >= 0);
    return d;
}

/* Takes everything out of a directory of the desk. */
static void empty_directory(const struct desk *d, const char *name) {
    int fd = openat(d->place.root, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = fdopendir(fd);
    assert_non_null(list);
    for (struct dirent *entry = readdir(list); entry != NULL; entry = readdir(list))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            assert_int_equal(unlinkat(dirfd(list), entry->d_name, 0), 0);
    assert_int_equal(closedir(list), 0);
}

static void free_desk(struct desk *d) {
    static const char *const names[] = {"jobs", "conf"};
    for (size_t i = 0; i < 2; i++) {
        empty_directory(d, names[i]);
        assert_int_equal(unlinkat(d->place.root, names[i], AT_REMOVEDIR), 0);
    }
    empty_directory(d, ".");
    assert_int_equal(rmdir(d->path), 0);
    (void)close(d->place.root);
    arena_free(&d->arena);
}

static struct origin at(size_t column) {
    return (struct origin){
        .kind = ORIGIN_FILE, .file = "repo/jobs/run.sh", .line = 4, .column = column};
}

/* Resolves the words of one line, blanks between them, with one variable of its
 * environment (NULL: none). */
static int resolve(struct desk *d, const char *line, const char *variable, const char *value) {
    struct document_builder b = document_begin(&d->arena, &d->err);
    struct origin start = at(1);
    d->err = (struct error){0};
    d->conf = (struct effective){0};
    document_launch(&b, "spark-submit", &start);
    document_unset(&b, "repo/jobs/run.sh", 5, 1);
    char *copy = arena_text(&d->arena, line, strlen(line)), *rest = NULL;
    for (char *word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        struct origin origin = at((size_t)(word - copy) + 1);
        document_word(&b, word, &origin, NULL);
    }
    struct origin exported = at(90);
    if (variable != NULL)
        document_set(&b, DOCUMENT_ENVIRONMENT, variable, value, &exported, &exported);
    assert_int_equal(document_end(&b, &d->document), 0);
    return judge_document_resolve(&d->document.launches[0], &d->place, &d->wish, &d->arena,
                                  &d->conf, &d->launches, &d->err);
}

static void expect(const struct desk *d, const char *key, const char *value, const char *file,
                   size_t line) {
    const struct setting *setting = effective_find(&d->conf, key);
    if (setting == NULL)
        fail_msg("%s is not set", key);
    assert_string_equal(setting->value, value);
    assert_string_equal(setting->origin.file, file);
    assert_int_equal(setting->origin.line, line);
}

static bool has_note(const struct desk *d, const char *part) {
    for (size_t i = 0; i < d->conf.note_count; i++)
        if (strstr(d->conf.notes[i].text, part) != NULL)
            return true;
    return false;
}

static void a_properties_file_is_found_beside_the_script_and_else_from_the_root_on(void **state) {
    (void)state;
    struct desk d = make_desk();
    write_file(&d, "jobs/own.conf", "\nspark.app.name beside\nspark.ui.enabled false\n");
    write_file(&d, "conf/own.conf", "spark.app.name root\n");
    assert_int_equal(resolve(&d,
                             "spark-submit --properties-file own.conf --conf "
                             "spark.ui.enabled=true a.py",
                             NULL, NULL),
                     0);
    expect(&d, "spark.app.name", "beside", "repo/jobs/own.conf", 2);
    expect(&d, "spark.ui.enabled", "true", "repo/jobs/run.sh", 4);
    const struct setting *weaker = effective_find(&d.conf, "spark.ui.enabled")->overridden;
    assert_string_equal(weaker->origin.file, "repo/jobs/own.conf");
    assert_int_equal(weaker->origin.line, 3);
    assert_null(d.conf.open);
    assert_string_equal(d.conf.unset.file, "repo/jobs/own.conf");
    static const char *const spellings[] = {"conf/own.conf", "./conf/own.conf", "../conf/own.conf",
                                            "x/../conf//own.conf"};
    for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++) {
        char line[128];
        (void)snprintf(line, sizeof line, "spark-submit --properties-file %s a.py", spellings[i]);
        assert_int_equal(resolve(&d, line, NULL, NULL), 0);
        expect(&d, "spark.app.name", "root", "repo/conf/own.conf", 1);
    }
    free_desk(&d);
}

static void a_properties_file_that_is_not_at_hand_leaves_the_launch_open(void **state) {
    (void)state;
    struct desk d = make_desk();
    write_file(&d, "outside.conf", "spark.app.name found\n");
    assert_int_equal(symlinkat("../outside.conf", d.place.root, "conf/link.conf"), 0);
    static const char *const paths[] = {
        "nowhere.conf", "/etc/spark/own.conf",       "../../own.conf",   "conf/link.conf",
        "conf",         "\xFE$DIR\xFF/outside.conf", "conf/../../x.conf"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        char line[128];
        (void)snprintf(line, sizeof line, "spark-submit --properties-file %s --name n a.py",
                       paths[i]);
        assert_int_equal(resolve(&d, line, NULL, NULL), 0);
        expect(&d, "spark.app.name", "n", "repo/jobs/run.sh", 4);
        assert_non_null(d.conf.open);
        assert_int_equal(d.conf.open->column, 32);
        assert_true(has_note(&d, "is not at hand: what it sets is unknown here"));
        assert_int_equal(d.conf.unset.kind, ORIGIN_UNSET);
        assert_string_equal(d.conf.unset.file, "repo/jobs/run.sh");
        assert_int_equal(d.conf.unset.line, 5);
    }
    d.place.root = -1;
    assert_int_equal(resolve(&d, "spark-submit --properties-file outside.conf a.py", NULL, NULL),
                     0);
    assert_non_null(d.conf.open);
    d.place.root = open(d.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free_desk(&d);
}

static void defaults_of_a_directory_that_the_script_names_are_read(void **state) {
    (void)state;
    struct desk d = make_desk();
    write_file(&d, "conf/spark-defaults.conf", "spark.authenticate true\n");
    assert_int_equal(resolve(&d, "spark-submit a.py", "SPARK_CONF_DIR", "conf"), 0);
    expect(&d, "spark.authenticate", "true", "repo/conf/spark-defaults.conf", 1);
    assert_false(has_note(&d, "not judged"));
    assert_int_equal(resolve(&d, "spark-submit a.py", "SPARK_CONF_DIR", "/etc/spark"), 0);
    assert_true(has_note(&d, "/etc/spark/spark-defaults.conf is not at hand"));
    assert_null(d.conf.open);
    free_desk(&d);
}

static void a_fault_in_a_file_that_is_named_has_its_place_there(void **state) {
    (void)state;
    struct desk d = make_desk();
    write_file(&d, "jobs/own.conf", "\n\nspark.app.name \\u00zz\n");
    assert_int_equal(resolve(&d, "spark-submit --properties-file own.conf a.py", NULL, NULL), -1);
    assert_int_equal(d.err.code, ERROR_SPARK);
    assert_string_equal(d.err.where, "repo/jobs/own.conf");
    assert_int_equal(d.err.line, 3);
    free_desk(&d);
}

static void what_spark_refuses_is_told_at_the_launch(void **state) {
    (void)state;
    struct desk d = make_desk();
    static const char *const lines[] = {"spark-submit --conf", "spark-submit --mastr yarn a.py",
                                        "another-program a.py"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        assert_int_equal(resolve(&d, lines[i], NULL, NULL), -1);
        assert_int_equal(error_status(d.err.code), error_status(ERROR_INPUT));
        assert_string_equal(d.err.where, "repo/jobs/run.sh");
        assert_int_equal(d.err.line, 4);
    }
    free_desk(&d);
}

static void a_command_line_that_starts_nothing_is_no_launch(void **state) {
    (void)state;
    struct desk d = make_desk();
    assert_int_equal(resolve(&d, "spark-submit --version", NULL, NULL), 0);
    assert_false(d.launches);
    assert_int_equal(d.conf.count, 0);
    assert_int_equal(resolve(&d, "spark-submit a.py", NULL, NULL), 0);
    assert_true(d.launches);
    free_desk(&d);
}

static void the_version_that_was_asked_for_beats_that_of_the_input(void **state) {
    (void)state;
    struct desk d = make_desk();
    struct document_builder b = document_begin(&d.arena, &d.err);
    struct origin start = at(1);
    document_launch(&b, "SparkApplication a", &start);
    document_set(&b, DOCUMENT_FACTS, DOCUMENT_FACT_VERSION, "3.5.1", &start, NULL);
    document_set(&b, DOCUMENT_CONF, "spark.master", "yarn", &start, NULL);
    assert_int_equal(document_end(&b, &d.document), 0);
    for (int asked = 0; asked < 2; asked++) {
        d.wish = asked ? (struct judge_wish){.major = 4} : (struct judge_wish){0};
        assert_int_equal(judge_document_resolve(&d.document.launches[0], &d.place, &d.wish,
                                                &d.arena, &d.conf, &d.launches, &d.err),
                         0);
        assert_int_equal(d.conf.spark_major, asked ? 4 : 3);
        assert_int_equal(d.conf.spark_minor, asked ? 0 : 5);
    }
    free_desk(&d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_properties_file_is_found_beside_the_script_and_else_from_the_root_on),
        cmocka_unit_test(a_properties_file_that_is_not_at_hand_leaves_the_launch_open),
        cmocka_unit_test(defaults_of_a_directory_that_the_script_names_are_read),
        cmocka_unit_test(a_fault_in_a_file_that_is_named_has_its_place_there),
        cmocka_unit_test(what_spark_refuses_is_told_at_the_launch),
        cmocka_unit_test(a_command_line_that_starts_nothing_is_no_launch),
        cmocka_unit_test(the_version_that_was_asked_for_beats_that_of_the_input),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
