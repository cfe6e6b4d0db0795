import java.util.Properties;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.time.Duration;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.EmitStrategy;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.Repartitioned;
import org.apache.kafka.streams.kstream.StreamJoined;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/**
 * Queries 0 to 8 of Nexmark in the DSL of Kafka Streams, operator by operator what Millrace's queries are. Values are
 * JSON, read and written by Jackson's compiled object readers and writers.
 *
 * Arguments: properties of Kafka Streams as a file, the query, the suffix of the topic of results, the grace and the
 * longest time that an auction is open, both in ms.
 */
public final class NexmarkStreams {
    private static final Duration WINDOW = Duration.ofSeconds(10);
    private static final Duration SLIDE = Duration.ofSeconds(5);

    private final StreamsBuilder builder = new StreamsBuilder();
    private final String output;
    private final Duration grace;
    private final Duration auctionMax;

    private NexmarkStreams(String output, Duration grace, Duration auctionMax) {
        this.output = output;
        this.grace = grace;
        this.auctionMax = auctionMax;
    }

    public static void main(String[] arguments) throws Exception {
        Properties properties = new Properties();
        try (var file = new java.io.FileInputStream(arguments[0])) {
            properties.load(file);
        }
        String query = arguments[1];
        NexmarkStreams job = new NexmarkStreams(
            "nexmark." + query + "-" + arguments[2],
            Duration.ofMillis(Long.parseLong(arguments[3])),
            Duration.ofMillis(Long.parseLong(arguments[4]))
        );
        job.build(query);
        KafkaStreams streams = new KafkaStreams(job.builder.build(properties), new StreamsConfig(properties));
        CountDownLatch ended = new CountDownLatch(1);
        streams.setUncaughtExceptionHandler(error -> {
            error.printStackTrace();
            ended.countDown();
            return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            streams.close(Duration.ofSeconds(20));
            ended.countDown();
        }));
        streams.start();
        ended.await();
    }

    private void build(String query) {
        switch (query) {
            case "q0" -> builder
                .stream("nexmark.bids", Consumed.with(Serdes.ByteArray(), Serdes.ByteArray()))
                .to(output, Produced.with(Serdes.ByteArray(), Serdes.ByteArray()));
            case "q1" -> send(bids().mapValues(Euros::of), Euros.class);
            case "q2" -> send(
                bids().filter((id, bid) -> bid.auction % 123 == 0).mapValues(bid -> new Selected(bid.auction, bid.price)),
                Selected.class
            );
            case "q3" -> localItems();
            case "q4" -> averageByCategory();
            case "q5" -> hotItems();
            case "q6" -> averageBySeller();
            case "q7" -> highestBids();
            case "q8" -> newUsers();
            default -> throw new IllegalArgumentException("there is no query " + query);
        }
    }

    private KStream<Long, Person> persons() {
        return builder.stream("nexmark.persons", Consumed.with(Serdes.Long(), json(Person.class)));
    }

    private KStream<Long, Auction> auctions() {
        return builder.stream("nexmark.auctions", Consumed.with(Serdes.Long(), json(Auction.class)));
    }

    private KStream<Long, Bid> bids() {
        return builder.stream("nexmark.bids", Consumed.with(Serdes.Long(), json(Bid.class)));
    }

    private <V> void send(KStream<Long, V> results, Class<V> type) {
        results.to(output, Produced.with(Serdes.Long(), json(type)));
    }

    private void localItems() {
        builder.addStateStore(
            Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore("sellers"), Serdes.Long(), json(Seller.class))
                .withCachingEnabled()
        );
        builder.addStateStore(
            Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore("waiting"), Serdes.Long(), json(Waiting.class))
                .withCachingEnabled()
        );
        Set<String> near = Set.of("OR", "ID", "CA");
        KStream<Long, SellerOrItem> sellers = persons()
            .filter((id, person) -> near.contains(person.state))
            .mapValues(person -> new SellerOrItem(new Seller(person.name, person.city, person.state), 0));
        KStream<Long, SellerOrItem> items = auctions()
            .filter((id, auction) -> auction.category == 10)
            .map((id, auction) -> KeyValue.pair(auction.seller, new Item(auction.id, auction.seller)))
            .repartition(Repartitioned.with(Serdes.Long(), json(Item.class)).withName("by-seller"))
            .mapValues(item -> new SellerOrItem(null, item.id));
        send(sellers.merge(items).process(LocalItems::new, "sellers", "waiting"), LocalItem.class);
    }

    private KTable<Long, Winning> winningBids() {
        KStream<Long, Open> open = auctions()
            .mapValues(auction -> new Open(auction.id, auction.category, auction.seller, auction.expires));
        KStream<Long, Offer> offers = bids().mapValues(bid -> new Offer(bid.price, bid.dateTime));
        return open
            .join(
                offers,
                (auction, offer) -> new Winning(auction, offer),
                JoinWindows.ofTimeDifferenceAndGrace(auctionMax, grace).before(Duration.ZERO),
                StreamJoined.with(Serdes.Long(), json(Open.class), json(Offer.class)).withStoreName("offers")
            )
            .filter((id, bid) -> bid.dateTime <= bid.expires)
            .groupByKey(Grouped.with(Serdes.Long(), json(Winning.class)))
            .reduce(
                (left, right) -> right.price > left.price ? right : left,
                Materialized.<Long, Winning>as(Stores.persistentKeyValueStore("winning-bids"))
                    .withKeySerde(Serdes.Long())
                    .withValueSerde(json(Winning.class))
            );
    }

    private void averageByCategory() {
        winningBids()
            .groupBy(
                (id, bid) -> KeyValue.pair(bid.category, bid),
                Grouped.with("by-category", Serdes.Long(), json(Winning.class))
            )
            .aggregate(
                () -> new Prices(0, 0),
                (category, bid, prices) -> new Prices(prices.sum + bid.price, prices.count + 1),
                (category, bid, prices) -> new Prices(prices.sum - bid.price, prices.count - 1),
                table("prices", Prices.class)
            )
            .toStream()
            .mapValues(prices -> (double) prices.sum / prices.count)
            .to(output, Produced.with(Serdes.Long(), Serdes.Double()));
    }

    private void averageBySeller() {
        winningBids()
            .groupBy(
                (id, bid) -> KeyValue.pair(bid.seller, bid),
                Grouped.with("by-seller", Serdes.Long(), json(Winning.class))
            )
            .aggregate(LastTen::new, LastTen::with, LastTen::without, table("last-ten", LastTen.class))
            .toStream()
            .mapValues(LastTen::average)
            .to(output, Produced.with(Serdes.Long(), Serdes.Double()));
    }

    private void hotItems() {
        KTable<Long, HotItems> hot = bids()
            .groupByKey(Grouped.with(Serdes.Long(), json(Bid.class)))
            .windowedBy(TimeWindows.ofSizeAndGrace(WINDOW, grace).advanceBy(SLIDE))
            .emitStrategy(EmitStrategy.onWindowClose())
            .count(Materialized.as("bids-by-auction"))
            .toStream()
            .map((key, count) -> {
                long start = key.window().start();
                return KeyValue.pair(start, new AuctionCount(key.key(), start, count));
            })
            .groupByKey(Grouped.with("by-window", Serdes.Long(), json(AuctionCount.class)))
            .aggregate(HotItems::new, HotItems::with, table("hot-items", HotItems.class));
        send(hot.toStream(), HotItems.class);
    }

    private void highestBids() {
        KTable<Long, HighestBid> highest = bids()
            .mapValues(bid -> new HighestBid(bid, 0))
            .groupByKey(Grouped.with(Serdes.Long(), json(HighestBid.class)))
            .windowedBy(TimeWindows.ofSizeAndGrace(WINDOW, grace))
            .emitStrategy(EmitStrategy.onWindowClose())
            .reduce(
                HighestBid::higher,
                Materialized.<Long, HighestBid, org.apache.kafka.streams.state.WindowStore<org.apache.kafka.common.utils.Bytes, byte[]>>as(
                        "highest-by-auction"
                    )
                    .withKeySerde(Serdes.Long())
                    .withValueSerde(json(HighestBid.class))
            )
            .toStream()
            .map((key, bid) -> KeyValue.pair(key.window().start(), bid.in(key.window().start())))
            .groupByKey(Grouped.with("by-window", Serdes.Long(), json(HighestBid.class)))
            .reduce(HighestBid::higher, table("highest", HighestBid.class));
        send(highest.toStream(), HighestBid.class);
    }

    private void newUsers() {
        KStream<Long, Selling> selling = auctions()
            .map((id, auction) -> KeyValue.pair(auction.seller, new Selling(auction.seller, windowOf(auction.dateTime))))
            .repartition(Repartitioned.with(Serdes.Long(), json(Selling.class)).withName("by-seller"));
        KTable<Long, NewUser> users = persons()
            .mapValues(person -> new NewUser(person.name, windowOf(person.dateTime)))
            .join(
                selling,
                (user, auction) -> new NewSeller(user, auction.start),
                JoinWindows.ofTimeDifferenceAndGrace(WINDOW, grace),
                StreamJoined.with(Serdes.Long(), json(NewUser.class), json(Selling.class)).withStoreName("selling")
            )
            .filter((id, found) -> found.user().start == found.start())
            .mapValues(found -> found.user())
            .groupByKey(Grouped.with(Serdes.Long(), json(NewUser.class)))
            .reduce((first, next) -> first, table("new-users", NewUser.class));
        send(users.toStream(), NewUser.class);
    }

    private static long windowOf(long time) {
        return time / WINDOW.toMillis() * WINDOW.toMillis();
    }

    private static <V> Serde<V> json(Class<V> type) {
        return new JsonSerde<>(type);
    }

    private static <V> Materialized<Long, V, KeyValueStore<org.apache.kafka.common.utils.Bytes, byte[]>> table(
        String name,
        Class<V> type
    ) {
        return Materialized.<Long, V>as(Stores.persistentKeyValueStore(name))
            .withKeySerde(Serdes.Long())
            .withValueSerde(json(type));
    }

    /** Keeps sellers, and what waits for a seller who is not known yet. */
    private static final class LocalItems extends ContextualProcessor<Long, SellerOrItem, Long, LocalItem> {
        private KeyValueStore<Long, Seller> sellers;
        private KeyValueStore<Long, Waiting> waiting;

        @Override
        public void init(ProcessorContext<Long, LocalItem> context) {
            super.init(context);
            sellers = context.getStateStore("sellers");
            waiting = context.getStateStore("waiting");
        }

        @Override
        public void process(Record<Long, SellerOrItem> record) {
            Long key = record.key();
            SellerOrItem value = record.value();
            if (value.seller() != null) {
                sellers.put(key, value.seller());
                Waiting items = waiting.delete(key);
                if (items == null) return;
                for (long id : items.auctions) context().forward(record.withKey(id).withValue(new LocalItem(value.seller(), id)));
                return;
            }
            Seller found = sellers.get(key);
            if (found != null) {
                context().forward(record.withKey(value.auction()).withValue(new LocalItem(found, value.auction())));
                return;
            }
            Waiting items = waiting.get(key);
            waiting.put(key, (items == null ? new Waiting() : items).with(value.auction()));
        }
    }
}
