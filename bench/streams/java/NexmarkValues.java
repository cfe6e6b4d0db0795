import java.util.ArrayList;
import java.util.List;

// What lies in topics and stores, by the names that its JSON has. Fields are public: Jackson reads and writes them
// without a call in between.

final class Person {
    public long id;
    public String name;
    public String emailAddress;
    public String creditCard;
    public String city;
    public String state;
    public long dateTime;
    public String extra;
}

final class Auction {
    public long id;
    public String itemName;
    public String description;
    public long initialBid;
    public long reserve;
    public long dateTime;
    public long expires;
    public long seller;
    public long category;
    public String extra;
}

final class Bid {
    public long auction;
    public long bidder;
    public long price;
    public String channel;
    public String url;
    public long dateTime;
    public String extra;
}

final class Euros {
    public long auction;
    public long bidder;
    public double price;
    public long dateTime;
    public String extra;

    static Euros of(Bid bid) {
        Euros euros = new Euros();
        euros.auction = bid.auction;
        euros.bidder = bid.bidder;
        euros.price = 0.908 * bid.price;
        euros.dateTime = bid.dateTime;
        euros.extra = bid.extra;
        return euros;
    }
}

final class Selected {
    public long auction;
    public long price;

    Selected() {}

    Selected(long auction, long price) {
        this.auction = auction;
        this.price = price;
    }
}

final class Item {
    public long id;
    public long seller;

    Item() {}

    Item(long id, long seller) {
        this.id = id;
        this.seller = seller;
    }
}

final class Seller {
    public String name;
    public String city;
    public String state;

    Seller() {}

    Seller(String name, String city, String state) {
        this.name = name;
        this.city = city;
        this.state = state;
    }
}

/** Never in a topic: which of the two a record is. */
record SellerOrItem(Seller seller, long auction) {}

final class Waiting {
    public List<Long> auctions = new ArrayList<>();

    Waiting with(long auction) {
        auctions.add(auction);
        return this;
    }
}

final class LocalItem {
    public String name;
    public String city;
    public String state;
    public long id;

    LocalItem() {}

    LocalItem(Seller seller, long id) {
        name = seller.name;
        city = seller.city;
        state = seller.state;
        this.id = id;
    }
}

final class Open {
    public long id;
    public long category;
    public long seller;
    public long expires;

    Open() {}

    Open(long id, long category, long seller, long expires) {
        this.id = id;
        this.category = category;
        this.seller = seller;
        this.expires = expires;
    }
}

final class Offer {
    public long price;
    public long dateTime;

    Offer() {}

    Offer(long price, long dateTime) {
        this.price = price;
        this.dateTime = dateTime;
    }
}

final class Winning {
    public long id;
    public long category;
    public long seller;
    public long expires;
    public long price;
    /** Of the bid; not kept. */
    transient long dateTime;

    Winning() {}

    Winning(Open auction, Offer offer) {
        id = auction.id;
        category = auction.category;
        seller = auction.seller;
        expires = auction.expires;
        price = offer.price;
        dateTime = offer.dateTime;
    }
}

final class Prices {
    public long sum;
    public long count;

    Prices() {}

    Prices(long sum, long count) {
        this.sum = sum;
        this.count = count;
    }
}

final class LastTen {
    public List<Winning> bids = new ArrayList<>();

    static LastTen with(Long seller, Winning bid, LastTen last) {
        last.bids.add(bid);
        last.bids.sort((left, right) ->
            left.expires == right.expires ? Long.compare(left.id, right.id) : Long.compare(left.expires, right.expires)
        );
        while (last.bids.size() > 10) last.bids.remove(0);
        return last;
    }

    static LastTen without(Long seller, Winning bid, LastTen last) {
        last.bids.removeIf(each -> each.id == bid.id);
        return last;
    }

    double average() {
        long sum = 0;
        for (Winning bid : bids) sum += bid.price;
        return (double) sum / bids.size();
    }
}

final class AuctionCount {
    public long auction;
    public long start;
    public long count;

    AuctionCount() {}

    AuctionCount(long auction, long start, long count) {
        this.auction = auction;
        this.start = start;
        this.count = count;
    }
}

final class HotItems {
    public List<Long> auctions = new ArrayList<>();
    public long count;

    static HotItems with(Long window, AuctionCount each, HotItems items) {
        if (each.count < items.count || items.auctions.contains(each.auction)) return items;
        if (each.count > items.count) items.auctions.clear();
        items.count = each.count;
        items.auctions.add(each.auction);
        items.auctions.sort(null);
        return items;
    }
}

final class HighestBid {
    public long auction;
    public long bidder;
    public long price;
    public long dateTime;
    public String extra;
    public long start;

    HighestBid() {}

    HighestBid(Bid bid, long start) {
        auction = bid.auction;
        bidder = bid.bidder;
        price = bid.price;
        dateTime = bid.dateTime;
        extra = bid.extra;
        this.start = start;
    }

    HighestBid in(long start) {
        this.start = start;
        return this;
    }

    static HighestBid higher(HighestBid left, HighestBid right) {
        if (left.price != right.price) return right.price > left.price ? right : left;
        if (left.dateTime != right.dateTime) return right.dateTime < left.dateTime ? right : left;
        if (left.auction != right.auction) return right.auction < left.auction ? right : left;
        return right.bidder < left.bidder ? right : left;
    }
}

final class NewUser {
    public String name;
    public long start;

    NewUser() {}

    NewUser(String name, long start) {
        this.name = name;
        this.start = start;
    }
}

final class Selling {
    public long seller;
    public long start;

    Selling() {}

    Selling(long seller, long start) {
        this.seller = seller;
        this.start = start;
    }
}

/** Never in a topic: a person and the window of one of their auctions. */
record NewSeller(NewUser user, long start) {}
