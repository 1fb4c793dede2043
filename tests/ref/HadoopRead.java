import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * Reads site files with Hadoop's own Configuration. Each line of standard input names one file, or
 * several that are read in turn; for each line comes "file", then a line "KEY VALUE" per property
 * as it stands (base64 of UTF-8), or "refused".
 */
public final class HadoopRead {
    private static String encode(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    public static void main(String[] none) throws Exception {
        String text = new String(System.in.readAllBytes(), StandardCharsets.UTF_8);
        StringBuilder out = new StringBuilder();
        for (String line : text.split("\n")) {
            Configuration conf = new Configuration(false);
            out.append("file\n");
            try {
                for (String name : line.split(" ")) {
                    conf.addResource(new Path("file://" + name));
                }
                Map<String, String> found = new TreeMap<>();
                for (Map.Entry<String, String> entry : conf) {
                    found.put(entry.getKey(), entry.getValue());
                }
                found.forEach((k, v) -> out.append(encode(k)).append(" ").append(encode(v)).append("\n"));
            } catch (RuntimeException e) {
                out.append("refused\n");
            }
        }
        System.out.print(out);
    }
}
