#include "cli/draft/conversion.hpp"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/draft/address.hpp"
#include "cli/draft/mosquitto_topics.hpp"
#include "config/values.hpp"
#include "text/number.hpp"
#include "text/units.hpp"

namespace bascule {
namespace {

// What has no counterpart whatever its value, and what to do.
constexpr std::pair<std::string_view, std::string_view> without_counterpart[] = {
    {"bridge_ciphers", "the system's OpenSSL settings decide"},
    {"bridge_ciphers_tls1.3", "the system's OpenSSL settings decide"},
    {"bridge_attempt_unsubscribe",
     "bascule asks for no bridge's rights, so there is nothing to do"},
    {"bridge_identity",
     "bascule has no pre-shared keys: give the bridge a certificate (tls.cert_file, key_file), or "
     "a username and password over TLS"},
    {"bridge_max_topic_alias", "bascule uses no topic aliases"},
    {"bridge_psk", "bascule has no pre-shared keys; see bridge_identity"},
    {"bridge_receive_maximum",
     "how many messages may be on their way to bascule, bascule decides; 'window' of a link is for "
     "those that it sends"},
    {"bridge_require_ocsp",
     "bascule does not ask for OCSP: let the broker's certificates be short-lived"},
    {"bridge_tcp_keepalive", "a dead line is noticed by MQTT's own ping: keep_alive"},
    {"bridge_tcp_user_timeout", "a dead line is noticed by MQTT's own ping: keep_alive"},
    {"bridge_tls_version", "bascule speaks TLS 1.2 and 1.3, whichever both know"},
};

// Of those that begin with bridge_: what is taken over, or needs nothing. Of the others all is,
// since the reader takes no unknown one for a bridge's.
constexpr std::string_view considered[] = {"bridge_alpn",
                                           "bridge_bind_address",
                                           "bridge_cafile",
                                           "bridge_capath",
                                           "bridge_certfile",
                                           "bridge_insecure",
                                           "bridge_keyfile",
                                           "bridge_max_packet_size",
                                           "bridge_outgoing_retain",
                                           "bridge_protocol_version",
                                           "bridge_session_expiry_interval",
                                           "bridge_tls_use_os_certs"};

bool is_true(const MosquittoOption* option) { return option != nullptr && option->value == "true"; }

class Conversion {
 public:
  Conversion(const MosquittoBridge& bridge, const MosquittoConf& conf, const std::string& id,
             const std::string& instance);
  Draft draft() { return std::move(draft_); }

 private:
  const MosquittoOption* find(const char* name, const char* former = nullptr) const;
  std::string path(const MosquittoOption& option);
  void note(const MosquittoOption& option, const std::string& text);
  void secret(const MosquittoOption* password, DraftLink& link, const char* side);
  void take_site();
  void warn_of_access();
  void take_central();
  void take_tls(bool& tls);
  void take_client_id();
  void take_times();
  void take_session();
  void take_notifications();
  void take_notification_topic(const MosquittoOption& topic);
  void leave_out_state(const MosquittoOption& option, DraftLink& link);
  void take_protocol();
  void take_sizes();
  void take_rest();

  const MosquittoBridge& bridge_;
  const MosquittoConf& conf_;
  Draft draft_;
};

const MosquittoOption* Conversion::find(const char* name, const char* former) const {
  const MosquittoOption* found = bridge_.find(name);
  return found == nullptr && former != nullptr ? bridge_.find(former) : found;
}

void Conversion::note(const MosquittoOption& option, const std::string& text) {
  draft_.notes.push_back(option.place() + ": " + option.name + ": " + text);
}

// bascule wants paths from the root; mosquitto's are from where it was started.
std::string Conversion::path(const MosquittoOption& option) {
  if (option.value.starts_with('/')) return option.value;
  const auto folder = std::filesystem::absolute(option.file).parent_path();
  const std::string whole = (folder / option.value).lexically_normal();
  note(option, "the path is not from the root; " + whole + " is taken: see that it is the one");
  return whole;
}

void Conversion::secret(const MosquittoOption* password, DraftLink& link, const char* side) {
  if (password == nullptr) return;
  link.password_file = std::string(credentials) + side + ".password";
  note(*password, "a password has a file of its own, and is not copied. " +
                      how_to_fill(link.password_file, draft_.instance));
}

void Conversion::take_site() {
  const MosquittoListener listener = best_listener(conf_);
  draft_.site.url = listener.url;
  if (listener.tls) {
    draft_.notes.push_back(
        "the site's broker listens with TLS only: name what has signed its "
        "certificate as ca_file in 'site: tls', or give it a listener for "
        "localhost without TLS");
  }
  if (const auto* user = find("local_username")) draft_.site.username = user->value;
  secret(find("local_password"), draft_.site, "site");
  if (const auto* client = find("local_clientid")) {
    draft_.site.client_id = client->value;
  }
  if (draft_.site.username.empty()) warn_of_access();
}

// mosquitto's bridge is part of the broker, which asks it for no password.
void Conversion::warn_of_access() {
  bool listener = false, anonymous = false;
  const MosquittoOption* why = nullptr;
  for (const MosquittoOption& option : conf_.broker) {
    if (option.name == "listener") listener = true;
    if (option.name == "allow_anonymous") anonymous = option.value == "true";
    if (option.name == "password_file" || option.name == "acl_file") why = &option;
  }
  if (anonymous && why == nullptr) return;
  if (why != nullptr) {
    note(*why,
         "mosquitto's bridge needed no rights here; bascule is a client. Give it a user with "
         "rights for the topics of the routes and bascule/" +
             draft_.id + "/#, and name it: site: {username: …, password_file: …}");
  } else if (listener) {
    draft_.notes.push_back(
        "mosquitto with a listener lets nobody in without allow_anonymous true "
        "or a password: bascule is a client of it, so give it a user, and name "
        "it: site: {username: …, password_file: …}");
  }
}

void Conversion::take_tls(bool& tls) {
  DraftLink& central = draft_.central;
  if (const auto* file = find("bridge_cafile")) central.ca_file = path(*file);
  if (const auto* file = find("bridge_certfile")) central.cert_file = path(*file);
  if (const auto* file = find("bridge_keyfile")) {
    central.key_file = path(*file);
    note(*file,
         "the user bascule has to be able to read it, and it is mosquitto's: chgrp, or give "
         "it as /etc/credstore/bascule.central.key, see bascule.yaml(5)");
  }
  if (const auto* folder = find("bridge_capath")) {
    note(*folder,
         "bascule takes a file, not a folder; without one the system's certificates "
         "count. To go on with these: cat " +
             folder->value +
             "/*.crt > /etc/bascule/ca.pem, and name that as ca_file in 'central: tls'");
    tls = true;
  }
  if (is_true(find("bridge_insecure"))) {
    note(*find("bridge_insecure"),
         "bascule always checks the broker's certificate and its name. Where the name is another "
         "than in the URL, say it as server_name in 'central: tls'; 'openssl s_client -connect "
         "HOST:PORT' shows it. Where nobody known has signed the certificate, name it, or its "
         "authority, as ca_file. 'insecure: true' would take any certificate, also an attacker's");
  }
  tls = tls || !central.ca_file.empty() || is_true(find("bridge_tls_use_os_certs")) ||
        find("bridge_identity") != nullptr;
  if (!tls && !central.cert_file.empty()) {
    note(*find("bridge_certfile"),
         "mosquitto speaks TLS with bridge_cafile or bridge_capath only; "
         "the certificate is left out");
    central.cert_file = central.key_file = "";
  }
}

void Conversion::take_central() {
  bool tls = false;
  take_tls(tls);
  const auto* option = find("address", "addresses");
  const auto addresses = option == nullptr ? std::vector<std::string>() : words_of(option->value);
  if (addresses.empty()) {
    note(bridge_.connection,
         "it has no address; put the broker's URL in the place of "
         "central.invalid");
    draft_.central.url = "mqtt://central.invalid:1883";
  } else {
    const std::string scheme = tls ? "mqtts://" : "mqtt://";
    draft_.central.url = scheme + authority(addresses.front());
    for (std::size_t i = 1; i < addresses.size(); ++i) {
      draft_.central.other_urls.push_back(scheme + authority(addresses[i]));
    }
  }
  if (const auto* bind = find("bridge_bind_address")) {
    draft_.central.settings.emplace_back("bind_address", "'" + bind->value + "'");
  }
  if (const auto* alpn = find("bridge_alpn"); alpn != nullptr && tls) {
    draft_.central.alpn = alpn->value;
  } else if (alpn != nullptr) {
    note(*alpn, "has no effect without TLS: left out");
  }
  if (const auto* user = find("remote_username", "username")) {
    draft_.central.username = user->value;
  }
  secret(find("remote_password", "password"), draft_.central, "central");
  take_client_id();
}

void Conversion::take_client_id() {
  if (const auto* client = find("remote_clientid", "clientid")) {
    draft_.central.client_id = client->value;
    note(*client,
         "the central broker throws one of two clients with this id out: end mosquitto's "
         "bridge before bascule starts");
    return;
  }
  const auto* clean = find("cleansession");
  if (is_true(clean)) return;
  note(bridge_.connection,
       "mosquitto called itself HOSTNAME." + bridge_.connection.value +
           " at the central broker, which keeps a session of that name and queues for "
           "it: remove it there once bascule runs. If that broker has rules by client id, set "
           "'client_id' to it");
}

void Conversion::take_times() {
  const auto seconds = [](const std::string& text) { return parse_number<std::uint32_t>(text); };
  if (const auto* alive = find("keepalive_interval"); alive && seconds(alive->value)) {
    draft_.central.settings.emplace_back("keep_alive", alive->value + 's');
  }
  if (const auto* expiry = find("bridge_session_expiry_interval")) {
    const auto given = seconds(expiry->value);
    if (given && *given > 0 && *given < 0xffff'ffff) {
      draft_.central.settings.emplace_back("session_expiry", expiry->value + 's');
    }
  }
  const auto* restart = find("restart_timeout");
  if (restart == nullptr) return;
  const auto words = words_of(restart->value);
  const auto base = words.empty() ? std::nullopt : seconds(words[0]);
  const auto cap = words.size() > 1 ? seconds(words[1]) : base;
  if (!base || !cap || *base == 0) return note(*restart, "is no time; the defaults are taken");
  const auto [least, most] = std::minmax(*base, *cap);
  draft_.central.settings.emplace_back(
      "reconnect", "{min: " + std::to_string(least) + "s, max: " + std::to_string(most) + "s}");
}

void Conversion::take_session() {
  for (const char* name : {"cleansession", "local_cleansession"}) {
    const auto* clean = find(name);
    if (!is_true(clean)) continue;
    const std::string side = std::string_view(name) == "cleansession" ? "central" : "site";
    note(*clean, "bascule keeps its session, so that what is published at " + side +
                     " while it is away crosses later; if that is not wanted, set "
                     "'session_expiry: 1s' in '" +
                     side + "'");
  }
  if (const auto* start = find("start_type"); start != nullptr && start->value != "automatic") {
    note(*start, start->value +
                     " has no counterpart: bascule is always connected; 'hours' of a "
                     "lane says when it sends");
  }
  if (is_true(find("round_robin"))) {
    note(*find("round_robin"),
         "bascule tries the addresses in order, and goes back to the first; without that wish put "
         "the one to prefer first");
  }
}

void Conversion::leave_out_state(const MosquittoOption& option, DraftLink& link) {
  const std::string side = &link == &draft_.site ? "site" : "central";
  link.settings.emplace_back("own_topics", "{state: off, will: off}");
  note(option,
       "as own_topics: {state: off, will: off} in '" + side +
           "': nobody is told there when the bridge is lost. It still keeps its bookmark there, "
           "and tells of losses below bascule/" +
           draft_.id +
           "; 'own_topics: off' leaves out these, too, and with the bookmark the notice that a "
           "broker has lost what it had");
}

// What bascule says there is another word.
void Conversion::take_notification_topic(const MosquittoOption& topic) {
  const bool fits = topic.value.find('/') != std::string::npos &&
                    topic.value.find_first_of("$+#'\\{} ") == std::string::npos &&
                    topic.value.front() != '/' && topic.value.back() != '/';
  if (!fits) {
    note(topic,
         "bascule cannot speak of itself there: it is no topic with a slash in it, or has "
         "characters that own_topics does not take; whoever watches it has to watch bascule/" +
             draft_.id + "/state (online or offline), which is retained at both brokers");
    return;
  }
  for (DraftLink* const link : {&draft_.site, &draft_.central}) {
    if (link == &draft_.central && is_true(find("notifications_local_only"))) continue;
    link->settings.emplace_back("own_topics", "{state: '" + topic.value + "'}");
  }
  note(topic,
       "as own_topics: {state: …} it says online or offline, where mosquitto said 1 or 0: "
       "tell whoever watches it");
}

void Conversion::take_notifications() {
  const auto* told = find("notifications");
  if (told != nullptr && told->value == "false") {
    leave_out_state(*told, draft_.site);
    leave_out_state(*told, draft_.central);
    return;
  }
  if (const auto* local = find("notifications_local_only"); is_true(local)) {
    leave_out_state(*local, draft_.central);
  }
  const auto* topic = find("notification_topic");
  if (topic != nullptr && !topic->value.empty()) return take_notification_topic(*topic);
  const auto* client = find("remote_clientid", "clientid");
  const std::string where =
      client != nullptr ? "$SYS/broker/connection/" + client->value + "/state"
                        : "$SYS/broker/connection/HOSTNAME." + bridge_.connection.value + "/state";
  note(bridge_.connection, "whoever watches " + where + " (1 or 0) has to watch bascule/" +
                               draft_.id +
                               "/state (online or offline), which is retained at both brokers");
}

void Conversion::take_protocol() {
  const auto* version = find("bridge_protocol_version");
  if (version == nullptr) return;
  if (version->value == "mqttv50") {
    draft_.central.protocol = "5";
  } else {
    note(*version,
         "bascule asks for MQTT 5 first, and speaks 3.1.1 where the broker has no other; "
         "to skip the question set 'protocol: 3.1.1' in 'central'");
  }
}

void Conversion::take_sizes() {
  if (const auto* packet = find("bridge_max_packet_size")) {
    constexpr std::uint64_t head_bytes = 1 << 10, most = 255 << 20;
    const auto bytes = parse_number<std::uint64_t>(packet->value);
    if (!bytes) {
      note(*packet, "is no number of bytes: left out");
    } else if (*bytes > most) {
      note(*packet, "is more than any packet of MQTT has: left out");
    } else if (*bytes > 1) {
      const std::uint64_t payload = *bytes - std::min(head_bytes, *bytes / 2);
      draft_.central.settings.emplace_back("max_payload", size_text(payload));
      note(
          *packet,
          "mosquitto counts the whole packet, and bascule the payload: as max_payload of 'central' "
          "it leaves " +
              std::to_string(*bytes - payload) +
              " bytes for topic and properties. What is larger is not dropped, but kept in the "
              "quarantine");
    }
  }
  for (const MosquittoOption& option : conf_.broker) {
    if (option.name == "max_queued_messages" || option.name == "max_queued_bytes" ||
        option.name == "queue_qos0_messages") {
      note(option,
           "leave it: it bounds what mosquitto keeps for bascule while that does not run. "
           "What waits for the line is in bascule's journal, up to journal.max_size");
    } else if (option.name == "max_inflight_messages") {
      note(option, "leave it: it also bounds how fast mosquitto gives messages to bascule");
    } else if (option.name == "persistence" && option.value == "false") {
      note(option,
           "a restart of mosquitto then loses what it still has for bascule; set it to "
           "true");
    }
  }
}

void Conversion::take_rest() {
  for (const MosquittoOption& option : bridge_.options) {
    const auto known = std::ranges::find(without_counterpart, option.name,
                                         [](const auto& entry) { return entry.first; });
    if (known != std::end(without_counterpart)) {
      note(option, std::string(known->second));
    } else if (option.name.starts_with("bridge_") &&
               std::ranges::find(considered, option.name) == std::end(considered)) {
      note(option, "is not known to bascule, and left out; see mosquitto.conf(5)");
    }
  }
}

Conversion::Conversion(const MosquittoBridge& bridge, const MosquittoConf& conf,
                       const std::string& id, const std::string& instance)
    : bridge_(bridge), conf_(conf) {
  draft_.id = id;
  draft_.instance = instance;
  draft_.origin =
      "made from the connection " + bridge.connection.value + " of " + bridge.connection.file;
  note(bridge.connection,
       "take this connection out of mosquitto's configuration, and restart "
       "mosquitto, before bascule starts: else each message crosses twice");
  note(bridge.connection,
       "the bridge's id is " + id +
           ", and no two sites may share one: where connections of other sites have the same name, "
           "give each an --id of its own");
  take_site();
  take_central();
  take_times();
  take_session();
  take_notifications();
  take_protocol();
  take_sizes();
  take_rest();
  const auto* retained = find("bridge_outgoing_retain");
  const bool retained_up = retained == nullptr || retained->value != "false";
  draft_.routes = routes_of(bridge, id, retained_up, draft_.notes);
}

}  // namespace

Draft convert(const MosquittoBridge& bridge, const MosquittoConf& conf, const std::string& id,
              const std::string& instance) {
  return Conversion(bridge, conf, id, instance).draft();
}

std::string id_of(const std::string& connection) {
  std::string id = connection.substr(0, 64);
  std::ranges::replace_if(
      id, [](unsigned char c) { return std::isalnum(c) == 0 && c != '.' && c != '_' && c != '-'; },
      '-');
  return id;
}

}  // namespace bascule
