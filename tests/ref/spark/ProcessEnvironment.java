package org.apache.spark.deploy;

import java.lang.reflect.Field;
import java.util.Map;

/**
 * The environment of this process, as System.getenv and Scala's sys.env show it.
 * Spark reads some variables there and nowhere else, so each question sets it.
 */
final class ProcessEnvironment {
    private ProcessEnvironment() {}

    /** Exactly these variables from here on. Needs --add-opens for java.util and java.lang. */
    @SuppressWarnings("unchecked")
    static void set(Map<String, String> variables) throws ReflectiveOperationException {
        Map<String, String> shown = System.getenv();
        Field inner = shown.getClass().getDeclaredField("m");
        inner.setAccessible(true);
        Map<String, String> real = (Map<String, String>) inner.get(shown);
        real.clear();
        real.putAll(variables);
    }
}
