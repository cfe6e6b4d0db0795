import java.time.Duration;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.pulsar.kafka.shade.avro.Schema;
import org.apache.pulsar.kafka.shade.avro.generic.GenericData;
import org.apache.pulsar.kafka.shade.avro.generic.GenericRecord;
import org.apache.pulsar.kafka.shade.io.confluent.kafka.serializers.KafkaAvroDeserializer;
import org.apache.pulsar.kafka.shade.io.confluent.kafka.serializers.KafkaAvroSerializer;

/**
 * Writes a value with Confluent's Avro serializer, or reads values with its deserializer and prints them a line each.
 *
 * Arguments: `write`, bootstrap servers, registry, topic, schema, id; or `read`, bootstrap servers, registry, topic,
 * how many.
 */
public final class AvroRoundTrip {
    private AvroRoundTrip() {}

    public static void main(String[] arguments) {
        Map<String, Object> settings = new HashMap<>();
        settings.put("bootstrap.servers", arguments[1]);
        settings.put("schema.registry.url", arguments[2]);
        if (arguments[0].equals("write")) {
            write(settings, arguments[3], new Schema.Parser().parse(arguments[4]), arguments[5]);
        } else {
            read(settings, arguments[3], Integer.parseInt(arguments[4]));
        }
    }

    private static void write(Map<String, Object> settings, String topic, Schema schema, String id) {
        settings.put("key.serializer", StringSerializer.class.getName());
        settings.put("value.serializer", KafkaAvroSerializer.class.getName());
        GenericRecord value = new GenericData.Record(schema);
        value.put("id", id);
        value.put("total", 7.5);
        try (KafkaProducer<String, Object> producer = new KafkaProducer<>(settings)) {
            producer.send(new ProducerRecord<>(topic, id, value)).get();
        } catch (Exception failure) {
            throw new IllegalStateException(failure);
        }
    }

    private static void read(Map<String, Object> settings, String topic, int count) {
        settings.put("key.deserializer", StringDeserializer.class.getName());
        settings.put("value.deserializer", KafkaAvroDeserializer.class.getName());
        settings.put("group.id", "avro-round-trip");
        settings.put("auto.offset.reset", "earliest");
        int seen = 0;
        try (KafkaConsumer<String, Object> consumer = new KafkaConsumer<>(settings)) {
            consumer.subscribe(Collections.singleton(topic));
            while (seen < count) {
                for (ConsumerRecord<String, Object> record : consumer.poll(Duration.ofMillis(200))) {
                    System.out.println(record.value());
                    seen++;
                }
            }
        }
    }
}
