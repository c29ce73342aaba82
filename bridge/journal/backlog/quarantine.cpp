#include "journal/backlog/quarantine.hpp"

#include <stdexcept>

#include "clock.hpp"
#include "journal/backlog/own_entry.hpp"
#include "message/properties.hpp"
#include "message/stamp.hpp"

namespace bascule {

// Where a quarantined message goes that is put back; 0: where its route says.
LaneId Quarantine::lane_for(const QuarantineEntry& entry, std::string_view into) const {
  const std::string name = "message " + std::to_string(entry.number);
  if (into.empty() && entry.lane == 0) return 0;
  if (into.empty()) {
    const LaneState& lane = books_.lanes().at(entry.lane - 1U);
    if (!lane.input || !lane.former) return entry.lane;
    throw std::invalid_argument(name + " was for the policy " +
                                lane.name.substr(input_lane_prefix.size()) +
                                ", which the file does not name any more: put it back, name the "
                                "lane that the message goes into, or drop it");
  }
  const LaneId lane = books_.lane(entry.direction, into);
  if (lane == 0 || books_.lanes().at(lane - 1U).input) {
    throw std::invalid_argument("no lane '" + std::string(into) + "' goes " +
                                std::string(to_string(entry.direction)) +
                                "; 'bascule journal list' names them");
  }
  if (entry.kind != InputKind::message) {
    throw std::invalid_argument(name + " is none that was published, but what the bridge told a " +
                                "policy: it can go nowhere else; drop it");
  }
  return lane;
}

std::string Quarantine::absent(QuarantineTable& table, std::int64_t number) {
  const std::string name = "message " + std::to_string(number);
  if (!table.given(number)) return "the quarantine has no " + name;
  return "the quarantine has no " + name +
         " any more: it was put back into a lane, or dropped; 'bascule journal losses' has what "
         "was "
         "dropped";
}

void Quarantine::requeue(std::int64_t number, std::string_view into, const Routed& routed) {
  const auto entry = transaction_.store().quarantine().find(number);
  const std::string name = "message " + std::to_string(number);
  if (!entry) throw std::invalid_argument(absent(transaction_.store().quarantine(), number));
  if (!entry->whole()) {
    throw std::invalid_argument("of " + name + " only the first " +
                                std::to_string(entry->payload.size()) + " of " +
                                std::to_string(entry->size) + " bytes are kept; drop it");
  }
  const LaneId lane = lane_for(*entry, into);
  if (lane == 0 && !routed) {
    throw std::invalid_argument(name + " was refused on its way in and has no lane: publish it " +
                                "again, or drop it");
  }
  QuarantineEntry again = *entry;
  append_property(again.properties,
                  {PropertyId::user_property, 0, requeued_property,
                   transaction_.store().epoch() + "/" + std::to_string(entry->sequence)});
  std::string bytes;
  const Message message{again.topic, again.payload, again.properties, again.qos, again.retain};
  const Append append =
      lane == 0 ? routed(again, bytes) : own_entry(message, lane, bytes, entry->kind);
  if (appender_.emit(bytes, {&append, 1}) == AppendResult::full) {
    throw std::invalid_argument("the journal is full; try again when there is room");
  }
  transaction_.write().quarantine().erase(number);
  if (entry->lane != 0) {
    transaction_.write().losses().requeued({entry->lane, entry->sequence}, entry->size,
                                           now().wall_ms);
  }
}

void Quarantine::drop(std::int64_t number) {
  const auto entry = transaction_.store().quarantine().find(number);
  if (!entry) throw std::invalid_argument(absent(transaction_.store().quarantine(), number));
  transaction_.write().quarantine().erase(number);
  transaction_.urge();
  books_.lose({*entry}, "dropped");
}

std::uint64_t Quarantine::set_aside(LaneId id, const std::string& reason, std::size_t bytes_max) {
  LaneState& lane = books_.state(id);
  std::uint64_t count = 0;
  std::size_t bytes = 0;
  for (const BatchPtr& batch : reader_.read(id, lane.cursor + 1, bytes_max)) {
    RecordReader reader(id, batch->first, batch->chain, batch->data, RecordReader::Check::lengths);
    while (const auto record = reader.next()) {
      if (bytes >= bytes_max || lane.resolved(record->sequence)) continue;
      if (!books_.quarantine_has_room(record->size)) return count;
      books_.quarantine(quarantine_entry(lane.direction, {id, record->sequence}, record->message,
                                         reason, record->kind));
      lane.resolve(record->sequence, record->sequence, record->size, Fate::quarantined);
      bytes += record->size;
      ++count;
    }
  }
  if (count > 0) transaction_.urge();
  return count;
}

}  // namespace bascule
