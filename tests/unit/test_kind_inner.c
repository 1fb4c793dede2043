#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "policy/surface/document.h"
#include "policy/surface/kind/kind.h"
#include "policy/surface/place.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/base/limits.h"

struct bench {
    struct arena arena;
    struct error err;
    const char *bytes;
    struct place_map lines;
    struct document document;
};

static void read_as(struct bench *s, const char *name, const char *label, const char *text) {
    struct surface_input input = {.label = label, .bytes = text, .length = strlen(text)};
    *s = (struct bench){.arena = arena_make(LIMIT_ARENA_BYTES), .bytes = text};
    assert_int_equal(place_file(label, text, input.length, &s->arena, &s->lines), 0);
    const struct kind *kind = kind_recognise(&input);
    assert_non_null(kind);
    assert_string_equal(kind->name, name);
    assert_int_equal(kind->read(&input, &s->arena, &s->document, &s->err), 0);
}

static const char *written_at(const struct bench *s, const struct origin *place) {
    assert_int_equal(place->kind, ORIGIN_FILE);
    assert_true(place->line >= 1 && place->line <= s->lines.count);
    return s->bytes + s->lines.segments[place->line - 1].offset + place->column - 1;
}

static void check_written(const struct bench *s, const struct origin *place, const char *text) {
    assert_int_equal(strncmp(written_at(s, place), text, strlen(text)), 0);
}

/* The word KEY=VALUE of that launch, both where they are written. */
static void check_word(const struct bench *s, size_t launch, const char *key, const char *value) {
    const struct document_launch *l = &s->document.launches[launch];
    for (size_t i = 0; i < l->word_count; i++) {
        const char *equal = strchr(l->words[i].text, '=');
        if (equal == NULL || strcmp(equal + 1, value) != 0 ||
            strncmp(l->words[i].text, key, (size_t)(equal - l->words[i].text)) != 0)
            continue;
        check_written(s, &l->words[i].origin, key);
        check_written(s, &l->words[i].value_origin, value);
        return;
    }
    fail_msg("no %s=%s", key, value);
}

#define APPLICATION                                                                                \
    "apiVersion: sparkoperator.k8s.io/v1beta2\nkind: SparkApplication\nmetadata:\n  name: pi\n"    \
    "spec:\n  mainApplicationFile: a.py\n  sparkConf:\n    spark.ui.acls: \"true\"\n"

static void a_manifest_that_a_script_applies_is_read_where_it_stands(void **state) {
    (void)state;
    struct bench s;
    read_as(&s, "shell", "x.sh",
            "#!/bin/sh\nspark-submit --conf spark.a=b a.py\n"
            "kubectl apply -f - <<EOF\n" APPLICATION "EOF\n");
    assert_int_equal(s.document.launch_count, 2);
    check_word(&s, 0, "spark.a", "b");
    check_word(&s, 1, "spark.ui.acls", "true");
    assert_int_equal(s.document.launches[1].origin.line, 5);
    arena_free(&s.arena);
}

static void a_file_that_a_script_writes_is_read_by_what_it_is(void **state) {
    (void)state;
    struct bench s;
    read_as(&s, "shell", "x.sh",
            "#!/bin/sh\ncat > core-site.xml <<EOF\n<configuration>\n"
            "<property><name>fs.s3a.secret.key</name><value>hunter2</value></property>\n"
            "</configuration>\nEOF\ncat > pi.yaml <<EOF\n" APPLICATION "EOF\n"
            "cat > values.json <<EOF\n{\"other\": 1}\nEOF\n");
    assert_int_equal(s.document.launch_count, 2);
    const struct setting_list *site = &s.document.launches[0].lists[DOCUMENT_HADOOP];
    assert_int_equal(site->count, 1);
    assert_string_equal(site->items[0].key, "fs.s3a.secret.key");
    check_written(&s, &site->items[0].value_origin, "hunter2");
    assert_non_null(s.document.launches[0].open);
    check_word(&s, 1, "spark.ui.acls", "true");
    assert_int_equal(s.document.note_count, 0);
    arena_free(&s.arena);
}

static void json_for_emr_in_a_script_is_read_where_it_stands(void **state) {
    (void)state;
    struct bench s;
    read_as(&s, "shell", "x.sh",
            "#!/bin/sh\naws emr create-cluster --release-label emr-7.1.0 --configurations \\\n"
            "'[{\"Classification\": \"spark-defaults\",\n"
            "  \"Properties\": {\"spark.ui.acls\": \"yes\"}}]'\n");
    assert_int_equal(s.document.launch_count, 1);
    const struct setting_list *list = &s.document.launches[0].lists[DOCUMENT_DEFAULTS];
    bool found = false;
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i].key, "spark.ui.acls") == 0) {
            check_written(&s, &list->items[i].origin, "spark.ui.acls");
            check_written(&s, &list->items[i].value_origin, "yes");
            found = true;
        }
    assert_true(found);
    arena_free(&s.arena);
}

static void a_manifest_in_a_dag_is_read_where_it_stands(void **state) {
    (void)state;
    struct bench s;
    read_as(&s, "airflow", "dag.py",
            "from airflow import DAG\n"
            "k = SparkKubernetesOperator(\n    application_file=\"\"\"\n" APPLICATION "\"\"\")\n");
    assert_int_equal(s.document.launch_count, 1);
    check_word(&s, 0, "spark.ui.acls", "true");
    arena_free(&s.arena);
}

static void a_script_in_a_manifest_in_a_script_is_read(void **state) {
    (void)state;
    struct bench s;
    read_as(&s, "shell", "x.sh",
            "#!/bin/sh\nkubectl apply -f - <<'EOF'\napiVersion: v1\nkind: ConfigMap\n"
            "metadata:\n  name: c\ndata:\n  run.sh: |\n    #!/bin/sh\n"
            "    spark-submit --conf spark.ui.acls=true a.py\n"
            "    kubectl apply -f - <<END\n    kind: deeper\n    END\nEOF\n");
    assert_int_equal(s.document.launch_count, 1);
    check_word(&s, 0, "spark.ui.acls", "true");
    arena_free(&s.arena);
}

static void a_fault_in_an_inner_text_is_noted_at_its_place(void **state) {
    (void)state;
    struct bench s;
    read_as(&s, "shell", "x.sh",
            "#!/bin/sh\nspark-submit a.py\ncat > core-site.xml <<EOF\n"
            "<configuration><property><name>a</name>\nEOF\n");
    assert_int_equal(s.document.launch_count, 1);
    assert_int_equal(s.document.note_count, 1);
    assert_int_equal(s.document.notes[0].origin.line, 4);
    assert_non_null(strstr(s.document.notes[0].text, "cannot be read: "));
    arena_free(&s.arena);
}

static void what_no_reader_takes_within_another_text_is_said(void **state) {
    (void)state;
    struct bench s;
    read_as(&s, "shell", "x.sh",
            "#!/bin/sh\ncat > conf/metrics.properties <<EOF\n"
            "*.sink.servlet.class=org.apache.spark.metrics.sink.MetricsServlet\nEOF\n");
    assert_int_equal(s.document.launch_count, 0);
    assert_int_equal(s.document.note_count, 1);
    assert_int_equal(s.document.notes[0].origin.line, 3);
    arena_free(&s.arena);
}

#define PYTHON(setting)                                                                            \
    "from pyspark.sql import SparkSession\n"                                                       \
    "SparkSession.builder.config(\"" setting "\", \"v\").getOrCreate()\n"

/* Key and value stand in that list of the launch, and where they are said to stand. */
static void check_setting(const struct bench *s, size_t launch, enum document_list list,
                          const char *key, const char *value) {
    assert_true(launch < s->document.launch_count);
    const struct setting_list *items = &s->document.launches[launch].lists[list];
    for (size_t i = 0; i < items->count; i++) {
        if (strcmp(items->items[i].key, key) != 0)
            continue;
        assert_string_equal(items->items[i].value, value);
        check_written(s, &items->items[i].origin, key);
        check_written(s, &items->items[i].value_origin, value);
        return;
    }
    fail_msg("no %s", key);
}

static void python_in_a_script_is_read_where_it_stands(void **state) {
    (void)state;
    struct bench s;
    read_as(&s, "shell", "x.sh",
            "#!/bin/sh\ncat > job.py <<'EOF'\n" PYTHON(
                "spark.a") "EOF\n"
                           "python3 - <<'EOF'\n" PYTHON(
                               "spark.b") "EOF\n"
                                          "python -c 'import "
                                          "pyspark\npyspark.SparkConf().set(\"spark.c\", \"v\")'\n"
                                          "python3 - <<EOF\nprint(1)\nEOF\n");
    assert_int_equal(s.document.launch_count, 3);
    check_setting(&s, 2, DOCUMENT_CODE, "spark.a", "v");
    check_setting(&s, 0, DOCUMENT_CODE, "spark.b", "v");
    check_setting(&s, 1, DOCUMENT_CODE, "spark.c", "v");
    assert_int_equal(s.document.note_count, 0);
    arena_free(&s.arena);
}

static void what_a_shell_fills_into_python_is_unknown(void **state) {
    (void)state;
    struct bench s;
    read_as(&s, "shell", "x.sh",
            "#!/bin/sh\npython3 - <<EOF\nimport pyspark\n"
            "pyspark.SparkConf().set('spark.a', 'x$1')\nEOF\n");
    assert_int_equal(s.document.launch_count, 1);
    const struct setting_list *code = &s.document.launches[0].lists[DOCUMENT_CODE];
    assert_int_equal(code->count, 1);
    assert_string_equal(code->items[0].value, "x\xfe$1\xff");
    arena_free(&s.arena);
}

/* A script that writes a properties file, a manifest and a job, with its indentation. */
#define SCRIPT(i)                                                                                  \
    i "cat > spark-defaults.conf <<EOF\n" i "spark.d e\n" i "EOF\n" i                              \
      "cat > core-site.xml <<EOF\n" i "<configuration><property><name>fs.k</name>"                 \
      "<value>w</value></property></configuration>\n" i "EOF\n" i                                  \
      "spark-submit --conf spark.s=t a.py\n"

static void check_script(const struct bench *s) {
    assert_int_equal(s->document.launch_count, 3);
    check_word(s, 0, "spark.s", "t");
    check_setting(s, 1, DOCUMENT_DEFAULTS, "spark.d", "e");
    check_setting(s, 2, DOCUMENT_HADOOP, "fs.k", "w");
    assert_int_equal(s->document.note_count, 0);
}

static void texts_of_a_script_in_a_manifest_are_read(void **state) {
    (void)state;
    struct bench s;
    read_as(&s, "kubernetes", "x.yaml",
            "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - command: [sh, -c]\n"
            "    args:\n    - |\n" SCRIPT("      "));
    check_script(&s);
    arena_free(&s.arena);
}

static void texts_of_a_script_in_a_dag_are_read(void **state) {
    (void)state;
    struct bench s;
    read_as(
        &s, "airflow", "dag.py",
        "from airflow import DAG\nb = BashOperator(bash_command=\"\"\"\n" SCRIPT("") "\"\"\")\n");
    check_script(&s);
    arena_free(&s.arena);
}

static void texts_of_a_script_in_a_workflow_are_read(void **state) {
    (void)state;
    struct bench s;
    read_as(&s, "ci", "ci.yml",
            "on: push\njobs:\n  j:\n    runs-on: u\n    steps:\n    - run: |\n" SCRIPT("        "));
    check_script(&s);
    arena_free(&s.arena);
}

static void texts_of_a_script_in_an_emr_step_are_read(void **state) {
    (void)state;
    struct bench s;
    read_as(&s, "emr", "steps.json",
            "[{\"Name\": \"n\", \"ActionOnFailure\": \"CONTINUE\", \"HadoopJarStep\": {\n"
            "\"Jar\": \"command-runner.jar\", \"Args\": [\"bash\", \"-c\",\n"
            "\"cat > job.py <<'E'\\nimport pyspark\\npyspark.SparkConf().set('spark.j', 'v')\\nE\\n"
            "spark-submit job.py\"]}}]\n");
    assert_int_equal(s.document.launch_count, 2);
    check_setting(&s, 1, DOCUMENT_CODE, "spark.j", "v");
    arena_free(&s.arena);
}

static void a_fault_in_a_script_of_a_dag_is_noted(void **state) {
    (void)state;
    struct bench s;
    read_as(&s, "airflow", "dag.py",
            "from airflow import DAG\n"
            "a = BashOperator(bash_command='spark-submit \"a.py')\n"
            "b = BashOperator(bash_command='spark-submit --conf spark.a=b b.py')\n");
    assert_int_equal(s.document.launch_count, 1);
    check_word(&s, 0, "spark.a", "b");
    assert_int_equal(s.document.note_count, 1);
    assert_int_equal(s.document.notes[0].origin.line, 2);
    arena_free(&s.arena);
}

/* A script that applies a pod whose script applies a pod … */
static void add_nested(struct buffer *out, int levels, int indent) {
    buffer_printf(out, "%*sspark-submit a.py\n", indent, "");
    if (levels == 0)
        return;
    buffer_printf(out,
                  "%*skubectl apply -f - <<E%d\n%*sapiVersion: v1\n%*skind: Pod\n%*sspec:\n"
                  "%*scontainers:\n%*s- command: [sh, -c]\n%*sargs:\n%*s- |\n",
                  indent, "", levels, indent, "", indent, "", indent, "", indent + 2, "",
                  indent + 2, "", indent + 4, "", indent + 4, "");
    add_nested(out, levels - 1, indent + 6);
    buffer_printf(out, "%*sE%d\n", indent, "", levels);
}

static void texts_are_followed_to_a_bounded_depth(void **state) {
    (void)state;
    struct buffer text = buffer_make(1024 * 1024);
    struct bench s;
    buffer_text(&text, "#!/bin/sh\n");
    add_nested(&text, 3, 0);
    read_as(&s, "shell", "x.sh", text.data);
    assert_int_equal(s.document.launch_count, 4);
    assert_int_equal(s.document.note_count, 0);
    arena_free(&s.arena);
    text.length = strlen("#!/bin/sh\n");
    add_nested(&text, 9, 0);
    read_as(&s, "shell", "x.sh", text.data);
    assert_int_equal(s.document.launch_count, 5);
    assert_int_equal(s.document.note_count, 1);
    assert_non_null(strstr(s.document.notes[0].text, "too deep"));
    arena_free(&s.arena);
    buffer_free(&text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_manifest_that_a_script_applies_is_read_where_it_stands),
        cmocka_unit_test(a_file_that_a_script_writes_is_read_by_what_it_is),
        cmocka_unit_test(json_for_emr_in_a_script_is_read_where_it_stands),
        cmocka_unit_test(a_manifest_in_a_dag_is_read_where_it_stands),
        cmocka_unit_test(a_script_in_a_manifest_in_a_script_is_read),
        cmocka_unit_test(a_fault_in_an_inner_text_is_noted_at_its_place),
        cmocka_unit_test(what_no_reader_takes_within_another_text_is_said),
        cmocka_unit_test(python_in_a_script_is_read_where_it_stands),
        cmocka_unit_test(what_a_shell_fills_into_python_is_unknown),
        cmocka_unit_test(texts_of_a_script_in_a_manifest_are_read),
        cmocka_unit_test(texts_of_a_script_in_a_dag_are_read),
        cmocka_unit_test(texts_of_a_script_in_a_workflow_are_read),
        cmocka_unit_test(texts_of_a_script_in_an_emr_step_are_read),
        cmocka_unit_test(a_fault_in_a_script_of_a_dag_is_noted),
        cmocka_unit_test(texts_are_followed_to_a_bounded_depth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
