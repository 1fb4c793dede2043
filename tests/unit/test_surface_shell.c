#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/surface/kind/kind.h"
#include "policy/surface/shell/shell.h"
#include "policy/surface/unknown.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/base/limits.h"

struct bench {
    struct arena arena;
    struct error err;
    struct document document;
    int status;
};

static struct bench read_named(const char *label, const char *script) {
    struct bench s = {.arena = arena_make(LIMIT_ARENA_BYTES)};
    struct surface_input input = {label, script, strlen(script)};
    s.status = shell_read(&input, &s.arena, &s.document, &s.err);
    return s;
}

static struct bench read_script(const char *script) {
    return read_named("job.sh", script);
}

static void add_text(struct buffer *out, const char *text) {
    for (; *text != '\0'; text++)
        buffer_char(out, (char)(*text == UNKNOWN_OPEN    ? '<'
                                : *text == UNKNOWN_CLOSE ? '>'
                                                         : *text));
}

/* All launches: words with blanks between, "K=V" of the environment behind "@",
 * defaults behind "%", '+' where one is open; ';' ends each. */
static void show(const struct bench *s, struct buffer *out) {
    *out = buffer_make(LIMIT_REPORT_BYTES);
    for (size_t i = 0; i < s->document.launch_count; i++) {
        const struct document_launch *launch = &s->document.launches[i];
        for (size_t w = 0; w < launch->word_count; w++) {
            buffer_text(out, w == 0 ? "" : " ");
            add_text(out, launch->words[w].text);
        }
        static const enum document_list lists[] = {DOCUMENT_ENVIRONMENT, DOCUMENT_DEFAULTS};
        for (size_t l = 0; l < 2; l++)
            for (size_t k = 0; k < launch->lists[lists[l]].count; k++) {
                buffer_text(out, l == 0 ? " @" : " %");
                add_text(out, launch->lists[lists[l]].items[k].key);
                buffer_char(out, '=');
                add_text(out, launch->lists[lists[l]].items[k].value);
            }
        buffer_text(out, launch->open == NULL ? ";" : " +;");
    }
    buffer_char(out, '\0');
}

struct row {
    const char *script, *launches;
};

static void check(const struct row *rows, size_t count) {
    for (size_t i = 0; i < count; i++) {
        struct bench s = read_script(rows[i].script);
        struct buffer out;
        assert_int_equal(s.status, 0);
        show(&s, &out);
        assert_string_equal(out.data, rows[i].launches);
        buffer_free(&out);
        arena_free(&s.arena);
    }
}
#define CHECK(rows) check(rows, sizeof rows / sizeof rows[0])

static void what_a_script_says_is_followed(void **state) {
    (void)state;
    static const struct row rows[] = {
        {"spark-submit --master yarn \\\n  'a b.py' # c", "spark-submit --master yarn a b.py;"},
        {"A='--conf spark.a=1'; spark-submit $A \"$A\"",
         "spark-submit --conf spark.a=1 --conf spark.a=1;"},
        {"A=(--x 'y z'); A+=(w); /b/spark-submit \"${A[@]}\"", "/b/spark-submit --x y z w;"},
        {"f() { local n=$1; shift; spark-submit --name $n \"$@\"; }; f a b c",
         "spark-submit --name a b c;"},
        {"for i in 1 2; do spark-submit $i; done", "spark-submit 1;spark-submit 2;"},
        {"export P=x; Q=y; R=z spark-submit a", "spark-submit a @P=x @R=z;"},
        {"X=$(spark-submit a)", "spark-submit a;"},
        {"spark-submit $(echo --conf a=b)", "spark-submit --conf a=b;"},
        {"A=(x); spark-submit ${#A[@]}", "spark-submit 1;"},
        {"spark-submit a; exit; spark-submit b", "spark-submit a;"},
        {"echo spark-submit a; which spark-submit; command -v spark-submit", ""},
    };
    CHECK(rows);
}

static void what_depends_on_the_world_is_unknown(void **state) {
    (void)state;
    static const struct row rows[] = {
        {"spark-submit --master $M --conf a=$B \"$C\"",
         "spark-submit --master <$M> --conf a=<$B> <$C>;"},
        {"spark-submit $OPTS --class c a.jar", "spark-submit --class c a.jar +;"},
        {"spark-submit --class c $APP", "spark-submit --class c <$APP> +;"},
        {"spark-submit a.jar $ARGS", "spark-submit a.jar <$ARGS>;"},
        {"M=yarn; if x; then M=local; fi; spark-submit $M", "spark-submit <$M> +;"},
        {"if x; then M=a; else M=a; fi; spark-submit $M", "spark-submit a;"},
        {"M=a; if x; then M=b; exit; fi; spark-submit $M", "spark-submit a;"},
        {"M=a; x && M=b; spark-submit --name $M", "spark-submit --name <$M>;"},
        {"M=a; while read l; do spark-submit --name $M; M=b; done", "spark-submit --name <$M>;"},
        {"M=a; . ./env.sh; spark-submit --name $M", "spark-submit --name <$M>;"},
        {"M=a; (M=b); spark-submit --name $M", "spark-submit --name a;"},
        {"f() { M=b; if x; then return; fi; M=c; }; f; spark-submit --name $M",
         "spark-submit --name <$M>;"},
        {"spark-submit --name ${M:-x} {{ p }} ${{ q }}",
         "spark-submit --name <${M:-x}> <${{ q }}> +;"},
        {"case $1 in a) C=(spark-submit x \"$@\");; *) C=(\"$@\");; esac; exec \"${C[@]}\"",
         "spark-submit x <$@>;"},
    };
    CHECK(rows);
}

static void commands_that_start_another_one_are_looked_through(void **state) {
    (void)state;
    static const struct row rows[] = {
        {"export P=x; sudo env K=v spark-submit a", "spark-submit a @K=v;"},
        {"export P=x; nohup nice -n 5 spark-submit a &", "spark-submit a @P=x;"},
        {"export P=x; bash -c 'spark-submit \"$P\" $1' n y", "spark-submit x y @P=x;"},
        {"ssh -p 22 host \"spark-submit 'a b'\"", "spark-submit a b;"},
        {"ssh host <<'E'\nspark-submit a\nE", "spark-submit a;"},
        {"docker exec -it c spark-submit a", "spark-submit a;"},
        {"docker run -e K=v --name spark-submit img /o/spark-submit a", "/o/spark-submit a @K=v;"},
        {"kubectl exec p -- bash -lc 'spark-sql -e q'", "spark-sql -e q;"},
        {"\"$SPARK_HOME\"/bin/spark-submit a", "<$SPARK_HOME>/bin/spark-submit a;"},
        {"${SPARK_SUBMIT:-spark-submit} --class c a", "spark-submit --class c a;"},
        {"spark-class org.apache.spark.deploy.SparkSubmit a", "spark-submit a;"},
        {"start-connect-server.sh --conf a=b",
         "spark-submit --class org.apache.spark.sql.connect.service.SparkConnectServer --name "
         "Spark Connect server --conf a=b;"},
        {"aws emr add-steps --steps Type=Spark,Name=n,Args=[--class,C,s3://b/a.jar]",
         "spark-submit --class C s3://b/a.jar %spark.master=yarn;"},
    };
    CHECK(rows);
}

static void a_properties_file_that_is_written_is_read(void **state) {
    (void)state;
    struct bench s =
        read_script("P=pw\ncat > c/spark-defaults.conf <<E\nspark.a  1\nspark.p=$P\nE\n"
                    "echo \"spark.q $X\" >> c/spark-defaults.conf\n");
    struct buffer out;
    show(&s, &out);
    assert_string_equal(out.data, " %spark.a=1 %spark.p=pw %spark.q=<$X>;");
    const struct setting *p = &s.document.launches[0].lists[DOCUMENT_DEFAULTS].items[1];
    assert_int_equal(p->origin.line, 4);
    assert_int_equal(p->value_origin.line, 1);
    assert_int_equal(p->value_origin.column, 3);
    buffer_free(&out);
    arena_free(&s.arena);
}

static void a_key_that_may_be_any_leaves_a_written_file_open(void **state) {
    (void)state;
    struct bench s = read_script("echo \"spark.kubernetes.driver.secrets.$N /etc\" > a.conf\n"
                                 "echo 'spark.a b' > b.conf\necho \"spark.$K v\" >> b.conf\n");
    assert_int_equal(s.document.launch_count, 2);
    assert_null(s.document.launches[0].open);
    assert_int_equal(s.document.launches[0].lists[DOCUMENT_DEFAULTS].count, 1);
    assert_int_equal(s.document.launches[1].open->line, 3);
    assert_int_equal(s.document.launches[1].lists[DOCUMENT_DEFAULTS].count, 1);
    arena_free(&s.arena);
}

static void a_word_has_the_place_of_its_literal(void **state) {
    (void)state;
    struct bench s = read_script("PW='se cret'\nspark-submit \\\n  --conf \"spark.p=$PW\"\n");
    const struct document_word *word = &s.document.launches[0].words[2];
    assert_string_equal(word->text, "spark.p=se cret");
    assert_int_equal(word->origin.line, 3);
    assert_int_equal(word->origin.column, 11);
    assert_int_equal(word->value_origin.line, 1);
    assert_int_equal(word->value_origin.column, 5);
    arena_free(&s.arena);
}

static void assigned_credentials_are_loose(void **state) {
    (void)state;
    struct bench s = read_script("export KEY=abc\nX=${PASSWORD:-def}\nY=$(cat f)\n");
    const struct setting_list *loose = &s.document.loose;
    assert_int_equal(loose->count, 2);
    assert_string_equal(loose->items[0].key, "KEY");
    assert_string_equal(loose->items[0].value, "abc");
    assert_int_equal(loose->items[0].origin.column, 8);
    assert_int_equal(loose->items[0].value_origin.column, 12);
    assert_string_equal(loose->items[1].key, "PASSWORD");
    assert_string_equal(loose->items[1].value, "def");
    assert_int_equal(loose->items[1].value_origin.line, 2);
    assert_int_equal(loose->items[1].value_origin.column, 15);
    arena_free(&s.arena);
}

static void literals_of_kubectl_and_helm_are_settings_of_none(void **state) {
    (void)state;
    static const char script[] =
        "kubectl create secret generic a --from-literal=p=abc --from-literal q=\"de\"f\n"
        "kubectl create secret docker-registry r --docker-password=ghi\n"
        "helm upgrade r ./c --set a=1,db.password=jkl --set-string b=2\n"
        "kubectl create secret generic b --from-literal=t=\"$T\"\n";
    static const struct {
        const char *key, *value;
        size_t line, column;
    } rows[] = {
        {"p", "abc", 1, 50}, {"q", "def", 1, 72},           {"docker-password", "ghi", 2, 59},
        {"a", "1", 3, 28},   {"db.password", "jkl", 3, 42}, {"b", "2", 3, 61}};
    struct bench s = read_script(script);
    assert_int_equal(s.document.loose.count, sizeof rows / sizeof rows[0]);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct setting *found = &s.document.loose.items[i];
        assert_string_equal(found->key, rows[i].key);
        assert_string_equal(found->value, rows[i].value);
        assert_int_equal(found->value_origin.line, rows[i].line);
        assert_int_equal(found->value_origin.column, rows[i].column);
    }
    arena_free(&s.arena);
}

static void a_step_of_emr_runs_on_yarn(void **state) {
    (void)state;
    struct bench s = read_script("aws emr add-steps --cluster-id j-1 --steps "
                                 "Type=Spark,Name=x,Args=[--deploy-mode,cluster,s3://b/a.py] "
                                 "Type=CUSTOM_JAR,Jar=x.jar,Args=[s3://b/x]\n");
    assert_int_equal(s.document.launch_count, 1);
    const struct document_launch *launch = &s.document.launches[0];
    assert_int_equal(launch->word_count, 4);
    assert_string_equal(launch->words[3].text, "s3://b/a.py");
    assert_int_equal(launch->lists[DOCUMENT_DEFAULTS].count, 1);
    assert_string_equal(launch->lists[DOCUMENT_DEFAULTS].items[0].value, "yarn");
    assert_string_equal(launch->lists[DOCUMENT_FACTS].items[0].value, "emr");
    arena_free(&s.arena);
}

static void texts_of_other_surfaces_are_handed_on_with_their_places(void **state) {
    (void)state;
    struct bench s = read_script("kubectl apply -f - <<-E\n\tkind: Pod\n\tE\n"
                                 "aws emr-serverless start-job-run --job-driver '{\"a\": 1}'\n");
    assert_int_equal(s.document.text_count, 2);
    assert_string_equal(s.document.texts[0].bytes, "kind: Pod\n");
    assert_string_equal(s.document.texts[0].hint, "kubernetes");
    struct origin pod = place_find(&s.document.texts[0].map, 6);
    assert_int_equal(pod.line, 2);
    assert_int_equal(pod.column, 8);
    assert_string_equal(s.document.texts[1].bytes, "{\"a\": 1}");
    assert_string_equal(s.document.texts[1].hint, "emr");
    arena_free(&s.arena);
}

static void spark_env_exports_all_that_it_assigns(void **state) {
    (void)state;
    struct bench s = read_named("conf/spark-env.sh", "SPARK_SUBMIT_OPTS=-Dspark.a=b\nexport K=v\n");
    struct buffer out;
    show(&s, &out);
    assert_string_equal(out.data, " @SPARK_SUBMIT_OPTS=-Dspark.a=b @K=v;");
    buffer_free(&out);
    arena_free(&s.arena);
}

static void a_block_that_is_never_closed_is_told_with_its_place(void **state) {
    (void)state;
    static const char *const scripts[] = {
        "a\nif x; then", "a\nfor i in b; do c", "a\ncase x in", "a\n( b", "a\n{ b", "a\nA=(b",
        "a\n[[ b",       "a\nwhile b; do",      "a\nb )"};
    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
        struct bench s = read_script(scripts[i]);
        assert_int_equal(s.status, -1);
        assert_int_equal(s.err.code, ERROR_INPUT);
        assert_int_equal(s.err.line, 2);
        arena_free(&s.arena);
    }
}

static void a_script_cut_at_any_byte_is_read_or_refused(void **state) {
    (void)state;
    static const char script[] =
        "A=(x \"y $B\"); f() { if a; then case $1 in b) c;; esac; fi; }\nf $(d `e`) <<E | tee g\n"
        "$A\nE\nfor i in 1 2; do spark-submit ${A[@]} $'\\x41' $((1+2)); done; [[ a == b ]]\n";
    for (size_t length = 0; length < sizeof script; length++) {
        char *cut = malloc(length + 1);
        assert_non_null(cut);
        memcpy(cut, script, length);
        cut[length] = '\0';
        struct bench s = read_script(cut);
        assert_true(s.status == 0 || s.err.code == ERROR_INPUT);
        free(cut);
        arena_free(&s.arena);
    }
}

static void hostile_scripts_are_bounded(void **state) {
    (void)state;
    static const struct {
        const char *start, *piece, *end;
    } rows[] = {
        {"", "$(", ""},
        {"", "( ", ""},
        {"", "if a; then ", ""},
        {"A=aaaaaaaa;", "A=$A$A;", ""},
        {"", "while a; do ", ""},
        {"", "a;", ""},
        {"", "A=x; ", ""},
        {"f() { f; f; }; f;", "f;", ""},
        {"", "x|", "y"},
        {"", "echo a >> b.conf\n", ""},
        {"export ", "A=a[", ""},
        {"", "<<A ", "\n"},
        {"", "eval 'eval \"", ""},
        {"", "for i in a b c d; do ", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buffer script = buffer_make(LIMIT_INPUT_BYTES);
        buffer_text(&script, rows[i].start);
        while (script.length < 300000)
            buffer_text(&script, rows[i].piece);
        buffer_text(&script, rows[i].end);
        struct bench s = read_script(script.data);
        assert_true(s.status == 0 || s.err.code == ERROR_INPUT);
        buffer_free(&script);
        arena_free(&s.arena);
    }
}

static void scripts_are_recognised_and_others_are_not(void **state) {
    (void)state;
    static const struct {
        const char *label, *text;
        enum surface_certainty sure;
    } rows[] = {
        {"a", "#!/bin/sh\n", SURFACE_LIKELY},
        {"a.sh", "#!/usr/bin/env bash\n", SURFACE_SURE},
        {"a.sh", "x", SURFACE_LIKELY},
        {"a.py", "#!/usr/bin/env python\n", SURFACE_NO},
        {"a", "export A=b\nspark-submit x\n", SURFACE_MAYBE},
        {"a.py", "import os\nspark-submit \n", SURFACE_NO},
        {"README.md", "```\nspark-submit x\n```\n", SURFACE_NO},
        {"docs/Readme.txt", "Don't forget:\n\n    spark-submit x\n", SURFACE_NO},
        {"a.yaml", "- spark-submit x\n", SURFACE_NO},
        {"a", "", SURFACE_NO},
        {"conf/spark-env.sh.template", "# x\n", SURFACE_LIKELY},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct surface_input input = {rows[i].label, rows[i].text, strlen(rows[i].text)};
        assert_int_equal(shell_recognise(&input), rows[i].sure);
    }
    assert_non_null(kind_find("shell"));
}

static void a_script_within_another_file_adds_to_its_document(void **state) {
    (void)state;
    static const char script[] = "export K=v\nspark-submit \xFE{{ x }}\xFF a\n";
    static const struct place_segment segment = {0, 7, 5};
    struct place_map map = {.file = "w.yml", .segments = &segment, .count = 1};
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    struct error err;
    struct document document;
    struct document_builder b = document_begin(&arena, &err);
    assert_int_equal(shell_read_text(script, sizeof script - 1, &map, &b), 0);
    assert_int_equal(document_end(&b, &document), 0);
    assert_int_equal(document.launch_count, 1);
    assert_non_null(document.launches[0].open);
    assert_int_equal(document.loose.items[0].origin.line, 7);
    assert_int_equal(document.loose.items[0].origin.column, 12);
    arena_free(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_script_says_is_followed),
        cmocka_unit_test(what_depends_on_the_world_is_unknown),
        cmocka_unit_test(commands_that_start_another_one_are_looked_through),
        cmocka_unit_test(a_properties_file_that_is_written_is_read),
        cmocka_unit_test(a_key_that_may_be_any_leaves_a_written_file_open),
        cmocka_unit_test(a_word_has_the_place_of_its_literal),
        cmocka_unit_test(assigned_credentials_are_loose),
        cmocka_unit_test(literals_of_kubectl_and_helm_are_settings_of_none),
        cmocka_unit_test(a_step_of_emr_runs_on_yarn),
        cmocka_unit_test(texts_of_other_surfaces_are_handed_on_with_their_places),
        cmocka_unit_test(spark_env_exports_all_that_it_assigns),
        cmocka_unit_test(a_block_that_is_never_closed_is_told_with_its_place),
        cmocka_unit_test(a_script_cut_at_any_byte_is_read_or_refused),
        cmocka_unit_test(hostile_scripts_are_bounded),
        cmocka_unit_test(scripts_are_recognised_and_others_are_not),
        cmocka_unit_test(a_script_within_another_file_adds_to_its_document),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
