package org.apache.spark.deploy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.HashMap;
import java.util.Map;
import org.apache.spark.SSLOptions;
import org.apache.spark.SecurityManager;
import org.apache.spark.SparkConf;
import org.apache.spark.internal.config.ConfigEntry;
import org.apache.spark.internal.config.ConfigReader;
import org.apache.spark.network.netty.SparkTransportConf;
import scala.Option;

/**
 * What the reader of a key makes of a configuration:
 *
 *   {"read": {key: value}, "ask": [[reader, key], …]}
 *
 * gives {"answers": [{"value": text} | {"unset": true} | {"invalid": message}, …]}. Readers:
 * "text" what a ConfigEntry reads before it converts it · "typed" what it makes of that ·
 * "raw" SparkConf.getBoolean, false where nothing is set · "transport" TransportConf's
 * boolean, by Spark's default · "hadoop" a key as the Hadoop configuration of the job has it ·
 * "hadoop-raw" the same as it was written · "ssl" a field of SSLOptions, "spark.ssl.ui/keyStore" ·
 * "security" a method of SecurityManager without arguments.
 */
final class ReadOracle {
    private final SparkConf conf = new SparkConf(false);
    private final Map<String, String> map = new HashMap<>();
    private final Map<String, SSLOptions> namespaces = new HashMap<>();
    private org.apache.hadoop.conf.Configuration hadoop;
    private SecurityManager manager;
    private RuntimeException broken;

    /** Objects whose entries register when they are loaded. */
    private static final String[] ENTRIES = {
        "org.apache.spark.internal.config.package$", "org.apache.spark.internal.config.Network$",
        "org.apache.spark.internal.config.UI$", "org.apache.spark.internal.config.History$",
        "org.apache.spark.internal.config.Deploy$", "org.apache.spark.internal.config.Python$",
        "org.apache.spark.deploy.k8s.Config$", "org.apache.spark.deploy.yarn.config.package$"};

    static {
        for (String name : ENTRIES) {
            try {
                Class.forName(name);
            } catch (ClassNotFoundException absent) {
                throw new IllegalStateException(absent);
            }
        }
    }

    private ReadOracle(JsonNode settings) {
        settings.fields().forEachRemaining(e -> {
            conf.set(e.getKey(), e.getValue().asText(), true);
            map.put(e.getKey(), e.getValue().asText());
        });
    }

    private static Object call(Object object, Class<?> type, String name) throws Exception {
        Method method = type.getDeclaredMethod(name);
        method.setAccessible(true);
        return method.invoke(object);
    }

    private static String text(Object value) {
        if (value instanceof Option<?> option) {
            return option.isEmpty() ? null : text(option.get());
        }
        if (value instanceof scala.collection.Iterable<?> items) {
            return items.mkString(",");
        }
        return value == null ? null : value.toString();
    }

    private static ConfigEntry<?> entry(String key) {
        ConfigEntry<?> found = ConfigEntry.findEntry(key);
        if (found == null) {
            throw new IllegalStateException("no entry " + key);
        }
        return found;
    }

    private ConfigReader reader() throws Exception {
        Class<?> type = Class.forName("org.apache.spark.internal.config.SparkConfigProvider");
        var provider = type.getConstructor(Map.class).newInstance(map);
        return new ConfigReader((org.apache.spark.internal.config.ConfigProvider) provider);
    }

    @SuppressWarnings("unchecked")
    private SecurityManager manager() {
        if (broken != null) {
            throw broken;
        }
        if (manager != null) {
            return manager;
        }
        var file = (ConfigEntry<Option<String>>) entry("spark.authenticate.secret.file");
        try {
            manager = new SecurityManager(conf, Option.empty(), file);
            return manager;
        } catch (RuntimeException refused) {
            broken = refused;
            throw refused;
        }
    }

    /** As SecurityManager.getSSLOptions does it; the namespace for RPC exists from 4.0 on. */
    private SSLOptions ssl(String namespace) throws ReflectiveOperationException {
        if (namespace.equals("spark.ssl")) {
            Field defaults = SecurityManager.class.getDeclaredField("defaultSSLOptions");
            defaults.setAccessible(true);
            return (SSLOptions) defaults.get(manager());
        }
        if (!namespaces.containsKey(namespace)) {
            namespaces.put(namespace, manager().getSSLOptions(namespace.substring("spark.ssl.".length())));
        }
        return namespaces.get(namespace);
    }

    private org.apache.hadoop.conf.Configuration hadoop() {
        if (hadoop == null) {
            hadoop = SparkHadoopUtil.get().newConfiguration(conf);
        }
        return hadoop;
    }

    private String ask(String reader, String key) throws Exception {
        switch (reader) {
            case "text":
                Method read = ConfigEntry.class.getDeclaredMethod("readString", ConfigReader.class);
                return text(read.invoke(entry(key), reader()));
            case "typed":
                return text(entry(key).readFrom(reader()));
            case "raw":
                return Boolean.toString(conf.getBoolean(key, false));
            case "transport":
                return Boolean.toString(transport(key));
            case "hadoop":
                return hadoop().get(key);
            case "hadoop-raw":
                return hadoop().getRaw(key);
            case "ssl":
                String[] parts = key.split("/");
                return text(call(ssl(parts[0]), SSLOptions.class, parts[1]));
            default:
                return text(call(manager(), SecurityManager.class, key));
        }
    }

    private boolean transport(String key) throws Exception {
        for (Method method : SparkTransportConf.class.getMethods()) {
            if (method.getName().equals("fromSparkConf")) {
                Object[] arguments = new Object[method.getParameterCount()];
                for (int i = 0; i < arguments.length; i++) {
                    Class<?> type = method.getParameterTypes()[i];
                    arguments[i] = i == 0 ? conf : type == int.class ? 1 : type == String.class ? "rpc" : Option.empty();
                }
                Object transport = method.invoke(null, arguments);
                var field = transport.getClass().getDeclaredField("conf");
                field.setAccessible(true);
                return ((org.apache.spark.network.util.ConfigProvider) field.get(transport)).getBoolean(
                    key, key.endsWith("saslFallback"));
            }
        }
        throw new IllegalStateException("no SparkTransportConf");
    }

    static void fill(ObjectNode answer, JsonNode question) {
        ReadOracle oracle = new ReadOracle(question.get("read"));
        var answers = answer.putArray("answers");
        for (JsonNode pair : question.get("ask")) {
            ObjectNode one = answers.addObject();
            try {
                String value = oracle.ask(pair.get(0).asText(), pair.get(1).asText());
                if (value == null) {
                    one.put("unset", true);
                } else {
                    one.put("value", value);
                }
            } catch (Throwable t) {
                Throwable cause = t instanceof InvocationTargetException ? t.getCause() : t;
                one.put("invalid", cause.getClass().getSimpleName() + ": " + cause.getMessage());
            }
        }
    }
}
