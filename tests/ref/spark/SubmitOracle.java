package org.apache.spark.deploy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.SparkConf;
import scala.Tuple2;

/**
 * Answers what Spark itself makes of a command line, a properties file or a
 * configuration. One JSON object per line on standard input, one per line on
 * standard output:
 *
 *   {"argv": [words behind spark-submit], "env": {…}}  the SparkConf of the launch
 *   {"properties": "path"}                             what Spark reads from the file
 *   {"read": {key: value}, …}                          see ReadOracle
 *
 * The first two give {"conf": {…}}, or {"refused": "message"}. A command line goes
 * through both of Spark's parsers, as bin/spark-class does it: the launcher's, then
 * SparkSubmit's, with carriage returns taken out between them. env is the whole
 * environment of the launch, beside what this process itself was started with.
 */
public final class SubmitOracle {
    private static final String SUBMIT = "org.apache.spark.deploy.SparkSubmit";
    private static final ObjectMapper JSON = new ObjectMapper();

    /** The command that the launcher prints, from {@code argv}; env gets what it adds. */
    @SuppressWarnings("unchecked")
    private static List<String> launcherCommand(List<String> argv, Map<String, String> env) throws Exception {
        Class<?> type = Class.forName("org.apache.spark.launcher.SparkSubmitCommandBuilder");
        Constructor<?> constructor = type.getDeclaredConstructor(List.class);
        constructor.setAccessible(true);
        Object builder = constructor.newInstance(argv);
        Field childEnv = type.getSuperclass().getDeclaredField("childEnv");
        childEnv.setAccessible(true);
        Method build = type.getDeclaredMethod("buildCommand", Map.class);
        build.setAccessible(true);
        return (List<String>) build.invoke(builder, env);
    }

    /** A shell first runs an interpreter, which calls spark-submit with words from a variable. */
    @SuppressWarnings("unchecked")
    private static List<String> command(List<String> argv, Map<String, String> env) throws Exception {
        Map<String, String> added = new HashMap<>();
        List<String> command = launcherCommand(argv, added);
        if (command.contains(SUBMIT)) {
            return command;
        }
        env.putAll(added);
        ProcessEnvironment.set(env);
        Method split = Class.forName("org.apache.spark.launcher.CommandBuilderUtils")
            .getDeclaredMethod("parseOptionString", String.class);
        split.setAccessible(true);
        String words = added.getOrDefault("PYSPARK_SUBMIT_ARGS", added.get("SPARKR_SUBMIT_ARGS"));
        return launcherCommand((List<String>) split.invoke(null, words), new HashMap<>());
    }

    /** bin/load-spark-env.sh, without a spark-env.sh. */
    private static void loadSparkEnv(Map<String, String> env) {
        if (env.getOrDefault("SPARK_ENV_LOADED", "").isEmpty()) {
            env.put("SPARK_ENV_LOADED", "1");
            if (env.getOrDefault("SPARK_CONF_DIR", "").isEmpty()) {
                env.put("SPARK_CONF_DIR", env.get("SPARK_HOME") + "/conf");
            }
        }
    }

    private static SparkConf submit(List<String> argv, Map<String, String> env) throws Exception {
        loadSparkEnv(env);
        ProcessEnvironment.set(env);
        List<String> words = new ArrayList<>();
        for (String word : command(argv, env)) {
            words.add(word.replace("\r", ""));
        }
        int start = words.indexOf(SUBMIT);
        List<String> keys = new ArrayList<>();
        for (String word : words.subList(0, start)) {
            if (word.startsWith("-Dspark.")) {
                String[] pair = word.substring(2).split("=", 2);
                System.setProperty(pair[0], pair.length == 2 ? pair[1] : "");
                keys.add(pair[0]);
            }
        }
        try {
            scala.collection.immutable.Map<String, String> map = scala.collection.immutable.Map$.MODULE$.empty();
            for (Map.Entry<String, String> e : env.entrySet()) {
                map = map.updated(e.getKey(), e.getValue());
            }
            var seq = scala.collection.JavaConverters.asScalaBuffer(words.subList(start + 1, words.size())).toSeq();
            SparkSubmitArguments arguments = new SparkSubmitArguments(seq, map);
            return (SparkConf) new SparkSubmit().prepareSubmitEnvironment(arguments, scala.Option.empty())._3();
        } finally {
            keys.forEach(System::clearProperty);
            System.clearProperty("SPARK_SUBMIT");
            System.clearProperty("spark.remote");
            System.clearProperty("spark.api.mode");
        }
    }

    private static Map<String, String> mapOf(JsonNode object) {
        Map<String, String> map = new HashMap<>();
        if (object != null) {
            object.fields().forEachRemaining(e -> map.put(e.getKey(), e.getValue().asText()));
        }
        return map;
    }

    private static void fill(ObjectNode answer, JsonNode question, Map<String, String> own) throws Exception {
        Map<String, String> env = new HashMap<>(own);
        env.putAll(mapOf(question.get("env")));
        if (question.has("read")) {
            ProcessEnvironment.set(env);
            ReadOracle.fill(answer, question);
            return;
        }
        ObjectNode conf = answer.putObject("conf");
        if (question.has("properties")) {
            var read = org.apache.spark.util.Utils.getPropertiesFromFile(question.get("properties").asText());
            scala.collection.JavaConverters.mapAsJavaMap(read).forEach(conf::put);
            return;
        }
        List<String> argv = new ArrayList<>();
        question.get("argv").forEach(word -> argv.add(word.asText()));
        for (Tuple2<String, String> pair : submit(argv, env).getAll()) {
            conf.put(pair._1(), pair._2());
        }
    }

    private static ObjectNode answer(String line, Map<String, String> own) throws Exception {
        ObjectNode answer = JSON.createObjectNode();
        try {
            fill(answer, JSON.readTree(line), own);
        } catch (Throwable t) {
            Throwable cause = t instanceof InvocationTargetException ? t.getCause() : t;
            answer.removeAll();
            answer.put("refused", cause.getClass().getSimpleName() + ": " + cause.getMessage());
        } finally {
            ProcessEnvironment.set(own);
        }
        return answer;
    }

    public static void main(String[] ignored) throws Exception {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        System.setOut(System.err);
        Map<String, String> own = new HashMap<>(System.getenv());
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            out.println(JSON.writeValueAsString(answer(line, own)));
        }
    }
}
