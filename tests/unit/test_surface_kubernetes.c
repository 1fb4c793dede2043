#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "policy/effective/launch.h"
#include "policy/surface/kind/kind.h"
#include "policy/surface/kubernetes/kubernetes.h"
#include "policy/surface/place.h"
#include "policy/surface/unknown.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/base/limits.h"

#define U "\xfe"
#define K "\xff"
#define HEAD(group, kind)                                                                          \
    "apiVersion: " group "\nkind: " kind "\nmetadata:\n  name: pi\n  namespace: etl\nspec:\n"

struct fixture {
    struct arena arena;
    struct error err;
    const char *bytes;
    struct place_map lines;
    struct document document;
    struct effective conf;
};

static const char *written_at(const struct fixture *f, const struct origin *place) {
    assert_true(place->line >= 1 && place->line <= f->lines.count);
    return f->bytes + f->lines.segments[place->line - 1].offset + place->column - 1;
}

static bool is_written(const struct fixture *f, const struct origin *place, const char *value) {
    size_t known = strcspn(value, U K "\n\\ ");
    return strncmp(written_at(f, place), value, known) == 0;
}

/* A value that has a place of its own stands there, up to its first blank. */
static void check_launch_places(const struct fixture *f, const struct document_launch *launch) {
    for (size_t i = 0; i < launch->word_count; i++) {
        const struct document_word *word = &launch->words[i];
        const char *equal = strchr(word->text, '=');
        if (equal != NULL && word->value_origin.kind == ORIGIN_FILE &&
            (word->value_origin.line != word->origin.line ||
             word->value_origin.column != word->origin.column) &&
            strstr(word->text, "fs.s3a") == NULL && strstr(word->text, "secretKeyRef") == NULL &&
            strstr(word->text, "GOOGLE_") == NULL) /* put together by operators */
            assert_true(is_written(f, &word->value_origin, equal + 1));
    }
    for (size_t list = 0; list < DOCUMENT_FACTS; list++)
        for (size_t i = 0; i < launch->lists[list].count; i++) {
            const struct setting *s = &launch->lists[list].items[i];
            if (s->value_origin.column != s->origin.column && strstr(s->key, "image") == NULL)
                assert_true(is_written(f, &s->value_origin, s->value));
        }
}

static void read_as(struct fixture *f, const char *kind, const char *text) {
    struct surface_input input = {.label = "x.yaml", .bytes = text, .length = strlen(text)};
    *f = (struct fixture){.arena = arena_make(LIMIT_ARENA_BYTES), .bytes = text};
    assert_int_equal(place_file("x.yaml", text, input.length, &f->arena, &f->lines), 0);
    const struct kind *found = kind_recognise(&input);
    assert_non_null(found);
    assert_string_equal(found->name, kind);
    assert_int_equal(found->read(&input, &f->arena, &f->document, &f->err), 0);
    for (size_t i = 0; i < f->document.launch_count; i++)
        check_launch_places(f, &f->document.launches[i]);
    for (size_t i = 0; i < f->document.loose.count; i++)
        assert_true(is_written(f, &f->document.loose.items[i].value_origin,
                               f->document.loose.items[i].value));
}

/* What Spark would run with, by the same way as any other launch. */
static void resolve(struct fixture *f, size_t index) {
    const struct document_launch *written = &f->document.launches[index];
    struct launch launch;
    struct launch_plan plan;
    struct launch_sources sources = {0};
    int failed = -1;
    if (written->word_count == 0)
        failed = written_resolve(written, &f->arena, &f->conf, &f->err);
    else if (written_launch(written, &f->arena, &launch, &f->err) == 0 &&
             launch_plan(&launch, &f->arena, &plan, &f->err) == 0)
        failed = launch_resolve(&plan, &sources, NULL, 0, &f->arena, &f->conf, &f->err);
    if (failed != 0)
        print_error("%s\n", f->err.what);
    assert_int_equal(failed, 0);
}

static void check_conf(const struct fixture *f, const char *key, const char *value, size_t line) {
    const struct setting *s = effective_find(&f->conf, key);
    if (s == NULL || strcmp(s->value, value) != 0)
        print_error("%s is %s\n", key, s == NULL ? "not set" : s->value);
    assert_non_null(s);
    assert_string_equal(s->value, value);
    assert_int_equal(s->value_origin.line, line);
}

static const struct setting *find_in(const struct setting_list *list, const char *key) {
    const struct setting *found = NULL;
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i].key, key) == 0)
            found = &list->items[i];
    return found;
}

static void check_fact(const struct fixture *f, const char *name, const char *value) {
    const struct setting *s = find_in(&f->document.launches[0].lists[DOCUMENT_FACTS], name);
    assert_non_null(s);
    assert_string_equal(s->value, value);
}

static void check_loose(const struct fixture *f, const char *key, const char *value, size_t line) {
    const struct setting *s = find_in(&f->document.loose, key);
    assert_non_null(s);
    assert_string_equal(s->value, value);
    assert_int_equal(s->value_origin.line, line);
}

static void kubeflow_overrides_spark_conf_as_its_operator_does(void **state) {
    (void)state;
    struct fixture f;
    read_as(&f, "spark-application",
            HEAD("sparkoperator.k8s.io/v1beta2",
                 "SparkApplication") "  type: Scala\n  mode: cluster\n  sparkVersion: 3.5.1\n"
                                     "  image: repo/spark:3.4.0\n  mainClass: com.Pi\n"
                                     "  mainApplicationFile: local:///pi.jar\n  arguments: "
                                     "[\"--conf\", 'a=b']\n"
                                     "  deps: {jars: [a.jar, b.jar]}\n"
                                     "  sparkConf:\n"
                                     "    spark.kubernetes.namespace: other\n"
                                     "    \"spark.driver.memory\": '9g'\n"
                                     "    spark.kubernetes.driver.pod.name: mine\n"
                                     "    spark.hadoop.fs.x: conf\n"
                                     "    spark.executor.extraJavaOptions: -Da=1\n"
                                     "  hadoopConf:\n    fs.x: hadoop\n"
                                     "  driver:\n    memory: 1g\n    serviceAccount: sa\n    "
                                     "hostNetwork: true\n"
                                     "    envVars: {A: b}\n"
                                     "    env:\n    - {name: PW, value: canary}\n"
                                     "    - name: REF\n      valueFrom: {secretKeyRef: {name: n, "
                                     "key: k}}\n"
                                     "    envSecretKeyRefs: {X: {name: n, key: k}}\n"
                                     "    secrets: [{name: s, path: /mnt, secretType: "
                                     "GCPServiceAccount}]\n"
                                     "    securityContext: {privileged: true}\n"
                                     "  executor:\n    javaOptions: -Da=2\n    instances: 3\n"
                                     "    volumeMounts: [{name: v, mountPath: /m}]\n"
                                     "  volumes: [{name: v, hostPath: {path: /h}}]\n"
                                     "  proxyUser: bob\n");
    assert_int_equal(f.document.launch_count, 1);
    resolve(&f, 0);
    assert_string_equal(f.document.launches[0].title, "SparkApplication etl/pi");
    assert_int_equal(f.conf.master, MASTER_KUBERNETES);
    check_conf(&f, "spark.kubernetes.namespace", "other", 16);
    check_conf(&f, "spark.driver.memory", "1g", 24);
    check_conf(&f, "spark.hadoop.fs.x", "hadoop", 22);
    check_conf(&f, "spark.executor.extraJavaOptions", "-Da=2", 36);
    check_conf(&f, "spark.jars", "a.jar,b.jar,local:///pi.jar", 14);
    check_conf(&f, "spark.kubernetes.driverEnv.A", "b", 27);
    check_conf(&f, "spark.kubernetes.driverEnv.PW", "canary", 29);
    check_conf(&f, "spark.kubernetes.driverEnv.REF", U "secretKeyRef n/k" K, 31);
    check_conf(&f, "spark.kubernetes.driver.secretKeyRef.X", "n:k", 32);
    check_conf(&f, "spark.kubernetes.driverEnv.GOOGLE_APPLICATION_CREDENTIALS", "/mnt/key.json",
               33);
    check_conf(&f, "spark.kubernetes.authenticate.driver.serviceAccountName", "sa", 25);
    assert_null(effective_find(&f.conf, "spark.kubernetes.driver.pod.name"));
    const struct document_launch *launch = &f.document.launches[0];
    assert_string_equal(launch->words[launch->word_count - 1].text, "a=b");
    assert_string_equal(launch->words[launch->word_count - 3].text, "local:///pi.jar");
    assert_string_equal(launch->words[launch->word_count - 4].text, "bob");
    assert_int_equal(launch->unset.line, 21);
    assert_int_equal(launch->unset.column, 5);
    check_fact(&f, DOCUMENT_FACT_VERSION, "3.5.1");
    check_fact(&f, DOCUMENT_FACT_HOST_NETWORK, "true");
    check_fact(&f, DOCUMENT_FACT_PRIVILEGED, "true");
    check_fact(&f, DOCUMENT_FACT_MOUNT, "hostPath:/h -> /m");
    assert_null(launch->open);
    arena_free(&f.arena);
}

static void a_template_makes_the_webhook_leave_the_pod_alone(void **state) {
    (void)state;
    struct fixture f;
    read_as(
        &f, "spark-application",
        HEAD("sparkoperator.k8s.io/v1beta2",
             "ScheduledSparkApplication") "  schedule: '@daily'\n  template:\n    "
                                          "mainApplicationFile: local:///a.py\n"
                                          "    sparkConf: "
                                          "{spark.kubernetes.driver.podTemplateFile: /mine}\n"
                                          "    driver:\n      env: [{name: A, value: b}]\n      "
                                          "hostNetwork: true\n"
                                          "      template:\n        spec:\n          containers:\n"
                                          "          - securityContext: {privileged: true}\n");
    resolve(&f, 0);
    assert_null(effective_find(&f.conf, "spark.kubernetes.driverEnv.A"));
    assert_true(setting_is_unknown(
        effective_find(&f.conf, "spark.kubernetes.driver.podTemplateFile")->value));
    assert_null(find_in(&f.document.launches[0].lists[DOCUMENT_FACTS], DOCUMENT_FACT_HOST_NETWORK));
    check_fact(&f, DOCUMENT_FACT_PRIVILEGED, "true");
    arena_free(&f.arena);
}

static void what_helm_inserts_leaves_a_launch_open(void **state) {
    (void)state;
    struct fixture f;
    read_as(&f, "spark-application",
            "{{- if .Values.on }}\n" HEAD(
                "sparkoperator.k8s.io/v1beta2",
                "SparkApplication") "  mainApplicationFile: {{ .Values.file }}\n  image: \"{{ "
                                    ".Values.image }}:3.5.1\"\n"
                                    "  sparkConf:\n    {{- toYaml .Values.conf | nindent 4 }}\n"
                                    "    spark.ui.enabled: \"false\"\n"
                                    "    {{- if .Values.tls }}\n    spark.ssl.enabled: \"true\"\n  "
                                    "  {{- end }}\n"
                                    "    spark.authenticate.secret: {{ .Values.secret | quote "
                                    "}}\n{{- end }}\n");
    resolve(&f, 0);
    check_conf(&f, "spark.ui.enabled", "false", 12);
    check_conf(&f, "spark.authenticate.secret", U "{{ .Values.secret | quote }}" K, 16);
    assert_non_null(f.document.launches[0].open);
    assert_int_equal(f.document.launches[0].open->line, 11);
    assert_int_equal(f.document.note_count, 1);
    assert_int_equal(f.document.notes[0].origin.line, 14);
    arena_free(&f.arena);
}

/* A setting in a condition may be there or not: its value is unknown, and looked at for
 * what it holds. */
static void what_a_template_decides_is_unknown(void **state) {
    (void)state;
    struct fixture f;
    read_as(&f, "spark-application",
            HEAD("sparkoperator.k8s.io/v1beta2",
                 "SparkApplication") "  mainApplicationFile: a.py\n  sparkConf:\n"
                                     "    {{- if .a }}\n    spark.a: \"1\"\n    {{- else }}\n"
                                     "    spark.a: \"2\"\n    {{- end }}\n"
                                     "    {{- if .b }}\n    spark.b: same\n    {{- else }}\n"
                                     "    spark.b: same\n    {{- end }}\n"
                                     "    {{- if .c }}\n    spark.c: same\n    {{- else if .d }}\n"
                                     "    spark.c: same\n    {{- end }}\n"
                                     "    spark.d: same\n"
                                     "    {{- with .e }}\n    spark.d: same\n    {{- end }}\n"
                                     "    {{- if .f }}\n    {{- if .g }}\n    spark.e: same\n"
                                     "    {{- else }}\n    spark.e: same\n    {{- end }}\n"
                                     "    {{- end }}\n");
    resolve(&f, 0);
    check_conf(&f, "spark.a", U "2" K, 12);
    check_conf(&f, "spark.b", "same", 17);
    check_conf(&f, "spark.c", U "same" K, 22);
    check_conf(&f, "spark.d", "same", 26);
    check_conf(&f, "spark.e", U "same" K, 32);
    check_loose(&f, "spark.a", "2", 12);
    assert_null(find_in(&f.document.loose, "spark.b"));
    assert_null(f.document.launches[0].open);
    assert_int_equal(f.document.note_count, 1);
    arena_free(&f.arena);
}

static void a_word_that_a_template_decides_leaves_the_launch_open(void **state) {
    (void)state;
    struct fixture f;
    read_as(&f, "kubernetes",
            "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - command:\n    - spark-submit\n"
            "    {{- if .a }}\n    - --conf\n    - spark.a=$(b)\n    {{- end }}\n    - a.py\n");
    resolve(&f, 0);
    assert_true(setting_is_unknown(effective_find(&f.conf, "spark.a")->value));
    check_loose(&f, "spark.a", "$(b)", 9);
    assert_int_equal(f.document.launches[0].open->line, 8);
    arena_free(&f.arena);
}

static void apache_adds_two_settings_where_they_are_missing(void **state) {
    (void)state;
    struct fixture f;
    read_as(&f, "spark-application",
            HEAD("spark.apache.org/v1",
                 "SparkApplication") "  mainClass: a.B\n  jars: local:///x.jar\n"
                                     "  runtimeVersions: {sparkVersion: \"4.0.1\"}\n"
                                     "  sparkConf:\n    spark.authenticate: \"false\"\n"
                                     "    spark.kubernetes.container.image: "
                                     "\"apache/spark:{{SPARK_VERSION}}-scala\"\n"
                                     "    spark.kubernetes.namespace: other\n");
    resolve(&f, 0);
    assert_int_equal(f.conf.master, MASTER_KUBERNETES);
    assert_int_equal(f.conf.spark_major, 4);
    check_conf(&f, "spark.authenticate", "false", 11);
    check_conf(&f, "spark.io.encryption.enabled", "true", 2);
    check_conf(&f, "spark.kubernetes.container.image", "apache/spark:4.0.1-scala", 12);
    check_conf(&f, "spark.kubernetes.namespace", "etl", 5);
    check_conf(&f, "spark.submit.deployMode", "cluster", 2);
    arena_free(&f.arena);
}

static void stackable_lets_a_shell_read_the_conf(void **state) {
    (void)state;
    struct fixture f;
    read_as(
        &f, "spark-application",
        HEAD("spark.stackable.tech/v1alpha1",
             "SparkApplication") "  sparkImage: {productVersion: 3.5.2}\n  mainApplicationFile: "
                                 "local:///a.py\n"
                                 "  sparkConf:\n    spark.z: \"x-$(cat /f)-y\"\n    spark.a: "
                                 "${HOME}\n"
                                 "    spark.kubernetes.driver.podTemplateFile: /mine\n"
                                 "  s3connection:\n    reference: minio\n  args: ['--x \"y z\"']\n"
                                 "  job: {envOverrides: {TOKEN: canary}}\n---\n"
                                 "apiVersion: s3.stackable.tech/v1alpha1\nkind: S3Connection\n"
                                 "metadata: {name: minio}\nspec:\n  host: minio.local\n  port: "
                                 "9000\n"
                                 "  accessStyle: Path\n  credentials: {secretClass: c}\n");
    assert_int_equal(f.document.launch_count, 1);
    resolve(&f, 0);
    check_conf(&f, "spark.z", "x-" U "$(cat /f)" K "-y", 10);
    check_conf(&f, "spark.a", U "${HOME}" K, 11);
    check_conf(&f, "spark.kubernetes.driver.podTemplateFile", "/mine", 12);
    check_conf(&f, "spark.hadoop.fs.s3a.endpoint", "http://minio.local:9000", 22);
    check_conf(&f, "spark.ui.prometheus.enabled", "true", 2);
    assert_true(
        setting_is_unknown(effective_find(&f.conf, "spark.hadoop.fs.s3a.secret.key")->value));
    const struct document_launch *launch = &f.document.launches[0];
    assert_string_equal(launch->words[launch->word_count - 1].text, "y z");
    check_loose(&f, "TOKEN", "canary", 16);
    assert_null(launch->open);
    arena_free(&f.arena);
}

static void containers_that_start_spark_are_launches(void **state) {
    (void)state;
    struct fixture f;
    read_as(
        &f, "kubernetes",
        HEAD(
            "batch/v1",
            "CronJob") "  jobTemplate:\n    spec:\n      template:\n        spec:\n"
                       "          hostNetwork: true\n          serviceAccountName: sa\n          "
                       "containers:\n"
                       "          - name: a\n            image: spark:3.5.0\n"
                       "            command: [/usr/bin/tini, -s, --, /opt/spark/bin/spark-submit]\n"
                       "            args:\n            - --master\n            - $(MASTER_URL)\n"
                       "            - --conf\n            - spark.app.x=$(NOBODY)\n            - "
                       "a.py\n"
                       "            env:\n            - {name: MASTER_URL, value: yarn}\n"
                       "            - {name: DB_PASSWORD, value: canary}\n"
                       "            - {name: REF, valueFrom: {fieldRef: {fieldPath: "
                       "status.podIP}}}\n"
                       "          - command: [sh, -c]\n            args: ['spark-submit --conf "
                       "spark.b=1 b.py']\n"
                       "          - args: [driver, --properties-file, /p, --class, C, "
                       "local:///c.jar]\n"
                       "          - args: [echo, spark]\n");
    assert_int_equal(f.document.launch_count, 3);
    resolve(&f, 0);
    assert_int_equal(f.conf.master, MASTER_YARN);
    check_conf(&f, "spark.app.x", U "$(NOBODY)" K, 21);
    check_loose(&f, "DB_PASSWORD", "canary", 25);
    check_fact(&f, DOCUMENT_FACT_SERVICE_ACCOUNT, "sa");
    check_fact(&f, DOCUMENT_FACT_VERSION, "3.5.0");
    const struct setting_list *given = &f.document.launches[0].lists[DOCUMENT_ENVIRONMENT];
    assert_string_equal(find_in(given, "REF")->value, U "fieldRef status.podIP" K);
    resolve(&f, 1);
    check_conf(&f, "spark.b", "1", 28);
    assert_string_equal(f.document.launches[2].words[4].text, "client");
    arena_free(&f.arena);
}

static void config_maps_and_secrets_are_opened(void **state) {
    (void)state;
    struct fixture f;
    read_as(&f, "kubernetes",
            "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n"
            "  metadata: {name: c}\n  data:\n    spark-defaults.conf: |\n"
            "      # c\n      spark.a   b \\\n        c\n      spark.u={{ .x }}-d\n"
            "      {{ $k }} {{ $v }}\n    run.sh: |\n      spark-submit --conf spark.s=1 a.py\n"
            "    HOST: h\n    readme.md: |\n      spark.x y\n"
            "- apiVersion: v1\n  kind: Secret\n  stringData:\n    password: canary\n"
            "  data: {token: Y2FuYXJ5, t: '{{ .y }}'}\n"
            "- apiVersion: bitnami.com/v1alpha1\n  kind: SealedSecret\n"
            "  spec: {encryptedData: {a: AgB}}\n");
    assert_int_equal(f.document.launch_count, 2);
    resolve(&f, 0);
    check_conf(&f, "spark.a", "b c", 10);
    check_conf(&f, "spark.u", U "{{ .x }}" K "-d", 12);
    assert_int_equal(effective_find(&f.conf, "spark.a")->origin.column, 7);
    assert_int_equal(effective_find(&f.conf, "spark.a")->value_origin.column, 17);
    assert_int_equal(f.document.launches[0].open->line, 13);
    assert_string_equal(f.document.launches[0].title, "ConfigMap c: spark-defaults.conf");
    resolve(&f, 1);
    check_conf(&f, "spark.s", "1", 15);
    check_loose(&f, "HOST", "h", 16);
    check_loose(&f, "password", "canary", 22);
    check_loose(&f, "token", "Y2FuYXJ5", 23);
    assert_true(setting_is_unknown(find_in(&f.document.loose, "t")->value));
    assert_null(find_in(&f.document.loose, "a"));
    arena_free(&f.arena);
}

static void settings_anywhere_in_yaml_are_found(void **state) {
    (void)state;
    struct fixture f;
    read_as(&f, "yaml",
            "spark:\n  sparkConf:\n    spark.a: 1\n    other: 2\n"
            "  labels: {spark.role: x}\n"
            "hs:\n  config: |-\n    spark.h=1\n    spark.i=2\n"
            "zeppelin:\n  SPARK_SUBMIT_OPTIONS: >-\n    --conf spark.z=1\n    --conf spark.y=2\n"
            "services:\n  job:\n    image: spark\n    environment:\n      - AWS_SECRET=canary\n"
            "    command: |\n      spark-submit\n      --conf spark.c=3 c.py\n"
            "steps:\n- manifest: |\n    apiVersion: spark.apache.org/v1\n"
            "    kind: SparkApplication\n    spec:\n      sparkConf: {spark.m: {{ x }}}\n");
    assert_int_equal(f.document.launch_count, 5);
    resolve(&f, 0);
    check_conf(&f, "spark.a", "1", 3);
    assert_null(effective_find(&f.conf, "other"));
    resolve(&f, 1);
    check_conf(&f, "spark.i", "2", 9);
    resolve(&f, 2);
    check_conf(&f, "spark.y", "2", 13);
    resolve(&f, 3);
    check_conf(&f, "spark.c", "3", 21);
    check_loose(&f, "AWS_SECRET", "canary", 18);
    assert_null(find_in(&f.document.launches[3].lists[DOCUMENT_FACTS], DOCUMENT_FACT_PLATFORM));
    resolve(&f, 4);
    check_conf(&f, "spark.m", U "{{ x }}" K, 27);
    check_conf(&f, "spark.authenticate", "true", 25);
    arena_free(&f.arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kubeflow_overrides_spark_conf_as_its_operator_does),
        cmocka_unit_test(a_template_makes_the_webhook_leave_the_pod_alone),
        cmocka_unit_test(what_helm_inserts_leaves_a_launch_open),
        cmocka_unit_test(what_a_template_decides_is_unknown),
        cmocka_unit_test(a_word_that_a_template_decides_leaves_the_launch_open),
        cmocka_unit_test(apache_adds_two_settings_where_they_are_missing),
        cmocka_unit_test(stackable_lets_a_shell_read_the_conf),
        cmocka_unit_test(containers_that_start_spark_are_launches),
        cmocka_unit_test(config_maps_and_secrets_are_opened),
        cmocka_unit_test(settings_anywhere_in_yaml_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
