import java.io.InputStream;
import java.util.Iterator;
import java.util.Map;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.tools.LineMessageReader;

/** What the console producer reads as always, for the partition that the property `partition` names. */
public final class PartitionedReader extends LineMessageReader {
    private int partition;

    @Override
    public void configure(Map<String, ?> properties) {
        super.configure(properties);
        partition = Integer.parseInt(String.valueOf(properties.get("partition")));
    }

    @Override
    public Iterator<ProducerRecord<byte[], byte[]>> readRecords(InputStream input) {
        Iterator<ProducerRecord<byte[], byte[]>> lines = super.readRecords(input);
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return lines.hasNext();
            }

            @Override
            public ProducerRecord<byte[], byte[]> next() {
                ProducerRecord<byte[], byte[]> line = lines.next();
                return new ProducerRecord<>(line.topic(), partition, line.key(), line.value(), line.headers());
            }
        };
    }
}
