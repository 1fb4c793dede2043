#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "policy/surface/ci/ci.h"
#include "policy/surface/kind/kind.h"
#include "policy/surface/place.h"
#include "policy/surface/unknown.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/base/limits.h"

#define U "\xfe"
#define K "\xff"

struct bench {
    struct arena arena;
    struct error err;
    const char *bytes;
    struct place_map lines;
    struct document document;
};

static const char *written_at(const struct bench *s, const struct origin *place) {
    assert_int_equal(place->kind, ORIGIN_FILE);
    assert_true(place->line >= 1 && place->line <= s->lines.count);
    return s->bytes + s->lines.segments[place->line - 1].offset + place->column - 1;
}

/* The known bytes at the beginning of a text stand at its place. */
static void check_written(const struct bench *s, const struct origin *place, const char *text) {
    size_t known = strcspn(text, U "\n'\\$");
    const char *at = written_at(s, place);
    size_t written = strcspn(at, "$"); /* what follows is filled in */
    if (strncmp(at, text, known < written ? known : written) != 0)
        fail_msg("%s is told at %zu:%zu, where %.20s stands", text, place->line, place->column, at);
}

static void check_list(const struct bench *s, const struct setting_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        check_written(s, &list->items[i].origin, list->items[i].key);
        check_written(s, &list->items[i].value_origin, list->items[i].value);
    }
}

/* Every place leads to what is told there. */
static void check_places(const struct bench *s) {
    check_list(s, &s->document.loose);
    for (size_t i = 0; i < s->document.launch_count; i++) {
        const struct document_launch *launch = &s->document.launches[i];
        check_list(s, &launch->lists[DOCUMENT_ENVIRONMENT]);
        bool own = launch->word_count > 0 && strcmp(launch->title, "spark-submit") == 0;
        for (size_t w = 1; own && w < launch->word_count; w++) {
            const struct document_word *word = &launch->words[w];
            const char *equal = strchr(word->text, '=');
            if (word->text[0] != '\0' && word->text[0] != UNKNOWN_OPEN)
                check_written(s, &word->origin, word->text);
            if (equal != NULL && word->value_origin.kind == ORIGIN_FILE)
                check_written(s, &word->value_origin, equal + 1);
        }
    }
}

static void read_as(struct bench *s, const char *label, const char *text) {
    struct surface_input input = {.label = label, .bytes = text, .length = strlen(text)};
    *s = (struct bench){.arena = arena_make(LIMIT_ARENA_BYTES), .bytes = text};
    assert_int_equal(place_file(label, text, input.length, &s->arena, &s->lines), 0);
    const struct kind *kind = kind_recognise(&input);
    assert_non_null(kind);
    assert_string_equal(kind->name, "ci");
    if (kind->read(&input, &s->arena, &s->document, &s->err) != 0)
        fail_msg("%s", s->err.what);
    check_places(s);
}

static void read_github(struct bench *s, const char *text) {
    read_as(s, ".github/workflows/etl.yml", text);
}

static void read_gitlab(struct bench *s, const char *text) {
    read_as(s, ".gitlab-ci.yml", text);
}

static void expect_words(const struct bench *s, size_t launch, const char *expected) {
    struct buffer line = buffer_make(4096);
    assert_true(launch < s->document.launch_count);
    const struct document_launch *l = &s->document.launches[launch];
    for (size_t i = 0; i < l->word_count; i++) {
        buffer_text(&line, i == 0 ? "" : "|");
        for (const char *p = l->words[i].text; *p != '\0'; p++)
            buffer_char(&line, *p == UNKNOWN_OPEN ? '<' : *p == UNKNOWN_CLOSE ? '>' : *p);
    }
    assert_int_equal(buffer_status(&line), 0);
    assert_string_equal(line.data, expected);
    buffer_free(&line);
}

static const struct setting *find(const struct setting_list *list, const char *key) {
    const struct setting *found = NULL;
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i].key, key) == 0)
            found = &list->items[i];
    return found;
}

static void expect_variable(const struct bench *s, size_t launch, const char *name,
                            const char *value) {
    assert_true(launch < s->document.launch_count);
    const struct setting *v = find(&s->document.launches[launch].lists[DOCUMENT_ENVIRONMENT], name);
    if (value == NULL) {
        assert_null(v);
        return;
    }
    assert_non_null(v);
    assert_string_equal(v->value, value);
}

static size_t count_loose(const struct bench *s, const char *key) {
    size_t count = 0;
    for (size_t i = 0; i < s->document.loose.count; i++)
        count += strcmp(s->document.loose.items[i].key, key) == 0;
    return count;
}

#define WORKFLOW                                                                                   \
    "name: etl\non:\n  push:\nenv:\n  LEVEL: workflow\n  MASTER: spark://a:7077\n"                 \
    "  PASSWORD: hunter2\njobs:\n  run:\n    runs-on: ubuntu-latest\n    env:\n      LEVEL: job\n" \
    "      JOB: 'it''s'\n    steps:\n      - uses: actions/checkout@v4\n"                          \
    "      - name: submit\n        env:\n          LEVEL: step\n"                                  \
    "          TOKEN: ${{ secrets.TOKEN }}\n        run: |\n          set -e\n"                    \
    "          spark-submit --master \"$MASTER\" \\\n"                                             \
    "            --conf spark.ui.acls=true --conf spark.x=$TOKEN \\\n"                             \
    "            --conf spark.y=${{ inputs.y }} --conf spark.z=\"$OUTSIDE\" a.py\n"                \
    "      - run: spark-sql -e 'select 1'\n"

static void blocks_of_a_workflow_are_scripts_with_its_variables(void **state) {
    (void)state;
    struct bench s;
    read_github(&s, WORKFLOW);
    assert_int_equal(s.document.launch_count, 2);
    expect_words(&s, 0,
                 "spark-submit|--master|spark://a:7077|--conf|spark.ui.acls=true|--conf|"
                 "spark.x=<${{ secrets.TOKEN }}>|--conf|spark.y=<${{ inputs.y }}>|--conf|"
                 "spark.z=<$OUTSIDE>|a.py");
    assert_int_equal(s.document.launches[0].origin.line, 22);
    assert_int_equal(s.document.launches[0].words[2].origin.line, 6);
    assert_int_equal(s.document.note_count, 0);
    arena_free(&s.arena);
}

static void the_innermost_variable_of_a_name_wins(void **state) {
    (void)state;
    struct bench s;
    read_github(&s, WORKFLOW);
    expect_variable(&s, 0, "LEVEL", "step");
    expect_variable(&s, 0, "JOB", "it's");
    expect_variable(&s, 0, "TOKEN", U "${{ secrets.TOKEN }}" K);
    expect_variable(&s, 1, "LEVEL", "job");
    expect_variable(&s, 1, "PASSWORD", "hunter2");
    expect_variable(&s, 1, "TOKEN", NULL);
    arena_free(&s.arena);
}

static void what_a_step_writes_for_later_ones_is_unknown_to_them(void **state) {
    (void)state;
    struct bench s;
    read_github(&s, "on: push\nenv:\n  A: a\n  B: b\n  C: c\njobs:\n  one:\n    steps:\n"
                    "      - run: |\n          echo \"A=$(date)\" >> $GITHUB_ENV\n"
                    "          echo C=x >> $GITHUB_ENV\n          pyspark --name $A\n"
                    "      - env: {C: own}\n        run: pyspark --name $A$B$C\n"
                    "  two:\n    steps:\n      - run: pyspark --name $A\n");
    expect_words(&s, 0, "pyspark|--name|a");
    expect_words(&s, 1, "pyspark|--name|<$A>bown");
    expect_words(&s, 2, "pyspark|--name|a");
    arena_free(&s.arena);
}

static void an_unknown_part_ends_nothing_of_the_shell(void **state) {
    (void)state;
    struct bench s;
    read_github(&s, "on: push\njobs:\n  one:\n    steps:\n"
                    "      - run: pyspark --name ${x y ${{ a }} z} b\n"
                    "      - run: pyspark --name ${x[${{ a[b] }}]} b\n"
                    "      - run: pyspark --name `x ${{ a` }} y` b\n");
    expect_words(&s, 0, "pyspark|--name|<${x y ${{ a }} z}>|b");
    expect_words(&s, 1, "pyspark|--name|<${x[${{ a[b] }}]}>|b");
    expect_words(&s, 2, "pyspark|--name|<`x ${{ a` }} y`>|b");
    arena_free(&s.arena);
}

static void a_template_of_a_script_goes_into_no_unknown_part(void **state) {
    (void)state;
    const char *text = "pyspark --name {{" U "{{ a }}" K " b\n";
    struct bench s = {.arena = arena_make(LIMIT_ARENA_BYTES), .bytes = text};
    struct document_builder b = document_begin(&s.arena, &s.err);
    assert_int_equal(place_file("x", text, strlen(text), &s.arena, &s.lines), 0);
    assert_int_equal(shell_read_text(text, strlen(text), &s.lines, &b), 0);
    assert_int_equal(document_end(&b, &s.document), 0);
    expect_words(&s, 0, "pyspark|--name|{{<{{ a }}>|b");
    arena_free(&s.arena);
}

static void literal_variables_are_told_once(void **state) {
    (void)state;
    struct bench s;
    read_github(&s, WORKFLOW);
    assert_int_equal(count_loose(&s, "PASSWORD"), 1);
    assert_int_equal(count_loose(&s, "LEVEL"), 3);
    assert_int_equal(count_loose(&s, "TOKEN"), 0);
    const struct setting *password = find(&s.document.loose, "PASSWORD");
    assert_int_equal(password->value_origin.line, 7);
    assert_int_equal(password->value_origin.column, 13);
    arena_free(&s.arena);
}

static void a_block_for_another_shell_is_noted_where_it_mentions_spark(void **state) {
    (void)state;
    struct bench s;
    read_github(&s, "on: push\njobs:\n  a:\n    runs-on: windows-latest\n    steps:\n"
                    "      - run: spark-submit a.py\n      - run: Write-Host hello\n"
                    "      - shell: bash -e {0}\n        run: spark-submit b.py\n"
                    "      - shell: python\n        run: |\n          import pyspark\n");
    assert_int_equal(s.document.launch_count, 1);
    expect_words(&s, 0, "spark-submit|b.py");
    assert_int_equal(s.document.note_count, 2);
    assert_int_equal(s.document.notes[0].origin.line, 6);
    assert_int_equal(s.document.notes[1].origin.line, 12);
    arena_free(&s.arena);
}

static void a_composite_action_and_circleci_are_read_the_same_way(void **state) {
    (void)state;
    struct bench s;
    read_as(&s, "action.yml",
            "name: x\nruns:\n  using: composite\n  steps:\n    - shell: bash\n"
            "      run: spark-submit --conf spark.a=b a.py\n");
    expect_words(&s, 0, "spark-submit|--conf|spark.a=b|a.py");
    arena_free(&s.arena);
    read_as(&s, ".circleci/config.yml",
            "version: 2.1\njobs:\n  build:\n    environment:\n      A: b\n    steps:\n"
            "      - checkout\n      - run:\n          name: x\n"
            "          command: spark-submit --conf spark.a=$A a.py\n");
    expect_words(&s, 0, "spark-submit|--conf|spark.a=b|a.py");
    arena_free(&s.arena);
}

static void a_manifest_that_a_block_applies_is_read_where_it_stands(void **state) {
    (void)state;
    struct bench s;
    read_github(&s, "on: push\njobs:\n  a:\n    steps:\n      - run: |\n"
                    "          kubectl apply -f - <<EOF\n"
                    "          apiVersion: sparkoperator.k8s.io/v1beta2\n"
                    "          kind: SparkApplication\n          spec:\n"
                    "            sparkConf:\n              spark.ui.acls: yes\n          EOF\n");
    assert_int_equal(s.document.launch_count, 1);
    assert_int_equal(s.document.launches[0].origin.line, 8);
    assert_int_equal(s.document.launches[0].origin.column, 11);
    arena_free(&s.arena);
}

static void a_block_that_is_no_script_is_noted_and_the_others_are_read(void **state) {
    (void)state;
    struct bench s;
    read_github(&s, "on: push\njobs:\n  a:\n    env:\n      A: x\n    steps:\n"
                    "      - run: echo 'never closed\n      - run: spark-submit a.py\n");
    assert_int_equal(s.document.launch_count, 1);
    assert_int_equal(s.document.note_count, 1);
    assert_int_equal(s.document.notes[0].origin.line, 7);
    assert_non_null(strstr(s.document.notes[0].text, "(line 7, column 19)"));
    arena_free(&s.arena);
}

#define PIPELINE                                                                                   \
    "stages: [build]\nvariables:\n  HOST: a.example\n  MASTER: spark://$HOST:7077\n"               \
    "  LITERAL: $$HOME\n  RAW:\n    value: '$HOST'\n    expand: false\n  LATE: $LATER\n"           \
    "  LATER: x\ndefault:\n  before_script:\n    - export TOKEN=hunter2\n"                         \
    ".spark:\n  variables:\n    MODE: template\n    KIND: template\n  script:\n"                   \
    "    - spark-submit --master $MASTER --conf spark.a=$TOKEN --conf spark.b=$MODE a.py\n"        \
    "  after_script:\n    - spark-submit --conf spark.c=\"$TOKEN\" z.py\n"                         \
    "etl:\n  stage: build\n  extends: .spark\n  variables:\n    MODE: job\n"

static void a_job_of_gitlab_has_what_it_extends(void **state) {
    (void)state;
    struct bench s;
    read_gitlab(&s, PIPELINE);
    assert_int_equal(s.document.launch_count, 2);
    expect_words(&s, 0,
                 "spark-submit|--master|spark://a.example:7077|--conf|spark.a=hunter2|--conf|"
                 "spark.b=job|a.py");
    expect_words(&s, 1, "spark-submit|--conf|spark.c=<$TOKEN>|z.py");
    expect_variable(&s, 0, "MODE", "job");
    expect_variable(&s, 0, "KIND", "template");
    expect_variable(&s, 0, "TOKEN", "hunter2");
    expect_variable(&s, 1, "TOKEN", NULL);
    arena_free(&s.arena);
}

static void variables_of_gitlab_are_filled_in_where_the_file_says_it(void **state) {
    (void)state;
    struct bench s;
    read_gitlab(&s, PIPELINE);
    expect_variable(&s, 0, "MASTER", "spark://a.example:7077");
    expect_variable(&s, 0, "LITERAL", "$HOME");
    expect_variable(&s, 0, "RAW", "$HOST");
    expect_variable(&s, 0, "LATE", U "${LATER}" K);
    arena_free(&s.arena);
}

static void a_stronger_variable_is_the_one_that_a_weaker_refers_to(void **state) {
    (void)state;
    struct bench s;
    read_gitlab(&s, "variables:\n  A: weak\n  B: $A\njob:\n  variables:\n    A: strong\n"
                    "  script: spark-submit a.py\n");
    expect_variable(&s, 0, "A", "strong");
    assert_true(
        unknown_whole(find(&s.document.launches[0].lists[DOCUMENT_ENVIRONMENT], "B")->value));
    arena_free(&s.arena);
}

static void what_a_job_may_be_given_is_unknown(void **state) {
    (void)state;
    struct bench s;
    read_gitlab(&s, "variables:\n  A: a\n  B: b\n  C: c\njob:\n  rules:\n    - if: $X\n"
                    "      variables: {A: hunter2}\n  parallel:\n    matrix:\n"
                    "      - B: [x, y]\n  script: pyspark --conf spark.a=$A$B$C\n");
    expect_words(&s, 0, "pyspark|--conf|spark.a=<$A><$B>c");
    assert_int_equal(count_loose(&s, "A"), 2);
    arena_free(&s.arena);
}

static void references_and_lists_in_lists_are_followed(void **state) {
    (void)state;
    struct bench s;
    read_gitlab(&s, ".setup:\n  script:\n    - A=1\n    - - B=2\njob:\n  inherit:\n"
                    "    default: false\n  script:\n    - !reference [.setup, script]\n"
                    "    - !reference [.none, script]\n"
                    "    - spark-submit --conf spark.a=$A --conf spark.b=$B$C a.py\n"
                    "before_script: [A=9, C=9]\n");
    size_t last = s.document.launch_count - 1;
    expect_words(&s, last, "spark-submit|--conf|spark.a=1|--conf|spark.b=2<$C>|a.py");
    arena_free(&s.arena);
}

static void jobs_that_extend_each_other_end(void **state) {
    (void)state;
    struct bench s;
    read_gitlab(&s, "a:\n  extends: b\n  script: spark-submit a.py\nb:\n  extends: [a, b, c]\n"
                    "c:\n  script:\n    - !reference [c, script]\n    - spark-submit c.py\n");
    assert_true(s.document.launch_count >= 3);
    arena_free(&s.arena);
}

static void other_files_are_none(void **state) {
    (void)state;
    static const char *const others[] = {
        "",
        "on:\n",
        "jobs:\n  a:\n    tasks:\n      - run: x\n",
        "apiVersion: v1\non: x\njobs:\n steps:\n - run: x\n",
        "resources:\n  jobs:\n    a:\n      steps:\n        - run: x\n",
        "steps:\n  - script: echo\n    stage: x\n",
        "script: echo\nstages: [a]\n",
        "#!/bin/sh\nspark-submit a.py\n",
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct surface_input input = {"x.yml", others[i], strlen(others[i])};
        assert_int_equal(ci_recognise(&input), SURFACE_NO);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_of_a_workflow_are_scripts_with_its_variables),
        cmocka_unit_test(the_innermost_variable_of_a_name_wins),
        cmocka_unit_test(what_a_step_writes_for_later_ones_is_unknown_to_them),
        cmocka_unit_test(an_unknown_part_ends_nothing_of_the_shell),
        cmocka_unit_test(a_template_of_a_script_goes_into_no_unknown_part),
        cmocka_unit_test(literal_variables_are_told_once),
        cmocka_unit_test(a_block_for_another_shell_is_noted_where_it_mentions_spark),
        cmocka_unit_test(a_composite_action_and_circleci_are_read_the_same_way),
        cmocka_unit_test(a_manifest_that_a_block_applies_is_read_where_it_stands),
        cmocka_unit_test(a_block_that_is_no_script_is_noted_and_the_others_are_read),
        cmocka_unit_test(a_job_of_gitlab_has_what_it_extends),
        cmocka_unit_test(variables_of_gitlab_are_filled_in_where_the_file_says_it),
        cmocka_unit_test(a_stronger_variable_is_the_one_that_a_weaker_refers_to),
        cmocka_unit_test(what_a_job_may_be_given_is_unknown),
        cmocka_unit_test(references_and_lists_in_lists_are_followed),
        cmocka_unit_test(jobs_that_extend_each_other_end),
        cmocka_unit_test(other_files_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
