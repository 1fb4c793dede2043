import com.fasterxml.jackson.databind.ObjectMapper;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.apache.spark.SparkContext;
import scala.Tuple2;

/** A job: what its driver was really given, as JSON. */
public final class TellDriver {
    public static void main(String[] arguments) throws Exception {
        SparkContext context = SparkContext.getOrCreate();
        Map<String, String> conf = new HashMap<>();
        for (Tuple2<String, String> pair : context.getConf().getAll())
            conf.put(pair._1(), pair._2());
        Map<String, String> properties = new HashMap<>();
        for (String name : System.getProperties().stringPropertyNames())
            properties.put(name, System.getProperty(name));
        Map<String, Object> told = new HashMap<>();
        told.put("environment", System.getenv());
        told.put("properties", properties);
        told.put("options", ManagementFactory.getRuntimeMXBean().getInputArguments());
        told.put("conf", conf);
        told.put("hadoop", context.hadoopConfiguration().get("fs.t.site"));
        told.put("arguments", Arrays.asList(arguments));
        System.out.println(new ObjectMapper().writeValueAsString(told));
        context.stop();
    }
}
