#include "cli/draft/address.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <sstream>

#include "text/address.hpp"
#include "text/number.hpp"

namespace bascule {
namespace {

struct Place {
  std::string port = "1883", host;
  bool tls = false, websockets = false;
};

std::vector<Place> places_of(const MosquittoConf& conf) {
  std::vector<Place> places(1);  // the default listener, for `port`
  bool named = false;
  for (const MosquittoOption& option : conf.broker) {
    if (option.name == "listener") {
      const auto words = words_of(option.value);
      places.push_back({words.empty() ? "1883" : words[0], words.size() > 1 ? words[1] : ""});
    } else if (option.name == "port") {
      places.front().port = option.value;
      named = true;
    } else if (option.name == "bind_address") {
      places.front().host = option.value;
    } else if (option.name == "certfile") {
      places.back().tls = true;
    } else if (option.name == "protocol" && option.value == "websockets") {
      places.back().websockets = true;
    }
  }
  if (places.size() > 1 && !named) places.erase(places.begin());
  std::erase_if(places, [](const Place& place) { return place.websockets; });
  return places;
}

}  // namespace

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

std::string authority(const std::string& address) {
  std::string host = address, port = "1883";
  const std::size_t colon = address.rfind(':');
  if (colon != address.npos && address.back() != ']' &&
      parse_number<std::uint16_t>(address.substr(colon + 1))) {
    host = address.substr(0, colon);
    port = address.substr(colon + 1);
  }
  const bool v6 = host.find(':') != host.npos && host.front() != '[';
  return (v6 ? '[' + host + ']' : host) + ':' + port;
}

MosquittoListener best_listener(const MosquittoConf& conf) {
  auto places = places_of(conf);
  std::ranges::stable_sort(places, {}, &Place::tls);  // those without it first
  const Place place = places.empty() ? Place{} : places.front();
  if (place.port == "0" && place.host.starts_with('/')) return {"mqtt+unix://" + place.host, false};
  const bool anywhere = place.host.empty() || is_any_address(place.host);
  return {(place.tls ? "mqtts://" : "mqtt://") +
              authority((anywhere ? "localhost" : place.host) + ':' + place.port),
          place.tls};
}

}  // namespace bascule
