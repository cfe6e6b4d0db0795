import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.reflect.Field;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.HexFormat;
import java.util.Map;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.message.RequestHeaderData;
import org.apache.kafka.common.message.ResponseHeaderData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.MessageUtil;
import org.apache.kafka.common.protocol.ObjectSerializationCache;
import org.apache.kafka.common.record.internal.MemoryRecords;

/**
 * Writes messages with Kafka's own classes. Reads one JSON object a line, {"message", "version", "fields"}, and answers
 * each with a line of hex: for a request or response its frame without the length, for other messages the version and
 * the body. A field that is left out keeps the default of Kafka's class. The word "errors" instead prints the table of
 * error codes as JSON lines, the word "apis" the APIs that a broker speaks with their stable versions.
 */
public final class FreezeMessages {
    private static final String PACKAGE = "org.apache.kafka.common.message.";
    private static final int CORRELATION_ID = 0x01020304;
    private static final String CLIENT_ID = "golden";

    public static void main(String[] words) throws Exception {
        if (words.length > 0 && words[0].equals("errors")) {
            printErrors();
            return;
        }
        if (words.length > 0 && words[0].equals("apis")) {
            printApis();
            return;
        }
        ObjectMapper mapper = new ObjectMapper();
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            JsonNode wanted = mapper.readTree(line);
            String name = wanted.get("message").asText();
            short version = (short) wanted.get("version").asInt();
            try {
                System.out.println(HexFormat.of().formatHex(write(name, version, wanted.get("fields"))));
            } catch (Exception failure) {
                throw new IllegalStateException(name + " version " + version, failure);
            }
        }
    }

    private static void printErrors() {
        for (Errors error : Errors.values()) {
            boolean retriable = error.exception() instanceof RetriableException;
            System.out.println("[" + error.code() + ", \"" + error.name() + "\", " + retriable + "]");
        }
    }

    private static void printApis() {
        for (ApiKeys api : ApiKeys.brokerApis()) {
            System.out.println("[" + api.id + ", \"" + api.name + "\", " + api.oldestVersion() + ", " + api.latestVersion(false) + "]");
        }
    }

    private static byte[] write(String name, short version, JsonNode fields) throws Exception {
        boolean framed = name.endsWith("Request") || name.endsWith("Response");
        ApiMessage message = (ApiMessage) Class.forName(PACKAGE + name + (framed ? "Data" : "")).getConstructor().newInstance();
        fill(message, fields);
        if (!framed) return bytesOf(MessageUtil.toVersionPrefixedByteBuffer(version, message));
        ApiKeys api = ApiKeys.forId(message.apiKey());
        byte[] header = name.endsWith("Request")
            ? bytesOf(new RequestHeaderData()
                .setRequestApiKey(api.id)
                .setRequestApiVersion(version)
                .setCorrelationId(CORRELATION_ID)
                .setClientId(CLIENT_ID), api.requestHeaderVersion(version))
            : bytesOf(new ResponseHeaderData().setCorrelationId(CORRELATION_ID), api.responseHeaderVersion(version));
        byte[] body = bytesOf(message, version);
        return ByteBuffer.allocate(header.length + body.length).put(header).put(body).array();
    }

    private static byte[] bytesOf(Message message, short version) {
        ObjectSerializationCache cache = new ObjectSerializationCache();
        ByteBuffer buffer = ByteBuffer.allocate(message.size(cache, version));
        message.write(new ByteBufferAccessor(buffer), cache, version);
        return buffer.array();
    }

    private static byte[] bytesOf(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }

    private static void fill(Object struct, JsonNode fields) throws Exception {
        for (Map.Entry<String, JsonNode> entry : fields.properties()) {
            Field field = struct.getClass().getDeclaredField(entry.getKey());
            field.setAccessible(true);
            field.set(struct, valueOf(field.getGenericType(), entry.getValue()));
        }
    }

    private static Object valueOf(Type type, JsonNode json) throws Exception {
        if (json.isNull()) return null;
        if (type == boolean.class) return json.asBoolean();
        if (type == byte.class || type == Byte.class) return (byte) json.asInt();
        if (type == short.class || type == Short.class) return (short) json.asInt();
        if (type == int.class || type == Integer.class) return json.asInt();
        if (type == long.class || type == Long.class) return json.asLong();
        if (type == double.class || type == Double.class) return json.asDouble();
        if (type == String.class) return json.asText();
        if (type == Uuid.class) return Uuid.fromString(json.asText());
        if (type == byte[].class) return Base64.getDecoder().decode(json.asText());
        if (type == ByteBuffer.class) return ByteBuffer.wrap(Base64.getDecoder().decode(json.asText()));
        if (json.isTextual()) return MemoryRecords.readableRecords(ByteBuffer.wrap(Base64.getDecoder().decode(json.asText())));
        if (json.isArray()) return elementsOf(type, json);
        Object struct = ((Class<?>) type).getConstructor().newInstance();
        fill(struct, json);
        return struct;
    }

    /** A list, or one of Kafka's collections that are sets by key and have their element's type in their superclass. */
    @SuppressWarnings("unchecked")
    private static Object elementsOf(Type type, JsonNode json) throws Exception {
        boolean isList = type instanceof ParameterizedType;
        Type holder = isList ? type : ((Class<?>) type).getGenericSuperclass();
        Type element = ((ParameterizedType) holder).getActualTypeArguments()[0];
        Collection<Object> elements =
            isList ? new ArrayList<>() : (Collection<Object>) ((Class<?>) type).getConstructor().newInstance();
        for (JsonNode each : json) elements.add(valueOf(element, each));
        return elements;
    }
}
