import java.io.InputStream;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Properties;
import java.util.TreeSet;

/**
 * Reads properties files with the real java.util.Properties, as a byte stream
 * and as UTF-8 text, and prints for each file its name and one line
 * "STREAM-OR-READER KEY VALUE" per property. KEY and VALUE are base64 of UTF-16.
 */
public final class PropertiesRead {
    private static String encode(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_16BE));
    }

    private static void print(String way, Properties properties) {
        for (String key : new TreeSet<>(properties.stringPropertyNames())) {
            System.out.println(way + " " + encode(key) + " " + encode(properties.getProperty(key)));
        }
    }

    public static void main(String[] names) throws Exception {
        for (String name : names) {
            Path path = Path.of(name);
            Properties streamed = new Properties();
            Properties read = new Properties();
            try (InputStream stream = Files.newInputStream(path)) {
                streamed.load(stream);
            }
            try (Reader reader = Files.newBufferedReader(path, StandardCharsets.UTF_8)) {
                read.load(reader);
            }
            System.out.println("file " + name);
            print("stream", streamed);
            print("reader", read);
        }
    }
}
