import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Asks the Spark on the class path which keys it knows; the argument is the
 * directory of its jars. Only reflection, so that one source serves every version.
 * Each line of the answer begins with a word and has fields between tabs, in which
 * backslash, tab, newline and carriage return are escaped:
 *
 *   entry KEY KIND SINCE TYPE UNIT FOLDS VALUES HOW DEFAULT PREPENDED SEPARATOR FALLBACK
 *   older KEY NAME TEN SINCE   a name that is read where KEY is not set; TEN: what its "10" counts as;
 *                              SINCE: Spark warns of the name
 *   warns KEY SINCE MESSAGE    Spark warns of the key
 *   gone KEY SINCE DEFAULT     SQL accepts the key with this value only
 *   text KEY JAR               a string constant that looks like a key
 *   tls FIELD HOW              a field of spark.ssl.NAMESPACE; HOW is resolved where ${…} is, else literal
 *   lost CLASS WHY             an object with entries that could not be asked
 *
 * KIND is core, static or sql; HOW is none, value, computed or fallback. A type is
 * found by what the entry's own reader makes of probes, not by a name.
 */
public final class KeyCatalogue {
    private static final PrintStream OUT = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    private static final Pattern KEY = Pattern.compile("spark(\\.[A-Za-z0-9_-]+)+");
    private static final Pattern CHOICES =
            Pattern.compile("should be one of '?(.*?)'?(?:,? but was .*|\\.( SQLSTATE.*)?)?$", Pattern.DOTALL);
    private static final String BOGUS = "no/such/value";
    private static final String[] PROBES = {
        "true", "1", "2", "10", "100", "1000", "1024", "65536", "100000000", "0", "-1", "0.5", "0.1", "aBc",
    };
    private static final String[] TIMES = {"30d", "1d", "2h", "1h", "10min", "1min", "10s", "1s", "100ms"};
    private static final String[] SIZES = {"2g", "1g", "512m", "64m", "16m", "1m", "64k", "16k", "1k", "1b"};

    private static String escape(Object field) {
        String text = field == null ? "" : field.toString();
        return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r");
    }

    private static void print(Object... fields) {
        OUT.println(Arrays.stream(fields).map(KeyCatalogue::escape).collect(Collectors.joining("\t")));
    }

    // ---- Reflection over Scala.

    private static Object call(Object target, String name, Object... arguments) throws Exception {
        for (Class<?> type = target.getClass(); type != null; type = type.getSuperclass()) {
            for (Method method : type.getDeclaredMethods()) {
                if (method.getName().equals(name) && method.getParameterCount() == arguments.length) {
                    method.setAccessible(true);
                    return method.invoke(target, arguments);
                }
            }
        }
        throw new NoSuchMethodException(target.getClass().getName() + "." + name);
    }

    private static Object module(String name) throws Exception {
        return Class.forName(name + "$").getField("MODULE$").get(null);
    }

    private static Object field(Object target, String ending) throws Exception {
        for (Class<?> type = target.getClass(); type != null; type = type.getSuperclass()) {
            for (Field field : type.getDeclaredFields()) {
                if (field.getName().endsWith(ending)) {
                    field.setAccessible(true);
                    return field.get(target);
                }
            }
        }
        throw new NoSuchFieldException(target.getClass().getName() + "." + ending);
    }

    /** Elements of a Scala or Java collection, or of an Option. */
    private static List<Object> elements(Object collection) throws Exception {
        if (collection instanceof Collection<?> list) {
            return new ArrayList<>(list);
        }
        List<Object> found = new ArrayList<>();
        for (var all = (scala.collection.Iterator<?>) call(collection, "iterator"); all.hasNext();) {
            found.add(all.next());
        }
        return found;
    }

    // ---- Types, by what a reader makes of probes.

    @SuppressWarnings("unchecked")
    private static Object apply(Object function, Object argument) {
        return ((scala.Function1<Object, Object>) function).apply(argument);
    }

    /** What the function (String => value) makes of text; Option is unwrapped; null: it throws. */
    private static Object convert(Object function, String text) {
        try {
            Object value = apply(function, text);
            return value instanceof scala.Some<?> some ? some.get() : value;
        } catch (Throwable refused) {
            return null;
        }
    }

    private static String refusal(Object function, String text) {
        try {
            apply(function, text);
            return "";
        } catch (Throwable refused) {
            return String.valueOf(refused.getMessage());
        }
    }

    /** One of these that the reader takes, and what it makes of it; or null. */
    private static Map.Entry<String, Object> first(Object reader, String[] probes) {
        for (String probe : probes) {
            Object value = convert(reader, probe);
            if (value != null) {
                return Map.entry(probe, value);
            }
        }
        return null;
    }

    private static final Map<String, Double> SECONDS =
            Map.of("ms", 1e-3, "s", 1.0, "min", 60.0, "h", 3600.0, "d", 86400.0);
    private static final Map<String, Double> BYTES =
            Map.of("b", 1.0, "k", 1024.0, "m", 1048576.0, "g", 1073741824.0);
    private static final Map<Double, String> TIME_UNITS = new TreeMap<>(
            Map.of(1e-9, "ns", 1e-6, "us", 1e-3, "ms", 1.0, "s", 60.0, "min", 3600.0, "h", 86400.0, "d"));
    private static final Map<Double, String> SIZE_UNITS = new TreeMap<>(
            Map.of(1.0, "b", 1024.0, "k", 1048576.0, "m", 1073741824.0, "g"));

    /** The unit of a bare number: what "10min" says in all by what the reader makes of it. */
    private static String unit(
            Map.Entry<String, Object> taken, Map<String, Double> written, Map<Double, String> units) {
        String number = taken.getKey().replaceAll("[a-z]", "");
        double whole = Double.parseDouble(number) * written.get(taken.getKey().substring(number.length()));
        double unit = whole / ((Number) taken.getValue()).doubleValue();
        for (Map.Entry<Double, String> known : units.entrySet()) {
            if (Math.abs(known.getKey() - unit) < known.getKey() * 1e-9) {
                return known.getValue();
            }
        }
        return "?" + unit;
    }

    private static final class Shape {
        String type = "string";
        String unit = "";
        String folds = "";
        String values = "";
    }

    private static String constants(Object value) throws Exception {
        if (value instanceof Enum<?> constant) {
            return Arrays.stream(constant.getDeclaringClass().getEnumConstants()).map(Object::toString)
                    .collect(Collectors.joining(" "));
        }
        return elements(call(field(value, "$outer"), "values")).stream().map(Object::toString)
                .collect(Collectors.joining(" "));
    }

    private static Shape numeric(Object reader, Object value) {
        Shape shape = new Shape();
        boolean whole = value instanceof Long || value instanceof Integer; // "1d" is a double too
        Map.Entry<String, Object> time = whole ? first(reader, TIMES) : null;
        Map.Entry<String, Object> size = whole ? first(reader, SIZES) : null;
        if (time != null) {
            shape.type = "time";
            shape.unit = unit(time, SECONDS, TIME_UNITS);
        } else if (size != null) {
            shape.type = "bytes";
            shape.unit = unit(size, BYTES, SIZE_UNITS);
        } else {
            String name = value.getClass().getSimpleName().toLowerCase();
            shape.type = name.replace("integer", "int").replace("bigdecimal", "double");
        }
        return shape;
    }

    private static boolean folds(Object reader, String value) {
        Object upper = convert(reader, value.toUpperCase()), lower = convert(reader, value.toLowerCase());
        return upper != null && upper.equals(lower) && !value.toUpperCase().equals(value.toLowerCase());
    }

    /** Entries whose value is an enumeration, or is checked against a list of words. */
    private static Shape choice(Object reader, String sample) throws Exception {
        Shape shape = new Shape();
        Matcher refused = CHOICES.matcher(refusal(reader, BOGUS));
        Object value = convert(reader, sample);
        boolean typed = value != null && !(value instanceof String);
        if (typed || refused.find()) {
            shape.type = "enum";
            shape.values = typed ? constants(value) : Arrays.stream(refused.group(1).split(", "))
                    .map(String::trim).sorted().collect(Collectors.joining(" "));
        }
        return shape;
    }

    private static Shape shape(Object reader, String standard) throws Exception {
        Map.Entry<String, Object> taken = first(reader, PROBES);
        taken = taken != null ? taken : first(reader, SIZES);
        taken = taken != null ? taken : first(reader, TIMES);
        taken = taken != null ? taken : first(reader, new String[] {standard});
        Object value = taken == null ? null : taken.getValue();
        Shape shape = new Shape();
        if (value instanceof Number) {
            return numeric(reader, value);
        }
        if (value instanceof Boolean) {
            shape.type = "boolean";
        } else if (value instanceof scala.util.matching.Regex) {
            shape.type = "regex";
        } else if (value instanceof scala.collection.Iterable) {
            shape.type = "list";
        } else {
            shape = choice(reader, standard);
            String sample = shape.values.isEmpty() ? "aBc" : shape.values.split(" ")[0];
            shape.folds = folds(reader, sample) ? "folds" : "";
        }
        return shape;
    }

    // ---- Entries.

    private static String kind(Object sql, String key) throws Exception {
        if ((Boolean) call(sql, "isStaticConfigKey", key)) {
            return "static";
        }
        return (Boolean) call(sql, "containsConfigKey", key) ? "sql" : "core";
    }

    /** How the default comes; one that is the name of this machine was worked out, too. */
    private static String how(Object entry) throws Exception {
        Object host = call(module("org.apache.spark.util.Utils"), "localCanonicalHostName");
        return switch (entry.getClass().getSimpleName()) {
            case "FallbackConfigEntry" -> "fallback";
            case "OptionalConfigEntry" -> "none";
            case "ConfigEntryWithDefaultFunction" -> "computed";
            default -> host.equals(call(entry, "defaultValueString")) ? "computed" : "value";
        };
    }

    /** The entry's default as the entry itself tells it; one in the working directory is relative to it. */
    private static String standard(Object entry, String how) throws Exception {
        String here = "file:" + Path.of("").toAbsolutePath() + "/";
        String value = how.equals("value") ? (String) call(entry, "defaultValueString") : "";
        return value == null ? null : value.replace(here, "");
    }

    private static void printEntry(Object sql, Object entry) throws Exception {
        String key = (String) call(entry, "key");
        String how = how(entry);
        String standard = standard(entry, how);
        if (standard == null) {
            how = "none";
            standard = "";
        }
        Object reader = call(entry, "valueConverter");
        Shape shape = shape(reader, standard.isEmpty() ? String.valueOf(call(entry, "defaultValueString")) : standard);
        List<Object> prepended = elements(call(entry, "prependedKey"));
        Object fallback = how.equals("fallback") ? call(call(entry, "fallback"), "key") : "";
        print("entry", key, kind(sql, key), call(entry, "version"), shape.type, shape.unit, shape.folds, shape.values,
                how, standard, prepended.isEmpty() ? "" : prepended.get(0),
                prepended.isEmpty() ? "" : call(entry, "prependSeparator"), fallback);
        for (Object older : elements(call(entry, "alternatives"))) {
            print("older", key, older, "10", "");
        }
    }

    // ---- What SparkConf and SQLConf have beside the entries.

    private static void printAlternates(Object conf) throws Exception {
        Map<String, Object> sorted = new TreeMap<>();
        for (Object pair : elements(field(conf, "configsWithAlternatives"))) {
            sorted.put((String) call(pair, "_1"), call(pair, "_2"));
        }
        for (Map.Entry<String, Object> row : sorted.entrySet()) {
            for (Object alternate : elements(row.getValue())) {
                Object translation = call(alternate, "translation");
                Object ten = translation == null ? "10" : apply(translation, "10");
                print("older", row.getKey(), call(alternate, "key"), ten, call(alternate, "version"));
            }
        }
    }

    private static void printWarnings(Object map, String message) throws Exception {
        for (Object pair : elements(map)) {
            Object row = call(pair, "_2");
            print("warns", call(row, "key"), call(row, "version"), call(row, message));
        }
    }

    private static void printConfs(Object sql) throws Exception {
        Object conf = module("org.apache.spark.SparkConf");
        printAlternates(conf);
        printWarnings(field(conf, "deprecatedConfigs"), "deprecationMessage");
        printWarnings(call(sql, "deprecatedSQLConfigs"), "comment");
        for (Object pair : elements(call(sql, "removedSQLConfigs"))) {
            Object row = call(pair, "_2");
            print("gone", call(row, "key"), call(row, "version"), call(row, "defaultValue"));
        }
    }

    // ---- Fields of TLS, whose keys are put together and stand nowhere whole.

    /** What SSLOptions has for a field whose key holds a reference to this value; null: it throws. */
    private static String parsed(Object options, String field, String value) {
        System.setProperty("catalogue.probe", value);
        try {
            Class<?> conf = Class.forName("org.apache.spark.SparkConf");
            Object settings = conf.getConstructor(boolean.class).newInstance(false);
            Method set = conf.getMethod("set", String.class, String.class);
            set.invoke(settings, "spark.ssl.ui.enabled", "true");
            set.invoke(settings, "spark.ssl.ui." + field, "${system:catalogue.probe}");
            Object hadoop = Class.forName("org.apache.hadoop.conf.Configuration").getConstructor(boolean.class)
                    .newInstance(false);
            return String.valueOf(call(call(options, "parse", settings, hadoop, "spark.ssl.ui", scala.Option.empty()),
                    field));
        } catch (Throwable refused) {
            return null;
        }
    }

    private static void printTls() throws Exception {
        Object options = module("org.apache.spark.SSLOptions");
        for (Field field : Class.forName("org.apache.spark.SSLOptions").getDeclaredFields()) {
            String name = field.getName();
            if (!name.matches("[a-z][A-Za-z]*") || name.matches("namespace|supportedAlgorithms|bitmap.*")) {
                continue;
            }
            boolean resolved = Stream.of("true", "77", "TLS_AES_128_GCM_SHA256")
                    .anyMatch(value -> String.valueOf(parsed(options, name, value)).contains(value));
            print("tls", name, resolved ? "resolved" : "literal");
        }
    }

    // ---- Class files.

    /** Strings of a class's constant pool, and whether it names ConfigBuilder (JVMS 4.4). */
    private static TreeSet<String> strings(DataInputStream in, boolean[] builds) throws IOException {
        in.readInt();
        in.readInt();
        int count = in.readUnsignedShort();
        String[] texts = new String[count];
        List<Integer> literals = new ArrayList<>();
        for (int i = 1; i < count; i++) {
            int tag = in.readUnsignedByte();
            switch (tag) {
                case 1 -> texts[i] = in.readUTF();
                case 8 -> literals.add(in.readUnsignedShort());
                case 7, 16, 19, 20 -> in.readUnsignedShort();
                case 15 -> in.skipBytes(3);
                case 5, 6 -> {
                    in.readLong();
                    i++;
                }
                default -> in.readInt();
            }
        }
        TreeSet<String> found = new TreeSet<>();
        for (int index : literals) {
            found.add(texts[index]);
        }
        builds[0] = Arrays.stream(texts).anyMatch(t -> t != null && t.endsWith("spark/internal/config/ConfigBuilder"));
        return found;
    }

    private static void touch(String name) {
        try {
            Class.forName(name);
        } catch (Throwable failed) {
            print("lost", name, failed.getClass().getSimpleName());
        }
    }

    private static void readJar(Path path, Map<String, String> texts, List<String> objects) throws IOException {
        String jar = path.getFileName().toString().replaceFirst("^spark-", "").replaceFirst("_2\\.1.*", "");
        try (JarFile file = new JarFile(path.toFile())) {
            for (JarEntry member : file.stream().filter(e -> e.getName().endsWith(".class")).toList()) {
                if (!member.getName().startsWith("org/apache/spark/")) {
                    continue;
                }
                boolean[] builds = new boolean[1];
                try (InputStream stream = file.getInputStream(member)) {
                    for (String text : strings(new DataInputStream(stream), builds)) {
                        if (KEY.matcher(text).matches()) {
                            texts.putIfAbsent(text, jar);
                        }
                    }
                }
                if (builds[0] && member.getName().endsWith("$.class")) {
                    objects.add(member.getName().replace(".class", "").replace('/', '.'));
                }
            }
        }
    }

    public static void main(String[] arguments) throws Exception {
        Map<String, String> texts = new TreeMap<>();
        List<String> objects = new ArrayList<>();
        try (Stream<Path> jars = Files.list(Path.of(arguments[0]))) {
            for (Path jar : jars.filter(p -> p.getFileName().toString().matches("spark-.*\\.jar")).sorted().toList()) {
                readJar(jar, texts, objects);
            }
        }
        objects.forEach(KeyCatalogue::touch);
        Object sql = module("org.apache.spark.sql.internal.SQLConf");
        Map<String, Object> entries = new TreeMap<>();
        Object known = field(module("org.apache.spark.internal.config.ConfigEntry"), "knownConfigs");
        for (Object entry : ((Map<?, ?>) known).values()) {
            entries.put((String) call(entry, "key"), entry);
        }
        for (Object entry : entries.values()) {
            printEntry(sql, entry);
        }
        printConfs(sql);
        printTls();
        texts.forEach((text, jar) -> print("text", text, jar));
        OUT.flush();
        System.exit(0);
    }
}
