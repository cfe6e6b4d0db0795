import java.time.Duration;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.avro.shaded.org.apache.avro.Schema;
import org.apache.flink.avro.shaded.org.apache.avro.generic.GenericData;
import org.apache.flink.avro.shaded.org.apache.avro.generic.GenericRecord;
import org.apache.flink.formats.avro.registry.confluent.ConfluentRegistryAvroDeserializationSchema;
import org.apache.flink.formats.avro.registry.confluent.ConfluentRegistryAvroSerializationSchema;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Writes a value with Flink's Avro serializer for Confluent's registry, or reads values with its deserializer and prints
 * them, a line each.
 *
 * Arguments: `write`, bootstrap servers, registry, topic, schema, id; or `read`, bootstrap servers, registry, topic,
 * schema to read with, how many.
 */
public final class AvroRoundTrip {
    private AvroRoundTrip() {}

    public static void main(String[] arguments) throws Exception {
        Map<String, Object> settings = new HashMap<>();
        settings.put("bootstrap.servers", arguments[1]);
        Schema schema = new Schema.Parser().parse(arguments[4]);
        if (arguments[0].equals("write")) {
            write(settings, arguments[2], arguments[3], schema, arguments[5]);
        } else {
            read(settings, arguments[2], arguments[3], schema, Integer.parseInt(arguments[5]));
        }
    }

    private static void write(Map<String, Object> settings, String registry, String topic, Schema schema, String id)
            throws Exception {
        SerializationSchema<GenericRecord> serializer =
                ConfluentRegistryAvroSerializationSchema.forGeneric(topic + "-value", schema, registry);
        GenericRecord value = new GenericData.Record(schema);
        value.put("id", id);
        value.put("total", 7.5);
        settings.put("key.serializer", StringSerializer.class.getName());
        settings.put("value.serializer", ByteArraySerializer.class.getName());
        try (KafkaProducer<String, byte[]> producer = new KafkaProducer<>(settings)) {
            producer.send(new ProducerRecord<>(topic, id, serializer.serialize(value))).get();
        }
    }

    private static void read(Map<String, Object> settings, String registry, String topic, Schema schema, int count)
            throws Exception {
        DeserializationSchema<GenericRecord> deserializer =
                ConfluentRegistryAvroDeserializationSchema.forGeneric(schema, registry);
        settings.put("key.deserializer", StringDeserializer.class.getName());
        settings.put("value.deserializer", ByteArrayDeserializer.class.getName());
        settings.put("group.id", "avro-round-trip");
        settings.put("auto.offset.reset", "earliest");
        int seen = 0;
        try (KafkaConsumer<String, byte[]> consumer = new KafkaConsumer<>(settings)) {
            consumer.subscribe(Collections.singleton(topic));
            while (seen < count) {
                for (ConsumerRecord<String, byte[]> record : consumer.poll(Duration.ofMillis(200))) {
                    System.out.println(deserializer.deserialize(record.value()));
                    seen++;
                }
            }
        }
    }
}
