// What one side of the bridge is subscribed to, and was: it says of each message that comes whether
// it is wanted, and of each filter that the broker may still hold whether it is to go.
//
// A broker keeps every filter that a session ever subscribed to, and may deliver a message once per
// filter that matches. So each subscription has an identifier (MQTT 5), which comes back with what
// it brings, also with what was queued before the filters changed. Identifiers rise. A
// *generation* is the subscriptions of one configuration, in the order in which they were made: a
// message that the broker took while a later one of them was there, it took while the earlier ones
// were there, too. Of the copies that come over a generation, the one of the earliest filter that
// matches is the message, and the others are repeats. Filters that stay come first, in their order,
// so that each brings the same messages all the time; where others go, exchange.hpp tells the
// copies of two generations. Nothing is said where an earlier filter was refused: better twice than
// not at all.
//
// One thread changes it (a link's loop); origin() may be called by any.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "journal/store/table/session/subscription_table.hpp"
#include "link/link.hpp"
#include "message/filter_tree.hpp"

namespace bascule {

class Subscriptions {
 public:
  // `known`: what the journal says of the session. Identifiers are given to `wanted` here: those
  // that they had, if nothing has changed.
  Subscriptions(std::vector<SubscriptionRow> known, std::vector<Subscription> wanted);

  // The number of what is wanted.
  std::uint32_t generation() const { return generation_; }

  // What is to be kept in the journal, before anything is asked of the broker. And what of it has
  // changed since, and was not kept yet: rows, and identifiers that have none any more.
  std::vector<SubscriptionRow> rows() const;
  struct Changes {
    std::vector<SubscriptionRow> rows;
    std::vector<std::uint32_t> gone;
  };
  Changes changes() const;
  void kept(const Changes& changes);

  // In the order in which they are to be made.
  const std::vector<Subscription>& wanted() const { return wanted_; }
  // What the session may hold of earlier configurations, and nobody wants any more: all; what of it
  // overlaps with what is wanted, so that the same messages may come for both; the rest.
  std::vector<std::string> unwanted() const;
  std::vector<std::string> exchanged() const;
  std::vector<std::string> not_exchanged() const;
  // When the journal was opened, an earlier exchange of filters was not known to be over.
  bool unfinished() const { return unfinished_; }

  // What became of a filter. True: rows() has changed.
  bool granted(std::string_view filter, std::uint32_t identifier);  // that it was asked for with
  bool failed(std::string_view filter);        // it has another identifier from now on
  bool unsubscribed(std::string_view filter);  // the broker does not hold it any more

  std::uint32_t identifier(std::string_view filter) const;  // of a wanted one

  enum class Origin : std::uint8_t {
    wanted,
    repeat,   // another copy of a message that comes over an earlier filter
    former,   // no filter wants it now; one of an earlier configuration did
    unknown,  // no filter that is known wants it
  };
  struct Source {
    Origin origin = Origin::wanted;
    std::string filter;  // of a former one
    bool held = true;    // the broker may hold it still, as far as it has said
    // Stands for the filter of the identifier, whatever it is and was; 0: not known.
    std::uint32_t filter_number = 0;
  };
  // Where a delivery comes from: by its identifier (link.hpp), or else by its topic.
  Source source(std::uint32_t identifier, std::string_view topic) const;

  static constexpr std::size_t generations_kept = 4;

 private:
  struct Entry {
    SubscriptionRow row;
    bool wanted = false;      // its filter is
    bool alone = true;        // it overlaps with no other of its generation
    std::uint32_t first = 0;  // identifier of its filter
  };

  std::uint32_t next_identifier() const;
  Subscription* of(std::string_view filter);  // null: not wanted
  void add(SubscriptionRow row);
  void begin_generation();
  void put_first_what_stays();
  bool forgettable(const Entry& entry) const;
  bool overlaps_wanted(const std::string& filter) const;

  std::vector<Subscription> wanted_;
  std::map<std::string, std::size_t, std::less<>> place_;  // in wanted_, by filter
  std::uint32_t generation_ = 0;
  bool unfinished_ = false;
  mutable std::mutex mutex_;  // guards entries_ and filters_
  std::map<std::uint32_t, Entry> entries_;
  FilterTree filters_;  // by identifier; of some there is no entry any more
  std::map<std::string, std::vector<std::uint32_t>, std::less<>> identifiers_;  // likewise
  std::set<std::uint32_t> changed_;
};

}  // namespace bascule
